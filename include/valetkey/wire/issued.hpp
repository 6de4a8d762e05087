#pragma once
/// @file
/// What every STS must have said before its answer counts.

#include <valetkey/credentials.hpp>
#include <valetkey/result.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace valetkey {

namespace detail {
/// Printable ASCII without blanks, bounded: keys and tokens of every cloud are that.
[[nodiscard]] constexpr bool is_key_text(std::string_view text, std::size_t most) noexcept {
    if (text.empty() || text.size() > most) return false;
    for (char const c : text)
        if (c <= ' ' || c > '~') return false;
    return true;
}
}  // namespace detail

/// @param expiration ISO 8601 with `Z`; a fraction is cut off.
/// @par Errors malformed_response: an empty, overlong or unprintable field, or an end that is unreadable, past, or more
///   than seven days away (no cloud of this list issues for longer).
[[nodiscard]] inline result<temporary_credentials> issued_credentials(std::string_view id, std::string_view value,
                                                                      std::string_view token,
                                                                      std::string_view expiration, utc_seconds now) {
    auto const end = parse_iso_time(expiration);
    if (!detail::is_key_text(id, 1024) || !detail::is_key_text(value, 1024) || !detail::is_key_text(token, 16384) ||
        !end || *end <= now || *end > now + std::chrono::days{7})
        return failure{errc::malformed_response};
    return temporary_credentials{{std::string{id}, secret{value}}, secret{token}, *end};
}

/// A vendor's code or id, made fit for a log line: printable ASCII, bounded.
[[nodiscard]] inline std::string log_text(std::string_view text) {
    std::string out{text.substr(0, 128)};
    for (char& c : out)
        if (c < ' ' || c > '~') c = '?';
    return out;
}

}  // namespace valetkey
