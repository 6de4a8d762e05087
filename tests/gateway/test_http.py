"""HTTP itself: framing that must be refused, framing that must work, limits, slowness, routes and methods."""
import json
import socket
import threading
import time

from support.case import FORM, JSON_TYPE, REQUEST, GatewayCase, bearer, encode, in_parallel
from support.process import TOKEN
from support.sts import slow
from support.wire import Connection, Ended, chunked, message

INFO = "/upload/sts/info"
NEXT = b"GET /healthz HTTP/1.1\r\nHost: gateway.test\r\n\r\n"
BODY = encode(FORM.items()).encode()


def lines(*parts, body=b""):
    return b"\r\n".join(p.encode("latin-1") if isinstance(p, str) else p for p in parts) + b"\r\n\r\n" + body


def health(*headers, first="GET /healthz HTTP/1.1"):
    return lines(first, "Host: gateway.test", *headers)


def post(*headers, body=b""):
    return lines(f"POST {INFO} HTTP/1.1", "Host: gateway.test", f"Authorization: Bearer {TOKEN}", "Content-Type: application/json",
                 *headers, body=body)


def sized(size):
    """A right request body of exactly that many bytes."""
    return BODY[:-1] + b" " * (size - len(BODY)) + b"}"


MALFORMED = {
    "Content-Length and Transfer-Encoding": post("Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "Transfer-Encoding and Content-Length": post("Transfer-Encoding: chunked", f"Content-Length: {len(BODY)}", body=chunked(BODY)),
    "two different Content-Length": post(f"Content-Length: {len(BODY)}", "Content-Length: 3", body=BODY),
    "Content-Length list": post("Content-Length: 5, 6", body=BODY),
    "Content-Length with a sign": post(f"Content-Length: +{len(BODY)}", body=BODY),
    "negative Content-Length": post("Content-Length: -1", body=BODY),
    "hexadecimal Content-Length": post(f"Content-Length: {len(BODY):#x}", body=BODY),
    "empty Content-Length": post("Content-Length:", body=BODY),
    "Content-Length of words": post("Content-Length: many", body=BODY),
    "chunked twice": post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=chunked(BODY)),
    "chunked, chunked": post("Transfer-Encoding: chunked, chunked", body=chunked(BODY)),
    "chunked is not last": post("Transfer-Encoding: chunked, identity", body=chunked(BODY)),
    "misspelt chunked": post("Transfer-Encoding: xchunked", body=chunked(BODY)),
    "chunked with a control character": post("Transfer-Encoding: \x0bchunked", body=chunked(BODY)),
    "chunk size of words": post("Transfer-Encoding: chunked", body=b"zz\r\n" + BODY),
    "empty chunk size": post("Transfer-Encoding: chunked", body=b"\r\n" + BODY),
    "negative chunk size": post("Transfer-Encoding: chunked", body=b"-5\r\n" + BODY),
    "chunk size with a prefix": post("Transfer-Encoding: chunked", body=b"0x5\r\nabcde\r\n0\r\n\r\n"),
    "chunk longer than its size": post("Transfer-Encoding: chunked", body=b"3\r\nabcde\r\n0\r\n\r\n"),
    "no Host": lines("GET /healthz HTTP/1.1"),
    "two Host": health("Host: gateway.test"),
    "two different Host": health("Host: other.test"),
    "Host with a blank": lines("GET /healthz HTTP/1.1", "Host: a b"),
    "Host with a path": lines("GET /healthz HTTP/1.1", "Host: a/b"),
    "Host with a user": lines("GET /healthz HTTP/1.1", "Host: u@gateway.test"),
    "Host with a bad port": lines("GET /healthz HTTP/1.1", "Host: gateway.test:44x"),
    "Host folded over two lines": lines("GET /healthz HTTP/1.1", "Host: a", " b"),
    "bare LF after the request line": b"GET /healthz HTTP/1.1\nHost: gateway.test\r\n\r\n",
    "bare LF after a header": b"GET /healthz HTTP/1.1\r\nHost: gateway.test\nX-A: b\r\n\r\n",
    "bare LF everywhere": b"GET /healthz HTTP/1.1\nHost: gateway.test\n\n",
    "bare CR in a header": health("X-A: b\rc"),
    "bare CR after the request line": b"GET /healthz HTTP/1.1\rHost: gateway.test\r\n\r\n",
    "NUL in a header": health("X-A: b\0c"),
    "control character in a header": health("X-A: b\x01c"),
    "delete in a header": health("X-A: b\x7fc"),
    "escape in a header": health("User-Agent: \x1b[31mred"),
    "control character in a name": health("X-\x01A: b"),
    "blank in a name": health("X A: b"),
    "blank before the colon": health("X-A : b"),
    "blank before Host's colon": lines("GET /healthz HTTP/1.1", "Host : gateway.test"),
    "no colon": health("X-A"),
    "no name": health(": b"),
    "separator in a name": health("X(A): b"),
    "control character in the target": health(first="GET /heal\x01thz HTTP/1.1"),
    "NUL in the target": health(first="GET /healthz\0 HTTP/1.1"),
    "blank in the target": health(first="GET /heal thz HTTP/1.1"),
    "no target": health(first="GET HTTP/1.1"),
    "control character in the method": health(first="G\x01ET /healthz HTTP/1.1"),
    "no method": health(first=" /healthz HTTP/1.1"),
    "HTTP/0.9": b"GET /healthz\r\n\r\n",
    "version of words": health(first="GET /healthz HTTP/one"),
    "version of another protocol": health(first="GET /healthz FTP/1.1"),
    "version in lower case": health(first="GET /healthz http/1.1"),
    "noise": bytes(range(1, 10)) + b"\r\n\r\n",
}
# Where the standard leaves another refusal, or a harmless reading, open.
DOUBTFUL = {
    "unknown transfer coding": (post("Transfer-Encoding: gzip, chunked", body=chunked(BODY)), (400, 501)),
    "Content-Length beyond 64 bits": (post("Content-Length: 99999999999999999999"), (400, 413)),
    "chunk size beyond 64 bits": (post("Transfer-Encoding: chunked", body=b"1" + b"0" * 17 + b"\r\nx"), (400, 413)),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    "HTTP/2.0": (health(first="GET /healthz HTTP/2.0"), (400, 505)),
    "HTTP/3.7": (health(first="GET /healthz HTTP/3.7"), (400, 505)),
}


