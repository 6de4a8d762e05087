#pragma once
/// @file
/// What one worker thread counts. Whoever wants a sum makes it when asked: see metrics.hpp.

#include <valetkey/error.hpp>
#include <valetkey/gateway/route.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

namespace valetkey::gateway {

/// A number that one thread changes and any thread reads: no lock, no locked instruction.
class worker_number {
public:
    void add(std::uint64_t n = 1) noexcept { value_.store(value() + n, std::memory_order_relaxed); }
    void subtract(std::uint64_t n = 1) noexcept { value_.store(value() - n, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// How long something took: counts below bounds that all histograms share, and the sum.
struct duration_histogram {
    static constexpr std::array<std::uint32_t, 12> bounds_us{100,    250,     500,     1'000,     2'500,     10'000,
                                                             50'000, 100'000, 500'000, 1'000'000, 2'500'000, 5'000'000};
    std::array<worker_number, bounds_us.size() + 1> counts{};  ///< the last: longer than every bound
    worker_number nanoseconds{};

    void add(std::chrono::nanoseconds took) noexcept {
        auto const ns = took.count() > 0 ? static_cast<std::uint64_t>(took.count()) : 0;
        std::size_t i = 0;
        while (i < bounds_us.size() && ns > std::uint64_t{bounds_us[i]} * 1000) ++i;
        counts[i].add();
        nanoseconds.add(ns);
    }
};

enum class grant_outcome : std::uint8_t { granted, refused, failed };
inline constexpr std::array<std::string_view, 3> grant_outcome_names{"granted", "refused", "failed"};

/// Whose fault it is that a request was not granted.
[[nodiscard]] constexpr grant_outcome outcome_of(errc what) noexcept {
    return condition_of(what) == condition::caller_fault ? grant_outcome::refused : grant_outcome::failed;
}

/// The statuses of the contract; the last stands for every other one.
inline constexpr std::array<std::uint16_t, 17> counted_statuses{200, 204, 400, 401, 403, 404, 405, 408, 413,
                                                                415, 429, 431, 500, 502, 503, 504, 0};

/// A cloud as metrics name it.
struct cloud_label {
    std::uint8_t type;
    std::string_view name;
};
template <class... Ps>
inline constexpr std::array<cloud_label, sizeof...(Ps)> cloud_labels{cloud_label{Ps::type, Ps::name}...};

/// Vending for one cloud.
struct cloud_metrics {
    std::array<worker_number, grant_outcome_names.size()> grants{};
    /// Exchanges with its STS, whole, retries included: [0] answered, else by `errc`.
    std::array<worker_number, 32> exchanges{};
    worker_number exchanges_in_flight{};
    duration_histogram exchange_time{};

    void granted() noexcept { grants[0].add(); }
    void not_granted(errc why) noexcept { grants[static_cast<std::size_t>(outcome_of(why))].add(); }
    void exchange_begun() noexcept { exchanges_in_flight.add(); }
    /// @param outcome `errc{}`: answered.
    void exchange_ended(errc outcome, std::chrono::nanoseconds took) noexcept {
        exchanges_in_flight.subtract();
        exchanges[static_cast<std::size_t>(outcome) % exchanges.size()].add();
        exchange_time.add(took);
    }
};

/// All of one worker. Its own thread changes it, without allocation or lock; any thread reads it.
class alignas(64) worker_metrics {
public:
    /// @param clouds Static data, such as `cloud_labels<Ps...>`.
    explicit worker_metrics(std::span<cloud_label const> clouds) : labels_{clouds}, clouds_(clouds.size() + 1) {
        slots_.fill(static_cast<std::uint8_t>(clouds.size()));
        for (std::size_t i = 0; i < clouds.size(); ++i) slots_[clouds[i].type] = static_cast<std::uint8_t>(i);
    }

    worker_number connections_accepted{};
    worker_number connections_open{};
    worker_number requests_in_flight{};
    worker_number requests_limited{};  ///< answered 429
    worker_number object_ids_leased{};
    duration_histogram request_time{};

    /// A request was answered.
    void answered(route which, int status, std::chrono::nanoseconds took) noexcept {
        auto const at =
            static_cast<std::size_t>(which) < route_count ? static_cast<std::size_t>(which) : route_count - 1;
        requests_[at][status_slot(status)].add();
        request_time.add(took);
    }
    /// By its wire number; a cloud that is not compiled in counts as `other`.
    [[nodiscard]] cloud_metrics& cloud(std::uint8_t type) noexcept { return clouds_[slots_[type]]; }

    [[nodiscard]] std::uint64_t requests(std::size_t which, std::size_t status) const noexcept {
        return requests_[which][status].value();
    }
    [[nodiscard]] std::span<cloud_label const> labels() const noexcept { return labels_; }
    /// In the order of `labels`, then `other`.
    [[nodiscard]] std::span<cloud_metrics const> clouds() const noexcept { return clouds_; }

private:
    static std::size_t status_slot(int status) noexcept {
        std::size_t slot = 0;
        while (slot < counted_statuses.size() - 1 && counted_statuses[slot] != status) ++slot;
        return slot;
    }

    std::array<std::array<worker_number, counted_statuses.size()>, route_count> requests_{};
    std::array<std::uint8_t, 256> slots_{};
    std::span<cloud_label const> labels_;
    std::vector<cloud_metrics> clouds_;
};

}  // namespace valetkey::gateway
