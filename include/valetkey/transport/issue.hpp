#pragma once
/// @file
/// The whole way from a request to a grant, blocking. Needs neither Asio nor libcurl: the transport is a parameter.

#include <valetkey/transport/exchange_loop.hpp>
#include <valetkey/transport/http_client.hpp>

#include <thread>
#include <type_traits>
#include <utility>

namespace valetkey {

namespace detail {
template <class Service, class Client>
[[nodiscard]] result<grant> run_exchange(Service& service, Client& http, result<typename Service::upload_plan> plan,
                                         deadline until, grant recycled) {
    exchange_loop<Service, std::remove_cvref_t<decltype(http.source())>> loop{service, http.source(), std::move(plan),
                                                                              until, std::move(recycled)};
    for (;;) {
        auto call = loop.next_request();
        if (!call) break;
        auto const pause = loop.judge(http.send(std::move(*call), loop.terms()));
        if (!pause) break;
        std::this_thread::sleep_for(*pause);
    }
    return loop.take_outcome();
}
}  // namespace detail

/// Carries out a plan: asks the cloud until it answers, the error is final or the deadline comes. Each try is signed
/// afresh. A plan that is local needs no I/O.
/// @param http      An `http_client`: `curl_client`, or your own.
/// @param recycled  An old grant whose memory is used again.
/// @par Errors What `Service::complete` says, or how the last try broke. `timed_out`: no answer before the deadline.
/// @par Thread safety None: one service and one client a thread.
template <class Service, class Client>
[[nodiscard]] result<grant> exchange(Service& service, Client& http, typename Service::upload_plan plan, deadline until,
                                     grant recycled = {}) {
    static_assert(check_http_client<Client>());
    return detail::run_exchange(service, http, std::move(plan), until, std::move(recycled));
}

/// Plans and carries out. Its object id is random: to give one of your own, make the plan and call `exchange`.
/// @par Errors As `Service::plan` and `exchange`.
/// @par Example
///     sts_service<aliyun> service{settings};
///     curl_client http;
///     auto const granted = issue(service, http, request, deadline_after(5s));
template <class Service, class Client>
[[nodiscard]] result<grant> issue(Service& service, Client& http, upload_request const& what, deadline until,
                                  grant recycled = {}) {
    static_assert(check_http_client<Client>());
    return detail::run_exchange(service, http, detail::plan_now(service, http.source(), what), until,
                                std::move(recycled));
}

}  // namespace valetkey
