"""Start, reload, stop and death of the process, under load."""
import copy
import json
import signal
import socket
import ssl
import time
import unittest

from support.case import FORM, JSON_TYPE, REQUEST, GatewayCase, Load, bearer
from support.process import TOKEN, Folder, Gateway, merged, token, until
from support.sts import slow
from support.wire import Ended, message

INFO = "/upload/sts/info"
VOUCHER = {**FORM, "type": 0}


def one(request, headers=None):
    return message("POST", INFO, {**(headers or bearer()), **JSON_TYPE}, json.dumps(request))


def anybody():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Stop(GatewayCase):
    def test_sigterm_under_load(self):
        """What was sent whole before the signal is answered whole; idle connections hold nothing up; the status is 0."""
        gateway = self.start()
        self.aws.script["inflight"] = [slow(1.5)]
        idle = [gateway.connect() for _ in range(20)]
        self.addCleanup(lambda: [c.close() for c in idle])
        for connection in idle[:10]:
            self.assertEqual(connection.ask("GET", "/healthz").status, 200)
        sent, lost, data = [], [], one(VOUCHER)

        def ask(load, connection):
            connection.send(data)
            moment = time.monotonic()
            try:
                answer = connection.read()
            except (Ended, OSError) as error:
                lost.append((moment, repr(error)))
                return False
            load.answers.append((moment, answer.status))
            return answer.header("connection").lower() != "close"
        waiting = [gateway.connect() for _ in range(10)]
        self.addCleanup(lambda: [c.close() for c in waiting])
        for connection in waiting:
            connection.send(one({**REQUEST, "extension": "inflight"}))
        self.assertTrue(until(lambda: len(self.aws.seen("inflight")) == 10))
        load = Load(gateway, ask, 8)
        time.sleep(0.5)
        moment = time.monotonic()
        gateway.signal(signal.SIGTERM)
        with self.subTest("exchanges in flight are finished"):
            for connection in waiting:
                self.assert_granted(connection.read())
        status = gateway.wait(20)
        seconds = time.monotonic() - moment
        load.stop()
        with self.subTest("status 0"):
            self.assertEqual(status, 0)
        with self.subTest("idle connections do not hold it up"):
            self.assertLess(seconds, 9)
        with self.subTest("no answer is missing"):
            self.assertEqual([l for l in lost if l[0] < moment], [])
            self.assertGreater(len(load.answers), 20)
            self.assertEqual({status for _, status in load.answers}, {200})
            self.assertEqual(load.broken, [])

    def test_no_new_connections(self):
        gateway = self.start()
        self.aws.script["last"] = [slow(2)]
        with gateway.connect() as connection:
            connection.send(one({**REQUEST, "extension": "last"}))
            self.assertTrue(until(lambda: self.aws.seen("last")))
            gateway.signal(signal.SIGTERM)

            def refuses():
                try:
                    with gateway.connect(patience=2):
                        return False
                except OSError:
                    return True
            self.assertTrue(until(refuses, 1.5), "still accepts while it finishes")
            self.assert_granted(connection.read())
        self.assertEqual(gateway.wait(12), 0)

    def test_ten_seconds_at_most(self):
        """Half a request, a silent connection and a cloud that never answers cannot keep the process."""
        self.aws.script["never"] = [slow(30)]
        quiet, stuck = self.start(), self.start({"limits": {"sts_seconds": 60}})
        with quiet.connect() as idle, quiet.connect() as partly, socket.create_connection(quiet.address), stuck.connect() as waiting:
            self.assertEqual(idle.ask("GET", "/healthz").status, 200)
            partly.send(b"GET /healthz HTTP/1.1\r\nHost: ")
            waiting.send(one({**REQUEST, "extension": "never"}))
            self.assertTrue(until(lambda: self.aws.seen("never")))
            moment = time.monotonic()
            for gateway in (quiet, stuck):
                gateway.signal(signal.SIGTERM)
            for name, gateway in (("half a request", quiet), ("a cloud that never answers", stuck)):
                with self.subTest(name):
                    self.assertEqual(gateway.wait(), 0)
                    self.assertLess(time.monotonic() - moment, 11)


