#pragma once
/// @file
/// What `issue` and `async_issue` ask of a transport. To bring your own, write a class with `send` or `async_send`, and
/// with `source`; `curl_client` and `curl_multi_client` are two such classes.
///
///     struct my_transport {
///         valetkey::fresh_source source_;
///         valetkey::fresh_source& source() { return source_; }
///         valetkey::result<valetkey::http_answer> send(valetkey::http_request call, valetkey::send_terms const&
///         terms);
///     };

#include <valetkey/http_message.hpp>
#include <valetkey/result.hpp>
#include <valetkey/secret.hpp>
#include <valetkey/time.hpp>
#include <valetkey/upload_request.hpp>

#include <chrono>
#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

namespace valetkey {

/// When an exchange, all its tries and pauses included, is over.
using deadline = std::chrono::steady_clock::time_point;

[[nodiscard]] inline deadline deadline_after(std::chrono::milliseconds span) {
    return std::chrono::steady_clock::now() + span;
}

/// How one request may travel.
struct send_terms {
    deadline until{};
    bool new_connection = false;  ///< a connection broke just now: trust no kept one. A wish.
};

/// What came back. Owns its body, which may hold secrets and is wiped with it.
struct http_answer {
    int status = 0;
    wiped_text body{};
    std::optional<utc_seconds> date{};

    [[nodiscard]] http_response view() const noexcept { return {status, body.view(), date}; }
};

/// Whoever owns the clock and the entropy. `fraction`: uniform in [0, 1).
template <class Source>
concept time_and_entropy = requires(Source& source, std::chrono::seconds offset) {
    { source.now() } -> std::same_as<utc_seconds>;
    { source.make_fresh() } -> std::same_as<fresh>;
    { source.make_attempt(offset) } -> std::same_as<attempt>;
    { source.fraction() } -> std::same_as<double>;
};

namespace detail {
template <class Client>
concept has_source = requires(Client& http) {
    requires time_and_entropy<std::remove_cvref_t<decltype(http.source())>>;
};

template <class Client>
concept has_send = requires(Client& http, http_request call, send_terms const terms) {
    { http.send(std::move(call), terms) } -> std::same_as<result<http_answer>>;
};

struct answer_probe {
    void operator()(result<http_answer>) const {}
};
template <class Client>
concept has_async_send = requires(Client& http, http_request call, send_terms const terms, answer_probe probe) {
    http.async_send(std::move(call), terms, std::move(probe));
};

template <class Client>
concept has_executor = requires(Client& http) {
    http.get_executor();
};

template <class Client>
consteval bool check_source() {
    static_assert(has_source<Client>,
                  "valetkey: a transport must have `source()`, an object with `now`, `make_fresh`, `make_attempt` and "
                  "`fraction` as `fresh_source` has them");
    return true;
}
}  // namespace detail

/// Sends what it is given and waits: method, URL, headers and body unchanged, no redirect followed, no try of its own.
/// Errors: `timed_out` at the deadline; `unavailable` without a whole answer, and then the next try may work;
/// `malformed_response` when the answer is not HTTP or too long. Any status is an answer, not an error.
template <class Client>
concept http_client = detail::has_source<Client> && detail::has_send<Client>;

/// The same as an asynchronous operation: any completion token, signature `void(result<http_answer>)`. It never calls
/// its handler from within `async_send`. Total cancellation ends it with `cancelled`.
template <class Client>
concept async_http_client =
    detail::has_source<Client> && detail::has_executor<Client> && detail::has_async_send<Client>;

/// The concept as sentences: what is missing is the compiler's first message.
template <class Client>
consteval bool check_http_client() {
    static_assert(detail::check_source<Client>());
    static_assert(detail::has_send<Client>,
                  "valetkey: a transport must have `result<http_answer> send(http_request, send_terms const&)`");
    return true;
}
template <class Client>
consteval bool check_async_http_client() {
    static_assert(detail::check_source<Client>());
    static_assert(detail::has_executor<Client>, "valetkey: an asynchronous transport must have `get_executor()`");
    static_assert(detail::has_async_send<Client>,
                  "valetkey: an asynchronous transport must have `async_send(http_request, send_terms const&, token)` "
                  "that completes with `result<http_answer>`");
    return true;
}

}  // namespace valetkey
