#pragma once
/// @file
/// The whole way from a request to a grant, on Asio.

#include <valetkey/transport/exchange_loop.hpp>
#include <valetkey/transport/http_client.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace valetkey {

namespace detail {
/// The loop of `run_exchange`, turned inside out. What it must not move while an operation runs is in `at_`.
template <class Service, class Client>
class exchange_op {
public:
    using loop_type = exchange_loop<Service, std::remove_cvref_t<decltype(std::declval<Client&>().source())>>;
    using plan_result = result<typename Service::upload_plan>;

    exchange_op(Service& service, Client& http, plan_result plan, deadline until, grant recycled)
        : at_{std::make_unique<state>(service, http, std::move(plan), until, std::move(recycled))} {}

    template <class Self>
    void operator()(Self& self) {
        if (at_->started) return finish(self);
        at_->started = true;
        self.reset_cancellation_state(boost::asio::enable_total_cancellation());
        if (!send_next(self)) boost::asio::post(at_->http.get_executor(), std::move(self));
    }
    template <class Self>
    void operator()(Self& self, result<http_answer> reply) {
        auto const pause = at_->loop.judge(reply);
        if (!pause || stop_if_cancelled(self)) return finish(self);
        auto& timer = at_->timer.emplace(at_->http.get_executor(), *pause);
        timer.async_wait(std::move(self));
    }
    template <class Self>
    void operator()(Self& self, boost::system::error_code) {
        if (stop_if_cancelled(self) || !send_next(self)) finish(self);
    }

private:
    using clock = std::chrono::steady_clock;
    using executor_type = std::remove_cvref_t<decltype(std::declval<Client&>().get_executor())>;

    struct state {
        state(Service& service, Client& client, plan_result plan, deadline until, grant recycled)
            : http{client}, loop{service, client.source(), std::move(plan), until, std::move(recycled)} {}
        Client& http;
        loop_type loop;
        std::optional<boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, executor_type>> timer;
        bool started = false;
    };

    /// False: the outcome stands.
    template <class Self>
    [[nodiscard]] bool send_next(Self& self) {
        auto call = at_->loop.next_request();
        if (!call) return false;
        auto& http = at_->http;
        auto const terms = at_->loop.terms();
        http.async_send(std::move(*call), terms, std::move(self));
        return true;
    }
    template <class Self>
    [[nodiscard]] bool stop_if_cancelled(Self& self) {
        bool const cancelled = self.cancelled() != boost::asio::cancellation_type::none;
        if (cancelled) at_->loop.cancel();
        return cancelled;
    }
    template <class Self>
    void finish(Self& self) {
        auto outcome = at_->loop.take_outcome();
        at_.reset();
        self.complete(std::move(outcome));
    }
    std::unique_ptr<state> at_;
};

template <class Service, class Client, class CompletionToken>
auto async_run_exchange(Service& service, Client& http, result<typename Service::upload_plan> plan, deadline until,
                        grant recycled, CompletionToken& token) {
    return boost::asio::async_compose<CompletionToken, void(result<grant>)>(
        exchange_op<Service, Client>{service, http, std::move(plan), until, std::move(recycled)}, token,
        http.get_executor());
}
}  // namespace detail

/// Carries out a plan as `exchange` does, without blocking.
///
/// Completion signature: `void(result<grant>)`; any token. The handler runs on its associated executor and is never
/// called from within this function, for a local grant neither. Memory of the steps comes from its associated
/// allocator.
/// @param http      An `async_http_client`: `curl_multi_client`, or your own. Like `service` it must outlive the
/// operation.
/// @param plan      Moved into the operation.
/// @param recycled  An old grant whose memory is used again.
/// @par Cancellation Terminal, partial and total: ends with `errc::cancelled`, unless the outcome was there before.
/// @par Errors As `exchange`.
/// @par Thread safety Call it, and emit its cancellation, on the one thread that runs the client's io_context.
template <class Service, class Client, class CompletionToken>
auto async_exchange(Service& service, Client& http, typename Service::upload_plan plan, deadline until, grant recycled,
                    CompletionToken&& token) {
    static_assert(check_async_http_client<Client>());
    return detail::async_run_exchange(service, http, result<typename Service::upload_plan>{std::move(plan)}, until,
                                      std::move(recycled), token);
}
template <class Service, class Client, class CompletionToken>
auto async_exchange(Service& service, Client& http, typename Service::upload_plan plan, deadline until,
                    CompletionToken&& token) {
    return async_exchange(service, http, std::move(plan), until, grant{}, std::forward<CompletionToken>(token));
}

/// Plans at once and carries out. Its object id is random: to give one of your own, make the plan and call
/// `async_exchange`. For the rest see there.
template <class Service, class Client, class CompletionToken>
auto async_issue(Service& service, Client& http, upload_request const& what, deadline until, grant recycled,
                 CompletionToken&& token) {
    static_assert(check_async_http_client<Client>());
    return detail::async_run_exchange(service, http, detail::plan_now(service, http.source(), what), until,
                                      std::move(recycled), token);
}
template <class Service, class Client, class CompletionToken>
auto async_issue(Service& service, Client& http, upload_request const& what, deadline until, CompletionToken&& token) {
    return async_issue(service, http, what, until, grant{}, std::forward<CompletionToken>(token));
}

}  // namespace valetkey
