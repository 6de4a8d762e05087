#pragma once
/// @file
/// Which bucket and which key a request means.

#include <valetkey/encoding/percent.hpp>
#include <valetkey/sandbox/store_message.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace valetkey::sandbox {

/// The bucket stands in the host (`BUCKET.localhost`), else it is the path's first segment.
struct store_address {
    std::string bucket{};  ///< empty: the service itself
    std::string key{};     ///< decoded; empty: the bucket itself
    bool in_host = false;
};

namespace detail {

/// Nothing that a proxy, a file system or a URL parser could read as another path. Real stores take some of it as a
/// strange key; no key of ours looks like it.
[[nodiscard]] inline bool is_plain_path(std::string_view path) {
    auto const decoded = percent_decoded(path, false);
    if (!decoded || !path.starts_with('/')) return false;
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    constexpr std::string_view slash = "%2f";
    auto const same = [&](char a, char b) { return lower(a) == b; };
    if (std::search(path.begin(), path.end(), slash.begin(), slash.end(), same) != path.end()) return false;
    for (std::string_view rest{*decoded}; !rest.empty();) {
        rest.remove_prefix(1);
        auto const segment = rest.substr(0, rest.find('/'));
        rest.remove_prefix(segment.size());
        if (segment == "." || segment == ".." || (segment.empty() && !rest.empty())) return false;
    }
    return decoded->find_first_of(std::string_view{"\0\\\r\n", 4}) == std::string::npos;
}

}  // namespace detail

/// @param version What some clients put before the bucket in a path, such as `/v1`.
/// @return None: the path is not one that a store of ours takes.
[[nodiscard]] inline std::optional<store_address> locate(store_request const& request, std::string_view version = {}) {
    if (!detail::is_plain_path(request.path)) return std::nullopt;
    auto decoded = percent_decoded(request.path, false);
    auto host = request.header_or_empty("host");
    host = host.substr(0, host.rfind(':'));
    constexpr std::string_view service = ".localhost";
    if (host.size() > service.size() && host.ends_with(service)) {
        host.remove_suffix(service.size());
        return store_address{std::string{host}, decoded->substr(1), true};
    }
    if (!version.empty() && decoded->starts_with(std::string{version} + "/")) decoded->erase(0, version.size());
    auto const slash = std::min(decoded->find('/', 1), decoded->size());
    return store_address{decoded->substr(1, slash - 1), decoded->substr(std::min(slash + 1, decoded->size())), false};
}

}  // namespace valetkey::sandbox
