#pragma once
/// @file
/// The workers' counts as Prometheus text. Labels are names of ours, never a caller's text.

#include <valetkey/gateway/worker_metrics.hpp>

#include <prometheus/text_serializer.h>

#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace valetkey::gateway {

namespace detail {

/// Adds up and writes down.
class metrics_page {
public:
    explicit metrics_page(std::span<worker_metrics const* const> workers) : workers_{workers} {}

    [[nodiscard]] std::string text() {
        add_requests();
        add_connections();
        for (std::size_t i = 0; !workers_.empty() && i < workers_.front()->clouds().size(); ++i) add_cloud(i);
        for (auto& each : clouds_) families_.push_back(std::move(each));
        std::ostringstream out;
        prometheus::TextSerializer{}.Serialize(out, families_);
        return std::move(out).str();
    }

private:
    using family = prometheus::MetricFamily;
    using metric = prometheus::ClientMetric;
    using labels = std::vector<metric::Label>;
    using kind = prometheus::MetricType;

    template <class Number>
    [[nodiscard]] double sum(Number number) const {
        std::uint64_t total = 0;
        for (auto const* worker : workers_) total += number(*worker);
        return static_cast<double>(static_cast<std::int64_t>(total));
    }
    static family named(std::string name, std::string help, kind type) {
        return {"valetkey_" + std::move(name), std::move(help), type, {}};
    }
    static void add(family& to, labels with, double value) {
        metric made;
        made.label = std::move(with);
        made.counter.value = value;
        made.gauge.value = value;
        to.metric.push_back(std::move(made));
    }
    template <class Histogram>
    void add_histogram(family& to, labels with, Histogram histogram) const {
        metric made;
        made.label = std::move(with);
        double reached = 0;
        for (std::size_t i = 0; i < duration_histogram::bounds_us.size(); ++i) {
            reached += sum([&](auto const& worker) { return histogram(worker).counts[i].value(); });
            made.histogram.bucket.push_back(
                {static_cast<std::uint64_t>(reached), duration_histogram::bounds_us[i] / 1e6});
        }
        reached += sum([&](auto const& worker) { return histogram(worker).counts.back().value(); });
        made.histogram.sample_count = static_cast<std::uint64_t>(reached);
        made.histogram.sample_sum =
            sum([&](auto const& worker) { return histogram(worker).nanoseconds.value(); }) / 1e9;
        to.metric.push_back(std::move(made));
    }

    void add_requests() {
        auto requests = named("requests_total", "Requests answered, by route and HTTP status.", kind::Counter);
        for (std::size_t r = 0; r < route_count; ++r)
            for (std::size_t s = 0; s < counted_statuses.size(); ++s) {
                auto const count = sum([&](auto const& worker) { return worker.requests(r, s); });
                auto const status = counted_statuses[s] == 0 ? "other" : std::to_string(counted_statuses[s]);
                if (count > 0)
                    add(requests, {{"route", std::string{path_of(static_cast<route>(r))}}, {"status", status}}, count);
            }
        families_.push_back(std::move(requests));
        auto time = named("request_seconds", "Time from a request's first byte to its answer.", kind::Histogram);
        add_histogram(
            time, {}, [](auto const& worker) -> auto const& { return worker.request_time; });
        families_.push_back(std::move(time));
    }
    void add_connections() {
        auto const add_one = [&](std::string name, std::string help, kind type, worker_number worker_metrics::*which) {
            families_.push_back(named(std::move(name), std::move(help), type));
            add(families_.back(), {}, sum([&](auto const& worker) { return (worker.*which).value(); }));
        };
        add_one("requests_in_flight", "Requests that wait for their answer.", kind::Gauge,
                &worker_metrics::requests_in_flight);
        add_one("requests_limited_total", "Requests refused by the limit of their subject.", kind::Counter,
                &worker_metrics::requests_limited);
        add_one("connections_open", "Connections of clients.", kind::Gauge, &worker_metrics::connections_open);
        add_one("connections_accepted_total", "Connections accepted.", kind::Counter,
                &worker_metrics::connections_accepted);
        add_one("object_ids_leased_total", "Object ids leased from the durable counter.", kind::Counter,
                &worker_metrics::object_ids_leased);
    }
    void add_cloud(std::size_t index) {
        auto const& known = workers_.front()->labels();
        metric::Label const cloud{"cloud", index < known.size() ? std::string{known[index].name} : "other"};
        auto const of = [index](auto const& worker) -> auto const& {
            return worker.clouds()[index];
        };
        auto& [grants, exchanges, flying, time] = clouds_;
        for (std::size_t i = 0; i < grant_outcome_names.size(); ++i)
            add(grants, {cloud, {"outcome", std::string{grant_outcome_names[i]}}},
                sum([&](auto const& worker) { return of(worker).grants[i].value(); }));
        if (index == known.size()) return;  // a cloud that is not there has no STS
        for (std::size_t i = 0; i < std::tuple_size_v<decltype(cloud_metrics::exchanges)>; ++i) {
            auto const count = sum([&](auto const& worker) { return of(worker).exchanges[i].value(); });
            auto const outcome = i == 0 ? std::string_view{"answered"} : name_of(static_cast<errc>(i));
            if (i == 0 || count > 0) add(exchanges, {cloud, {"outcome", std::string{outcome}}}, count);
        }
        add(flying, {cloud}, sum([&](auto const& worker) { return of(worker).exchanges_in_flight.value(); }));
        add_histogram(
            time, {cloud}, [&](auto const& worker) -> auto const& { return of(worker).exchange_time; });
    }

    std::span<worker_metrics const* const> workers_;
    std::vector<family> families_{};
    std::array<family, 4> clouds_{
        named("grants_total", "Requests for a grant, by cloud and outcome.", kind::Counter),
        named("exchanges_total", "Exchanges with a cloud's STS, retries included, by outcome.", kind::Counter),
        named("exchanges_in_flight", "Exchanges under way.", kind::Gauge),
        named("exchange_seconds", "Time of an exchange, retries included.", kind::Histogram)};
};

}  // namespace detail

/// The whole page, with the sums of all workers. They must have been made with the same clouds.
/// @par Thread safety Any thread, while the workers count on.
[[nodiscard]] inline std::string render_metrics(std::span<worker_metrics const* const> workers) {
    return detail::metrics_page{workers}.text();
}

}  // namespace valetkey::gateway
