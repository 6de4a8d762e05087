#pragma once
/// @file
/// A request as a handler sees it.

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <chrono>
#include <string_view>

namespace valetkey::gateway {

/// One HTTP request as it arrived: views into its connection's buffers, valid until the request is answered.
/// Of a header field that came more than once the first value is kept; where that matters there is a count.
struct http_input {
    std::string_view method;
    /// As sent: origin form (`/path?query`), absolute form (`https://host/path`) or `*` (OPTIONS only).
    std::string_view target;
    /// Not decoded; begins with `/`, or is `*`.
    std::string_view path;
    /// Not decoded, without the `?`.
    std::string_view query;
    /// There was a `?`, even with nothing behind it.
    bool has_query = false;
    /// 10 or 11.
    int version = 11;
    /// What the client wants of the connection; the front obeys it.
    bool keep_alive = false;
    /// A body was announced: a `Content-Length` above 0, or chunks (which may turn out to be empty).
    bool has_body = false;

    std::string_view host;
    std::string_view authorization;
    std::string_view content_type;
    std::string_view origin;
    std::string_view access_control_request_method;
    std::string_view access_control_request_headers;
    std::string_view user_agent;
    unsigned host_count = 0;
    unsigned authorization_count = 0;
    unsigned content_type_count = 0;

    /// All header lines with their CRLF, without the request line and the empty line: see `find_header`.
    std::string_view fields;
    /// Whole, without chunk framing. Trailer fields are nowhere.
    std::string_view body;
    /// The client's address as text, without the port; an IPv4 client of an IPv6 listener is written as IPv4.
    std::string_view peer;
    /// When the first byte of the request was read.
    std::chrono::steady_clock::time_point first_byte;
};

/// A header field that has no member of its own.
struct found_header {
    /// The first one's value, without white space around it.
    std::string_view value;
    /// How often the field came; 0 when it is absent.
    unsigned count = 0;
};

/// Looks a header field up by name, in any letter case. Linear in the size of the head, so for rare fields.
[[nodiscard]] inline found_header find_header(http_input const& input, std::string_view name) noexcept {
    found_header found;
    for (auto rest = input.fields; !rest.empty();) {
        auto const line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(line.size() + 2);
        auto const colon = line.find(':');
        if (!boost::beast::iequals(line.substr(0, colon), name)) continue;
        auto value = line.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        value = value.substr(0, value.find_last_not_of(" \t") + 1);
        found.value = found.count == 0 ? value : found.value;
        ++found.count;
    }
    return found;
}

}  // namespace valetkey::gateway
