#pragma once
/// @file
/// One exchange with all its tries, without the I/O: what to send, and what an answer means. `issue` obeys it blocking,
/// `async_issue` on Asio; so both have the same policy.

#include <valetkey/crypto/digest.hpp>
#include <valetkey/grant.hpp>
#include <valetkey/transport/http_client.hpp>
#include <valetkey/transport/retry_schedule.hpp>

#include <optional>
#include <utility>

namespace valetkey::detail {

/// A plan made now.
template <class Service, class Source>
[[nodiscard]] result<typename Service::upload_plan> plan_now(Service& service, Source& source,
                                                             upload_request const& what) {
    try {
        return service.plan(what, source.make_fresh());
    } catch (crypto_error const&) {
        return failure{errc::crypto_failed};
    }
}

template <class Service, class Source>
class exchange_loop {
public:
    using milliseconds = std::chrono::milliseconds;
    using plan_type = typename Service::upload_plan;

    exchange_loop(Service& service, Source& source, result<plan_type> plan, deadline until, grant recycled)
        : service_{&service},
          source_{&source},
          plan_{std::move(plan)},
          tries_{until},
          terms_{until},
          recycled_{std::move(recycled)} {}

    /// The request of the next try, signed now. None: the outcome stands.
    [[nodiscard]] std::optional<http_request> next_request() {
        if (!plan_) {
            outcome_ = plan_.error();
            return std::nullopt;
        }
        try {
            jitter_ = source_->fraction();
            auto call = service_->exchange(*plan_, source_->make_attempt(tries_.clock_offset()));
            if (call && *call) return std::move(*call);
            outcome_ = call ? complete({}) : result<grant>{call.error()};
        } catch (crypto_error const&) {
            outcome_ = failure{errc::crypto_failed};
        }
        return std::nullopt;
    }
    [[nodiscard]] send_terms const& terms() const noexcept { return terms_; }

    /// Takes what the try brought. The pause before the next one; none: the outcome stands.
    [[nodiscard]] std::optional<milliseconds> judge(result<http_answer> const& reply) {
        outcome_ = reply ? complete(reply->view()) : result<grant>{reply.error()};
        if (outcome_) return std::nullopt;
        std::optional<std::chrono::seconds> clock_error;
        if (reply && reply->date) clock_error = *reply->date - source_->now();
        terms_.new_connection = !reply;
        return tries_.pause_after(outcome_.error().what, std::chrono::steady_clock::now(), jitter_, clock_error);
    }
    void cancel() { outcome_ = failure{errc::cancelled}; }

    [[nodiscard]] result<grant> take_outcome() { return std::move(outcome_); }

private:
    [[nodiscard]] result<grant> complete(http_response const& response) {
        return service_->complete(*plan_, response, source_->now() + tries_.clock_offset(),
                                  std::exchange(recycled_, grant{}));
    }
    Service* service_;
    Source* source_;
    result<plan_type> plan_;
    retry_schedule tries_;
    send_terms terms_;
    double jitter_ = 0;
    grant recycled_;
    result<grant> outcome_{failure{errc::timed_out}};
};

}  // namespace valetkey::detail
