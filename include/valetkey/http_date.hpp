#pragma once
/// @file
/// Dates as HTTP writes them (RFC 9110). Reads no clock.

#include <valetkey/time.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace valetkey {

/// Reads `Tue, 15 Nov 1994 08:12:31 GMT`, the one form of RFC 9110 that may be sent; years 1970 to 9999. The name of
/// the day is not checked. (libcurl's own reader takes anything, and a tenth of the time of an exchange.)
[[nodiscard]] constexpr std::optional<utc_seconds> parse_http_date(std::string_view text) noexcept {
    constexpr std::string_view shape = "aaa, dd Aaa dddd dd:dd:dd GMT";
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() != shape.size()) return std::nullopt;
    std::array<unsigned, 5> numbers{};  // day, year, hour, minute, second
    std::size_t next = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == 'd') {
            if (text[i] < '0' || text[i] > '9') return std::nullopt;
            numbers[next] = numbers[next] * 10 + static_cast<unsigned>(text[i] - '0');
            if (i + 1 < shape.size() && shape[i + 1] != 'd') ++next;
        } else if (shape[i] != 'a' && shape[i] != 'A' && shape[i] != text[i]) {
            return std::nullopt;
        }
    }
    auto const month = months.find(text.substr(8, 3));
    std::chrono::year_month_day const date{std::chrono::year{static_cast<int>(numbers[1])},
                                           std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
                                           std::chrono::day{numbers[0]}};
    if (month == std::string_view::npos || month % 3 != 0 || !date.ok() || numbers[1] < 1970) return std::nullopt;
    if (numbers[2] > 23 || numbers[3] > 59 || numbers[4] > 60) return std::nullopt;
    return std::chrono::sys_days{date} + std::chrono::hours{numbers[2]} + std::chrono::minutes{numbers[3]} +
           std::chrono::seconds{numbers[4]};
}

/// The same, written.
[[nodiscard]] inline std::string http_date(utc_seconds at) {
    constexpr std::string_view days = "SunMonTueWedThuFriSat";
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    auto const day = std::chrono::floor<std::chrono::days>(at);
    std::chrono::year_month_day const date{day};
    timestamp const digits{at};
    auto const iso = digits.iso();
    auto const name = [](std::string_view all, std::size_t index) { return all.substr(3 * index, 3); };
    std::string out{name(days, std::chrono::weekday{day}.c_encoding())};
    out.append(", ").append(digits.day()).append(" ");
    out.append(name(months, static_cast<unsigned>(date.month()) - 1U)).append(" ").append(digits.year());
    return out.append(" ").append(iso.view().substr(11, 8)).append(" GMT");
}

}  // namespace valetkey
