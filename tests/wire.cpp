#include <valetkey/wire/issued.hpp>
#include <valetkey/wire/json_answer.hpp>
#include <valetkey/wire/xml_answer.hpp>

#include "support/catch.hpp"

#include <string>

using namespace valetkey;

TEST_CASE("XML: what an honest issuer does not send is no answer", "[wire]") {
    std::string deep;
    for (int i = 0; i < 10000; ++i) deep += "<a>";
    std::string closed = deep;
    for (int i = 0; i < 10000; ++i) closed += "</a>";
    std::string const big = "<a>" + std::string(xml_answer::max_size, 'x') + "</a>";
    for (std::string const& bad :
         {std::string{}, std::string{"x"}, std::string{"<a>"}, std::string{"<a></b>"}, std::string{"<a/><b/>"},
          std::string{"{\"a\":1}"}, std::string{"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"},
          std::string{"<a>x\0y</a>", 9}, deep, closed, big}) {
        INFO(bad.substr(0, 60));
        CHECK_FALSE(xml_answer{bad}.valid());
        CHECK(xml_answer{bad}.text("a").empty());
    }
}

TEST_CASE("XML: names without their prefix, entities, unknown elements", "[wire]") {
    xml_answer const xml{
        "<?xml version=\"1.0\"?>\n<x:A xmlns:x=\"urn:x\"><!-- c --><New/><B><C>1 &lt; 2 &#38; "
        "<![CDATA[<3>]]></C></B></x:A>\n"};
    REQUIRE(xml.valid());
    CHECK(xml.text("A", "B", "C") == "1 < 2 & ");
    CHECK(xml.text("A", "D", "C").empty());
    CHECK(xml.text("B").empty());
}

TEST_CASE("JSON: what an honest issuer does not send is no answer", "[wire]") {
    for (std::string const& bad :
         {std::string{}, std::string{"["}, std::string{"[]"}, std::string{"3"}, std::string{"{\"a\":1"},
          std::string{"{\"a\":1}x"}, std::string{"{\"a\":\"\xff\"}"}, std::string{"<a/>"}, std::string(10000, '['),
          "{\"a\":\"" + std::string(2 << 20, 'x') + "\"}"}) {
        INFO(bad.substr(0, 60));
        CHECK_FALSE(json_answer{bad}.valid());
        CHECK(json_answer{bad}.text("a").empty());
    }
    json_answer const json{R"({"a":{"b":"c","n":1,"z":null},"d":"e"})"};
    REQUIRE(json.valid());
    CHECK(json.text("a", "b") == "c");
    CHECK(json.text("d") == "e");
    CHECK(json.text("a").empty());
    CHECK(json.text("a", "n").empty());
    CHECK(json.text("a", "z").empty());
    CHECK(json.text("d", "b").empty());
    CHECK(json.text("x", "b").empty());
}

TEST_CASE("issued keys must be keys, with an end that lies ahead", "[wire]") {
    auto const now = *parse_iso_time("2026-03-14T09:26:53Z");
    auto const issued = [&](std::string_view id, std::string_view value, std::string_view token, std::string_view end) {
        return issued_credentials(id, value, token, end, now);
    };
    std::string_view const good = "2026-03-14T10:26:53Z";
    CHECK(issued("id", "value", "token", good)->expiration == *parse_iso_time(good));
    CHECK(issued("id", "value", "token", "2026-03-14T10:26:53.354556805Z")->expiration == *parse_iso_time(good));
    for (std::string_view const end : {"", "soon", "1773480413", "2026-03-14T09:26:53Z", "2026-03-14T09:26:52Z",
                                       "2026-03-22T09:26:53Z", "2026-03-14T10:26:53"})
        CHECK(issued("id", "value", "token", end).error().what == errc::malformed_response);
    std::string const huge(20000, 'x');
    for (std::string const& bad : {std::string{}, std::string{"a b"}, std::string{"a\n"}, std::string{"\x7f"},
                                   std::string{"\xe5\x90\x8d"}, huge}) {
        CHECK_FALSE(issued(bad, "value", "token", good));
        CHECK_FALSE(issued("id", bad, "token", good));
        CHECK_FALSE(issued("id", "value", bad, good));
    }
    CHECK(log_text("a\nb\x1b[1m").find('\n') == std::string::npos);
}