class Framing(GatewayCase):
    def test_malformed_is_refused_and_the_connection_closed(self):
        for name, (data, statuses) in {**{n: (d, (400,)) for n, d in MALFORMED.items()}, **DOUBTFUL}.items():
            with self.subTest(name):
                with self.gateway.connect() as connection:
                    connection.send(data + NEXT)
                    self.assert_failure(connection.read(), statuses)
                    self.assertTrue(connection.ended(), "the connection stayed open or answered what followed")

    def test_folded_header(self):
        """The standard lets a server refuse a folded header or read it as one line: nothing in between."""
        with self.gateway.connect() as connection:
            connection.send(health("X-A: b", " c"))
            answer = connection.read()
            if answer.status != 200:
                self.assert_failure(answer, 400)
                self.assertTrue(connection.ended())

    def test_same_content_length_twice(self):
        """To be refused, or read as one: what follows must not become part of it."""
        with self.gateway.connect() as connection:
            connection.send(post(f"Content-Length: {len(BODY)}", f"Content-Length: {len(BODY)}", body=BODY) + NEXT)
            answer = connection.read()
            if answer.status == 200:
                self.assertEqual(connection.read().status, 200)
            else:
                self.assert_failure(answer, 400)
                self.assertTrue(connection.ended())

    def test_two_authorizations(self):
        for second in (f"Bearer {TOKEN}", "Bearer another"):
            for pair in ((f"Bearer {TOKEN}", second), (second, f"Bearer {TOKEN}")):
                with self.subTest(pair[0][-7:] + pair[1][-7:]):
                    data = lines(f"POST {INFO} HTTP/1.1", "Host: gateway.test", "Content-Type: application/json",
                                 *(f"Authorization: {p}" for p in pair),
                                 f"Content-Length: {len(BODY)}", body=BODY)
                    self.assert_failure(self.talk(data).read(), (400, 401))

    def test_a_body_is_never_read_as_a_request(self):
        """Whatever the refusal, the bytes of a refused body get no answer of their own."""
        smuggled = b"GET /smuggled HTTP/1.1\r\nHost: gateway.test\r\n\r\n"
        cases = {
            "404": lines("POST /nowhere HTTP/1.1", "Host: gateway.test", f"Content-Length: {len(smuggled)}", body=smuggled),
            "405": lines(f"DELETE {INFO} HTTP/1.1", "Host: gateway.test", f"Content-Length: {len(smuggled)}", body=smuggled),
            "405 chunked": lines(f"PUT {INFO} HTTP/1.1", "Host: gateway.test", "Transfer-Encoding: chunked", body=chunked(smuggled)),
            "401": lines(f"POST {INFO} HTTP/1.1", "Host: gateway.test", "Content-Type: application/json",
                         f"Content-Length: {len(smuggled)}", body=smuggled),
            "415": lines(f"POST {INFO} HTTP/1.1", "Host: gateway.test", f"Authorization: Bearer {TOKEN}", "Content-Type: text/plain",
                         f"Content-Length: {len(smuggled)}", body=smuggled),
            "400": post(f"Content-Length: {len(smuggled)}", body=smuggled),
            "413": post("Content-Length: 9000", body=(smuggled * 200)[:9000]),
            "a health check with a body": health(f"Content-Length: {len(smuggled)}") + smuggled,
        }
        for name, data in cases.items():
            with self.subTest(name):
                with self.gateway.connect() as connection:
                    connection.send(data + health("Connection: close"))
                    first = connection.read()
                    if name[:3].isdigit():
                        self.assert_failure(first, int(name[:3]))
                    if not connection.ended():
                        self.assertEqual(connection.read().status, 200, "the request behind the body")
                        self.assertTrue(connection.ended(), "more answers than requests")

    def test_plain_http_on_the_tls_port(self):
        with Connection(self.gateway.address) as connection:
            connection.send(NEXT)
            try:
                self.assertNotEqual(connection.read().status, 200)
            except (Ended, ValueError):
                pass    # a TLS alert, or nothing
        self.assertEqual(self.api.ask("GET", "/healthz").status, 200)

    def test_pipelining(self):
        """Twenty requests in one write, local ones and such that need an exchange with a cloud: answers in their order."""
        burst = b""
        for number in range(20):
            if number % 5 == 4:
                burst += NEXT
            else:
                burst += message("POST", INFO, {**bearer(), **JSON_TYPE},
                                 json.dumps({**(REQUEST if number % 2 else FORM), "extension": f"e{number}"}))
        connection = self.talk(burst)
        for number in range(20):
            answer = connection.read()
            if number % 5 == 4:
                self.assertEqual(answer.status, 200)
                self.assertNotIn("accessKeyId", answer.body.decode())
            else:
                self.assertTrue(self.assert_granted(answer)["relativePath"].endswith(f".e{number}"), number)
        self.assertEqual(connection.ask("GET", "/healthz").status, 200)

    def test_pipelining_past_a_refusal(self):
        good, bad = (message("POST", INFO, {**bearer(), **JSON_TYPE}, body) for body in (BODY, b"{}"))
        connection = self.talk(good + bad + good + NEXT)
        self.assertEqual([connection.read().status for _ in range(4)], [200, 400, 200, 200])

    def test_chunked(self):
        bodies = {"one chunk": chunked(BODY), "a byte a chunk": chunked(*(BODY[i:i + 1] for i in range(len(BODY)))),
                  "three chunks": chunked(BODY[:7], BODY[7:50], BODY[50:]),
                  "capital hexadecimal": b"%X\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
                  "leading zeros": b"000%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)}
        for name, body in bodies.items():
            for method in ("POST", "GET"):
                with self.subTest(f"{method} {name}"):
                    data = post("Transfer-Encoding: chunked").replace(b"POST", method.encode(), 1) + body
                    connection = self.talk(data + NEXT)
                    self.assert_granted(connection.read())
                    self.assertEqual(connection.read().status, 200)
        with self.subTest("coding in capitals"):
            self.assert_granted(self.talk(post("Transfer-Encoding: Chunked", body=chunked(BODY))).read())
        for name, body in (("chunk extension", b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
                           ("trailer", chunked(BODY, last=b"0\r\nX-Sum: 1\r\n\r\n"))):
            with self.subTest(name):
                self.assertIn(self.talk(post("Transfer-Encoding: chunked", body=body)).read().status, (200, 400))
        with self.subTest("a trailer is no header"):
            body = chunked(BODY, last=f"0\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
            answer = self.talk(lines(f"POST {INFO} HTTP/1.1", "Host: gateway.test", "Content-Type: application/json",
                                     "Transfer-Encoding: chunked", body=body)).read()
            self.assert_failure(answer, (400, 401))

    def test_expect_continue(self):
        with self.subTest("body after the interim answer"):
            connection = self.talk(post("Expect: 100-continue", f"Content-Length: {len(BODY)}"))
            self.assertEqual(connection.read().status, 100)
            connection.send(BODY)
            self.assert_granted(connection.read())
            self.assertEqual(connection.ask("GET", "/healthz").status, 200)
        with self.subTest("chunked body"):
            connection = self.talk(post("expect: 100-Continue", "Transfer-Encoding: chunked"))
            self.assertEqual(connection.read().status, 100)
            connection.send(chunked(BODY))
            self.assert_granted(connection.read())
        with self.subTest("body sent at once"):
            connection = self.talk(post("Expect: 100-continue", f"Content-Length: {len(BODY)}", body=BODY))
            answer = connection.read()
            self.assert_granted(connection.read() if answer.status == 100 else answer)
        with self.subTest("a body that is too long"):
            connection = self.talk(post("Expect: 100-continue", "Content-Length: 9000"))
            answer = connection.read()
            if answer.status == 100:
                connection.send(b" " * 9000)
                answer = connection.read()
            self.assert_failure(answer, 413)

    def test_dripped(self):
        data = message("POST", INFO, {**bearer(), **JSON_TYPE}, BODY)
        with self.gateway.connect() as connection:
            for number in range(len(data)):
                connection.send(data[number:number + 1])
            self.assert_granted(connection.read())
        with self.gateway.connect() as connection:
            for piece in (data[:-20], data[-20:] + data[:30], data[30:]):
                connection.send(piece)
                time.sleep(0.05)
            self.assert_granted(connection.read())
            self.assert_granted(connection.read())

    def test_http_1_0(self):
        for name, headers, stays in (("plain", (), False), ("keep-alive", ("Connection: keep-alive",), True),
                                     ("close", ("Connection: close",), False)):
            with self.subTest(name):
                connection = self.talk(health(*headers, first="GET /healthz HTTP/1.0"))
                self.assertEqual(connection.read().status, 200)
                if stays:
                    self.assertEqual(connection.ask("GET", "/healthz", {"Connection": "keep-alive"}, version="HTTP/1.0").status, 200)
                else:
                    self.assertTrue(connection.ended())
        with self.subTest("a credential"):
            connection = self.talk(post(f"Content-Length: {len(BODY)}", body=BODY).replace(b"HTTP/1.1", b"HTTP/1.0"))
            answer = connection.read()
            self.assertEqual(answer.header("transfer-encoding"), "")
            self.assert_granted(answer)

    def test_connection_close(self):
        for value in ("close", "Close", "keep-alive, close", "TE, close"):
            with self.subTest(value):
                connection = self.talk(health(f"Connection: {value}"))
                self.assertEqual(connection.read().status, 200)
                self.assertTrue(connection.ended())

    def test_body_limit(self):
        for name, frame in (("length", lambda b: post(f"Content-Length: {len(b)}", body=b)),
                            ("chunked", lambda b: post("Transfer-Encoding: chunked", body=chunked(b[:5000], b[5000:])))):
            with self.subTest(f"8192 bytes, {name}"):
                self.assert_granted(self.talk(frame(sized(8192))).read())
            with self.subTest(f"8193 bytes, {name}"):
                self.assert_failure(self.talk(frame(sized(8193))).read(), 413)
        for size in (10**6, 10**15):
            with self.subTest(f"{size} bytes announced"):
                self.assert_failure(self.talk(post(f"Content-Length: {size}")).read(), 413)
        with self.subTest("endless chunks"):
            self.assert_failure(self.talk(post("Transfer-Encoding: chunked", body=chunked(*[b" " * 1000] * 20, last=b""))).read(), 413)

    def test_head_limit(self):
        def head(size, header="X-Filler: "):
            bare = health(header)
            return health(header + "a" * (size - len(bare)))
        with self.subTest("close to 16 KiB"):
            self.assertEqual(self.talk(head(16000)).read().status, 200)
        with self.subTest("three hundred headers"):
            self.assertEqual(self.talk(health(*(f"X-{n}: {n}" for n in range(300)))).read().status, 200)
        for name, data in (("one long header", head(17000)), ("a very long one", head(200_000)),
                           ("a long name", health("X" * 17000 + ": a")), ("many", health(*(f"X-{n}: {'a' * 20}" for n in range(800)))),
                           ("a head that never ends", head(300_000)[:-4])):
            with self.subTest(name):
                connection = self.talk(data)
                self.assert_failure(connection.read(), 431)
                self.assertTrue(connection.ended())
        with self.subTest("long target"):
            self.assert_failure(self.talk(health(first=f"GET /healthz?{'a' * 17000} HTTP/1.1")).read(), (431, 400))


class Routes(GatewayCase):
    def test_paths_match_exactly(self):
        wrong = ["/", "/upload", "/upload/sts", INFO + "/", "/" + INFO, "/upload//sts/info", "/upload/./sts/info", "/upload/x/../sts/info",
                 "/upload/sts/%69nfo", "/upload/sts%2finfo",
                 INFO.upper(), INFO + ";x", INFO + "%00", INFO + ".json", "/healthz/", "/Healthz", "/%68ealthz", "/metrics",
                 "/sandbox/objects/aws/a", "/index.html", "/openapi.yaml", "/favicon.ico"]
        for path in wrong:
            with self.subTest(path):
                self.assert_failure(self.api.ask("GET", path), 404)
        for path in ("/", "/upload/sts/info/", "/metrics"):
            with self.subTest(f"POST {path}"):
                self.assert_failure(self.api.ask("POST", path, BODY, JSON_TYPE), 404)

    def test_methods(self):
        for path, allowed, others in ((INFO, {"GET", "POST"}, ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND")),
                                      ("/healthz", {"GET"}, ("POST", "PUT", "DELETE", "OPTIONS")),
                                      ("/readyz", {"GET"}, ("POST", "DELETE")), ("/openapi.json", {"GET"}, ("POST", "DELETE")),
                                      ("/upload/callback", {"POST"}, ("GET", "PUT", "OPTIONS"))):
            for method in others:
                with self.subTest(f"{method} {path}"):
                    answer = self.api.ask(method, path)
                    self.assert_failure(answer, 405)
                    self.assertLessEqual(allowed, {m.strip() for m in answer.header("allow").split(",")})
                    self.assertNotIn(method, {m.strip() for m in answer.header("allow").split(",")} - {"OPTIONS"})
            with self.subTest(f"HEAD {path}"):
                connection = self.talk(message("HEAD", path, bearer()) + NEXT)
                answer = connection.read("HEAD")
                self.assertEqual(answer.status, 405)
                self.assertLessEqual(allowed, {m.strip() for m in answer.header("allow").split(",")})
                self.assert_json_route(answer)
                if answer.header("connection").lower() != "close":
                    self.assertEqual(connection.read().status, 200, "a HEAD's answer had a body")
        for method in ("get", "FOO", "GETX"):
            with self.subTest(method):
                self.assertIn(self.talk(message(method, INFO, bearer())).read().status, (400, 405, 501))

    def test_content_types(self):
        for value in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx",
                      "application", "text/json", "application/json+x", "x application/json"):
            with self.subTest(value):
                before = self.exchanges()
                self.assert_failure(self.api.info(REQUEST, headers={"Content-Type": value}), 415)
                self.assertEqual(self.exchanges(), before)
        for value in ("application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON",
                      "application/json ;charset=utf-8"):
            with self.subTest(value):
                self.assert_granted(self.api.info(FORM, headers={"Content-Type": value}))
        with self.subTest("no Content-Type"):
            self.assertIn(self.api.info(FORM, headers={"Content-Type": None}).status, (200, 415))
        with self.subTest("a query needs none"):
            self.assert_granted(self.api.ask("GET", INFO + "?" + "&".join(f"{n}={v}" for n, v in FORM.items()),
                                             headers={"Content-Type": "text/plain"}))

    def test_open_routes(self):
        with self.gateway.user(token=None) as anyone:
            for path in ("/healthz", "/readyz"):
                with self.subTest(path):
                    answer = anyone.ask("GET", path)
                    self.assertEqual(answer.status, 200)
                    self.assert_json_route(answer)
                    answer.json()
            with self.subTest("/openapi.json"):
                answer = anyone.ask("GET", "/openapi.json")
                self.assertEqual(answer.status, 200)
                self.assert_json_route(answer)
                document = answer.json()
                self.assertRegex(document["openapi"], r"^3\.")
                self.assertEqual(set(document["paths"][INFO]) & {"get", "post"}, {"get", "post"})

    def test_callbacks_are_not_believed(self):
        with self.gateway.user(token=None) as anyone:
            for name, headers, body in (("nothing", {"Content-Length": "0"}, b""),
                                        ("form", {"Content-Type": "application/x-www-form-urlencoded"}, b"objectId=1&resourceType=1"),
                                        ("JSON", JSON_TYPE, b'{"objectId":1}'),
                                        ("broken JSON", JSON_TYPE, b"{"), ("a token", bearer(), b"objectId=1"),
                                        ("a signature", {"Authorization": "QBox a:b", "Content-Type": "application/x-www-form-urlencoded"},
                                         b"objectId=1"),
                                        ("OSS headers", {"x-oss-pub-key-url": "aHR0cDovL2dvc3NwdWJsaWMuYWxpY2RuLmNvbS9h",
                                                         "Authorization": "AAAA"}, b"objectId=1")):
                with self.subTest(name):
                    self.assert_failure(anyone.ask("POST", "/upload/callback", body, headers), 403)
            with self.subTest("with a query"):
                self.assert_failure(anyone.ask("POST", "/upload/callback?ticket=x", b"objectId=1"), 403)

    def test_metrics_on_the_admin_listener_alone(self):
        self.assert_granted(self.api.info(FORM))
        answer = self.gateway.admin("GET", "/metrics")
        with self.subTest("Prometheus text"):
            self.assertEqual(answer.status, 200)
            self.assertRegex(answer.header("content-type"), r"^text/plain")
            text = answer.body.decode()
            for line in filter(None, text.splitlines()):
                self.assertRegex(line, r"^(#.*|[a-zA-Z_:][\w:]*(\{.*\})? (NaN|[-+]?Inf|[-+]?\d[\d.eE+-]*)( -?\d+)?)$")
            self.assertRegex(text, r"(?m)^\w+(\{.*\})? [1-9]", "no counter counted anything")
        with self.subTest("no credentials there"):
            self.assertGreaterEqual(self.gateway.admin("GET", INFO + "?" + "&".join(f"{n}={v}" for n, v in FORM.items()), bearer()).status,
                                    400)

    def test_request_ids_never_repeat(self):
        other = self.start()
        ids, answers = [], 0
        for gateway in (self.gateway, other):
            with gateway.user() as api, gateway.user(token=None) as stranger:
                for number in range(40):
                    for answer in (api.info(FORM), api.ask("GET", "/healthz"), api.ask("GET", "/nowhere"), stranger.info(FORM),
                                   api.info(b"{}", headers={"X-Request-Id": "mine"})):
                        ids += answer.all("x-request-id")
                        answers += 1
        self.assertEqual((len(ids), len(set(ids))), (answers, answers))
        self.assertNotIn("mine", ids)


class Slowness(GatewayCase):
    changes = {"limits": {"header_seconds": 1, "idle_seconds": 2, "sts_seconds": 5}}

    def late(self, connection, drip=b""):
        """The answer to one that sends on byte by byte, or not at all."""
        connection.socket.settimeout(0.05)
        for number in range(200):
            try:
                connection.more()
            except TimeoutError:
                connection.send(drip[number:number + 1])
                continue
            break
        connection.socket.settimeout(10)
        return connection.read()

    def test_slow_heads_and_bodies(self):
        """Each in a thread; meanwhile others are served."""
        endless = health(f"X-Filler: {'a' * 400}")
        body_head = post("Content-Length: 400")
        cases = {"a cut head": (endless[:20], b""), "a head drop by drop": (endless[:2], endless[2:]), "no body": (body_head, b""),
                 "a body drop by drop": (body_head, b" " * 399),
                 "a chunked body drop by drop": (post("Transfer-Encoding: chunked") + b"190\r\n", b" " * 399),
                 "half a chunk size": (post("Transfer-Encoding: chunked") + b"1", b""),
                 "the second request's head": (health() + endless[:20], b"")}
        answers = {name: [] for name in cases}

        def run(name):
            first, drip = cases[name]
            try:
                with self.gateway.connect() as connection:
                    connection.send(first)
                    if name.startswith("the second"):
                        connection.read()
                    answers[name].append((self.late(connection, drip), connection.ended()))
            except Exception as error:
                answers[name].append((error, False))
        threads = [threading.Thread(target=run, args=(name,)) for name in cases for _ in range(1 if "drop" in name else 8)]
        for thread in threads:
            thread.start()
        with self.subTest("others are served meanwhile"):
            for _ in range(30):
                self.assert_granted(self.api.info(FORM))
        for thread in threads:
            thread.join(30)
        for name, got in answers.items():
            with self.subTest(name):
                for answer, ended in got:
                    if isinstance(answer, Exception):
                        raise answer
                    self.assert_failure(answer, 408)
                    self.assertTrue(ended)

    def test_slow_handshake(self):
        for name, data in (("silence", b""), ("half a greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")):
            with self.subTest(name), socket.create_connection(self.gateway.address, 10) as raw:
                raw.sendall(data)
                try:
                    while raw.recv(1000):
                        pass
                except ConnectionResetError:
                    pass

    def test_idle_connections(self):
        def stays():
            with self.gateway.connect() as connection:
                for _ in range(4):
                    self.assertEqual(connection.ask("GET", "/healthz").status, 200)
                    time.sleep(1)

        def goes():
            with self.gateway.connect() as connection:
                self.assertEqual(connection.ask("GET", "/healthz").status, 200)
                self.assertTrue(connection.ended())

        def silent_from_the_start():
            with self.gateway.connect() as connection:
                try:
                    self.assertEqual(connection.read().status, 408)
                except Exception as error:
                    self.assertEqual(type(error).__name__, "Ended")

        def waits_for_a_cloud():
            self.aws.script["idle"] = [slow(3)]
            with self.gateway.user() as api:
                self.assert_granted(api.info({**REQUEST, "extension": "idle"}))

        def fails(part):
            try:
                part()
            except BaseException as error:
                return error
        parts = (stays, goes, silent_from_the_start, waits_for_a_cloud)
        for part, error in zip(parts, in_parallel(fails, parts, len(parts))):
            with self.subTest(part.__name__):
                if error:
                    raise error


class ManyConnections(GatewayCase):
    def test_all_are_served(self):
        """Far more connections than threads, all open at once, all served twice."""
        connections = in_parallel(lambda _: self.gateway.connect(), range(400), 8)
        try:
            for _ in range(2):
                for connection in connections:
                    connection.send(message("POST", INFO, {**bearer(), **JSON_TYPE}, BODY))
                self.assertEqual({connection.read().status for connection in connections}, {200})
        finally:
            for connection in connections:
                connection.close()
