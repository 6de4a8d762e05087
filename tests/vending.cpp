#include <valetkey/signing/verify_oss_callback.hpp>
#include <valetkey/vending/ticket.hpp>

#include "support/catch.hpp"

#include <array>
#include <string>

using namespace valetkey;

namespace {
ticket a_ticket() {
    ticket t;
    t.cloud = 3;
    t.module_kind = 2;
    t.must_arrive = true;
    t.object_id = 9007199254740991;
    t.most = 5368709120;
    t.issued = utc_seconds{std::chrono::seconds{1'773'480'000}};
    t.end = t.issued + std::chrono::hours{1};
    t.bucket = "my-bucket";
    t.subject = "alice \xe4\xb8\xad";
    t.key = "test/resource/image/2026/03/14/9007199254740991/0f8fad5b-d9cb-469f-a165-70867728950e.png";
    return t;
}
std::array<secret, 1> keys_of(char c) {
    return {secret{std::string(32, c)}};
}
}  // namespace

TEST_CASE("Tickets: what is opened is what was sealed", "[ticket]") {
    ticket_keys const keys{keys_of('k')};
    auto const sealed = keys.seal(a_ticket());
    REQUIRE(sealed);
    CHECK(sealed->size() < 300);
    CHECK(sealed->find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-") ==
          std::string::npos);
    REQUIRE(keys.open(*sealed));
    CHECK(*keys.open(*sealed) == a_ticket());
    auto prefix = a_ticket();
    prefix.is_prefix = true;
    prefix.must_arrive = false;
    prefix.key = "test/temp/2026/03/14/1/x/";
    prefix.subject = "";
    CHECK(*keys.open(*keys.seal(prefix)) == prefix);
}

TEST_CASE("Tickets: one changed character, another key, a part of one: nothing", "[ticket]") {
    ticket_keys const keys{keys_of('k')};
    auto const sealed = *keys.seal(a_ticket());
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto bad = sealed;
        bad[i] = bad[i] == 'a' ? 'b' : 'a';
        CHECK_FALSE(keys.open(bad));
        CHECK_FALSE(keys.open(sealed.substr(0, i)));
        CHECK_FALSE(keys.open(sealed.substr(i + 1)));
    }
    CHECK_FALSE(keys.open(sealed + "a"));
    CHECK_FALSE(keys.open(std::string(300, 'a')));
    CHECK_FALSE(ticket_keys{keys_of('l')}.open(sealed));
}

TEST_CASE("Tickets: the first key makes, all believe, a retired one is worth nothing", "[ticket]") {
    std::array<secret, 2> const both{secret{std::string(32, 'n')}, secret{std::string(32, 'o')}};
    ticket_keys const old{keys_of('o')};
    ticket_keys const rotating{both};
    ticket_keys const fresh_only{keys_of('n')};
    auto const made_before = *old.seal(a_ticket());
    auto const made_now = *rotating.seal(a_ticket());
    CHECK(rotating.open(made_before));
    CHECK(rotating.open(made_now));
    CHECK(fresh_only.open(made_now));
    CHECK_FALSE(fresh_only.open(made_before));
    CHECK_FALSE(old.open(made_now));
}

TEST_CASE("Tickets: no room is an error, not a shorter ticket", "[ticket]") {
    ticket_keys const keys{keys_of('k')};
    auto big = a_ticket();
    big.subject = std::string(200, 's');
    auto const sealed = keys.seal(big);
    REQUIRE_FALSE(sealed);
    CHECK(sealed.error().what == errc::scope_too_long);
}

TEST_CASE("OSS callbacks: no key from anywhere else", "[callback]") {
    auto const url_for = [](std::string_view text, std::vector<std::string> further = {}) {
        std::vector<http_header> const headers{{"x-oss-pub-key-url", to_base64(text)}};
        return oss_callback_key_url({"POST", "/cb", "", headers, ""}, further);
    };
    CHECK(url_for("http://gosspublic.alicdn.com/callback_pub_key_v1.pem") ==
          "https://gosspublic.alicdn.com/callback_pub_key_v1.pem");
    CHECK(url_for("https://gosspublic.alicdn.com/callback_pub_key_v1.pem") ==
          "https://gosspublic.alicdn.com/callback_pub_key_v1.pem");
    for (auto const* bad : {"",
                            "gosspublic.alicdn.com/k.pem",
                            "ftp://gosspublic.alicdn.com/k.pem",
                            "https://gosspublic.alicdn.com",
                            "https://gosspublic.alicdn.com/",
                            "https://gosspublic.alicdn.com.evil.test/k.pem",
                            "https://gosspublic.alicdn.com@evil.test/k.pem",
                            "https://user@gosspublic.alicdn.com/k.pem",
                            "https://gosspublic.alicdn.com:8443/k.pem",
                            "https://gosspublic.alicdn.com:443/k.pem",
                            "https://gosspublic.alicdn.com/../k.pem",
                            "https://gosspublic.alicdn.com/k.pem?x=1",
                            "https://gosspublic.alicdn.com/k.pem#x",
                            "https://gosspublic.alicdn.com/%2e%2e/k.pem",
                            "https://gosspublic.alicdn.com\\@evil.test/k.pem",
                            "https://gosspublic.alicdn.com/k.pem\r\nX: y",
                            "https://GOSSPUBLIC.alicdn.com/k.pem",
                            "HTTPS://gosspublic.alicdn.com/k.pem",
                            "https://127.0.0.1/k.pem",
                            "http://169.254.169.254/latest/meta-data/",
                            "https://[::1]/k.pem",
                            "https://evil.test/gosspublic.alicdn.com/"})
        CHECK_FALSE(url_for(bad));
    CHECK_FALSE(oss_callback_key_url({"POST", "/cb", "", {}, ""}));
    std::vector<http_header> const twice(
        2, {"x-oss-pub-key-url", to_base64(std::string_view{"https://gosspublic.alicdn.com/k.pem"})});
    CHECK_FALSE(oss_callback_key_url({"POST", "/cb", "", twice, ""}));
    CHECK(url_for("https://keys.corp.test/k.pem", {"https://keys.corp.test/k.pem"}) == "https://keys.corp.test/k.pem");
    CHECK_FALSE(url_for("https://keys.corp.test/k.pem2", {"https://keys.corp.test/k.pem"}));
}

TEST_CASE("RSA keys: what is none is refused", "[callback]") {
    CHECK_FALSE(rsa_public_key::parse(""));
    CHECK_FALSE(rsa_public_key::parse("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
    CHECK_FALSE(
        rsa_public_key::parse("-----BEGIN PUBLIC KEY-----\n"
                              "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYWnm/eplO9BFtXszMRQNL5UtKJmJ4tdR\n"
                              "bdnJqDRQ7xD1zF0tYfSPGvJ0o6qcKfZ2ONpWq7QxWTPPcVTlDGqJwA==\n"
                              "-----END PUBLIC KEY-----\n"));
}
