#pragma once
/// @file
/// UTC in whole seconds, and the four ways in which clouds write it. Reads no clock.

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace valetkey {

using utc_seconds = std::chrono::sys_seconds;

/// A text of fixed size, without a heap.
template <std::size_t N>
struct fixed_text {
    std::array<char, N> text{};
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {text.data(), N}; }
    constexpr operator std::string_view() const noexcept { return view(); }
};

/// Decimal text of an integer, without a heap.
class decimal {
public:
    template <class Integer>
    explicit decimal(Integer value) noexcept {
        auto* const begin = text_.data();
        size_ = static_cast<std::size_t>(std::to_chars(begin, begin + text_.size(), value).ptr - begin);
    }
    operator std::string_view() const noexcept { return {text_.data(), size_}; }

private:
    std::array<char, 20> text_{};
    std::size_t size_ = 0;
};

/// One instant, split once. Years 1970 to 9999.
class timestamp {
public:
    explicit constexpr timestamp(utc_seconds at) noexcept {
        auto const day = std::chrono::floor<std::chrono::days>(at);
        std::chrono::year_month_day const date{day};
        std::chrono::hh_mm_ss const time{at - day};
        put(0, 4, static_cast<unsigned>(static_cast<int>(date.year())));
        put(4, 2, static_cast<unsigned>(date.month()));
        put(6, 2, static_cast<unsigned>(date.day()));
        put(8, 2, static_cast<unsigned>(time.hours().count()));
        put(10, 2, static_cast<unsigned>(time.minutes().count()));
        put(12, 2, static_cast<unsigned>(time.seconds().count()));
    }
    [[nodiscard]] constexpr std::string_view year() const noexcept { return {digits_.data(), 4}; }
    [[nodiscard]] constexpr std::string_view month() const noexcept { return {digits_.data() + 4, 2}; }
    [[nodiscard]] constexpr std::string_view day() const noexcept { return {digits_.data() + 6, 2}; }
    /// `20260314`
    [[nodiscard]] constexpr std::string_view yyyymmdd() const noexcept { return {digits_.data(), 8}; }
    /// `20260314T092653Z`
    [[nodiscard]] constexpr fixed_text<16> basic() const noexcept { return fill<16>("ddddddddTddddddZ"); }
    /// `2026-03-14T09:26:53Z`
    [[nodiscard]] constexpr fixed_text<20> iso() const noexcept { return fill<20>("dddd-dd-ddTdd:dd:ddZ"); }
    /// `2026-03-14T09:26:53.000Z`
    [[nodiscard]] constexpr fixed_text<24> iso_milliseconds() const noexcept {
        return fill<24>("dddd-dd-ddTdd:dd:dd.000Z");
    }

private:
    constexpr void put(std::size_t at, std::size_t width, unsigned value) noexcept {
        for (std::size_t i = width; i-- > 0; value /= 10) digits_[at + i] = static_cast<char>('0' + value % 10);
    }
    template <std::size_t N>
    [[nodiscard]] constexpr fixed_text<N> fill(std::string_view shape) const noexcept {
        fixed_text<N> made;
        std::size_t next = 0;
        for (std::size_t i = 0; i < N; ++i) made.text[i] = shape[i] == 'd' ? digits_[next++] : shape[i];
        return made;
    }
    std::array<char, 14> digits_{};
};

/// Reads `2026-03-14T09:26:53Z`, with or without a fraction of up to nine digits, which is cut off. Years 1970 to 9999.
/// Nothing else is a time: no offset, no blank, no missing `Z`.
[[nodiscard]] constexpr std::optional<utc_seconds> parse_iso_time(std::string_view text) noexcept {
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
    if (text.size() <= shape.size() || text.back() != 'Z') return std::nullopt;
    std::array<unsigned, 6> parts{};
    std::size_t part = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == 'd') {
            if (text[i] < '0' || text[i] > '9') return std::nullopt;
            parts[part] = parts[part] * 10 + static_cast<unsigned>(text[i] - '0');
        } else {
            if (text[i] != shape[i]) return std::nullopt;
            ++part;
        }
    }
    auto fraction = text.substr(shape.size());
    fraction.remove_suffix(1);
    if (!fraction.empty()) {
        if (fraction.front() != '.' || fraction.size() < 2 || fraction.size() > 10) return std::nullopt;
        for (char const c : fraction.substr(1))
            if (c < '0' || c > '9') return std::nullopt;
    }
    std::chrono::year_month_day const date{std::chrono::year{static_cast<int>(parts[0])}, std::chrono::month{parts[1]},
                                           std::chrono::day{parts[2]}};
    if (!date.ok() || parts[0] < 1970 || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return std::nullopt;
    return std::chrono::sys_days{date} + std::chrono::hours{parts[3]} + std::chrono::minutes{parts[4]} +
           std::chrono::seconds{parts[5]};
}

}  // namespace valetkey
