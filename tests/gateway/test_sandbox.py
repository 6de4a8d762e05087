"""The sandbox: what it prints, what it takes from a configuration, and seven stores that refuse what a plain form can get wrong."""
import base64
import json
import re
import signal
import socket
import time
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

from support.case import JSON_TYPE, REQUEST, Checks, GatewayCase, bearer
from support.clouds import CLOUDS, TYPES
from support.process import TOKEN, Folder, Gateway, run_program, until

MAX = 32 << 20
SHORTEST = {"qiniu": None, "tencent": None, "aws": 900, "aliyun": 900, "baidu": None, "huawei": 900, "ksyun": None}
FILE = bytes(range(256)) * 5
BOUNDARY = "boundary-of-a-test"


def sandbox_settings(folder, changes=None):
    """What may stand beside --sandbox: everything but a cloud's addresses and keys."""
    settings = folder.settings(changes=changes)
    return {**settings, "clouds": (changes or {}).get("clouds", {})}


def part(name, value, more=""):
    value = value if isinstance(value, bytes) else value.encode()
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


def form_body(fields, file=FILE, end=f"--{BOUNDARY}--\r\n"):
    named = [("file", file, '; filename="a.bin"\r\nContent-Type: application/octet-stream')] if file is not None else []
    return b"".join(part(*each) for each in [*fields, *named]) + end.encode()


