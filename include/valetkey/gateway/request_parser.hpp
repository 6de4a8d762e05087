#pragma once
/// @file
/// What of a request is refused beyond Beast's strictness, and where its parts go.

#include <valetkey/gateway/front_limits.hpp>
#include <valetkey/gateway/http_input.hpp>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>

namespace valetkey::gateway::detail {

inline bool visible_ascii(char c) noexcept {
    return c > ' ' && c < '\x7f';
}

/// Splits `input.target` into path and query.
/// @return false for a fragment, a byte outside visible ASCII, user information, or a form that fits no method of ours.
[[nodiscard]] inline bool split_target(http_input& input) noexcept {
    auto rest = input.target;
    if (!std::ranges::all_of(rest, [](char c) { return visible_ascii(c) && c != '#'; })) return false;
    if (rest == "*") {
        input.path = rest;
        return input.method == "OPTIONS";
    }
    if (!rest.starts_with('/')) {
        auto const scheme = rest.substr(0, rest.find("://"));
        if (!boost::beast::iequals(scheme, "https") && !boost::beast::iequals(scheme, "http")) return false;
        rest.remove_prefix(std::min(scheme.size() + 3, rest.size()));
        auto const authority = rest.substr(0, rest.find_first_of("/?"));
        if (authority.empty() || authority.find('@') != authority.npos) return false;
        rest.remove_prefix(authority.size());
    }
    auto const mark = rest.find('?');
    input.path = rest.substr(0, mark);
    input.has_query = mark != rest.npos;
    input.query = input.has_query ? rest.substr(mark + 1) : std::string_view{};
    if (input.path.empty()) input.path = "/";
    return true;
}

/// `uri-host [":" port]` of RFC 9112, by its alphabet; an IPv6 address stands in brackets.
[[nodiscard]] inline bool plausible_host(std::string_view host) noexcept {
    bool const literal = host.starts_with('[');
    auto const colon = host.find(':', literal ? std::min(host.find(']'), host.size()) : 0);
    auto const name = host.substr(0, colon);
    auto const port = colon == host.npos ? std::string_view{} : host.substr(colon + 1);
    return !name.empty() && literal == name.ends_with(']') && port.find_first_not_of("0123456789") == port.npos &&
           std::ranges::all_of(name, [](char c) { return visible_ascii(c) && !std::strchr("\"#/<>?@\\^`{|}", c); });
}

/// Beast's request parser, with every doubtful framing refused and the result written into an `http_input` without a
/// heap. Give it bytes of one storage only, and leave those that it consumed in place: its views point there. A chunked
/// body is moved together in that storage, right behind the head.
/// @par Source RFC 9112; what is refused beyond Beast: sections 2.2, 3.2, 5.2, 6.1, 6.3.
class request_parser final : public boost::beast::http::basic_parser<true> {
    using error = boost::beast::http::error;
    using error_code = boost::beast::error_code;
    using field = boost::beast::http::field;
    using text = boost::beast::string_view;

public:
    request_parser(std::span<char> storage, front_limits const& limits, http_input& into)
        : storage_{storage}, head_limit_{limits.header_bytes}, input_{into} {
        header_limit(static_cast<std::uint32_t>(limits.header_bytes));
        body_limit(limits.body_bytes);
        eager(true);
    }

    /// The client waits for `100 Continue` before it sends its body.
    bool expects_continue() const noexcept { return expects_continue_ && input_.has_body && input_.version == 11; }
    /// Where the head ends and the body begins, in bytes from the start of the storage; 0 before the head is complete.
    std::size_t head_bytes() const noexcept { return head_bytes_; }

private:
    void on_request_impl(boost::beast::http::verb, text method, text target, int version, error_code& ec) override {
        input_.method = method;
        input_.target = target;
        input_.version = version;
        last_ = target.data() + target.size();
        if (!split_target(input_)) ec = error::bad_target;
    }

