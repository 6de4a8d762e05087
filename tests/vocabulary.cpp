#include <valetkey/error.hpp>
#include <valetkey/grant.hpp>
#include <valetkey/result.hpp>
#include <valetkey/secret.hpp>
#include <valetkey/service_url.hpp>
#include <valetkey/time.hpp>
#include <valetkey/upload_request.hpp>
#include <valetkey/upload_scope.hpp>

#include "support/catch.hpp"

#include <string>
#include <type_traits>

using namespace valetkey;

TEST_CASE("a scope refuses every character that could widen a policy", "[upload_scope]") {
    for (int byte = 0; byte < 256; ++byte) {
        char const c = static_cast<char>(byte);
        bool const plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        bool const mark = c == '.' || c == '/';
        std::string const inside = std::string{"test/a"} + c + "b/c.txt";
        INFO("byte " << byte);
        CHECK(upload_scope::key({inside}).has_value() == (plain || mark));
        CHECK(upload_scope::prefix({inside, "/"}).has_value() == (plain || mark));
    }
}

TEST_CASE("a scope refuses empty parts, dots side by side and a bad end", "[upload_scope]") {
    for (std::string_view const text :
         {"",     "/",    ".", "/a",  ".a", "a//b", "a/../b", "a..b", "a./b", "a/.b", "a/",   "a.",
          "../a", "a/..", "A", "a b", "a*", "a?",   "a$",     "a'",   "a\"",  "a\\",  "a%2e", "\xef\xbc\x8e"}) {
        INFO(text);
        CHECK_FALSE(upload_scope::key({text}));
    }
    for (std::string_view const text : {"", "/", "a", "a.txt", "a//", "./", "a/./", "/a/", "a*/"}) {
        INFO(text);
        CHECK_FALSE(upload_scope::prefix({text}));
    }
    CHECK_FALSE(upload_scope::key({std::string_view{"a\0b", 3}}));
}

TEST_CASE("a scope is the joined pieces, up to its size", "[upload_scope]") {
    auto const key = upload_scope::key({"test", "/", "a-b_c", ".", "png"});
    REQUIRE(key);
    CHECK(key->text() == "test/a-b_c.png");
    CHECK_FALSE(key->is_prefix());
    CHECK(upload_scope::prefix({"test/", "u-1/"})->is_prefix());
    std::string const longest(upload_scope::max_size, 'a');
    CHECK(upload_scope::key({longest})->text() == longest);
    CHECK(upload_scope::key({longest, "a"}).error().what == errc::scope_too_long);
    CHECK(upload_scope::key({"*"}).error().what == errc::unsafe_scope);
}

TEST_CASE("times are read strictly and written four ways", "[time]") {
    for (std::string_view const bad :
         {"", "Z", "2026-03-14", "2026-03-14T09:26:53", "2026-03-14T09:26:53+02:00", "2026-03-14 09:26:53Z",
          "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-03-14T24:00:00Z", "2026-03-14T09:60:00Z",
          "1969-12-31T23:59:59Z", "2026-03-14T09:26:53.Z", "2026-03-14T09:26:53.1234567890Z", "2026-03-14T09:26:5aZ",
          "+026-03-14T09:26:53Z", "2026-03-14T09:26:53ZZ", " 2026-03-14T09:26:53Z"}) {
        INFO(bad);
        CHECK_FALSE(parse_iso_time(bad));
    }
    auto const at = parse_iso_time("2026-03-14T09:26:53.999999999Z");
    REQUIRE(at);
    CHECK(at->time_since_epoch().count() == 1773480413);
    timestamp const t{*at};
    CHECK(t.yyyymmdd() == "20260314");
    CHECK(t.basic().view() == "20260314T092653Z");
    CHECK(t.iso().view() == "2026-03-14T09:26:53Z");
    CHECK(t.iso_milliseconds().view() == "2026-03-14T09:26:53.000Z");
    CHECK(parse_iso_time("2024-02-29T23:59:59Z"));
    CHECK(std::string_view{decimal{18446744073709551615U}} == "18446744073709551615");
}