class Reload(GatewayCase):
    def setUp(self):
        self.here = Folder()
        self.addCleanup(self.here.remove)
        self.running = self.start({"clouds": {"aliyun": None}}, folder=self.here)

    def alive(self, change, settings=None, seconds=5):
        """Reloads and waits until `change()` holds."""
        self.running.reload(settings or self.running.settings)
        self.assertTrue(until(change, seconds), "the change was not taken up")

    def ask(self, request=VOUCHER, token=TOKEN):
        self.running.context = anybody()
        with self.running.user(token) as api:
            return api.info(request)

    def test_reload_under_load(self):
        """Every part that a reload may change, while eight users keep asking on connections that must not break."""
        def ask(load, connection):
            answer = connection.ask("POST", INFO, {**bearer(), **JSON_TYPE}, json.dumps(VOUCHER))
            load.answers.append((answer.status, answer.json()["data"]["objectId"]))
            return answer.header("connection").lower() != "close"
        load = Load(self.running, ask, 8)
        try:
            base = self.running.settings
            both = [token(TOKEN, "everybody", modules="*", projects="*"), token("late", "late", modules="*", projects="*")]
            with self.subTest("tokens come"):
                self.assertEqual(self.ask(token="late").status, 401)
                self.here.write("tokens.json", {"tokens": both})
                self.alive(lambda: self.ask(token="late").status == 200)
            with self.subTest("tokens go"):
                self.here.write("tokens.json", {"tokens": both[:1]})
                self.alive(lambda: self.ask(token="late").status == 401)
            with self.subTest("root"):
                self.alive(lambda: self.ask().json()["data"]["relativePath"].startswith("other/"),
                           merged(base, {"paths": {"root": "other"}}))
            with self.subTest("a cloud comes"):
                self.assertEqual(self.ask({**FORM, "type": 3}).status, 400)
                whole = self.here.settings(self.fakes, {"admin": base["admin"]})
                self.alive(lambda: self.ask({**FORM, "type": 3}).status == 200, whole)
            with self.subTest("a cloud changes"):
                self.alive(lambda: self.ask({**FORM, "type": 2}).json()["data"]["bucket"] == "moved",
                           merged(whole, {"clouds": {"aws": {"bucket": "moved"}}}))
            with self.subTest("a cloud goes"):
                self.alive(lambda: self.ask({**FORM, "type": 2}).status == 400, merged(whole, {"clouds": {"aws": None}}))
            with self.subTest("limits"):
                self.alive(lambda: self.ask(json.dumps(VOUCHER) + " " * 600).status == 413, merged(whole, {"limits": {"body_bytes": 500}}))
                self.alive(lambda: self.ask(json.dumps(VOUCHER) + " " * 600).status == 200, whole)
            with self.subTest("certificate"):
                before = self.certificate()
                self.here.certificate(name="renewed.test")
                self.alive(lambda: self.certificate() != before)
                self.assertEqual(self.certificate(), ssl.PEM_cert_to_DER_cert((self.here.path / "tls.pem").read_text()))
            with self.subTest("many at once"):
                for number in range(20):
                    self.running.reload(whole)
                    time.sleep(0.01)
                self.assertEqual(self.ask().status, 200)
        finally:
            load.stop()
        with self.subTest("no connection broke"):
            self.assertEqual(load.broken, [])
            self.assertEqual({status for status, _ in load.answers}, {200})
        with self.subTest("no object id came twice"):
            self.assertEqual(len({i for _, i in load.answers}), len(load.answers))
            self.assertGreater(len(load.answers), 100)

    def certificate(self):
        with self.running.connect(anybody()) as connection:
            return connection.socket.getpeercert(binary_form=True)

    def test_a_bad_configuration_is_refused(self):
        """The old one stays, and standard error says so."""
        good = copy.deepcopy(self.running.settings)
        before_certificate = self.certificate()

        spoilers = {
            "broken JSON": (lambda: self.here.write("gateway.json", "{"), ""),
            "an unknown field": (lambda: self.here.write("gateway.json", {**good, "colour": 1}), "colour"),
            "a bad root": (lambda: self.here.write("gateway.json", merged(good, {"paths": {"root": "a*"}})), "root"),
            "no file": (lambda: (self.here.path / "gateway.json").unlink(), ""),
            "broken tokens": (lambda: self.here.write("tokens.json", "{"), "tokens"),
            "a broken certificate": (lambda: self.here.write("tls.pem", "no certificate"), "listen"),
        }
        originals = {name: (self.here.path / name).read_bytes() for name in ("tokens.json", "tls.pem", "tls.key")}
        for name, (spoil, word) in spoilers.items():
            with self.subTest(name):
                size = len(self.running.stderr)
                spoil()
                self.running.signal(signal.SIGHUP)
                self.assertTrue(until(lambda: word in self.running.stderr[size:].strip() and self.running.stderr[size:].strip()),
                                f"standard error does not say {word}")
                self.assertTrue(self.running.running)
                answer = self.ask()
                self.assertEqual(answer.status, 200)
                self.assertTrue(answer.json()["data"]["relativePath"].startswith("test/"))
                self.assertEqual(self.certificate(), before_certificate)
            for file, content in originals.items():
                self.here.write(file, content)
            self.here.write("gateway.json", good)
        with self.subTest("a good one is taken up again"):
            self.alive(lambda: self.ask().json()["data"]["relativePath"].startswith("better/"), merged(good, {"paths": {"root": "better"}}))

    def test_what_a_reload_ignores(self):
        """With a warning; the rest is taken up."""
        base, port = self.running.settings, self.running.address[1]
        size = len(self.running.stderr)
        changed = merged(base, {"listen": {"port": port + 1 if port < 65535 else port - 1}, "object_ids": {"sqlite": {"file": "others.db"}},
                                "paths": {"root": "moved"}})
        self.alive(lambda: self.ask().json()["data"]["relativePath"].startswith("moved/"), changed)
        self.assertTrue(until(lambda: "listen" in self.running.stderr[size:]), "no warning names listen")


