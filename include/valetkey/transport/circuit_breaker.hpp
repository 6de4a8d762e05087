#pragma once
/// @file
/// Whether a cloud's STS is worth asking now: a circuit breaker and a budget of calls, both of one end point. No clock
/// of their own.

#include <valetkey/error.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace valetkey {

/// Opens after repeated time-outs or failed connections in a row; while open nobody waits. Then one call at a time
/// tries whether the cloud is back; each try that fails doubles the time until the next.
/// @par Thread safety Safe to share. A lock, taken once a call to a cloud.
class circuit_breaker {
public:
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr unsigned failures_to_open = 20;
    static constexpr std::chrono::seconds shortest_pause{1};
    static constexpr std::chrono::seconds longest_pause{8};
    static constexpr std::chrono::seconds probe_patience{60};  // a probe that was never judged is given up

    /// Whether to call. When it says yes, the outcome must be told.
    [[nodiscard]] bool admit(time_point now) {
        std::lock_guard const lock{mutex_};
        if (failures_ < failures_to_open) return true;
        if (now < next_try_) return false;
        next_try_ = now + probe_patience;  // this caller is the one that tries
        return true;
    }
    /// The cloud answered, whatever it said.
    void answered() {
        std::lock_guard const lock{mutex_};
        failures_ = 0;
        pause_ = shortest_pause;
    }
    /// No answer in time, or no connection.
    void failed(time_point now) {
        std::lock_guard const lock{mutex_};
        // calls that began before it opened say nothing new
        if (failures_ >= failures_to_open && next_try_ <= now + longest_pause) return;
        bool const probe = failures_ >= failures_to_open;
        if (!probe && ++failures_ < failures_to_open) return;
        next_try_ = now + pause_;
        pause_ = std::min(pause_ * 2, longest_pause);
    }
    /// Given up by the caller: says nothing about the cloud, but frees the place of a probe.
    void cancelled(time_point now) {
        std::lock_guard const lock{mutex_};
        if (failures_ >= failures_to_open) next_try_ = std::min(next_try_, now + shortest_pause);
    }
    [[nodiscard]] bool is_open() const {
        std::lock_guard const lock{mutex_};
        return failures_ >= failures_to_open;
    }

private:
    mutable std::mutex mutex_;
    unsigned failures_ = 0;
    std::chrono::seconds pause_ = shortest_pause;
    time_point next_try_{};
};

/// How many calls a second are made. Counts within fixed seconds of the steady clock.
/// @par Thread safety Safe to share, without a lock.
class call_budget {
public:
    /// @param per_second 0: no limit. @return Whether one more call is within the budget; then it is counted.
    [[nodiscard]] bool take(std::uint32_t per_second, circuit_breaker::time_point now) noexcept {
        if (per_second == 0) return true;
        auto const second =
            static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count());
        std::uint64_t seen = state_.load(std::memory_order_relaxed);
        for (;;) {
            bool const same = seen >> 32U >= second;  // a thread that read its clock a moment ago does not turn it back
            if (same && (seen & 0xffffffffU) >= per_second) return false;
            std::uint64_t const next = same ? seen + 1 : second << 32U | 1U;
            if (state_.compare_exchange_weak(seen, next, std::memory_order_relaxed)) return true;
        }
    }

private:
    std::atomic<std::uint64_t> state_{0};  // the second, and how many it has seen
};

}  // namespace valetkey
