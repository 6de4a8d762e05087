#include <valetkey/transport/circuit_breaker.hpp>
#include <valetkey/transport/fresh_source.hpp>
#include <valetkey/transport/gated_client.hpp>

#include "support/catch.hpp"

#include <boost/asio/io_context.hpp>

#include <optional>

using namespace valetkey;
using std::chrono::seconds;

namespace {

auto const begin = circuit_breaker::time_point{} + seconds{1000};

/// Fails or answers as it is told, and counts.
struct scripted_client {
    using executor_type = boost::asio::io_context::executor_type;
    boost::asio::io_context& io;
    fresh_source fresh{};
    std::optional<errc> fails{};
    int calls = 0;

    executor_type get_executor() const noexcept { return io.get_executor(); }
    fresh_source& source() noexcept { return fresh; }
    template <class Handler>
    void async_send(http_request, send_terms const&, Handler handler) {
        ++calls;
        auto answer = fails ? result<http_answer>{failure{*fails}} : result<http_answer>{http_answer{200, {}, {}}};
        boost::asio::post(
            io, [handler = std::move(handler), answer = std::move(answer)]() mutable { handler(std::move(answer)); });
    }
};

}  // namespace

TEST_CASE("the circuit opens after failures in a row, tries again later and closes on an answer", "[transport][gate]") {
    circuit_breaker breaker;
    for (unsigned i = 1; i < circuit_breaker::failures_to_open; ++i) breaker.failed(begin);
    CHECK(breaker.admit(begin));
    breaker.answered();
    for (unsigned i = 0; i < circuit_breaker::failures_to_open; ++i) {
        CHECK(breaker.admit(begin));
        breaker.failed(begin);
    }
    CHECK(breaker.is_open());
    CHECK_FALSE(breaker.admit(begin));
    breaker.failed(begin);  // one that began before
    // one try after each pause, and the pauses grow up to their limit
    auto at = begin;
    for (auto const pause : {seconds{1}, seconds{2}, seconds{4}, seconds{8}, seconds{8}}) {
        CHECK_FALSE(breaker.admit(at + pause - std::chrono::milliseconds{1}));
        at += pause;
        CHECK(breaker.admit(at));
        CHECK_FALSE(breaker.admit(at + seconds{5}));
        breaker.failed(at);
    }
    at += seconds{8};
    CHECK(breaker.admit(at));
    breaker.answered();
    CHECK_FALSE(breaker.is_open());
    CHECK(breaker.admit(at));
}

TEST_CASE("a probe that is given up frees its place", "[transport][gate]") {
    circuit_breaker breaker;
    for (unsigned i = 0; i < circuit_breaker::failures_to_open; ++i) breaker.failed(begin);
    CHECK(breaker.admit(begin + seconds{1}));
    breaker.cancelled(begin + seconds{1});
    CHECK(breaker.admit(begin + seconds{2}));
}

TEST_CASE("a budget counts within a second", "[transport][gate]") {
    call_budget budget;
    CHECK(budget.take(0, begin));
    CHECK(budget.take(2, begin));
    CHECK(budget.take(2, begin));
    CHECK_FALSE(budget.take(2, begin));
    CHECK_FALSE(budget.take(2, begin - seconds{1}));
    CHECK(budget.take(2, begin + seconds{1}));
}

TEST_CASE("a gated client asks nobody while the circuit is open or the budget is spent", "[transport][gate]") {
    boost::asio::io_context io;
    scripted_client within{io};
    auto const gate = std::make_shared<endpoint_gate>();
    gated_client<scripted_client> client{within, gate, 0};
    auto const send = [&] {
        std::optional<errc> seen;
        client.async_send({}, {}, [&](result<http_answer> answer) { seen = answer ? errc{} : answer.error().what; });
        CHECK_FALSE(seen);  // never from within
        io.restart();
        io.run();
        return seen.value();
    };
    CHECK(send() == errc{});
    within.fails = errc::timed_out;
    for (unsigned i = 0; i < circuit_breaker::failures_to_open; ++i) CHECK(send() == errc::timed_out);
    int const calls = within.calls;
    CHECK(send() == errc::circuit_open);
    CHECK(within.calls == calls);

    gated_client<scripted_client> frugal{within, std::make_shared<endpoint_gate>(), 1};
    within.fails = errc::malformed_response;
    int spent = 0;
    for (int i = 0; i < 5; ++i) {
        frugal.async_send(
            {}, {}, [&](result<http_answer> answer) { spent += answer.error().what == errc::budget_spent ? 1 : 0; });
        io.restart();
        io.run();
    }
    CHECK(spent >= 3);  // the second may have turned once
}
