#pragma once
/// @file
/// Whether to try an exchange again, and after which pause. Reads no clock, draws no random number.

#include <valetkey/error.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

namespace valetkey {

/// Spans in milliseconds.
struct retry_limits {
    int tries = 4;                                    ///< the first one included
    std::chrono::milliseconds first_pause{50};        ///< doubles with each failure …
    std::chrono::milliseconds longest_pause{1000};    ///< … up to this; the pause is a random part of it
    std::chrono::milliseconds throttled_pause{1000};  ///< at least, where the deadline allows; jitter adds half
    std::chrono::milliseconds least_left{100};        ///< a try with less time than this is not worth its signature
};

/// The one retry policy, for every cloud and both flavours of `issue`.
///
/// `throttled` and `unavailable` are tried again, `clock_skew` once and only with a correction; everything else is
/// final, `timed_out` too, for then the deadline is over.
class retry_schedule {
public:
    using milliseconds = std::chrono::milliseconds;
    using time_point = std::chrono::steady_clock::time_point;

    explicit retry_schedule(time_point until, retry_limits const& limits = {}) noexcept
        : until_{until}, limits_{limits} {}

    /// Call it after each failed try.
    /// @param what         How the try failed.
    /// @param now          On the clock of `until`.
    /// @param fraction     Random, uniform in [0, 1).
    /// @param clock_error  The cloud's clock minus ours, if the answer had a date.
    /// @return The pause before the next try. None: the failure is final.
    [[nodiscard]] std::optional<milliseconds> pause_after(
        errc what, time_point now, double fraction, std::optional<std::chrono::seconds> clock_error = {}) noexcept {
        ++failed_;
        auto const longest = std::chrono::floor<milliseconds>(until_ - now) - limits_.least_left;
        if (condition_of(what) != condition::retryable || failed_ >= limits_.tries || longest < milliseconds{0})
            return std::nullopt;
        if (what == errc::clock_skew) return correct_clock(clock_error);
        if (what == errc::throttled && limits_.throttled_pause <= longest)
            return std::min(longest, limits_.throttled_pause + part_of(limits_.throttled_pause, fraction / 2));
        return std::min(longest, part_of(step(), fraction));
    }

    /// Add it to our clock for every try that follows, and when its answer is read.
    [[nodiscard]] std::chrono::seconds clock_offset() const noexcept {
        return offset_.value_or(std::chrono::seconds{0});
    }

private:
    [[nodiscard]] std::optional<milliseconds> correct_clock(std::optional<std::chrono::seconds> clock_error) noexcept {
        if (offset_ || !clock_error) return std::nullopt;
        offset_ = clock_error;
        return milliseconds{0};
    }
    [[nodiscard]] milliseconds step() const noexcept {
        auto pause = limits_.first_pause;
        for (int i = 1; i < failed_ && pause < limits_.longest_pause; ++i) pause *= 2;
        return std::min(pause, limits_.longest_pause);
    }
    [[nodiscard]] static milliseconds part_of(milliseconds whole, double fraction) noexcept {
        return milliseconds{std::llround(static_cast<double>(whole.count()) * fraction)};
    }
    time_point until_;
    retry_limits limits_;
    int failed_ = 0;
    std::optional<std::chrono::seconds> offset_;
};

}  // namespace valetkey
