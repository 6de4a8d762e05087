#pragma once
/// @file
/// Requests out of bytes, without I/O.

#include <valetkey/gateway/request_parser.hpp>

#include <boost/asio/buffer.hpp>

#include <string.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace valetkey::gateway {

/// How far a request is.
enum class reading { need_more, complete, refused };

/// Reads HTTP/1 requests out of one fixed storage, one at a time and in order, from bytes that arrive in any portions.
/// Bytes behind a complete request stay in the storage until `next()`. No I/O, no heap.
/// @par Refused
///   400 malformed or doubtful: Content-Length with Transfer-Encoding, two or odd Content-Length, a Transfer-Encoding
///       other than `chunked` or in HTTP/1.0, folded lines, bare CR or LF, control characters, no or two or an invalid
///       `Host`, a target with fragment, blanks or non-ASCII, a version other than 1.0 and 1.1, HTTP/2's preface.
///   413 the body is larger than `body_bytes`: told by Content-Length at once, by chunks as soon as they exceed it.
///   431 the head is larger than `header_bytes`.
/// @par Example
///   request_reader reader{storage, limits};
///   auto const n = read(socket, reader.room());
///   if (reader.received(n) == reading::complete) answer(reader.input());
class request_reader {
public:
    /// A chunk's size line or the trailer section may not be longer than this, in bytes.
    static constexpr std::size_t framing_bytes = 4096;

    /// Bytes of storage that requests within `limits` need.
    static std::size_t storage_bytes(front_limits const& limits) noexcept {
        return limits.header_bytes + limits.body_bytes + 2 * framing_bytes;
    }

    /// @param storage at least `storage_bytes(limits)` bytes, which outlive the reader.
    request_reader(std::span<char> storage, front_limits const& limits) : storage_{storage}, limits_{limits} {
        begin();
    }
    request_reader(request_reader const&) = delete;
    request_reader& operator=(request_reader const&) = delete;

    /// Where the next bytes belong; never empty while more are needed.
    [[nodiscard]] std::span<char> room() noexcept {
        if (storage_.size() - filled_ < framing_bytes && parser_->is_header_done()) close_gap();
        return storage_.subspan(filled_);
    }

    /// `n` bytes were written to the front of `room()`.
    [[nodiscard]] reading received(std::size_t n) {
        filled_ += n;
        used_ = std::max(used_, filled_);
        return parse();
    }

    struct fed {
        std::size_t consumed;
        reading state;
    };
    /// Copies bytes in until the request is complete or refused, or the bytes are used up.
    [[nodiscard]] fed feed(std::string_view bytes) {
        fed result{0, refusal_ != 0 ? reading::refused : reading::need_more};
        while (result.state == reading::need_more && result.consumed < bytes.size()) {
            auto const to = room();
            auto const n = bytes.substr(result.consumed).copy(to.data(), to.size());
            result.consumed += n;
            result.state = received(n);
        }
        return result;
    }

    /// Forgets the complete request and turns to the bytes behind it, which may hold the next one whole.
    [[nodiscard]] reading next() {
        auto const rest = pipelined();
        std::memmove(storage_.data(), storage_.data() + parsed_, rest);
        filled_ = rest;
        begin();
        return parse();
    }

    /// Forgets everything and wipes it.
    void reset() {
        if (used_ != 0) {
            ::explicit_bzero(storage_.data(), used_);
            used_ = 0;
            filled_ = 0;
            begin();
        }
    }

    /// The request; only partly filled unless it is complete.
    http_input& input() noexcept { return input_; }
    /// Status to refuse with, 0 when the request is not refused.
    int refusal() const noexcept { return refusal_; }
    /// No byte of a request has arrived.
    bool empty() const noexcept { return filled_ == 0; }
    bool head_done() const noexcept { return parser_->is_header_done(); }
    /// Bytes behind a complete request.
    std::size_t pipelined() const noexcept { return filled_ - parsed_; }
    /// The body is not complete and its sender waits for `100 Continue`. True once a request.
    [[nodiscard]] bool take_continue() noexcept {
        if (continued_ || refusal_ != 0 || !head_done() || parser_->is_done()) return false;
        continued_ = true;
        return parser_->expects_continue();
    }

private:
    using error = boost::beast::http::error;

    void begin() {
        input_ = {};
        parser_.emplace(storage_, limits_, input_);
        parsed_ = 0;
        checked_ = 0;
        refusal_ = 0;
        continued_ = false;
    }

    reading parse() {
        auto const unread = storage_.subspan(parsed_, filled_ - parsed_);
        if (refusal_ != 0 || unread.empty() || too_early(unread.size())) {
            return refusal_ != 0 ? reading::refused : reading::need_more;
        }
        boost::beast::error_code ec;
        parsed_ += parser_->put({unread.data(), unread.size()}, ec);
        if (ec && ec != error::need_more) {
            return refuse(ec == error::header_limit ? 431 : ec == error::body_limit ? 413 : 400);
        }
        return parser_->is_done() ? reading::complete : judge_part();
    }

    /// The smallest chunked body has five bytes; Beast 1.81 asserts that when it meets its first three again.
    bool too_early(std::size_t unread) const noexcept {
        return head_done() && parser_->chunked() && input_.body.empty() && unread < 5;
    }

    reading judge_part() {
        if (!head_done()) {
            if (filled_ >= limits_.header_bytes) return refuse(431);
            return plausible_lines() ? reading::need_more : refuse(400);
        }
        return pipelined() > framing_bytes ? refuse(400) : reading::need_more;
    }

    /// Beast looks at a head that came in parts only when its end is there; what can never become one is refused now.
    bool plausible_lines() noexcept {
        for (; checked_ < filled_; ++checked_) {
            auto const c = static_cast<unsigned char>(storage_[checked_]);
            bool const after_return = checked_ != 0 && storage_[checked_ - 1] == '\r';
            bool const control = (c < ' ' && c != '\r' && c != '\n' && c != '\t') || c == 0x7f;
            if (control || after_return != (c == '\n')) return false;
        }
        return true;
    }

    reading refuse(int status) noexcept {
        refusal_ = status;
        return reading::refused;
    }

    /// Moves what is not parsed yet to the end of what must stay: chunk framing leaves a gap between them.
    void close_gap() noexcept {
        auto const keep = parser_->head_bytes() + input_.body.size();
        auto const rest = pipelined();
        std::memmove(storage_.data() + keep, storage_.data() + parsed_, rest);
        parsed_ = keep;
        filled_ = keep + rest;
    }

    std::span<char> storage_;
    front_limits limits_;
    http_input input_;
    std::optional<detail::request_parser> parser_;
    std::size_t filled_ = 0;   // bytes in the storage; the request's first one stands at its front
    std::size_t parsed_ = 0;   // of them consumed by the parser
    std::size_t checked_ = 0;  // of them seen by plausible_lines
    std::size_t used_ = 0;     // highest fill since the last wipe
    int refusal_ = 0;
    bool continued_ = false;
};

}  // namespace valetkey::gateway
