"""What a cloud's failure becomes: status, time, retries, and that nobody else notices."""
import gzip
import json
import threading
import time

from support.case import FORM, REQUEST, TYPES, GatewayCase, in_parallel
from support.process import Folder, free_port, until
from support.sts import FakeSts, Reply, dripping, edited, granted, plain, refused, reset, shaped, slow

SECONDS = 2     # limits.sts_seconds


def final_codes(cloud):
    """Refusals that stay refusals: (code, status)."""
    return {"aws": [("AccessDenied", 403), ("InvalidClientTokenId", 403), ("MalformedPolicyDocument", 400), ("PackedPolicyTooLarge", 400),
                    ("ValidationError", 400), ("RegionDisabledException", 403),
                    ("IncompleteSignature", 400), ("NeverHeardOf", 400), ("NeverHeardOf", 404)],
            "aliyun": [("NoPermission", 403), ("EntityNotExist.Role", 404), ("InvalidAccessKeyId.NotFound", 404),
                       ("InvalidAccessKeyId.Inactive", 403), ("SignatureDoesNotMatch", 400), ("MissingSecurityToken", 400),
                       ("InvalidParameter.PolicyGrammar", 400), ("InvalidParameter.DurationSeconds", 400),
                       ("AuthenticationFail.NoPermission", 400), ("NeverHeardOf", 400)]}[cloud]


def passing(cloud):
    """Failures that are over at the next try."""
    throttled = {"aws": [("Throttling", 400), ("ThrottlingException", 400), ("RequestLimitExceeded", 503),
                         ("TooManyRequestsException", 429), ("SlowDown", 503), ("RequestTimeout", 400), ("IDPCommunicationError", 400)],
                 "aliyun": [("Throttling", 400), ("Throttling.User", 400), ("Throttling.Api", 429), ("ServiceUnavailable", 503),
                            ("InternalError", 500)]}[cloud]
    steps = {f"{code} {status}": refused(code, status) for code, status in throttled}
    steps |= {f"{status} without a document": plain("<html>bad day</html>", status) for status in (500, 502, 503, 504)}
    return steps | {"reset": reset, "closed without a word": lambda sts: Reply(mute=True), "closed before the body": edited(str, cut=0),
                    "cut in the body": edited(str, cut=200)}


