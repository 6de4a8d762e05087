#pragma once
/// @file
/// The log: one JSON object a line on standard error. It is given no secret, token, query or body to write, and what a
/// stranger wrote (a vendor's code, a subject) cannot leave its string.

#include <valetkey/encoding/hex.hpp>
#include <valetkey/gateway/route.hpp>
#include <valetkey/gateway/utf8.hpp>
#include <valetkey/time.hpp>

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace valetkey::gateway {

/// Writes whole lines to a file descriptor, without formatting and without a heap. Lines of 4 KiB at most arrive in one
/// piece even in a pipe that processes share. A reader that takes nothing for a second loses the rest of the line.
class line_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit line_sink(int descriptor) : descriptor_{descriptor} {}

private:
    void sink_it_(spdlog::details::log_msg const& message) override {
        std::string_view rest{message.payload.data(), message.payload.size()};
        while (!rest.empty()) {
            auto const written = ::write(descriptor_, rest.data(), rest.size());
            if (written >= 0) rest.remove_prefix(static_cast<std::size_t>(written));
            if (written < 0 && errno != EINTR && !(errno == EAGAIN && has_room())) return;
        }
    }
    void flush_() override {}
    [[nodiscard]] bool has_room() const noexcept {
        pollfd waiting{descriptor_, POLLOUT, 0};
        return ::poll(&waiting, 1, 1000) > 0;
    }

    int descriptor_;
};

/// The log of a process, shared by its threads.
[[nodiscard]] inline std::shared_ptr<spdlog::logger> make_log(int descriptor = STDERR_FILENO) {
    return std::make_shared<spdlog::logger>("valetkey", std::make_shared<line_sink>(descriptor));
}

namespace detail {

/// Takes the first character off `text`: what is not UTF-8 is replaced, what a terminal would obey is escaped.
inline void append_log_character(std::string& out, std::string_view& text) {
    auto const [code, size] = first_character(text);
    if (size == 0) {
        out.append("\uFFFD");
    } else if (is_unprintable(code)) {
        auto const hex = to_hex(std::array{static_cast<unsigned char>(code >> 8U), static_cast<unsigned char>(code)});
        out.append("\\u").append(hex.view());
    } else {
        if (code == '"' || code == '\\') out += '\\';
        out.append(text.substr(0, size));
    }
    text.remove_prefix(size == 0 ? 1 : size);
}

/// A text of a JSON string. What is long ends in `…`.
inline void append_log_text(std::string& out, std::string_view text) {
    constexpr std::size_t longest = 256;
    auto const is_odd = [](char c) { return c < ' ' || c > '~' || c == '"' || c == '\\'; };
    std::size_t const end = out.size() + longest;
    while (!text.empty() && out.size() < end) {
        auto const head = text.substr(0, end - out.size());
        auto const plain =
            head.substr(0, static_cast<std::size_t>(std::find_if(head.begin(), head.end(), is_odd) - head.begin()));
        out.append(plain);
        text.remove_prefix(plain.size());
        if (plain.size() < head.size()) append_log_character(out, text);
    }
    if (!text.empty()) out.append("…");
}

/// One line under way, in memory that its thread keeps.
class log_line {
public:
    log_line(std::chrono::system_clock::time_point time, spdlog::level::level_enum level) : text_{of_this_thread()} {
        auto const now = std::chrono::floor<std::chrono::milliseconds>(time);
        auto const second = std::chrono::floor<std::chrono::seconds>(now);
        auto const fraction = 1000 + (now - second).count();
        auto const name = spdlog::level::to_string_view(level);
        text_ = R"({"time":")";
        text_.append(timestamp{second}.iso().view(), 0, 19).append(".");
        text_.append(std::string_view{decimal{fraction}}.substr(1)).append(R"(Z","level":")");
        text_.append(name.data(), name.size()).append("\"");
    }
    log_line(log_line&&) = delete;

    /// @param name Constant text. An empty value is left out.
    log_line& add(std::string_view name, std::string_view value) { return value.empty() ? *this : add(name, {value}); }
    /// The pieces, joined.
    log_line& add(std::string_view name, std::initializer_list<std::string_view> pieces) {
        key(name).append("\"");
        for (auto const piece : pieces) append_log_text(text_, piece);
        text_.append("\"");
        return *this;
    }
    template <class Integer>
    log_line& add_number(std::string_view name, Integer value) {
        key(name).append(std::string_view{decimal{value}});
        return *this;
    }
    [[nodiscard]] std::string_view finish() { return text_.append("}\n"); }

private:
    static std::string& of_this_thread() {
        thread_local std::string text;
        return text;
    }
    std::string& key(std::string_view name) { return text_.append(",\"").append(name).append("\":"); }

    std::string& text_;
};

}  // namespace detail

/// What the log keeps of a request. Empty texts and an object id of 0 are left out.
struct request_entry {
    std::chrono::system_clock::time_point time{};
    std::string_view request_id{};
    std::string_view method{};  ///< as sent; one that HTTP does not know becomes `other`
    route path = route::other;
    int status = 0;
    int code = 0;  ///< the answer's own number
    std::string_view cloud{};
    std::string_view module{};
    std::string_view subject{};
    std::uint64_t object_id = 0;
    std::chrono::nanoseconds took{};
    std::uint64_t bytes = 0;            ///< of the answer
    std::string_view vendor_code{};     ///< what the cloud called its refusal
    std::string_view vendor_request{};  ///< the cloud's own request id
    std::string_view peer{};            ///< the client's address
};

/// One line a request; level `error` from status 500 on.
inline void log_request(spdlog::logger& log, request_entry const& entry) {
    auto const level = entry.status >= 500 ? spdlog::level::err : spdlog::level::info;
    if (!log.should_log(level)) return;
    detail::log_line line{entry.time, level};
    line.add("request_id", entry.request_id).add("method", known_method(entry.method)).add("path", path_of(entry.path));
    line.add_number("status", entry.status).add_number("code", entry.code);
    line.add("cloud", entry.cloud).add("module", entry.module).add("subject", entry.subject);
    if (entry.object_id != 0) line.add_number("object_id", entry.object_id);
    line.add_number("duration_us", std::chrono::duration_cast<std::chrono::microseconds>(entry.took).count());
    line.add_number("bytes", entry.bytes);
    line.add("vendor_code", entry.vendor_code).add("vendor_request", entry.vendor_request).add("peer", entry.peer);
    auto const text = line.finish();
    log.log(level, spdlog::string_view_t{text.data(), text.size()});
}

/// Start, reload, warning, stop.
/// @param event Constant text: what happened, in one word.
/// @param text  For a human, in pieces.
inline void log_event(spdlog::logger& log, spdlog::level::level_enum level, std::string_view event,
                      std::initializer_list<std::string_view> text) {
    if (!log.should_log(level)) return;
    detail::log_line line{std::chrono::system_clock::now(), level};
    auto const written = line.add("event", event).add("text", text).finish();
    log.log(level, spdlog::string_view_t{written.data(), written.size()});
}

}  // namespace valetkey::gateway
