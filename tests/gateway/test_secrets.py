"""Nothing secret anywhere but in the one answer that is for it; and the log: one JSON line a request, without what callers say."""
import base64
import json
from pathlib import Path
from urllib.parse import quote

from support.case import FORM, REQUEST, GatewayCase, bearer, log_lines
from support.clouds import CLOUDS, TYPES, WITH_STS
from support.process import TOKEN, token, until
from support.sts import edited, granted, plain, refused, shaped
from support.wire import message

ENVIRONMENT = "canaryEnvironmentSecret0000000001"


def spellings(secret):
    """A secret as it is, and as JSON, a URL, base64 or hexadecimal would spell it."""
    encoded = [base64.b64encode(b"x" * shift + secret.encode()).decode()[4:-4] for shift in range(3)]
    return {secret, json.dumps(secret)[1:-1], quote(secret, safe=""), secret.encode().hex(), *encoded}


class Secrets(GatewayCase):
    tokens = [token(TOKEN, "everybody", modules="*", projects="*"), token("canaryLimitedToken0001", "limited", modules=["directorytemp"])]
    environment = {"VALETKEY_TEST_SECRET": ENVIRONMENT, "VALETKEY_TEST_UNUSED": "canaryUnusedEnvironment0001"}
    changes = {"clouds": {"aliyun": {"form": {"access_key_secret": "${env:VALETKEY_TEST_SECRET}"}}}, "limits": {"sts_seconds": 2}}

    def test_canaries(self):
        """Everything that can go right or wrong once, then a search through all that came out."""
        cut = "canaryCutSecret00000000000001"
        everywhere = {"the environment": ENVIRONMENT, "another variable": "canaryUnusedEnvironment0001", "a token": TOKEN,
                      "a limited token": "canaryLimitedToken0001", "a bad token": "canaryBadToken0001",
                      "a query": "canaryQuery0001", "a body": "canaryBody0001", "an unknown header": "canaryHeader0001",
                      "a vendor's message": "canaryVendorMessage0001", "a secret in an error document": cut,
                      **{f"{name}'s secret": cloud.keys[1] for name, cloud in CLOUDS.items()},
                      **{f"{name}'s form secret": cloud.form[1] for name, cloud in CLOUDS.items() if name != "aliyun"}}
        leak = f"{cut} canaryVendorMessage0001 {TOKEN}"
        vendor = {"refusal": refused("AccessDenied", 403, leak), "throttled": refused("Throttling", 400, leak), "down": plain(leak, 500),
                  "noise": plain(leak), "cut": edited(lambda t: t[:-30] + leak),
                  "expired": shaped(-60), "good": granted}
        answers = []
        for cloud, sts in self.fakes.items():
            for name, step in vendor.items():
                sts.script[name] = [step]
                answers.append(self.api.info({**REQUEST, "type": TYPES[cloud], "extension": name, "isNeedCallback": 1,
                                              "uuid": "canaryBody0001"}))
        for number in TYPES.values():
            answers.append(self.api.info({**FORM, "type": number, "isNeedCallback": 1}))
            answers.append(self.api.query(f"type={number}&extension=a&isNeedCallback=1&uploadModule=temp&uuid=canaryQuery0001"))
        answers += [self.api.query("type=2&canaryQuery0001=canaryQuery0001"), self.api.info('{"type": 2, "extension": "canaryBody0001\0"'),
                    self.api.info({**REQUEST, "extension": "canaryBody0001-"}),
                    self.api.ask("GET", "/nowhere?a=canaryQuery0001"),
                    self.api.ask("GET", "/healthz", headers={"X-Secret": "canaryHeader0001",
                                                             "Referer": "https://a.example/?canaryQuery0001", "User-Agent": "agent"}),
                    self.api.ask("POST", "/upload/callback?canaryQuery0001", b"canaryBody0001")]
        for name in ("canaryBadToken0001", "canaryLimitedToken0001"):
            with self.gateway.user(name) as api:
                answers.append(api.info(REQUEST))
        for data in (b"GET /healthz?canaryQuery0001 HTTP/1.1\r\nHost: a\r\nX-A: canaryHeader0001\x01\r\n\r\n",
                     f"GET /healthz HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()):
            answers.append(self.talk(data).read())
        metrics = self.gateway.admin("GET", "/metrics").text()
        command = Path(f"/proc/{self.gateway.process.pid}/cmdline").read_bytes().decode()
        until(lambda: sum(1 for _ in log_lines(self.gateway)) >= len(answers), 3)

        issued = {}
        for sts in self.fakes.values():
            for credential in sts.credentials.values():
                issued |= {f"{credential.id}'s secret": credential.secret, f"{credential.id}'s token": credential.token}
        with self.subTest("what should come out did"):
            self.assertEqual(sum(a.status == 200 and bool(a.json().get("data")) and bool(a.json()["data"]["secretAccessKey"])
                                 for a in answers if b"accessKeyId" in a.body), 2 * len(WITH_STS))
        places = {"stdout": self.gateway.stdout, "stderr": self.gateway.stderr, "/metrics": metrics, "the command line": command}
        for place, text in places.items():
            for name, secret in {**everywhere, **issued}.items():
                if (place, name) == ("stderr", "a vendor's message"):
                    continue    # the operator may read what the vendor says, unless it holds a secret
                with self.subTest(f"{name} in {place}"):
                    self.assertEqual([s for s in spellings(secret) if s in text], [])
        for name, secret in everywhere.items():
            with self.subTest(f"{name} in an answer"):
                # The caller's own words may come back to the caller that said them; a secret of the operator's or a cloud's never.
                if name not in ("a query", "a body"):
                    self.assertEqual([a for a in answers if any(s in a.text() for s in spellings(secret))], [])
        for name, secret in issued.items():
            with self.subTest(f"{name} in another's answer"):
                holders = [a for a in answers if secret in a.text()]
                self.assertLessEqual(len(holders), 1)
                self.assertTrue(all(a.status == 200 and a.json()["data"]["accessKeyId"] == name.split("'")[0] for a in holders))

    def test_a_log_line_a_request(self):
        answers = [self.api.info(FORM), self.api.info(b"{}"), self.api.ask("GET", "/healthz?canaryQuery0002"),
                   self.api.ask("GET", "/nowhere"), self.api.info({**REQUEST, "type": 3})]
        with self.gateway.user("canaryBadToken0002") as api:
            answers.append(api.info(FORM))
        for answer in answers:
            name = answer.header("x-request-id")
            with self.subTest(f"{answer.status}"):
                lines = until(lambda: [line for line, entry in log_lines(self.gateway) if name in map(str, entry.values())])
                self.assertTrue(lines, "no JSON line holds the request's id")

    def test_what_callers_write_into_the_log(self):
        """A caller can neither begin a line of its own nor colour one."""
        hostile = ["/a%0a{\"forged\":1}", "/a%1b[31m", "/" + quote("名\u2028"), "/a\"b", "/{'a':1}", "/" + "a" * 3000]
        for path in hostile:
            connection = self.gateway.connect()
            self.addCleanup(connection.close)
            connection.send(message("GET", path, {**bearer(), "User-Agent": "agent\"}\\n", "X-Request-Id": "forged-id",
                                                  "Referer": "r\u00e9"}))
            self.assertIn(connection.read().status, (400, 404))
        self.assertEqual(self.api.info({**REQUEST, "uuid": "line\u2028\u0085\x1b[31m\n{\"forged\":1}"}).status, 200)
        self.api.ask("GET", "/healthz")
        log = self.gateway.stderr
        with self.subTest("no control characters"):
            self.assertEqual({c for c in log if ord(c) < 32 or ord(c) == 127} - {"\n"}, set())
        with self.subTest("no forged lines"):
            self.assertEqual([entry for _, entry in log_lines(self.gateway) if "forged" in entry], [])
        with self.subTest("every line of a request is whole JSON"):
            for line in log.splitlines():
                if line.startswith("{"):
                    json.loads(line)
