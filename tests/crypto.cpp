#include <valetkey/crypto/digest.hpp>
#include <valetkey/crypto/hmac.hpp>
#include <valetkey/crypto/random.hpp>
#include <valetkey/encoding/base64.hpp>
#include <valetkey/encoding/hex.hpp>
#include <valetkey/encoding/json_text.hpp>
#include <valetkey/encoding/percent.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>

using namespace valetkey;

TEST_CASE("HMAC: the test cases of RFC 4231 and RFC 2202", "[crypto]") {
    std::string const long_key(131, '\xaa');
    CHECK(to_hex(hmac_key<sha256>{"Jefe"}.sign("what do ya want for nothing?")).view() ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(to_hex(hmac_key<sha256>{long_key}.sign("Test Using Larger Than Block-Size Key - Hash Key First")).view() ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    CHECK(to_hex(hmac_key<sha1>{"Je", "fe"}.sign({"what do ya want ", "for nothing?"})).view() ==
          "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    hmac_key<sha256> const key{"Jefe"};
    CHECK(key.sign("a") == key.sign("a"));
    CHECK(key.sign("a") != key.sign("b"));
}

TEST_CASE("digests", "[crypto]") {
    CHECK(to_hex(digest<sha256>({})).view() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(to_hex(digest<sha1>({"a", "bc"})).view() == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(to_hex(digest<md5>({"abc"})).view() == "900150983cd24fb0d6963f7d28e17f72");
}

TEST_CASE("MACs are compared whole", "[crypto]") {
    CHECK(equal_in_constant_time("abc", "abc"));
    CHECK(equal_in_constant_time("", ""));
    CHECK_FALSE(equal_in_constant_time("abc", "abd"));
    CHECK_FALSE(equal_in_constant_time("abc", "ab"));
}

TEST_CASE("random ids have their shape and do not repeat", "[crypto]") {
    random_pool pool;
    std::set<std::string> seen;
    for (int i = 0; i < 2000; ++i) {
        auto const uuid = pool.uuid();
        CHECK(seen.insert(std::string{uuid.view()}).second);
        CHECK(seen.insert(std::string{pool.hex_id().view()}).second);
        REQUIRE(uuid.view().find_first_not_of("0123456789abcdef-") == std::string_view::npos);
        REQUIRE((uuid.text[14] == '4' && std::string_view{"89ab"}.find(uuid.text[19]) != std::string_view::npos));
        auto const f = pool.fraction();
        REQUIRE((f >= 0 && f < 1));
    }
}

TEST_CASE("encodings", "[encoding]") {
    CHECK(to_base64(std::string_view{""}).empty());
    CHECK(to_base64(std::string_view{"f"}) == "Zg==");
    CHECK(to_base64(std::string_view{"foobar"}) == "Zm9vYmFy");
    CHECK(to_base64url(std::string_view{"\xfb\xff\xfe"}) == "-__-");
    CHECK(percent_encoded("a b*!'()~/\xe5\x90\x8d") == "a%20b%2A%21%27%28%29~%2F%E5%90%8D");
    CHECK(percent_encoded("a/b", "/") == "a/b");
    CHECK(percent_decoded("a%20b+c", true) == "a b c");
    CHECK(percent_decoded("a+b", false) == "a+b");
    CHECK_FALSE(percent_decoded("%", true));
    CHECK_FALSE(percent_decoded("%2", true));
    CHECK_FALSE(percent_decoded("%2g", true));
    std::string json;
    append_json_string(json, std::string_view{"a\"\\\n\0\xe5\x90\x8d", 8});
    CHECK(json == "\"a\\\"\\\\\\u000a\\u0000\xe5\x90\x8d\"");
}
