#pragma once
/// @file
/// How many requests of one subject a minute are served.

#include <atomic>
#include <chrono>
#include <cstdint>

namespace valetkey::gateway {

/// Counts within fixed minutes of the steady clock: never more than the limit in one of them.
/// @par Thread safety Shared by all threads, without a lock.
class request_budget {
public:
    /// @param per_minute 0: no limit.
    /// @return 0: served, and counted. Else the seconds, 1 to 60, after which the next minute begins.
    [[nodiscard]] unsigned take(std::uint32_t per_minute, std::chrono::steady_clock::time_point now) noexcept {
        if (per_minute == 0) return 0;
        auto const second =
            static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count());
        std::uint64_t seen = state_.load(std::memory_order_relaxed);
        for (;;) {
            // a thread that read its clock just before the minute's end does not turn it back
            bool const same = seen >> 32U >= second / 60;
            std::uint64_t const used = same ? seen & 0xffffffffU : 0;
            if (used >= per_minute) return static_cast<unsigned>(60 - second % 60);
            std::uint64_t const next = same ? seen + 1 : (second / 60) << 32U | 1U;
            if (state_.compare_exchange_weak(seen, next, std::memory_order_relaxed)) return 0;
        }
    }

private:
    alignas(64) std::atomic<std::uint64_t> state_{0};  // the minute, and how many it has seen
};

}  // namespace valetkey::gateway