TEST_CASE("an address is scheme and authority, nothing else", "[service_url]") {
    for (std::string_view const bad : {"",
                                       "https://",
                                       "http:///",
                                       "ftp://a",
                                       "a.example",
                                       "https://a/b",
                                       "https://a?x",
                                       "https://a#x",
                                       "https://u@a",
                                       "https://a:0",
                                       "https://a:65536",
                                       "https://a:x",
                                       "https://a:",
                                       "https://a b",
                                       "https://-a",
                                       "https://a..b",
                                       "https://a\n",
                                       "https://[::1",
                                       "https://*",
                                       "HTTPS://a",
                                       "https://a//",
                                       "https://\xef\xbc\x8e"}) {
        INFO(bad);
        CHECK_FALSE(service_url::parse(bad));
    }
    auto const url = service_url::parse("https://s3.example:8443/");
    REQUIRE(url);
    CHECK(url->text() == "https://s3.example:8443");
    CHECK(url->host() == "s3.example");
    CHECK(url->with_label("b") == "https://b.s3.example:8443");
    CHECK(service_url::parse("http://127.0.0.1:1")->is_loopback());
    CHECK(service_url::parse("http://[::1]:1")->is_loopback());
    CHECK(service_url::parse("http://[::1]:1")->is_ip_address());
    CHECK(service_url::parse("http://x.localhost")->is_loopback());
    CHECK_FALSE(service_url::parse("http://127.0.0.1.example")->is_loopback());
    CHECK_FALSE(service_url::parse("http://localhost.example")->is_loopback());
}

TEST_CASE("an error is a value with two questions", "[error]") {
    CHECK(failure{errc::throttled} == condition::retryable);
    CHECK(failure{errc::denied} == condition::operator_fault);
    CHECK(failure{errc::invalid_field, "uuid"} == condition::caller_fault);
    CHECK(condition_of(errc::malformed_response) == condition::cloud_fault);
    result<int> const bad = failure{errc::denied, {}, "a vendor's text", "an id"};
    try {
        (void)bad.value();
        FAIL("value() must throw");
    } catch (bad_result const& error) {
        CHECK(error.code() == errc::denied);
        CHECK(std::string{error.what()}.find("vendor") == std::string::npos);
    }
}

TEST_CASE("a secret's memory is zero after it", "[secret]") {
    static_assert(!std::is_convertible_v<secret, std::string_view>);
    alignas(secret) static unsigned char place[sizeof(secret)];
    auto* const s = new (place) secret{"a secret longer than any small string is"};
    char const* const text = s->reveal().data();
    wiped_text copy{s->reveal()};
    copy.append(copy.view());  // grows out of its memory while it reads from it
    CHECK(copy.view() == "a secret longer than any small string isa secret longer than any small string is");
    auto const size = copy.size();
    char const* const data = copy.view().data();
    copy.wipe();
    CHECK(std::string(data, size) == std::string(size, '\0'));
    s->~secret();
    (void)text;  // freed: reading it would be an error of its own
}

TEST_CASE("a grant's parts may be made of its own parts", "[grant]") {
    grant g;
    g.start_over({}, {});
    g.put(grant::policy, {"policy"});
    for (int i = 0; i < 8; ++i) g.put(grant::signature, {g[grant::policy], ":", g[grant::policy]});
    CHECK(g[grant::signature] == "policy:policy");
    CHECK(g.has(grant::policy));
    CHECK_FALSE(g.has(grant::own_1));
    auto const copy = g;
    g.start_over({}, {});
    CHECK_FALSE(g.has(grant::policy));
    CHECK(copy[grant::signature] == "policy:policy");
}

TEST_CASE("modules have one name each, and temp another", "[upload_request]") {
    CHECK(module_of("temp") == upload_module::directorytemp);
    CHECK(name_of(upload_module::directorytemp) == "directorytemp");
    CHECK_FALSE(module_of("Temp"));
    CHECK_FALSE(module_of(""));
}