class Death(unittest.TestCase):
    def test_kill_nine_ten_times(self):
        """No object id twice, whenever the process dies; the data file needs no repair."""
        folder = Folder()
        self.addCleanup(folder.remove)
        settings, ids = folder.settings(), []
        for number in range(10):
            with self.subTest(f"life {number + 1}"):
                gateway = Gateway(folder, settings)
                self.addCleanup(gateway.process.kill)

                def ask(load, connection):
                    answer = connection.ask("POST", INFO, {**bearer(), **JSON_TYPE}, json.dumps(VOUCHER))
                    load.answers.append(answer.json()["data"]["objectId"])
                    return True
                load = Load(gateway, ask, 4)
                self.assertTrue(until(lambda: len(load.answers) > 50, 10), "no answers")
                time.sleep(0.03 * number)
                gateway.signal(signal.SIGKILL)
                self.assertEqual(gateway.wait(), -signal.SIGKILL)
                ids += load.stop().answers
        with self.subTest("ids of all lives"):
            self.assertGreater(len(ids), 500)
            self.assertEqual(len(set(ids)), len(ids))

    def test_a_restart_goes_on(self):
        folder = Folder()
        self.addCleanup(folder.remove)
        settings, ids, request_ids = folder.settings(), [], []
        for _ in range(3):
            gateway = Gateway(folder, settings)
            self.addCleanup(gateway.stop)
            with gateway.user() as api:
                answers = [api.info(VOUCHER) for _ in range(50)]
            ids += [a.json()["data"]["objectId"] for a in answers]
            request_ids += [a.header("x-request-id") for a in answers]
            self.assertEqual(gateway.stop(), 0)
        self.assertEqual((len(set(ids)), len(set(request_ids))), (150, 150))
        self.assertTrue((folder.path / "ids.db").exists(), "the relative path starts at the configuration's folder")

    def test_two_processes_on_one_file(self):
        """As during a rolling restart."""
        folder = Folder()
        self.addCleanup(folder.remove)
        settings = folder.settings()
        ids = []
        gateways = []
        for number in range(2):
            gateways.append(Gateway(folder, merged(settings, {"admin": None}), name=f"gateway{number}.json"))
            self.addCleanup(gateways[-1].stop)
        for _ in range(100):
            for gateway in gateways:
                with gateway.user() as api:
                    ids.append(api.info(VOUCHER).json()["data"]["objectId"])
        self.assertEqual(len(set(ids)), len(ids))
