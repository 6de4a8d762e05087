#include "loopback_server.hpp"
#include "tls_server.hpp"
#include "toy_service.hpp"

#include <valetkey/transport/async_issue.hpp>
#include <valetkey/transport/curl_client.hpp>
#include <valetkey/transport/curl_multi.hpp>
#include <valetkey/transport/issue.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/deferred.hpp>

#include <catch2/catch.hpp>

#include <dlfcn.h>
#include <netdb.h>
#include <unistd.h>

#include <filesystem>

using namespace std::chrono_literals;
using namespace valetkey;
using loopback::reaction;
using loopback::response;
using loopback::server;

/// Stands before the C library's: one name takes long.
extern "C" int getaddrinfo(char const* host, char const* service, addrinfo const* hints, addrinfo** found) {
    if (host != nullptr && std::string_view{host} == "slow-name.invalid") std::this_thread::sleep_for(5s);
    static auto const next = reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return next(host, service, hints, found);
}

namespace {
namespace asio = boost::asio;
using outcome = std::optional<result<grant>>;

constexpr auto ample = 60s;  // a deadline that is not meant to come

upload_request a_request() {
    upload_request what;
    what.extension = "png";
    return what;
}
reaction ok(std::string const& body = "key") {
    return {response("200 OK", body)};
}
server::script always(reaction const& what) {
    return [what](auto const&, std::size_t) { return what; };
}
/// The first requests get `first`, one each; all others `ok`.
server::script at_first(std::vector<reaction> first) {
    return [first](auto const&, std::size_t before) { return before < first.size() ? first[before] : ok(); };
}
auto into(outcome& where) {
    return [&where](result<grant> granted) { where = std::move(granted); };
}

enum class flavour { blocking, asynchronous };

result<grant> ask(flavour how, toy_service& service, std::chrono::milliseconds span, curl_options const& options = {}) {
    if (how == flavour::blocking) {
        curl_client http{options};
        return issue(service, http, a_request(), deadline_after(span));
    }
    asio::io_context context;
    curl_multi_client http{context, options};
    outcome got;
    async_issue(service, http, a_request(), deadline_after(span), into(got));
    context.run();
    REQUIRE(got);
    return *got;
}
flavour either() {
    return GENERATE(flavour::blocking, flavour::asynchronous);
}

errc error_of(result<grant> const& granted) {
    REQUIRE_FALSE(granted.has_value());
    INFO(granted.error().vendor_code);
    return granted.error().what;
}
std::string key_of(result<grant> const& granted) {
    INFO((granted ? std::string{} : std::string{name_of(granted.error().what)} + " " + granted.error().vendor_code));
    REQUIRE(granted.has_value());
    return std::string{(*granted)[grant::access_key_id]};
}
std::string date_header(utc_seconds at) {
    std::array<char, 64> text{};
    auto const seconds = static_cast<std::time_t>(at.time_since_epoch().count());
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    return text.data();
}
std::string nonce_of(toy_service const& service, std::size_t i) {
    return std::string{service.attempts.at(i).nonce.view()};
}
}  // namespace

TEST_CASE("Exchange: the request arrives byte for byte, with nothing that was not asked for", "[transport]") {
    server sts{always(ok("the key"))};
    toy_service service{sts.url()};
    ::setenv("http_proxy", "http://127.0.0.1:1/", 1);
    CHECK(key_of(ask(either(), service, ample)) == "the key");
    ::unsetenv("http_proxy");
    CHECK(sts.requests().at(0) ==
          "POST /?ext=png HTTP/1.1\r\nHost: toy.example\r\nx-try: 1\r\nx-empty:\r\nContent-Length: 38\r\n\r\nnonce=" +
              nonce_of(service, 0));
}

