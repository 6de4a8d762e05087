// The parts of the HTTPS front that need no socket: how requests are read, and what an answer looks like on the wire.
#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <valetkey/gateway/answer.hpp>
#include <valetkey/gateway/exchange_buffers.hpp>
#include <valetkey/gateway/request_reader.hpp>
#include <vector>

using namespace valetkey::gateway;
using namespace std::literals;

namespace {

constexpr front_limits limits{.header_bytes = 1024, .body_bytes = 64};

struct fixture {
    std::unique_ptr<exchange_buffers> buffers = std::make_unique<exchange_buffers>(limits);
    request_reader& reader = buffers->reader;
};

std::string head(std::string const& lines = "", std::string const& first = "POST /a HTTP/1.1") {
    return first + "\r\nHost: h\r\n" + lines + "\r\n";
}
std::string sized(std::string const& body) {
    return head("Content-Length: " + std::to_string(body.size()) + "\r\n") + body;
}
std::string chunked(std::string const& chunks) {
    return head("Transfer-Encoding: chunked\r\n") + chunks;
}

/// Status of a request that comes in one piece; 0 when more is needed, 200 when it is complete.
int outcome(std::string const& bytes) {
    fixture f;
    auto const [consumed, state] = f.reader.feed(bytes);
    return state == reading::refused ? f.reader.refusal() : state == reading::complete ? 200 : 0;
}
/// The same when it comes byte by byte.
int dripped(std::string const& bytes) {
    fixture f;
    for (char const c : bytes) {
        if (auto const [consumed, state] = f.reader.feed({&c, 1}); state != reading::need_more) {
            return state == reading::refused ? f.reader.refusal() : 200;
        }
    }
    return 0;
}

}  // namespace

TEST_CASE("a request is read into views") {
    fixture f;
    auto const text =
        "POST /a/b?x=1&y HTTP/1.1\r\nHost: example.com:8443\r\nAuthorization: Bearer t\r\n"
        "content-type:application/json \r\nOrigin: https://o\r\nUser-Agent: u\r\n"
        "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: a, b\r\n"
        "X-Own: \t one\r\nContent-Length: 4\r\nx-own: two\r\nX-Empty:\r\n\r\nbody"s;
    auto const [consumed, state] = f.reader.feed(text);
    REQUIRE(state == reading::complete);
    CHECK(consumed == text.size());
    auto const& in = f.reader.input();
    CHECK(in.method == "POST");
    CHECK(in.target == "/a/b?x=1&y");
    CHECK(in.path == "/a/b");
    CHECK(in.query == "x=1&y");
    CHECK(in.has_query);
    CHECK(in.version == 11);
    CHECK(in.keep_alive);
    CHECK(in.has_body);
    CHECK(in.host == "example.com:8443");
    CHECK(in.authorization == "Bearer t");
    CHECK(in.content_type == "application/json");
    CHECK(in.origin == "https://o");
    CHECK(in.user_agent == "u");
    CHECK(in.access_control_request_method == "POST");
    CHECK(in.access_control_request_headers == "a, b");
    CHECK(in.body == "body");
    CHECK(find_header(in, "X-OWN").value == "one");
    CHECK(find_header(in, "x-own").count == 2);
    CHECK(find_header(in, "x-empty").value.empty());
    CHECK(find_header(in, "x-empty").count == 1);
    CHECK(find_header(in, "own").count == 0);
    CHECK(in.fields.starts_with("Host: "));
    CHECK(in.fields.ends_with("X-Empty:\r\n"));
}