    void on_field_impl(field name, text name_text, text value, error_code& ec) override {
        if (head_bytes_ != 0) return;  // a trailer must never pass for a header
        if (folded(name_text, value) || !take(name, value)) {
            ec = error::bad_field;
            return;
        }
        fields_begin_ = fields_begin_ ? fields_begin_ : name_text.data();
        last_ = value.data() + value.size();
    }

    void on_header_impl(error_code& ec) override {
        auto const* line_end = last_;
        while (*line_end != '\n') ++line_end;
        head_bytes_ = static_cast<std::size_t>(line_end - storage_.data()) + 3;
        auto const* const begin = fields_begin_ ? fields_begin_ : line_end + 1;
        input_.fields = {begin, static_cast<std::size_t>(line_end + 1 - begin)};
        input_.keep_alive = keep_alive();
        input_.has_body = chunked() || content_length().value_or(0) > 0;
        if (head_bytes_ > head_limit_) {
            ec = error::header_limit;
        } else if (input_.version == 11 && input_.host_count != 1) {
            ec = error::bad_field;
        }
    }

    std::size_t on_body_impl(text part, error_code&) override { return keep(part); }
    std::size_t on_chunk_body_impl(std::uint64_t, text part, error_code&) override { return keep(part); }
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
    void on_finish_impl(error_code&) override {}
    void on_response_impl(int, text, int, error_code&) override {}

    /// Beast joins folded lines: then the value stands outside the storage, or with more than blanks before it.
    bool folded(std::string_view name, std::string_view value) const noexcept {
        auto const* const colon = name.data() + name.size();
        auto const* const storage_end = storage_.data() + storage_.size();
        if (std::less{}(value.data(), colon) || std::less{}(storage_end, value.data() + value.size())) return true;
        return !std::all_of(colon + 1, value.data(), [](char c) { return c == ' ' || c == '\t'; });
    }

    /// @return false when the field makes the request doubtful.
    bool take(field name, std::string_view value) noexcept {
        switch (name) {
            case field::host: return take_host(value);
            case field::content_length: return take_length(value);
            case field::transfer_encoding: return input_.version == 11 && boost::beast::iequals(value, "chunked");
            default: break;
        }
        note(name, value);
        return true;
    }
    bool take_host(std::string_view value) noexcept {
        input_.host = value;
        ++input_.host_count;
        return input_.host_count == 1 && plausible_host(value);
    }
    bool take_length(std::string_view value) noexcept {
        ++content_lengths_;
        return content_lengths_ == 1 && !value.empty() && value.find_first_not_of("0123456789") == value.npos;
    }

    void note(field name, std::string_view value) noexcept {
        if (name == field::authorization) {
            ++input_.authorization_count;
            keep_first(input_.authorization, value);
        } else if (name == field::content_type) {
            ++input_.content_type_count;
            keep_first(input_.content_type, value);
        } else if (name == field::origin) {
            keep_first(input_.origin, value);
        } else if (name == field::access_control_request_method) {
            keep_first(input_.access_control_request_method, value);
        } else if (name == field::access_control_request_headers) {
            keep_first(input_.access_control_request_headers, value);
        } else if (name == field::user_agent) {
            keep_first(input_.user_agent, value);
        } else if (name == field::expect) {
            expects_continue_ = boost::beast::iequals(value, "100-continue");
        }
    }

    static void keep_first(std::string_view& member, std::string_view value) noexcept {
        if (!member.data()) member = value;
    }

    std::size_t keep(text part) noexcept {
        char* const body = storage_.data() + head_bytes_;
        char* const to = body + input_.body.size();
        if (to != part.data()) std::memmove(to, part.data(), part.size());
        input_.body = {body, input_.body.size() + part.size()};
        return part.size();
    }

    std::span<char> storage_;
    std::size_t head_limit_;
    http_input& input_;
    char const* fields_begin_ = nullptr;
    char const* last_ = nullptr;  // end of what the head's latest line says
    std::size_t head_bytes_ = 0;
    unsigned content_lengths_ = 0;
    bool expects_continue_ = false;
};

}  // namespace valetkey::gateway::detail