class Said:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, {n.lower(): v for n, v in headers}, body

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Sandbox:
    """A gateway with --sandbox, and its stores."""

    def __init__(self, changes=None, options=()):
        self.folder = Folder()
        self.gateway = Gateway(self.folder, sandbox_settings(self.folder, changes), options=("--sandbox", *options))
        self.lines = self.gateway.stdout.splitlines()
        self.token = self.lines[0].removeprefix("valetkey-gateway: token ")
        self.stores = {}
        for line in self.lines[1:-1]:
            name, url, bucket = line.removeprefix("valetkey-gateway: sandbox ").split(" ")
            self.stores[name] = (url, bucket)

    def stop(self):
        self.gateway.stop()
        self.folder.remove()

    def vend(self, cloud, **fields):
        with self.gateway.user(self.token) as api:
            answer = api.info({**REQUEST, "type": TYPES[cloud], **fields})
        if answer.status != 200:
            raise AssertionError(f"{cloud}: {answer}")
        return answer.json()["data"]

    def ask(self, method, url, body=b"", headers=()):
        to = urlsplit(url)
        connection = HTTPConnection(to.hostname, to.port, timeout=20)
        try:
            try:
                connection.request(method, (to.path or "/") + (f"?{to.query}" if to.query else ""), body, dict(headers))
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has answered before it was told everything
            answer = connection.getresponse()
            return Said(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def post(self, data, body=None, headers=()):
        body = form_body(data["form"]["fields"].items()) if body is None else body
        return self.ask("POST", data["form"]["url"], body,
                        {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **dict(headers)})

    def stored(self, cloud, key, token=None):
        with self.gateway.connect() as connection:
            return connection.ask("GET", f"/sandbox/objects/{cloud}/{quote(key)}", bearer(token or self.token))


def vendor_error(cloud, said):
    """The vendor's own code, from its own format."""
    if cloud in ("qiniu", "baidu"):
        document = json.loads(said.body)
        return document["error"] if cloud == "qiniu" else document["code"]
    return re.search(rb"<Error>.*<Code>([A-Za-z0-9.]+)</Code>", said.body, re.S).group(1).decode()


class Stores(Checks):
    """Every store alike, by forms alone."""

    @classmethod
    def setUpClass(cls):
        cls.box = Sandbox()
        cls.addClassCleanup(cls.box.stop)

    def assert_refused(self, cloud, said, data, key=None):
        self.assertTrue(400 <= said.status < 500 or (cloud == "qiniu" and 400 <= said.status < 700), said)
        self.assertTrue(vendor_error(cloud, said), said)
        self.assertEqual(self.box.stored(cloud, key or data["relativePath"]).status, 404)

    def assert_stored(self, cloud, said, key, content=FILE):
        self.assertTrue(200 <= said.status < 300, said)
        answer = self.box.stored(cloud, key)
        self.assertEqual((answer.status, answer.body == content), (200, True), answer)

    def test_every_store_is_announced(self):
        self.assertRegex(self.box.lines[0], r"^valetkey-gateway: token \S{16,}$")
        self.assertRegex(self.box.lines[-1], r"^valetkey-gateway: ready on https://127\.0\.0\.1:\d+$")
        self.assertEqual(set(self.box.stores), set(CLOUDS))
        for url, bucket in self.box.stores.values():
            self.assertRegex(url, r"^http://127\.0\.0\.1:\d+$")
            self.assertRegex(bucket, r"^[a-z0-9-]+$")
        self.assertEqual(len({url for url, _ in self.box.stores.values()}), len(CLOUDS))

    def test_answers(self):
        def check(cloud, grant, is_dir):
            data = self.box.vend(cloud, grant=grant, isDir=is_dir, isNeedCallback=1)
            url, bucket = self.box.stores[cloud]
            self.assertEqual((data["endpoint"], data["bucket"], data["maxSize"]), (url, bucket, MAX))
            self.assertEqual(data["callbackInfo"]["callbackUrl"],
                             "https://{}:{}/upload/callback".format(*self.box.gateway.address))
            if SHORTEST[cloud]:
                self.assertAlmostEqual(data["expiredTime"] - data["serverTime"], SHORTEST[cloud], delta=2)
            self.assertEqual(bool(data["secretAccessKey"]), grant == "sts" and cloud != "qiniu")
        self.each(check, {f"{c} {g} {d}": (c, g, d) for c in CLOUDS for g in ("sts", "form") for d in (0, 1)})

    def test_what_may_pass(self):
        def check(cloud, grant):
            data = self.box.vend(cloud, grant=grant)
            said = self.box.post(data, headers={"Origin": "https://any.example"})
            self.assert_stored(cloud, said, data["relativePath"])
            self.assertIn(said.headers["access-control-allow-origin"], ("*", "https://any.example"))
            data = self.box.vend(cloud, grant=grant, isDir=1)
            for name in ("a.bin", "sub/b.bin"):
                key = data["relativePath"] + name
                fields = {**data["form"]["fields"], "key": key}
                self.assert_stored(cloud, self.box.post(data, form_body(fields.items())), key)
        self.each(check, {f"{c} {g}": (c, g) for c in CLOUDS for g in ("sts", "form")})

    def test_sizes(self):
        def check(cloud, grant):
            data = self.box.vend(cloud, grant=grant)
            fields = data["form"]["fields"].items()
            for size in (0, MAX + 1):
                self.assert_refused(cloud, self.box.post(data, form_body(fields, b"x" * size)), data)
            # KS3 counts the form's other fields, too
            most = MAX - (8192 if cloud == "ksyun" else 0)
            self.assert_stored(cloud, self.box.post(data, form_body(fields, b"x" * most)), data["relativePath"], b"x" * most)
        self.each(check, {f"{c} {g}": (c, g) for c in CLOUDS for g in ("sts", "form")}, workers=2)

    def test_changed_forms(self):
        def check(cloud, grant, change):
            data = self.box.vend(cloud, grant=grant)
            fields, key = list(data["form"]["fields"].items()), data["relativePath"]
            body, looked_at = change(fields, key)
            self.assert_refused(cloud, self.box.post(data, body), data, looked_at)
            self.assertEqual(self.box.stored(cloud, key).status, 404)

        def with_field(name, value):
            return lambda fields, key: (form_body([(n, value(v) if n == name else v) for n, v in fields]), key)

        def with_key(value):
            return lambda fields, key: (form_body([(n, value(key) if n == "key" else v) for n, v in fields]), value(key))

        changes = {
            "neighbour": with_key(lambda key: key + "2"),
            "parent": with_key(lambda key: key.rsplit("/", 1)[0]),
            "sibling": with_key(lambda key: key.replace("/video/", "/videos/")),
            "above": with_key(lambda key: "a" + key),
            "dots": with_key(lambda key: key.replace("/video/", "/video/../video/")),
            "double slash": with_key(lambda key: key.replace("/video/", "/video//")),
            "no key": lambda fields, key: (form_body([f for f in fields if f[0] != "key"]), key),
            "two keys": lambda fields, key: (form_body([*fields, ("key", key)]), key),
            "two keys, other case": lambda fields, key: (form_body([*fields, ("KEY", key)]), key),
            "no file": lambda fields, key: (form_body(fields, None), key),
            "cut": lambda fields, key: (form_body(fields, end=""), key),
            "cut in the file": lambda fields, key: (form_body(fields)[:-len(FILE) // 2], key),
            "nothing": lambda fields, key: (b"", key),
            "no form": lambda fields, key: (b"hello", key),
        }
        per_cloud = {
            "qiniu": [("token", lambda t: t[:-3] + ("A" if t[-3] != "A" else "B") + t[-2:]),
                      ("token", lambda t: "x" + t), ("token", lambda t: "")],
        }
        cases = {}
        for cloud in CLOUDS:
            for grant in ("sts", "form"):
                cases.update({f"{cloud} {grant} {name}": (cloud, grant, change) for name, change in changes.items()})
                for number, (name, value) in enumerate(per_cloud.get(cloud, [])):
                    cases[f"{cloud} {grant} {name} {number}"] = (cloud, grant, with_field(name, value))
        self.each(check, cases)

    def test_changed_vouchers(self):
        """The policy, the signature, the token and the key's id, each changed in one place."""
        def other(text, at):
            return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]

        def check(cloud, grant, field):
            data = self.box.vend(cloud, grant=grant)
            value = data["form"]["fields"][field]
            for at in (0, len(value) // 2, len(value) - 1):
                fields = {**data["form"]["fields"], field: other(value, at)}
                self.assert_refused(cloud, self.box.post(data, form_body(fields.items())), data)
            fields = {n: v for n, v in data["form"]["fields"].items() if n != field}
            self.assert_refused(cloud, self.box.post(data, form_body(fields.items())), data)
        cases = {}
        for cloud in CLOUDS:
            for grant in ("sts", "form"):
                fields = self.box.vend(cloud, grant=grant)["form"]["fields"]
                for field in fields:
                    if re.search(r"policy|signature|token|accesskey|q-ak|credential", field, re.I):
                        cases[f"{cloud} {grant} {field}"] = (cloud, grant, field)
        self.each(check, cases)

    def test_a_policy_of_ones_own(self):
        """Another expiry, another key, no size: the signature does not fit any more."""
        def check(cloud, change):
            data = self.box.vend(cloud, grant="form")
            fields = dict(data["form"]["fields"])
            name = next((n for n in fields if n.lower() == "policy"), None)
            if not name:
                head, sign, policy = fields["token"].split(":")
                fields["token"] = f"{head}:{sign}:{base64.urlsafe_b64encode(change(base64.urlsafe_b64decode(policy))).decode()}"
            else:
                fields[name] = base64.b64encode(change(base64.b64decode(fields[name]))).decode()
            self.assert_refused(cloud, self.box.post(data, form_body(fields.items())), data)
        changes = {"later": lambda p: p.replace(b"2026", b"2027").replace(b'"deadline":1', b'"deadline":2'),
                   "no limit": lambda p: re.sub(rb"33554432", b"99999999999", p), "blank": lambda p: p + b" "}
        self.each(check, {f"{c} {n}": (c, change) for c in CLOUDS for n, change in changes.items()})

    def test_without_a_signature(self):
        def check(cloud):
            data = self.box.vend(cloud)
            key, bucket = data["relativePath"], data["bucket"]
            url = self.box.stores[cloud][0]
            self.assert_stored(cloud, self.box.post(data), key)
            for method, target in (("GET", f"{key}"), ("PUT", f"{key}2"), ("DELETE", key), ("PUT", f"{key}?acl"), ("GET", f"{key}?acl"),
                                   ("GET", ""), ("GET", "?uploads"), ("PUT", ""), ("DELETE", ""), ("POST", f"{key}2?uploads"),
                                   ("POST", "?delete"), ("GET", "../x"), ("GET", "%2e%2e/x"), ("PUT", f"{key}%2fx"), ("PUT", f"/{key}2")):
                said = self.box.ask(method, f"{url}/{bucket}/{target}", b"x" if method in ("PUT", "POST") else b"")
                self.assertTrue(400 <= said.status < 500 or cloud == "qiniu" and said.status >= 400, (method, target, said))
                self.assertTrue(vendor_error(cloud, said), (method, target, said))
            self.assertEqual(self.box.stored(cloud, key).body, FILE)
            said = self.box.ask("HEAD", f"{url}/{bucket}/{key}")
            self.assertTrue(400 <= said.status < 700 and not said.body, said)
            for form in (key, key + "2"):
                self.assertGreaterEqual(self.box.post({"form": {"url": data["form"]["url"]}}, form_body([("key", form)])).status, 400)
            self.assertEqual(self.box.stored(cloud, key + "2").status, 404)
        self.each(check, {cloud: (cloud,) for cloud in CLOUDS})

    def test_five_gigabytes_announced(self):
        def check(cloud):
            data = self.box.vend(cloud)
            to = urlsplit(data["form"]["url"])
            connection = HTTPConnection(to.hostname, to.port, timeout=10)
            self.addCleanup(connection.close)
            connection.putrequest("POST", to.path or "/")
            connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
            connection.putheader("Content-Length", str(5 << 30))
            connection.endheaders(b"--")
            begun = time.monotonic()
            answer = connection.getresponse()
            self.assertLess(time.monotonic() - begun, 5)
            self.assert_refused(cloud, Said(answer.status, answer.getheaders(), answer.read()), data)
        self.each(check, {cloud: (cloud,) for cloud in CLOUDS})

    def test_what_is_no_http(self):
        """Doubtful framing gets the vendor's error, not a closed connection alone."""
        def check(cloud, text):
            to = urlsplit(self.box.stores[cloud][0])
            with socket.create_connection((to.hostname, to.port), 10) as connection:
                connection.sendall(text.replace(b"HOST", b"Host: 127.0.0.1"))
                answer = b""
                while piece := connection.recv(65536):
                    answer += piece
            head, _, body = answer.partition(b"\r\n\r\n")
            status = int(head.split(b" ")[1])
            self.assertTrue(400 <= status < 500, answer)
            self.assertTrue(vendor_error(cloud, Said(status, [], body)), answer)
        texts = {"both lengths": b"PUT /b/k HTTP/1.1\r\nHOST\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
                 "a chunk's size": b"PUT /b/k HTTP/1.1\r\nHOST\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\na\r\n0\r\n\r\n",
                 "no HTTP": b"hello\r\n\r\n",
                 "two hosts": b"PUT /b/k HTTP/1.1\r\nHOST\r\nHost: other\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                 "no host": b"PUT /b/k HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"}
        self.each(check, {f"{c} {n}": (c, text) for c in CLOUDS for n, text in texts.items()})

    def test_preflights(self):
        def check(cloud):
            data = self.box.vend(cloud)
            said = self.box.ask("OPTIONS", data["form"]["url"] + "/" + data["relativePath"] + "?uploads", headers={
                "Origin": "https://any.example", "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": "authorization,x-anything"})
            self.assertIn(said.status, (200, 204))
            self.assertIn(said.headers["access-control-allow-origin"], ("*", "https://any.example"))
            self.assertIn("PUT", said.headers["access-control-allow-methods"])
            self.assertIn("x-anything", said.headers["access-control-allow-headers"])
        self.each(check, {cloud: (cloud,) for cloud in CLOUDS})

    def test_clouds_do_not_take_each_others(self):
        """A key of one cloud at another's store, and the policy of one at another's bucket."""
        def check(cloud, other):
            data = self.box.vend(cloud)
            url = data["form"]["url"].replace(self.box.stores[cloud][0], self.box.stores[other][0])
            said = self.box.post({"form": {"url": url, "fields": data["form"]["fields"]}})
            self.assertGreaterEqual(said.status, 400)
            self.assertEqual(self.box.stored(other, data["relativePath"]).status, 404)
        self.each(check, {f"{a} at {b}": (a, b) for a in CLOUDS for b in CLOUDS if a != b})


class Front(Checks):
    """What the sandbox adds to the gateway's own listener, and nothing without it."""

    @classmethod
    def setUpClass(cls):
        cls.box = Sandbox({"clouds": {"aws": {"duration_seconds": 3600, "max_size": 1000}}})
        cls.addClassCleanup(cls.box.stop)

    def ask(self, method, target, headers=()):
        with self.box.gateway.connect() as connection:
            return connection.ask(method, target, headers)

    def has_taken_up_other(self):
        """The cloud's new role and the gateway's are not taken up in the same instant: between them the cloud refuses."""
        try:
            return all(self.box.vend("aws")["relativePath"].startswith("other/") for _ in range(8))  # every thread's turn
        except AssertionError:
            return False

    def test_page(self):
        page = self.ask("GET", "/")
        self.assertEqual(page.status, 200)
        self.assertRegex(page.header("content-type"), "^text/html")
        self.assertIn("default-src 'none'", page.header("content-security-policy"))
        self.assertIn(self.box.token, page.text())
        for name in re.findall(r'(?:src|href)="(/sandbox/page/[^"]+)"', page.text()):
            with self.subTest(name):
                self.assertEqual(self.ask("GET", name).status, 200)
        self.assertEqual(self.ask("POST", "/").status, 405)

    def test_objects(self):
        for target, headers, status in (("/sandbox/objects/aws/none", {}, 401), ("/sandbox/objects/aws/none", bearer("wrong"), 401),
                                        ("/sandbox/objects/aws/none", bearer(self.box.token), 404),
                                        ("/sandbox/objects/none/a", bearer(self.box.token), 404),
                                        ("/sandbox/objects/aws", bearer(self.box.token), 404),
                                        ("/sandbox/objects/aws/%zz", bearer(self.box.token), 404),
                                        ("/sandbox", {}, 404), ("/sandbox/", bearer(self.box.token), 404)):
            with self.subTest(f"{target} {headers}"):
                self.assertEqual(self.ask("GET", target, headers).status, status)
        self.assertEqual(self.ask("PUT", "/sandbox/objects/aws/a", bearer(self.box.token)).status, 405)

    def test_session_policies(self):
        """What a vended token holds, for callers of the gateway alone."""
        data = self.box.vend("aws")
        target = "/sandbox/policies/aws/" + quote(data["securityToken"], safe="")
        self.assertEqual(self.ask("GET", target).status, 401)
        policy = self.ask("GET", target, bearer(self.box.token))
        self.assertEqual(policy.status, 200)
        self.assertIn(data["relativePath"], json.dumps(json.loads(policy.body)))
        for wrong in ("/sandbox/policies/aliyun/" + quote(data["securityToken"], safe=""), target[:-5] + "AAAAA", "/sandbox/policies/aws/"):
            self.assertEqual(self.ask("GET", wrong, bearer(self.box.token)).status, 404)

    def test_configuration_beside_it(self):
        data = self.box.vend("aws")
        self.assertEqual((data["maxSize"], data["expiredTime"] - data["serverTime"]), (1000, 3600))
        self.assertEqual(self.box.post(data, form_body(data["form"]["fields"].items(), b"x" * 1001)).status, 400)
        self.assertEqual(self.box.post(data, form_body(data["form"]["fields"].items(), b"x" * 1000)).status, 204)
        self.assertTrue(data["relativePath"].startswith("test/"))
        with self.box.gateway.user(TOKEN) as api:  # of the configuration's own file
            self.assertEqual(api.info({**REQUEST, "type": TYPES["aws"]}).status, 200)
        role = "arn:aws:iam::999988887777:role/another"
        self.box.gateway.reload(sandbox_settings(self.box.folder, {"paths": {"root": "other"}, "clouds": {"aws": {"role": role}}}))
        self.assertTrue(until(self.has_taken_up_other, 10))
        data = self.box.vend("aws")
        self.assertTrue(data["relativePath"].startswith("other/"), data["relativePath"])
        self.assertEqual(self.box.post(data).status, 204)
        self.assertIn(str(self.box.gateway.address[1]), self.box.vend("aws", isNeedCallback=1)["callbackInfo"]["callbackUrl"])

    def test_what_is_refused_beside_it(self):
        folder = Folder()
        self.addCleanup(folder.remove)
        for field, value in (("access_key_id", "A"), ("access_key_secret", "hunter2"), ("bucket", "b"), ("region", "us-east-1"),
                             ("endpoint", "https://s3.example"), ("bucket_endpoint", "https://s3.example"),
                             ("sts_endpoint", "https://s3.example"), ("form", {}), ("allow_http", True), ("nonsense", 1)):
            with self.subTest(field):
                file = folder.write("bad.json", sandbox_settings(folder, {"clouds": {"aws": {field: value}}}))
                status, out, error = run_program("--sandbox", "--config", file, "--check")
                self.assertEqual(status, 1)
                self.assertIn(f"clouds.aws.{field}", error)
                self.assertNotIn("hunter2", error + out)
        for options in (("--listen", "0.0.0.0:0"), ("--listen", "[::]:0")):
            with self.subTest(options):
                status, _, error = run_program("--sandbox", *options)
                self.assertEqual((status, "--listen" in error), (1, True))
        file = folder.write("open.json", sandbox_settings(folder, {"listen": {"address": "0.0.0.0"}}))
        status, _, error = run_program("--sandbox", "--config", file)
        self.assertEqual((status, "listen.address" in error), (1, True))
        status, _, error = run_program("--sandbox", "--config", folder.path / "none.json")
        self.assertEqual(status, 1)

    def test_nothing_of_it_without_it(self):
        folder = Folder()
        self.addCleanup(folder.remove)
        gateway = Gateway(folder, folder.settings())
        self.addCleanup(gateway.stop)
        self.assertEqual(len(gateway.stdout.splitlines()), 1)
        with gateway.connect() as connection:
            for target in ("/", "/sandbox/page/page.js", "/sandbox/objects/aws/a", "/sandbox/"):
                with self.subTest(target):
                    self.assertEqual(connection.ask("GET", target, bearer()).status, 404)

    def test_its_end(self):
        box = Sandbox()
        self.addCleanup(box.stop)
        data = box.vend("aws")
        self.assertEqual(box.post(data).status, 204)
        box.gateway.signal(signal.SIGTERM)
        self.assertEqual(box.gateway.wait(), 0)
        for text in (box.token, data["secretAccessKey"], data["securityToken"]):
            self.assertNotIn(text, box.gateway.stderr)
