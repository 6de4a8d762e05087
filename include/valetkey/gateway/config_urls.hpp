#pragma once
/// @file
/// The two kinds of address that a configuration may hold besides those of clouds.

#include <valetkey/encoding/percent.hpp>
#include <valetkey/service_url.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace valetkey::gateway {

namespace detail {

/// A path with or without a query, of bytes that no store, policy or header reads in a way of its own.
[[nodiscard]] constexpr bool is_plain_path(std::string_view path) noexcept {
    for (std::size_t i = 0; i < path.size(); ++i) {
        bool const marked = std::string_view{"/?&=+,:@%"}.find(path[i]) != std::string_view::npos;
        if (!marked && !valetkey::detail::is_unreserved(path[i])) return false;
        if (path[i] != '%') continue;
        bool const hex = path.size() - i > 2 && valetkey::detail::hex_value(path[i + 1]) >= 0 &&
                         valetkey::detail::hex_value(path[i + 2]) >= 0;
        if (!hex) return false;
    }
    return true;
}

}  // namespace detail

/// None when stores may be told to call this address.
/// What stores read as more than one address (`;`) or as a variable (`$`) is not a part of it.
[[nodiscard]] inline std::optional<std::string> callback_url_problem(std::string_view url) {
    constexpr std::size_t longest = 1024;
    auto const scheme_end = url.find("://");
    auto const path_at = scheme_end == std::string_view::npos ? scheme_end : url.find_first_of("/?#", scheme_end + 3);
    auto const path = path_at == std::string_view::npos ? std::string_view{} : url.substr(path_at);
    auto const service = service_url::parse(url.substr(0, path_at));
    if (!service || url.size() > longest)
        return "must be https://HOST[:PORT][/PATH], at most " + std::to_string(longest) + " bytes, without user info";
    if (!service->tls() && !service->is_loopback()) return "must be https:// (http:// is for loopback alone)";
    if (!path.empty() && (path.front() != '/' || !detail::is_plain_path(path)))
        return "has a path or query that holds other bytes than A-Z a-z 0-9 - . _ ~ / ? & = + , : @ %XX";
    return std::nullopt;
}

/// Whether a text is an origin exactly as browsers send it: `scheme://host[:port]` in lower case, without a default
/// port. Schemes of app shells (`capacitor://localhost`) are origins, too.
[[nodiscard]] inline bool is_browser_origin(std::string_view text) {
    auto const is_lower = [](char c) { return c < 'A' || c > 'Z'; };
    auto const end = text.find("://");
    if (end == std::string_view::npos || !std::all_of(text.begin(), text.end(), is_lower)) return false;
    auto const scheme = text.substr(0, end);
    auto const authority = text.substr(end + 3);
    bool const is_scheme =
        !scheme.empty() && scheme.front() >= 'a' && scheme.front() <= 'z' &&
        scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+.-") == std::string_view::npos;
    auto const url = service_url::parse("https://" + std::string{authority});
    if (!is_scheme || !url || url->authority() != authority) return false;
    auto const port = authority.substr(url->host().size());
    return !port.starts_with(":0") && !(scheme == "https" && port == ":443") && !(scheme == "http" && port == ":80");
}

}  // namespace valetkey::gateway
