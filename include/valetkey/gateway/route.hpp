#pragma once
/// @file
/// The gateway's routes by name: logs and metrics know no other path.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace valetkey::gateway {

enum class route : std::uint8_t { upload, callback, healthz, readyz, openapi, metrics, other };

inline constexpr std::size_t route_count = static_cast<std::size_t>(route::other) + 1;

/// As logs and metrics write it. `other` stands for every path that is none of these.
[[nodiscard]] constexpr std::string_view path_of(route which) noexcept {
    constexpr std::array<std::string_view, route_count> paths{
        "/upload/sts/info", "/upload/callback", "/healthz", "/readyz", "/openapi.json", "/metrics", "other"};
    auto const index = static_cast<std::size_t>(which);
    return paths[index < route_count ? index : route_count - 1];
}

/// The route of an undecoded path. Exact.
[[nodiscard]] constexpr route route_of(std::string_view path) noexcept {
    for (auto which : {route::upload, route::callback, route::healthz, route::readyz, route::openapi, route::metrics})
        if (path == path_of(which)) return which;
    return route::other;
}

/// A method that logs may show: the caller's own text is none of them.
[[nodiscard]] constexpr std::string_view known_method(std::string_view method) noexcept {
    for (std::string_view const known :
         {"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"})
        if (method == known) return known;
    return "other";
}

}  // namespace valetkey::gateway
