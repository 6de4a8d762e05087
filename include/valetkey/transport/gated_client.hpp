#pragma once
/// @file
/// An asynchronous transport behind a gate: each call is admitted by the circuit breaker and the budget of its end
/// point, and tells the breaker how it went.

#include <valetkey/transport/circuit_breaker.hpp>
#include <valetkey/transport/http_client.hpp>

#include <boost/asio/compose.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace valetkey {

/// Of one end point, shared by all threads that call it.
struct endpoint_gate {
    circuit_breaker breaker{};
    call_budget budget{};
};

/// An `async_http_client` for one end point. Refused calls end at once, without I/O and without another try:
/// `circuit_open`, `budget_spent`.
/// @par Thread safety As the client within; the gate is shared.
template <class Client>
class gated_client {
public:
    using executor_type = typename Client::executor_type;
    using clock = std::chrono::steady_clock;

    /// @param per_second Calls, retries included; 0: no limit.
    gated_client(Client& within, std::shared_ptr<endpoint_gate> gate, std::uint32_t per_second)
        : within_{&within}, gate_{std::move(gate)}, per_second_{per_second} {}

    void set_budget(std::uint32_t per_second) noexcept { per_second_ = per_second; }

    [[nodiscard]] executor_type get_executor() const noexcept { return within_->get_executor(); }
    [[nodiscard]] auto& source() noexcept { return within_->source(); }

    template <class CompletionToken>
    auto async_send(http_request call, send_terms const& terms, CompletionToken&& token) {
        return boost::asio::async_compose<CompletionToken, void(result<http_answer>)>(
            call_op{within_, gate_, per_second_, std::move(call), terms}, token, get_executor());
    }

private:
    struct call_op {
        Client* within;
        std::shared_ptr<endpoint_gate> gate;
        std::uint32_t per_second;
        http_request call;
        send_terms terms;
        std::optional<failure> refused{};

        template <class Self>
        void operator()(Self& self) {
            if (refused) return self.complete(result<http_answer>{*refused});
            auto const now = clock::now();
            if (!gate->breaker.admit(now)) {
                refused = failure{errc::circuit_open};
            } else if (!gate->budget.take(per_second, now)) {
                gate->breaker.cancelled(now);
                refused = failure{errc::budget_spent};
            }
            if (refused) return boost::asio::post(within->get_executor(), std::move(self));
            auto& client = *within;
            auto what = std::move(call);
            auto const how = terms;
            client.async_send(std::move(what), how, std::move(self));
        }
        template <class Self>
        void operator()(Self& self, result<http_answer> answer) {
            note(answer);
            self.complete(std::move(answer));
        }
        void note(result<http_answer> const& answer) const {
            if (answer || answer.error().what == errc::malformed_response) return gate->breaker.answered();
            if (answer.error().what == errc::cancelled) return gate->breaker.cancelled(clock::now());
            gate->breaker.failed(clock::now());
        }
    };

    Client* within_;
    std::shared_ptr<endpoint_gate> gate_;
    std::uint32_t per_second_;
};

}  // namespace valetkey
