"""What the test groups share: one gateway a group, the shapes of answers, and request tables."""
import json
import re
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

from .clouds import TYPES, WITH_STS
from .process import TOKEN, Folder, Gateway
from .sts import FakeSts

REQUEST = {"type": TYPES["aws"], "extension": "mp4", "isNeedCallback": 0, "uploadModule": "resource_video"}
FORM = {**REQUEST, "grant": "form"}
JSON_TYPE = {"Content-Type": "application/json"}
UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def in_parallel(function, items, workers):
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, items))


class Checks(unittest.TestCase):
    def each(self, check, cases, workers=4):
        """Calls `check(*case)` for every case {name: case} of a table, some at a time; each one is a check of its own."""
        def outcome(case):
            try:
                check(*case) if isinstance(case, tuple) else check(case)
            except Exception as error:
                return error
        for name, error in zip(cases, in_parallel(outcome, cases.values(), workers)):
            with self.subTest(name):
                if error:
                    raise error


class GatewayCase(Checks):
    """A group of checks on one gateway with a fake STS for each cloud that has one."""
    changes = {}            # of the usual configuration
    tokens = None           # of the usual token file
    environment = None

    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.remove)
        cls.fakes = {name: FakeSts(name) for name in WITH_STS}
        cls.aws = cls.fakes["aws"]
        for sts in cls.fakes.values():
            cls.addClassCleanup(sts.stop)
        if cls.tokens:
            cls.folder.write("tokens.json", {"tokens": cls.tokens})
        cls.gateway = Gateway(cls.folder, cls.folder.settings(cls.fakes, cls.changes), environment=cls.environment)
        cls.addClassCleanup(cls.end)
        cls.api = cls.gateway.user()
        cls.addClassCleanup(cls.api.close)

    @classmethod
    def end(cls):
        crashed = not cls.gateway.running
        status = cls.gateway.stop()
        if crashed or status != 0:
            raise AssertionError(f"the gateway {'died' if crashed else 'ended'} with status {status}: {cls.gateway.stderr[-300:]}")

    def start(self, changes=None, **options):
        """One more gateway for this test, with a folder of its own."""
        folder = options.pop("folder", None)
        if folder is None:
            folder = Folder()
            self.addCleanup(folder.remove)
        gateway = Gateway(folder, folder.settings(self.fakes, changes), **options)
        self.addCleanup(gateway.stop)
        return gateway

    def talk(self, data, gateway=None):
        """A fresh connection on which `data` was sent."""
        connection = (gateway or self.gateway).connect()
        self.addCleanup(connection.close)
        connection.send(data)
        return connection

    def exchanges(self):
        return sum(sts.count() for sts in self.fakes.values())

    def faults(self):
        """What the clouds found wrong with the requests that they got."""
        return [(name, fault) for name, sts in self.fakes.items() for fault in sts.faults()]

    # shapes

    def assert_json_route(self, answer):
        self.assertRegex(answer.header("content-type"), r"^application/json\b", answer)
        self.assertIn("no-store", answer.header("cache-control"), answer)
        self.assertTrue(answer.header("x-request-id"), answer)

    def assert_failure(self, answer, status, names=()):
        """A refusal in the contract's shape, whose both texts name what is wrong."""
        statuses = (status,) if isinstance(status, int) else status
        self.assertIn(answer.status, statuses, answer)
        self.assert_json_route(answer)
        body = answer.json()
        self.assertEqual(set(body), {"code", "enMsg", "msg", "data"}, answer)
        self.assertIsNone(body["data"])
        self.assertTrue(type(body["code"]) is int and body["code"] != 0, answer)
        self.assertRegex(body["enMsg"], r"[A-Za-z]{2}", answer)
        self.assertRegex(body["msg"], r"[\u4e00-\u9fff]", answer)
        for name in [names] if isinstance(names, str) else names:
            self.assertIn(name, body["enMsg"])
            self.assertIn(name, body["msg"])
        return body

    def assert_granted(self, answer):
        self.assertEqual(answer.status, 200, answer)
        self.assert_json_route(answer)
        body = answer.json()
        self.assertEqual((set(body), body["code"], body["message"]), ({"code", "message", "data"}, 0, ""), answer)
        return body["data"]


class Load:
    """Users that ask again and again, each on one keep-alive connection, until they are told to stop."""

    def __init__(self, gateway, ask, users=8):
        self.stopped, self.answers, self.broken = threading.Event(), [], []
        self.threads = [threading.Thread(target=self._run, args=(gateway, ask), daemon=True) for _ in range(users)]
        for thread in self.threads:
            thread.start()

    def _run(self, gateway, ask):
        try:
            with gateway.connect() as connection:
                while not self.stopped.is_set() and len(self.answers) < 200_000:
                    if not ask(self, connection):
                        return
        except Exception as error:
            self.broken.append(error)

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join(20)
        return self


def encode(pairs):
    """JSON text of (name, value) pairs, where a `Raw` value stands as it is."""
    return "{" + ",".join(f"{json.dumps(n)}:{v.text if isinstance(v, Raw) else json.dumps(v)}" for n, v in pairs) + "}"


class Raw:
    def __init__(self, text):
        self.text = text


def log_lines(gateway):
    """Every line of the log that is a JSON object."""
    for line in gateway.stderr.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield line, entry


def bearer(token=TOKEN):
    return {"Authorization": f"Bearer {token}"}


def plain_word(text):
    return re.fullmatch(r"[A-Za-z]+", text) is not None