def nonsense(cloud):
    """Answers of status 200 that grant nothing."""
    secret, token = {"aws": ("SecretAccessKey", "SessionToken"), "aliyun": ("AccessKeySecret", "SecurityToken")}[cloud]
    steps = {
        "nothing": plain(), "a blank": plain(" "), "HTML": plain("<html><body>Welcome</body></html>"), "text": plain("ok"),
        "the other cloud's format": plain(json.dumps({"a": 1}) if cloud == "aws" else "<a>1</a>"),
        "null": plain("null"), "an empty object": plain("{}" if cloud == "aliyun" else "<AssumeRoleResponse/>"),
        "zeros": plain(b"\0" * 100), "cut in the middle": edited(lambda t: t[:len(t) // 2]),
        "cut before the end": edited(lambda t: t[:-1]), "bytes after the end": edited(lambda t: t + "<x>" if cloud == "aws" else t + "}"),
        "compressed": edited(lambda t: gzip.compress(t.encode())),
        "error document": lambda sts: Reply(refused("AccessDenied")(sts).body, 200),
        "another member name": edited(lambda t: t.replace("Credentials", "Other")),
        "more than 1 MiB": edited(lambda t: t.replace("vendor-request-id", "v" * (1 << 20))),
        "more than 1 MiB of blanks": edited(lambda t: t + " " * (1 << 20)), "20 MiB": plain(b" " * (20 << 20)),
        "no content": plain(status=204),
    }
    for name in ("AccessKeyId", secret, token, "Expiration"):
        steps |= {f"{name} missing": shaped(**{name: None}), f"{name} empty": shaped(**{name: ""})}
        if cloud == "aliyun":
            steps |= {f"{name} null": edited(lambda t, n=name: json.dumps(with_member(json.loads(t), n, None))),
                      f"{name} a number": edited(lambda t, n=name: json.dumps(with_member(json.loads(t), n, 5)))}
    for text in ("soon", "2099-13-14T09:41:53Z", "2099-02-30T09:41:53Z", "4072481313", "2099-03-14", "2099-03-14 09:41:53",
                 "0000-00-00T00:00:00Z", "-2099-03-14T09:41:53Z", "Z", "2099-01-01T25:00:00Z"):
        steps[f"Expiration {text}"] = shaped(Expiration=text)
    steps |= {"expired": shaped(-60), "expired for years": shaped(Expiration="2020-12-26T01:05:02Z"),
              "expired at the epoch": shaped(Expiration="1970-01-01T00:00:00Z")}
    if cloud == "aws":
        entities = '<!DOCTYPE a [<!ENTITY b "{0}">]>'
        steps |= {
            "DOCTYPE": edited(lambda t: '<?xml version="1.0"?><!DOCTYPE AssumeRoleResponse>' + t),
            "DOCTYPE with entities": edited(lambda t: entities.format("c") + t.replace("vendor-request-id", "&b;")),
            "DOCTYPE in lower case": edited(lambda t: "<!doctype a>" + t),
            "external entity": edited(lambda t: '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + t.replace("vendor-request-id", "&b;")),
            "deep nesting": plain("<a>" * 100_000 + "</a>" * 100_000),
            "deep beside the credentials": edited(lambda t: t.replace("<ResponseMetadata>",
                                                                      "<a>" * 20_000 + "</a>" * 20_000 + "<ResponseMetadata>")),
            "mismatched tags": edited(lambda t: t.replace("</Credentials>", "</Credential>")),
        }
    else:
        steps |= {"deep nesting": plain("[" * 400_000 + "]" * 400_000), "deep, never closed": plain("[" * 400_000),
                  "deep beside the credentials": edited(lambda t: t.replace('"SomethingNew": ',
                                                                            f'"SomethingNew": {"[" * 20_000 + "]" * 20_000}, "Newer": ')),
                  "an array": edited(lambda t: f"[{t}]"), "trailing comma": edited(lambda t: t[:-1] + ",}"),
                  "invalid UTF-8": edited(lambda t: t.encode().replace(b"STS.", b"STS\xff")),
                  "Credentials an array": plain('{"Credentials":[]}')}
    return steps


def with_member(document, name, value):
    document["Credentials"][name] = value
    return document


class Failures(GatewayCase):
    changes = {"limits": {"sts_seconds": SECONDS}}

    def setUp(self):
        self.fakes = {"aws": self.aws, "aliyun": self.aliyun}

    def tearDown(self):
        """Whatever went wrong, no request was badly signed, and no nonce came twice."""
        self.assertEqual(self.aws.faults() + self.aliyun.faults(), [])

    def ask(self, cloud, name):
        """(answer, seconds) of a request whose key ends in that extension."""
        with self.gateway.user() as api:
            start = time.monotonic()
            answer = api.info({**REQUEST, "type": TYPES[cloud], "extension": name})
            return answer, time.monotonic() - start

    def in_time(self, seconds):
        self.assertLessEqual(seconds, SECONDS + 1)

    def all_at_once(self, cloud, steps, workers=6):
        """Scripts every step (a list of replies) under an extension of its own and asks for all: (name, answer, seconds, requests seen)."""
        numbers = {name: f"c{number}" for number, name in enumerate(steps)}
        stem = self._testMethodName[-6:].replace("_", "")
        self.fakes[cloud].script |= {stem + numbers[name]: step if isinstance(step, list) else [step] for name, step in steps.items()}
        got = in_parallel(lambda name: self.ask(cloud, stem + numbers[name]), steps, workers)
        return [(name, *result, self.fakes[cloud].seen(stem + numbers[name])) for name, result in zip(steps, got)]

    def assert_503(self, answer):
        self.assert_failure(answer, 503)
        self.assertRegex(answer.header("retry-after"), r"^([1-9]|10)$")

    def test_final_errors_are_not_repeated(self):
        for cloud in self.fakes:
            steps = {f"{code} {status}": refused(code, status) for code, status in final_codes(cloud)}
            for name, answer, seconds, seen in self.all_at_once(cloud, steps):
                with self.subTest(f"{cloud} {name}"):
                    self.assert_failure(answer, 502)
                    self.in_time(seconds)
                    self.assertEqual(len(seen), 1)

    def test_nonsense(self):
        for cloud in self.fakes:
            for name, answer, seconds, _ in self.all_at_once(cloud, nonsense(cloud)):
                with self.subTest(f"{cloud} {name}"):
                    self.assert_failure(answer, 502)
                    self.in_time(seconds)
        with self.subTest("still there"):
            self.assertEqual([self.ask(cloud, "ok")[0].status for cloud in self.fakes], [200, 200])

    def test_what_is_odd_but_grants(self):
        for cloud in self.fakes:
            steps = {"blanks around": edited(lambda t: t + "\n ")}
            if cloud == "aws":
                steps |= {"declaration": edited(lambda t: '<?xml version="1.0" encoding="UTF-8"?>\n' + t),
                          "pretty": edited(lambda t: t.replace("><", ">\n  <")),
                          "comment": edited(lambda t: t.replace("<Credentials>", "<!-- a --><Credentials>")),
                          "unknown elements": edited(lambda t: t.replace("<Credentials>",
                                                                         "<New><AccessKeyId>no</AccessKeyId></New><Credentials><Newer/>"))}
            else:
                steps |= {"pretty": edited(lambda t: json.dumps(json.loads(t), indent=2)),
                          "unknown members": edited(lambda t: t[:-1] + ',"New":{"Credentials":{"AccessKeyId":"no"}}}'),
                          "escapes": edited(lambda t: t.replace("STS.", "\\u0053TS."))}
            for name, answer, _, seen in self.all_at_once(cloud, steps):
                with self.subTest(f"{cloud} {name}"):
                    data = self.assert_granted(answer)
                    self.assertIn(data["accessKeyId"], self.fakes[cloud].credentials)
                    self.assertEqual(len(seen), 1)

    def test_redirects_are_not_followed(self):
        for cloud in self.fakes:
            elsewhere = FakeSts(cloud)
            self.addCleanup(elsewhere.stop)
            steps = {s: edited(str, status=s, headers=(("Location", elsewhere.url + "/"),)) for s in (301, 302, 303, 307, 308)}
            for name, answer, seconds, _ in self.all_at_once(cloud, steps):
                with self.subTest(f"{cloud} {name}"):
                    self.assert_failure(answer, 502)
                    self.in_time(seconds)
            with self.subTest(f"{cloud} elsewhere"):
                self.assertEqual((elsewhere.count(), elsewhere.connections), (0, 0))

    def test_one_failure_does_not_reach_the_caller(self):
        for cloud in self.fakes:
            steps = {name: [step, granted] for name, step in passing(cloud).items()}
            for name, answer, seconds, seen in self.all_at_once(cloud, steps, workers=2):
                with self.subTest(f"{cloud} {name}"):
                    self.assert_granted(answer)
                    self.in_time(seconds)
                    self.assertEqual(len(seen), 2)
                    self.assertEqual([r.fault for r in seen], [None, None], "signed afresh")
                    if cloud == "aliyun":
                        self.assertEqual(len({r.headers["x-acs-signature-nonce"] for r in seen}), 2)
                    self.assertEqual(len({r.parameters["Policy"] for r in seen}), 1, "the same key is asked for")

    def test_failures_that_stay(self):
        """Throttling and a cloud that is down are 503; a success in between, so that no single fault counts as an outage."""
        def one_cloud(cloud):
            got, steps = [], passing(cloud)
            for number, name in enumerate((next(iter(steps)), "500 without a document", "503 without a document", "reset",
                                           "closed without a word", "cut in the body")):
                self.fakes[cloud].script[f"stay{number}"] = [steps[name]]
                got.append((cloud, name, *self.ask(cloud, f"stay{number}"), len(self.fakes[cloud].seen(f"stay{number}"))))
                self.ask(cloud, "ok")
            return got
        for cloud, name, answer, seconds, tries in sum(in_parallel(one_cloud, self.fakes, 2), []):
            with self.subTest(f"{cloud} {name}"):
                if name != "cut in the body" or answer.status != 502:    # that one is a broken connection and a cut document in one
                    self.assert_503(answer)
                self.in_time(seconds)
                self.assertGreaterEqual(tries, 2)

    def test_too_slow(self):
        steps = {"before the first byte": slow(SECONDS + 3), "drop by drop": dripping(0.1),
                 "a refusal, late": slow(SECONDS + 3, refused("AccessDenied", 403)),
                 "throttled, then silent": [refused("Throttling", 400), slow(SECONDS + 3)]}

        def one_cloud(cloud):
            got = []
            for number, (name, step) in enumerate(steps.items()):
                self.fakes[cloud].script[f"slow{number}"] = step if isinstance(step, list) else [step]
                got.append((cloud, name, *self.ask(cloud, f"slow{number}")))
                self.ask(cloud, "ok")
            return got
        for cloud, name, answer, seconds in sum(in_parallel(one_cloud, self.fakes, 2), []):
            with self.subTest(f"{cloud} {name}"):
                self.assert_failure(answer, (503, 504) if "throttled" in name else 504)
                self.in_time(seconds)

    def test_clock(self):
        """A cloud whose clock is 20 minutes ahead is asked once more by its own time; one that still refuses is not asked a third time."""
        codes = {"aws": ("RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed", "SignatureDoesNotMatch"),
                 "aliyun": ("InvalidTimeStamp.Expired",)}
        for cloud, sts in self.fakes.items():
            sts.clock_offset = 1200
            try:
                with self.subTest(f"{cloud} ahead"):
                    answer, _ = self.ask(cloud, "ahead")
                    data = self.assert_granted(answer)
                    seen = sts.seen("ahead")
                    self.assertEqual(len(seen), 2)
                    self.assertLessEqual(abs(seen[1].date - sts.now()), 10)
                    self.assertEqual([r.fault for r in seen], [None, None])
                    self.assertEqual(data["expiration"], sts.credentials[data["accessKeyId"]].expiration)
            finally:
                sts.clock_offset = 0
            with self.subTest(f"{cloud} right again"):
                self.assert_granted(self.ask(cloud, "right")[0])
                self.assertLessEqual(len(sts.seen("right")), 2)
            for name, answer, seconds, seen in self.all_at_once(cloud, {code: refused(code, 403) for code in codes[cloud]}):
                with self.subTest(f"{cloud} {name} stays"):
                    self.assert_failure(answer, 502)
                    self.in_time(seconds)
                    self.assertLessEqual(len(seen), 2)


class Outages(GatewayCase):
    changes = {"limits": {"sts_seconds": SECONDS}}

    def test_nobody_listens(self):
        gateway = self.start({"limits": {"sts_seconds": SECONDS}, "clouds": {"aws": {"sts_endpoint": f"http://127.0.0.1:{free_port()}"}}})
        with gateway.user() as api:
            for _ in range(3):
                with self.subTest("503"):
                    start = time.monotonic()
                    answer = api.info(REQUEST)
                    self.assert_failure(answer, 503)
                    self.assertLessEqual(time.monotonic() - start, SECONDS + 1)
                    self.assertRegex(answer.header("retry-after"), r"^([1-9]|10)$")
            with self.subTest("the others do not notice"):
                self.assertEqual([api.info({**REQUEST, "type": t}).status for t in (3, 0)], [200, 200])
                self.assertEqual(api.info(FORM).status, 200)

    def test_a_certificate_that_nobody_vouches_for(self):
        for cloud in ("aws", "aliyun"):
            folder = Folder()
            self.addCleanup(folder.remove)
            sts = FakeSts(cloud, context=folder.server_context())
            self.addCleanup(sts.stop)
            gateway = self.start({"limits": {"sts_seconds": SECONDS}, "clouds": {cloud: {"sts_endpoint": sts.url}}})
            with self.subTest(cloud), gateway.user() as api:
                self.assert_failure(api.info({**REQUEST, "type": TYPES[cloud]}), 503)
                self.assertEqual(sts.count(), 0, "credentials went to a stranger")

    def test_a_hanging_cloud_holds_up_nobody_else(self):
        self.aws.script["hang"] = [slow(SECONDS + 2)]
        done = []

        def hang():
            with self.gateway.user() as api:
                done.append(api.info({**REQUEST, "extension": "hang"}).status)
        threads = [threading.Thread(target=hang) for _ in range(40)]
        for thread in threads:
            thread.start()
        try:
            self.assertTrue(until(lambda: self.aws.busy >= 40), self.aws.busy)
            for _ in range(20):
                for request in ({**REQUEST, "type": 3}, {**REQUEST, "type": 0}, FORM):
                    self.assert_granted(self.api.info(request))
            self.assertEqual(done, [], "the others waited for the hanging cloud")
        finally:
            for thread in threads:
                thread.join(20)
        self.assertEqual(done, [504] * 40)


class Connections(GatewayCase):
    def test_200_at_once_on_reused_connections(self):
        """Every exchange waits until 200 are there: so they do run at once. The second round finds connections open."""
        connections = in_parallel(lambda _: self.gateway.connect(), range(200), 8)
        users = [self.gateway.user() for _ in connections]
        for user, connection in zip(users, connections):
            user.connection = connection
            self.addCleanup(user.close)
        opened = kept = 0
        for number in range(2):
            gate = threading.Barrier(200, timeout=3)

            def together(sts):
                return Reply(granted(sts).body, delay=lambda: wait_at(gate))
            self.aws.script[f"round{number}"], self.aws.peak = [together], 0
            datas = [self.assert_granted(a) for a in in_parallel(lambda u: u.info({**REQUEST, "extension": f"round{number}"}), users, 200)]
            with self.subTest(f"round {number}: at once"):
                self.assertGreaterEqual(self.aws.peak, 200)
                self.assertEqual(len({d["accessKeyId"] for d in datas}), 200)
            with self.subTest(f"round {number}: at most 128 idle connections are kept"):
                until(lambda: self.aws.open <= 128)
                self.assertLessEqual(self.aws.open, 128)
            with self.subTest(f"round {number}: connections are reused"):
                self.assertLessEqual(self.aws.connections - opened, 200 - kept // 2)
                self.assertGreater(self.aws.open, 0)
            opened, kept = self.aws.connections, self.aws.open
        with self.subTest("one after the other on one connection"):
            for _ in range(20):
                self.assert_granted(users[0].info(REQUEST))
            self.assertLessEqual(self.aws.connections - opened, 2)
        self.assertEqual(self.aws.faults(), [])

    def test_a_kept_connection_that_the_cloud_closed(self):
        """Nobody learns of it."""
        self.aliyun.script["bye"] = [lambda sts: Reply(granted(sts).body, close=True)]
        for _ in range(10):
            self.assert_granted(self.api.info({**REQUEST, "type": 3, "extension": "bye"}))


def wait_at(gate):
    try:
        gate.wait()
    except threading.BrokenBarrierError:
        pass