TEST_CASE("targets") {
    struct row {
        std::string first, path, query;
        bool has_query;
    };
    auto const [first, path, query, has_query] = GENERATE(values<row>({
        {"GET / HTTP/1.1", "/", "", false},
        {"GET /? HTTP/1.1", "/", "", true},
        {"GET //x?a?b HTTP/1.1", "//x", "a?b", true},
        {"GET /%20%zz HTTP/1.1", "/%20%zz", "", false},
        {"GET https://h/p?q HTTP/1.1", "/p", "q", true},
        {"GET HTTP://h:1 HTTP/1.1", "/", "", false},
        {"GET http://h?q HTTP/1.1", "/", "q", true},
        {"OPTIONS * HTTP/1.1", "*", "", false},
        {"ODD /x HTTP/1.1", "/x", "", false},
    }));
    CAPTURE(first);
    fixture f;
    REQUIRE(f.reader.feed(head("", first)).state == reading::complete);
    CHECK(f.reader.input().path == path);
    CHECK(f.reader.input().query == query);
    CHECK(f.reader.input().has_query == has_query);
}

TEST_CASE("doubtful requests are refused") {
    auto const bytes = GENERATE(values<std::string>({
        head("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
        head("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"),
        head("Content-Length: 3\r\nContent-Length: 3\r\n"),
        head("Content-Length: 0\r\nContent-Length: 0\r\n"),
        head("Content-Length: 3, 3\r\n"),
        head("Content-Length: +3\r\n"),
        head("Content-Length: -3\r\n"),
        head("Content-Length: 0x3\r\n"),
        head("Content-Length: 3 3\r\n"),
        head("Content-Length:\r\n"),
        head("Content-Length: 99999999999999999999\r\n"),
        head("Transfer-Encoding: gzip\r\n"),
        head("Transfer-Encoding: gzip, chunked\r\n"),
        head("Transfer-Encoding: chunked, gzip\r\n"),
        head("Transfer-Encoding: chunked, chunked\r\n"),
        head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        head("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"),
        head("Transfer-Encoding: \"chunked\"\r\n"),
        head("Transfer-Encoding: xchunked\r\n"),
        head("Transfer-Encoding:\r\n"),
        head("Transfer-Encoding: chunked\r\n", "POST /a HTTP/1.0"),
        head("X: a\r\n b\r\n"),
        head("X: a\r\n\tb\r\n"),
        head("X:\r\n b\r\n"),
        head("X:\r\n \r\n"),
        head("X: a\r\n \r\n"),
        head("X: \r\n \r\n b\r\n"),
        head(" X: a\r\n"),
        "GET / HTTP/1.1\r\n Host: h\r\n\r\n"s,
        head("X: a\nY: b\r\n"),
        head("X: a\rY: b\r\n"),
        head("X: a\r\r\n"),
        "GET / HTTP/1.1\nHost: h\n\n"s,
        "GET / HTTP/1.1\rHost: h\r\r"s,
        head("X: a\0b\r\n"s),
        head("X: a\x01\r\n"),
        head("X: a\x7f\r\n"),
        head("X\x01: a\r\n"),
        head("X : a\r\n"),
        head("X a\r\n"),
        head(": a\r\n"),
        head("X\xe9: a\r\n"),
        head("Host: h\r\n"),
        head("host: other\r\n"),
        head("Host: h\r\n", "GET / HTTP/1.0"),
        "GET / HTTP/1.1\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost:\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: h:44x\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: h:1:2\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: [::1]x:1\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: h\xe9\r\n\r\n"s,
        head("", "GET /a#b HTTP/1.1"),
        head("", "GET /a b HTTP/1.1"),
        head("", "GET /\xc3\xa9 HTTP/1.1"),
        head("", "GET /a\x01 HTTP/1.1"),
        head("", "GET /a\tb HTTP/1.1"),
        head("", "GET  /a HTTP/1.1"),
        head("", "GET /a  HTTP/1.1"),
        head("", "GET /a HTTP/1.1 "),
        head("", "GET a HTTP/1.1"),
        head("", "GET * HTTP/1.1"),
        head("", "CONNECT h:443 HTTP/1.1"),
        head("", "GET ftp://h/a HTTP/1.1"),
        head("", "GET http:///a HTTP/1.1"),
        head("", "GET http://u:p@h/a HTTP/1.1"),
        head("", "GET http: HTTP/1.1"),
        head("", " /a HTTP/1.1"),
        head("", "G@T /a HTTP/1.1"),
        head("", "GET /a HTTP/2.0"),
        head("", "GET /a HTTP/0.9"),
        head("", "GET /a HTTP/1.2"),
        head("", "GET /a HTTP/1.11"),
        head("", "GET /a http/1.1"),
        head("", "GET /a"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"s,
        "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"s,
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"s,
        chunked("x\r\n"),
        chunked("-1\r\nabcde"),
        chunked("0x5\r\nabcde\r\n0\r\n\r\n"),
        chunked(" 5\r\nabcde\r\n0\r\n\r\n"),
        chunked("\r\nabcde"),
        chunked("3\r\nabcde\r\n0\r\n\r\n"),
        chunked("5\nabcde\n0\n\n"),
        chunked("5;\r\nabcde\r\n0\r\n\r\n"),
        chunked("5;a=\r\nabcde\r\n0\r\n\r\n"),
        chunked("10000000000000000\r\nabcde"),
        chunked("0\r\nX: a\nY: b\r\n\r\n"),
        chunked("0\r\nContent-Length: 3\r\n\r\n"),
        chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        chunked("1;" + std::string(request_reader::framing_bytes, 'a')),
    }));
    CAPTURE(bytes);
    CHECK(outcome(bytes + "GET / HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
    CHECK(dripped(bytes + "GET / HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
}

TEST_CASE("trailers have a limit") {
    auto const endless = chunked("0\r\nX: " + std::string(request_reader::framing_bytes, 'a'));
    CHECK(outcome(endless) == 400);
    CHECK(dripped(endless) == 400);
}

TEST_CASE("what can become no head any more is refused before its end") {
    auto const part = GENERATE(values<std::string>({"GET / HTTP/1.1\r\nHost: h\nX", "GET / HTTP/1.1\r\nHost: h\rX",
                                                    "GET / HTTP/1.1\r\nHost: h\x01", "G\x01", "GET\r\n"}));
    CAPTURE(part);
    CHECK(outcome(part) == 400);
    CHECK(dripped(part) == 400);
}

TEST_CASE("unusual requests that are right") {
    auto const bytes = GENERATE(values<std::string>({
        "GET / HTTP/1.0\r\n\r\n"s,
        "GET / HTTP/1.0\r\nHost: h\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost:h\r\n\r\n"s,
        "GET / HTTP/1.1\r\nhOST: \t h \t\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: h:\r\n\r\n"s,
        head("X:\r\n"),
        head("X: \t\r\n"),
        head("X: caf\xc3\xa9\r\n"),
        head("Transfer-Encoding: CHUNKED\r\n") + "0\r\n\r\n",
        head("Content-Length: 0\r\n"),
        head("Content-Length: 003\r\n") + "abc",
        chunked("0\r\n\r\n"),
        chunked("000\r\n\r\n"),
        chunked("00003\r\nabc\r\n0\r\n\r\n"),
        chunked("a\r\n0123456789\r\n0\r\n\r\n"),
        chunked("3;x;y=z;q=\"a b\"\r\nabc\r\n0;e\r\n\r\n"),
        chunked("3\r\nabc\r\n0\r\nX: y\r\nZ: a\r\n b\r\n\r\n"),
    }));
    CAPTURE(bytes);
    CHECK(outcome(bytes) == 200);
    CHECK(dripped(bytes) == 200);
}

TEST_CASE("limits are exact") {
    auto const filled = [](std::size_t size) {
        auto const bare = head("X: \r\n").size();
        return head("X: " + std::string(size - bare, 'a') + "\r\n");
    };
    CHECK(outcome(filled(1024)) == 200);
    CHECK(dripped(filled(1024)) == 200);
    CHECK(outcome(filled(1025)) == 431);
    CHECK(dripped(filled(1025)) == 431);
    CHECK(outcome(filled(9000)) == 431);
    CHECK(outcome("GET /" + std::string(2000, 'a')) == 431);
    CHECK(outcome(std::string(2000, 'G')) == 431);
    CHECK(outcome(head(std::string(2000, 'X') + ": a\r\n")) == 431);
    CHECK(outcome(head("", "GET /" + std::string(1000, 'a') + " HTTP/1.1")) == 431);

    CHECK(outcome(sized(std::string(64, 'a'))) == 200);
    CHECK(outcome(head("Content-Length: 65\r\n")) == 413);
    CHECK(outcome(head("Content-Length: 18446744073709551615\r\n")) == 413);
    CHECK(outcome(head("Content-Length: 65\r\nExpect: 100-continue\r\n")) == 413);
    CHECK(outcome(chunked("40\r\n" + std::string(64, 'a') + "\r\n0\r\n\r\n")) == 200);
    CHECK(outcome(chunked("41\r\n")) == 413);
    CHECK(outcome(chunked("20\r\n" + std::string(32, 'a') + "\r\n21\r\n")) == 413);
    CHECK(dripped(chunked("20\r\n" + std::string(32, 'a') + "\r\n21\r\n")) == 413);
}

TEST_CASE("a body comes together from chunks, however they are cut") {
    auto const body = GENERATE(values<std::string>({"x", "abcdefgh", std::string(64, 'y')}));
    std::string chunks;
    for (char const c : body) {
        chunks += "1;extension=\"of some length\"\r\n"s + c + "\r\n";
    }
    auto const bytes = chunked(chunks + "0\r\nAuthorization: evil\r\nX: y\r\nConnection: close\r\n\r\n");
    auto const step = GENERATE(1u, 2u, 3u, 7u, 100u, 100'000u);
    fixture f;
    auto state = reading::need_more;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        REQUIRE(state == reading::need_more);
        state = f.reader.feed(std::string_view{bytes}.substr(at, step)).state;
    }
    REQUIRE(state == reading::complete);
    CHECK(f.reader.input().body == body);
    CHECK(f.reader.input().authorization.empty());
    CHECK(f.reader.input().authorization_count == 0);
    CHECK(f.reader.input().keep_alive);
    CHECK(find_header(f.reader.input(), "X").count == 0);
    CHECK(f.reader.pipelined() == 0);
}

TEST_CASE("every cut of a request into two reads gives the same") {
    auto const bytes = GENERATE(values<std::string>({sized("hello"), chunked("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")}));
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
        CAPTURE(cut);
        fixture f;
        REQUIRE(f.reader.feed(bytes.substr(0, cut)).state == reading::need_more);
        REQUIRE(f.reader.feed(bytes.substr(cut)).state == reading::complete);
        CHECK(f.reader.input().body == "hello");
        CHECK(f.reader.input().host == "h");
    }
}

TEST_CASE("pipelined requests come one at a time, in order") {
    std::string bytes;
    for (int i = 0; i < 50; ++i) {
        bytes += i % 2 ? head("", "GET /" + std::to_string(i) + " HTTP/1.1") : sized(std::to_string(i));
    }
    auto const step = GENERATE(1u, 13u, 1000u, 100'000u);
    fixture f;
    int answered = 0;
    for (std::size_t at = 0; at < bytes.size();) {
        auto fed = f.reader.feed(std::string_view{bytes}.substr(at, step));
        REQUIRE(fed.consumed > 0);
        at += fed.consumed;
        for (; fed.state == reading::complete; fed.state = f.reader.next()) {
            auto const& in = f.reader.input();
            CHECK((answered % 2 ? in.path.substr(1) : in.body) == std::to_string(answered));
            ++answered;
        }
        REQUIRE(fed.state == reading::need_more);
    }
    CHECK(answered == 50);
    CHECK(f.reader.empty());
}

TEST_CASE("what arrives behind a request is bounded by the storage") {
    fixture f;
    std::string const flood = head() + std::string(1'000'000, 'a');
    auto const fed = f.reader.feed(flood);
    CHECK(fed.state == reading::complete);
    CHECK(fed.consumed <= request_reader::storage_bytes(limits));
    CHECK(f.reader.next() == reading::refused);
    CHECK(f.reader.refusal() == 431);
}

TEST_CASE("100 Continue is due once, for a body that is not there yet") {
    auto const expecting = head("Content-Length: 3\r\nExpect: 100-Continue\r\n");
    fixture f;
    REQUIRE(f.reader.feed(expecting).state == reading::need_more);
    CHECK(f.reader.take_continue());
    CHECK_FALSE(f.reader.take_continue());
    REQUIRE(f.reader.feed("abc").state == reading::complete);
    CHECK_FALSE(f.reader.take_continue());

    auto const none = GENERATE(values<std::string>({"Content-Length: 3\r\n", "Expect: 100-continue\r\n",
                                                    "Content-Length: 3\r\nExpect: other\r\n",
                                                    "Content-Length: 65\r\nExpect: 100-continue\r\n"}));
    fixture other;
    (void)other.reader.feed(head(none));
    CHECK_FALSE(other.reader.take_continue());
    fixture old;
    (void)old.reader.feed(head("Content-Length: 3\r\nExpect: 100-continue\r\n", "POST / HTTP/1.0"));
    CHECK_FALSE(old.reader.take_continue());
}

TEST_CASE("keep-alive is what the client wants") {
    auto const keeps = [](std::string const& lines, std::string const& first) {
        fixture f;
        REQUIRE(f.reader.feed(head(lines, first)).state == reading::complete);
        return f.reader.input().keep_alive;
    };
    CHECK(keeps("", "GET / HTTP/1.1"));
    CHECK_FALSE(keeps("Connection: close\r\n", "GET / HTTP/1.1"));
    CHECK_FALSE(keeps("Connection: TE, Close\r\n", "GET / HTTP/1.1"));
    CHECK_FALSE(keeps("Connection: keep-alive, close\r\n", "GET / HTTP/1.1"));
    CHECK_FALSE(keeps("", "GET / HTTP/1.0"));
    CHECK(keeps("Connection: keep-alive\r\n", "GET / HTTP/1.0"));
}

TEST_CASE("a refused request shows as much of itself as is known") {
    fixture f;
    REQUIRE(f.reader.feed("GET /p HTTP/1.1\r\nHost: h\r\nOrigin: o\r\nX\x01").state == reading::refused);
    CHECK(f.reader.input().path == "/p");
    CHECK(f.reader.input().origin == "o");
    CHECK(f.reader.feed("more").consumed == 0);
    CHECK(f.reader.feed("more").state == reading::refused);
}

TEST_CASE("tokens do not stay in lent buffers") {
    buffer_pool pool{limits};
    auto lent = pool.lend();
    auto* const storage = lent->storage.get();
    auto const tokens = head("Authorization: secret\r\n");
    REQUIRE(lent->reader.feed(tokens).state == reading::complete);
    lent->output.append("secret");
    pool.take_back(std::move(lent));
    lent = pool.lend();
    CHECK(lent->storage.get() == storage);
    CHECK(std::string_view{storage, tokens.size()}.find_first_not_of('\0') == std::string_view::npos);
    CHECK(lent->reader.empty());
    CHECK(lent->output.unsent().empty());

    pool.set_limits({.header_bytes = 2048, .body_bytes = 1});
    pool.take_back(std::move(lent));
    CHECK(pool.lend()->storage_bytes == request_reader::storage_bytes(pool.limits()));
}

TEST_CASE("an answer on the wire") {
    date_line date;
    auto const line = date.at(784111777);
    CHECK(line == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    auto const written = [&](answer const& what, answer_frame const& frame) {
        wiped_buffer out;
        append_answer(out, what, frame);
        return std::string{out.unsent()};
    };
    CHECK(written({200, "A: b\r\n", "body"}, {line, 11, true, false}) ==
          "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 4\r\nA: b\r\n\r\nbody");
    CHECK(written({405, "", "body"}, {"", 11, false, true}) ==
          "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 4\r\nConnection: close\r\n\r\n");
    CHECK(written({204, "", "body"}, {"", 10, true, false}) ==
          "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
    CHECK(written({431, "", ""}, {"", 10, false, false}) ==
          "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}