TEST_CASE("Exchange: methods and headers are the request's own", "[transport]") {
    server sts{always(ok())};
    curl_client http;
    struct row {
        http_request call;
        std::string expected;
    };
    std::vector<row> const rows{
        {{"GET", sts.url() + "a/../b?x=%2F", {{"host", "h"}}, ""}, "GET /a/../b?x=%2F HTTP/1.1\r\nHost: h\r\n\r\n"},
        {{"PUT", sts.url(), {{"host", "h"}, {"content-type", "a/b"}}, "xy"},
         "PUT / HTTP/1.1\r\nHost: h\r\ncontent-type: a/b\r\nContent-Length: 2\r\n\r\nxy"},
        {{"POST", sts.url(), {{"host", "h"}, {"accept", "c/d"}, {"user-agent", "e"}}, ""},
         "POST / HTTP/1.1\r\nHost: h\r\naccept: c/d\r\nuser-agent: e\r\nContent-Length: 0\r\n\r\n"},
        {{"GET", sts.url(), {{"host", "h"}}, ""}, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"},
        {{"GET", sts.url(), {{"host", "h"}}, "b"}, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nb"},
    };
    for (auto const& [call, expected] : rows) {
        REQUIRE(http.send(call, {deadline_after(ample)}).has_value());
        CHECK(sts.requests().back() == expected);
    }
    CHECK(sts.accepted() == 1);
    http_request const split{"GET", sts.url(), {{"x-a", "b\r\nx-c: d"}}, ""};
    CHECK(http.send(split, {deadline_after(ample)}).error().what == errc::invalid_settings);
    CHECK(sts.requests().size() == rows.size());
}

TEST_CASE("Exchange: a failure that may pass is tried again, signed afresh", "[transport]") {
    auto const how = either();
    auto const first = GENERATE(reaction{response("503 Busy", "x")}, reaction{"", reaction::reset},
                                reaction{"", reaction::close}, reaction{"HTTP/1.1 200 OK\r\n", reaction::close},
                                reaction{"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab", reaction::reset});
    server sts{at_first({first})};
    toy_service service{sts.url()};
    CHECK(key_of(ask(how, service, ample)) == "key");
    REQUIRE(sts.requests().size() == 2);
    CHECK(sts.requests()[0].ends_with(nonce_of(service, 0)));
    CHECK(sts.requests()[1].ends_with(nonce_of(service, 1)));
    CHECK(sts.requests()[1].find("x-try: 2") != std::string::npos);
    CHECK(nonce_of(service, 0) != nonce_of(service, 1));
}

TEST_CASE("Exchange: a kept connection that dies is not given the same signature twice", "[transport]") {
    asio::io_context context;
    curl_multi_client http{context};
    server sts{[](auto const&, std::size_t before) { return before == 1 ? reaction{"", reaction::reset} : ok(); }};
    toy_service service{sts.url()};
    for (int i = 0; i < 2; ++i) {
        outcome got;
        async_issue(service, http, a_request(), deadline_after(ample), into(got));
        context.restart();
        context.run();
        CHECK(key_of(got.value()) == "key");
    }
    REQUIRE(sts.requests().size() == 3);
    CHECK(sts.requests()[1].ends_with(nonce_of(service, 1)));
    CHECK(sts.requests()[2].ends_with(nonce_of(service, 2)));
}

TEST_CASE("Exchange: the cloud is not asked for ever", "[transport]") {
    server sts{always({response("503 Busy", "x")})};
    toy_service service{sts.url()};
    CHECK(error_of(ask(either(), service, ample)) == errc::unavailable);
    CHECK(sts.requests().size() == 4);
}

TEST_CASE("Exchange: throttling is tried again after a second", "[transport]") {
    server sts{at_first({{response("429 Slow down", "x")}})};
    toy_service service{sts.url()};
    auto const before = std::chrono::steady_clock::now();
    CHECK(key_of(ask(either(), service, ample)) == "key");
    CHECK(std::chrono::steady_clock::now() - before >= 1s);
}

TEST_CASE("Exchange: final errors are not repeated, and no redirect is followed", "[transport]") {
    server elsewhere{always(ok())};
    struct row {
        std::string status;
        errc what;
    };
    auto const [status, what] =
        GENERATE(values<row>({{"403 No", errc::denied}, {"302 There", errc::malformed_response}}));
    auto const how = either();
    server sts{always({response(status, "x", "location: " + elsewhere.url() + "\r\n")})};
    toy_service service{sts.url()};
    CHECK(error_of(ask(how, service, ample)) == what);
    CHECK(sts.requests().size() == 1);
    CHECK(elsewhere.accepted() == 0);
}

TEST_CASE("Exchange: nonsense is refused at once, and endless nonsense too", "[transport]") {
    auto const how = either();
    auto const many = std::string(1000, 'x');
    std::string const ok_line = "HTTP/1.1 200 OK\r\n";
    auto const what =
        GENERATE_COPY(reaction{response("200 OK", std::string(2U << 20U, 'x'))},
                      reaction{ok_line + "x-a: b", reaction::repeat, 0ms, many},          // a header line without end
                      reaction{ok_line, reaction::repeat, 0ms, "x-a: " + many + "\r\n"},  // header lines without end
                      reaction{ok_line + "\r\n", reaction::repeat, 0ms, many},            // a body without end
                      reaction{"ICY 200 OK\r\n\r\nhello", reaction::close},               // not HTTP
                      reaction{ok_line + "content-length: -4\r\n\r\nhello", reaction::close},  // not a length
                      reaction{ok_line + "content-encoding: gzip\r\ncontent-length: 0\r\n\r\n"});
    auto const is_just_empty = what.bytes.find("gzip") != std::string::npos;
    server sts{always(what)};
    toy_service service{sts.url()};
    auto const got = ask(how, service, ample);
    if (is_just_empty) {
        CHECK(key_of(got) == "nothing");  // nobody decodes what was not asked for
    } else {
        CHECK(error_of(got) == errc::malformed_response);
    }
    CHECK(sts.requests().size() == 1);
}

TEST_CASE("Exchange: a chunked answer is put together", "[transport]") {
    server sts{
        always({"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nDate: x\r\n\r\n"})};
    toy_service service{sts.url()};
    CHECK(key_of(ask(either(), service, ample)) == "abcde");
}

TEST_CASE("Exchange: the deadline is for the whole of it", "[transport]") {
    auto const how = either();
    auto const what = GENERATE(reaction{"", reaction::hang},  //
                               reaction{"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\nx", reaction::hang},
                               reaction{"HTTP/1.1 200 OK\r\n\r\n", reaction::repeat, 20ms, "x"});  // drips
    server sts{always(what)};
    toy_service service{sts.url()};
    auto const before = std::chrono::steady_clock::now();
    CHECK(error_of(ask(how, service, 300ms)) == errc::timed_out);
    CHECK(std::chrono::steady_clock::now() - before < 20s);
    CHECK(sts.requests().size() == 1);
}

TEST_CASE("Exchange: when the deadline is over nothing is sent", "[transport]") {
    server sts{always(ok())};
    toy_service service{sts.url()};
    CHECK(error_of(ask(either(), service, -1s)) == errc::timed_out);
    CHECK(sts.accepted() == 0);
}

TEST_CASE("Exchange: no connection is `unavailable`, and worth another try", "[transport]") {
    auto const how = either();
    std::string const url = GENERATE("http://127.0.0.1:1/", "http://no-such-host.invalid/");
    toy_service service{url};
    CHECK(error_of(ask(how, service, ample)) == errc::unavailable);
    CHECK(service.attempts.size() == 4);
}

TEST_CASE("Exchange: a connect time-out leaves time for another try, the deadline does not", "[transport]") {
    auto const how = either();
    asio::io_context context;
    loopback::tcp::acceptor full{context};  // its backlog is: nobody accepts
    full.open(loopback::tcp::v4());
    full.bind({asio::ip::address_v4::loopback(), 0});
    full.listen(0);
    std::vector<loopback::tcp::socket> waiting;
    for (int i = 0; i < 8; ++i) {
        waiting.emplace_back(context, loopback::tcp::v4()).async_connect(full.local_endpoint(), [](auto) {});
    }
    toy_service service{"http://127.0.0.1:" + std::to_string(full.local_endpoint().port()) + "/"};
    SECTION("connect time-out") {
        curl_options options;
        options.connect_timeout = 50ms;
        CHECK(error_of(ask(how, service, ample, options)) == errc::unavailable);
        CHECK(service.attempts.size() == 4);
    }
    SECTION("deadline") {
        CHECK(error_of(ask(how, service, 200ms)) == errc::timed_out);
        CHECK(service.attempts.size() == 1);
    }
}

TEST_CASE("Exchange: a wrong clock is corrected once, by the answer's date", "[transport]") {
    auto const how = either();
    auto const now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    auto const skewed = response("400 Clock", "x", date_header(now + 2h));
    SECTION("and the grant has the corrected time") {
        server sts{at_first({{skewed}})};
        toy_service service{sts.url()};
        auto const got = ask(how, service, ample);
        CHECK(key_of(got) == "key");
        REQUIRE(service.attempts.size() == 2);
        CHECK(service.attempts[1].now - service.attempts[0].now >= 2h - 1s);
        CHECK(got->server_time >= now + 2h - 1s);
    }
    SECTION("not twice") {
        server sts{always({skewed})};
        toy_service service{sts.url()};
        CHECK(error_of(ask(how, service, ample)) == errc::clock_skew);
        CHECK(service.attempts.size() == 2);
    }
    SECTION("not without a date") {
        auto const headers = GENERATE("", "Date: yesterday\r\n");
        server sts{always({response("400 Clock", "x", headers)})};
        toy_service service{sts.url()};
        CHECK(error_of(ask(how, service, ample)) == errc::clock_skew);
        CHECK(service.attempts.size() == 1);
    }
}

TEST_CASE("Exchange: a plan that fails or is local needs no I/O", "[transport]") {
    asio::io_context context;
    curl_multi_client http{context};
    curl_client blocking;
    toy_service service{"http://127.0.0.1:1/"};
    upload_request what = a_request();
    SECTION("local") {
        what.form_only = true;
        outcome got;
        async_issue(service, http, what, deadline_after(ample), into(got));
        CHECK_FALSE(got);  // not from within
        context.run();
        CHECK(key_of(got.value()) == "nothing");
        CHECK(key_of(issue(service, blocking, what, deadline_after(ample))) == "nothing");
        auto const plan = toy_service::upload_plan{true, 7, "png"};
        CHECK(exchange(service, blocking, plan, deadline_after(ample))->object_id == 7);
        async_exchange(service, http, plan, deadline_after(ample), grant{}, into(got));
        context.restart();
        context.run();
        CHECK((*got)->object_id == 7);
    }
    SECTION("fails") {
        what.extension = {};
        outcome got;
        async_issue(service, http, what, deadline_after(ample), into(got));
        CHECK_FALSE(got);
        context.run();
        CHECK(error_of(got.value()) == errc::missing_field);
        CHECK(error_of(issue(service, blocking, what, deadline_after(ample))) == errc::missing_field);
    }
    CHECK(service.attempts.empty());
}

TEST_CASE("Exchange: what fails at once fails later, too, from the handler's point of view", "[transport]") {
    asio::io_context context;
    curl_multi_client http{context};
    std::optional<errc> got;
    asio::post(context, [&] {
        http.async_send({"GET", "ftp://127.0.0.1/", {}, ""}, {deadline_after(ample)},
                        [&](result<http_answer> answer) { got = answer.error().what; });
        CHECK_FALSE(got);
    });
    context.run();
    CHECK(got == errc::malformed_response);
}

TEST_CASE("Exchange: cancelled while it waits for the answer, or in a pause", "[transport]") {
    auto const what = GENERATE(reaction{"", reaction::hang}, reaction{response("429 Slow", "x")});
    asio::io_context context;
    curl_multi_client http{context};
    server sts{always(what)};
    toy_service service{sts.url()};
    asio::cancellation_signal signal;
    outcome got;
    async_issue(service, http, a_request(), deadline_after(ample),
                asio::bind_cancellation_slot(signal.slot(), into(got)));
    asio::steady_timer timer{context, 100ms};
    timer.async_wait([&](auto) { signal.emit(asio::cancellation_type::total); });
    context.run();
    CHECK(error_of(got.value()) == errc::cancelled);
    CHECK(http.in_flight() == 0);
    CHECK(sts.requests().size() == 1);
    signal.emit(asio::cancellation_type::total);  // too late, and harmless
}

TEST_CASE("Exchange: the client ends what is in flight when it goes, and when it is told to", "[transport]") {
    bool const destroyed = GENERATE(true, false);
    server sts{always({"", reaction::hang})};
    toy_service service{sts.url()};
    asio::io_context context;
    std::optional<curl_multi_client> http{std::in_place, context};
    std::vector<outcome> got(10);
    for (auto& one : got) async_issue(service, *http, a_request(), deadline_after(ample), into(one));
    CHECK(http->in_flight() == 10);
    context.run_for(100ms);
    destroyed ? http.reset() : http->cancel();
    CHECK_FALSE(got.front());
    context.restart();
    context.run();
    for (auto const& one : got) CHECK(error_of(one.value()) == errc::cancelled);
    if (http) CHECK(http->in_flight() == 0);
}

TEST_CASE("Exchange: a handler may destroy the client, start another exchange, or throw", "[transport]") {
    server sts{always(ok())};
    toy_service service{sts.url()};
    asio::io_context context;
    std::optional<curl_multi_client> http{std::in_place, context};
    outcome second;
    SECTION("destroy") {
        async_issue(service, *http, a_request(), deadline_after(ample), into(second));
        async_issue(service, *http, a_request(), deadline_after(ample), [&](auto const&) { http.reset(); });
        context.run();
        CHECK(second);  // answered or cancelled, whichever came first
        CHECK_FALSE(http);
    }
    SECTION("start and throw") {
        async_issue(service, *http, a_request(), deadline_after(ample), [&](auto const&) {
            async_issue(service, *http, a_request(), deadline_after(ample), into(second));
            throw std::runtime_error{"a handler's own"};
        });
        CHECK_THROWS_AS(context.run(), std::runtime_error);
        context.run();
        CHECK(key_of(second.value()) == "key");
        CHECK(sts.accepted() == 1);
    }
}

TEST_CASE("Exchange: an io_context that never runs leaks nothing", "[transport]") {
    server sts{always({"", reaction::hang})};
    toy_service service{sts.url()};
    outcome got;
    {
        asio::io_context context;
        curl_multi_client http{context};
        async_issue(service, http, a_request(), deadline_after(ample), into(got));
    }
    CHECK_FALSE(got);
}

TEST_CASE("Exchange: any token, and the handler's own executor", "[transport]") {
    server sts{always(ok())};
    toy_service service{sts.url()};
    asio::io_context context;
    curl_multi_client http{context};
    SECTION("deferred") {
        auto later = async_issue(service, http, a_request(), deadline_after(ample), asio::deferred);
        CHECK(context.run() == 0);
        outcome got;
        std::move(later)(into(got));
        context.restart();
        context.run();
        CHECK(key_of(got.value()) == "key");
    }
    SECTION("executor of another thread") {
        asio::thread_pool pool{1};
        std::promise<std::thread::id> where;
        async_issue(service, http, a_request(), deadline_after(ample),
                    asio::bind_executor(pool, [&](auto&&) { where.set_value(std::this_thread::get_id()); }));
        context.run();
        pool.join();
        CHECK(where.get_future().get() != std::this_thread::get_id());
    }
}

TEST_CASE("Exchange: a name is resolved without blocking", "[transport]") {
    server sts{always(ok())};
    toy_service service{"http://localhost:" + std::to_string(sts.port()) + "/"};
    CHECK(key_of(ask(either(), service, ample)) == "key");
}

TEST_CASE("Exchange: a resolver that hangs holds up neither the deadline nor others", "[transport]") {
    toy_service slow{"http://slow-name.invalid/"};
    auto const before = std::chrono::steady_clock::now();
    SECTION("deadline") {
        CHECK(error_of(ask(either(), slow, 100ms)) == errc::timed_out);
    }
    SECTION("others") {
        server sts{always(ok())};
        toy_service quick{sts.url()};
        asio::io_context context;
        curl_multi_client http{context};
        outcome late;
        outcome got;
        async_issue(slow, http, a_request(), deadline_after(200ms), into(late));
        async_issue(quick, http, a_request(), deadline_after(ample), into(got));
        context.run();
        CHECK(key_of(got.value()) == "key");
        CHECK(error_of(late.value()) == errc::timed_out);
    }
    CHECK(std::chrono::steady_clock::now() - before < 4s);
}

namespace {
/// `count` exchanges, `at_once` of them in flight, on one client.
void load(curl_multi_client& http, asio::io_context& context, toy_service& service, int count, int at_once) {
    int started = 0;
    int granted = 0;
    std::function<void()> next = [&] {
        if (started++ >= count) return;
        async_issue(service, http, a_request(), deadline_after(ample), [&](result<grant> got) {
            granted += got ? 1 : 0;
            next();
        });
    };
    for (int i = 0; i < at_once; ++i) next();
    context.restart();
    context.run();  // ends, though connections are kept
    CHECK(granted == count);
}
/// What the server sees open, when it has noticed what was closed.
std::size_t settled(server const& sts, std::size_t expected) {
    for (int i = 0; i < 500 && sts.open() > expected; ++i) std::this_thread::sleep_for(10ms);
    return sts.open();
}
}  // namespace

TEST_CASE("Connections: one is enough for one exchange after the other", "[transport]") {
    server sts{always(ok())};
    toy_service service{sts.url()};
    asio::io_context context;
    curl_multi_client http{context};
    for (int i = 0; i < 20; ++i) load(http, context, service, 1, 1);
    CHECK(sts.accepted() == 1);
    curl_client blocking;
    for (int i = 0; i < 20; ++i) CHECK(issue(service, blocking, a_request(), deadline_after(ample)).has_value());
    CHECK(sts.accepted() == 2);
}

TEST_CASE("Connections: 200 under steady load are used again and again", "[transport]") {
    server sts{always({ok().bytes, reaction::keep, 5ms})};
    toy_service service{sts.url()};
    asio::io_context context;
    curl_multi_client http{context};
    load(http, context, service, 2000, 200);
    CHECK(sts.accepted() <= 210);
    CHECK(settled(sts, 128) <= 128);
}

TEST_CASE("Connections: after each burst of 200 as many as allowed are kept", "[transport]") {
    std::size_t const max_idle = GENERATE(128U, 5U, 0U);
    server sts{always({ok().bytes, reaction::keep, 20ms})};
    toy_service service{sts.url()};
    asio::io_context context;
    curl_options options;
    options.max_idle = max_idle;
    curl_multi_client http{context, options};
    for (std::size_t round = 1; round <= 5; ++round) {
        load(http, context, service, 200, 200);
        CHECK(settled(sts, max_idle) <= max_idle);
        CHECK(sts.accepted() <= 200 + (round - 1) * (200 - max_idle));
    }
}

namespace {
/// Of this process alone: several may run at once.
struct scratch_file {
    std::string path = (std::filesystem::temp_directory_path() / ("valetkey-" + std::to_string(::getpid()))).string();
    ~scratch_file() { std::filesystem::remove(path); }
};
}  // namespace

TEST_CASE("TLS: only a trusted certificate of the right name is talked to", "[transport][tls]") {
    auto const how = either();
    scratch_file const ca;
    std::string const subject = GENERATE("IP:127.0.0.1", "DNS:other.example");
    loopback::tls_server sts{subject, ca.path};
    toy_service service{sts.url()};
    curl_options trusting;
    trusting.ca_file = ca.path;
    CHECK(error_of(ask(how, service, ample)) == errc::unavailable);
    CHECK(service.attempts.size() == 4);
    auto const got = ask(how, service, ample, trusting);
    if (subject == "IP:127.0.0.1") {
        CHECK(key_of(got) == "secure");
    } else {
        CHECK(error_of(got) == errc::unavailable);
    }
}

TEST_CASE("TLS: connections are kept, and sessions resumed by whichever handle connects next", "[transport][tls]") {
    scratch_file const ca;
    loopback::tls_server sts{"IP:127.0.0.1", ca.path};
    toy_service service{sts.url()};
    curl_options options;
    options.ca_file = ca.path;
    asio::io_context context;
    curl_multi_client http{context, options};
    SECTION("kept") {
        load(http, context, service, 10, 1);
        CHECK(sts.handshakes() == 1);
    }
    SECTION("resumed") {
        sts.close_after_answer = true;
        load(http, context, service, 1, 1);
        server silent{always({"", reaction::hang})};
        toy_service waiting{silent.url()};
        outcome held;
        async_issue(waiting, http, a_request(), deadline_after(ample), into(held));  // takes the handle of before
        async_issue(service, http, a_request(), deadline_after(ample), [&](result<grant> const& got) {
            CHECK(key_of(got) == "secure");
            http.cancel();
        });
        context.restart();
        context.run();
        CHECK(error_of(held.value()) == errc::cancelled);
        CHECK(sts.handshakes() == 2);
        CHECK(sts.resumed() == 1);
    }
}

namespace {
/// A transport as a user may write it: an array of answers, and a clock and entropy without surprises.
struct fixed_source {
    utc_seconds now() const { return utc_seconds{1000s}; }
    fresh make_fresh() const { return {}; }
    attempt make_attempt(std::chrono::seconds offset) const { return {now() + offset, {}}; }
    double fraction() const { return 0; }
};
struct canned_transport {
    std::vector<http_answer> answers{};
    std::vector<bool> wishes{};
    fixed_source at{};

    fixed_source& source() { return at; }
    result<http_answer> send(http_request, send_terms const& terms) {
        wishes.push_back(terms.new_connection);
        if (answers.empty()) return failure{errc::unavailable};
        auto next = std::move(answers.back());
        answers.pop_back();
        return next;
    }
};
struct canned_async_transport : canned_transport {
    asio::io_context& context;
    explicit canned_async_transport(asio::io_context& where) : context{where} {}
    auto get_executor() { return context.get_executor(); }
    template <class Token>
    auto async_send(http_request call, send_terms const& terms, Token&& token) {
        return asio::post(context, asio::append(std::forward<Token>(token), send(std::move(call), terms)));
    }
};
static_assert(http_client<canned_transport> && !async_http_client<canned_transport>);
static_assert(async_http_client<canned_async_transport> && async_http_client<curl_multi_client>);
static_assert(http_client<curl_client> && !http_client<curl_multi_client>);
}  // namespace

TEST_CASE("Transport: bring your own", "[transport]") {
    toy_service service{"http://anywhere/"};
    SECTION("blocking") {
        canned_transport mine;
        mine.answers = {{200, wiped_text{"mine"}, {}}, {400, {}, utc_seconds{5000s}}};
        auto const got = issue(service, mine, a_request(), deadline_after(ample));
        CHECK(key_of(got) == "mine");
        CHECK(got->server_time == utc_seconds{5000s});
        CHECK(error_of(issue(service, mine, a_request(), deadline_after(ample))) == errc::unavailable);
        CHECK(mine.wishes == std::vector<bool>{false, false, false, true, true, true});
    }
    SECTION("asynchronous") {
        asio::io_context context;
        canned_async_transport mine{context};
        mine.answers = {{200, wiped_text{"mine"}, {}}, {503, {}, {}}};
        outcome got;
        async_issue(service, mine, a_request(), deadline_after(ample), into(got));
        context.run();
        CHECK(key_of(got.value()) == "mine");
    }
}
