"""The command line, and what a configuration must and must not say. Every refusal names the place in the document."""
import copy
import itertools
import json
import re
import socket
import time
import unittest

from support.case import FORM, Checks
from support.clouds import CLOUDS, TYPES, WITH_STS
from support.process import TOKEN, Folder, Gateway, free_port, run_program
from support.vouchers import check_voucher

GONE = object()


def edit(settings, path, value):
    """A copy of the settings with one member changed; `path` is dotted."""
    settings = copy.deepcopy(settings)
    *front, last = path.split(".")
    at = settings
    for name in front:
        at = at.setdefault(name, {})
    if value is GONE:
        del at[last]
    else:
        at[last] = value
    return settings


def all_of(settings, changes):
    for path, value in changes.items():
        settings = edit(settings, path, value)
    return settings


def names(text, path):
    """Whether the text names a place such as `clouds.aws.role`, with dots, slashes or brackets, or its parent and then the member."""
    parts = [re.escape(p) for p in path.split(".")]
    whole = r"[./\[\]\"']+".join(parts)
    beside = r"[./\[\]\"']+".join(parts[:-1]) + r"\b.*\b" + parts[-1]
    return re.search(whole, text) or len(parts) > 1 and re.search(beside, text) or len(parts) == 1 and re.search(rf"\b{parts[0]}\b", text)


SHA = "0" * 64
# What only some clouds have: a value that a cloud which has the field would take, and those clouds.
OWN = {"role": ("arn:aws:iam::111122223333:role/uploader", {"aws", "aliyun", "tencent", "baidu", "ksyun"}),
       "external_id": ("external", {"aws", "aliyun", "tencent", "huawei"}), "path_style": (True, {"aws"}),
       "account_id": ("0a1b2c3d4e5f60718293a4b5c6d7e8f9", {"baidu", "huawei"}), "api": ("iam3", {"huawei"}),
       "agency_name": ("upload-agency", {"huawei"}), "domain_id": ("0a1b2c3d4e5f60718293a4b5c6d7e8f9", {"huawei"}),
       "sts_region": ("cn-beijing-6", {"ksyun"}), "sts_endpoint": ("https://sts.example.com", set(WITH_STS)),
       "voucher_key": ("temporary", set(WITH_STS)), "sts_per_second": (10, set(WITH_STS))}
ROLE = {"baidu": {"role": "valetUploader", "account_id": "dc9b5191440d4f93851ddffb00000001"},
        "tencent": {"role": "qcs::cam::uin/100000000001:roleName/valetUploader"}}
BAD = [
    # every cloud: what it has not, what it must have, types, ranges
    *[(f"clouds.{cloud}.{name}", value) for name, (value, clouds) in OWN.items() for cloud in CLOUDS if cloud not in clouds],
    *[(f"clouds.{cloud}.{name}", value) for cloud in CLOUDS for name in ("access_key_id", "access_key_secret", "bucket", "region")
      for value in (GONE, "", 5)],
    *[(f"clouds.{cloud}.form.{name}", value) for cloud in CLOUDS for name in ("access_key_id", "access_key_secret")
      for value in (GONE, "")],
    *[(f"clouds.{cloud}.{name}", 5) for name, (_, clouds) in OWN.items() for cloud in sorted(clouds)
      if name not in ("sts_per_second", "path_style")],
    *[(f"clouds.{cloud}.sts_per_second", value) for cloud in WITH_STS for value in (-1, 1.5, "5", 2**64)],
    *[(f"clouds.{cloud}.voucher_key", value) for cloud in WITH_STS for value in ("both", "", "Form")],
    *[(f"clouds.{cloud}.max_size", value) for cloud in CLOUDS for value in (0, 5368709121, "1")],
    *[(f"clouds.{cloud}.allow_http", "yes") for cloud in CLOUDS],
    *[(f"clouds.{cloud}.colour", "a") for cloud in CLOUDS], *[(f"clouds.{cloud}.form.role", "a") for cloud in CLOUDS],
    # durations outside the vendor's range
    *[(f"clouds.{cloud}.duration_seconds", value) for cloud, values in {
        "tencent": (0, 129601), "baidu": (0, 86401), "huawei": (899, 86401), "ksyun": (899, 86401), "aws": (899, 43201, 2**32 + 3600),
        "aliyun": (899, 43201), "qiniu": (0,)}.items() for value in (*values, -3600, "3600", 3600.5)],
    # what the clouds that came later have of their own
    ("clouds.huawei.api", "iam4"), ("clouds.huawei.api", "STS5"), ("clouds.huawei.api", ""), ("clouds.ksyun.endpoint", GONE),
    ("clouds.ksyun.endpoint", ""), ("clouds.ksyun.role", GONE), ("clouds.ksyun.role", ""), ("clouds.ksyun.sts_region", ""),
    *[("clouds.tencent.bucket", name) for name in ("vk-tencent", "1250000000", "-1250000000", "vk-tencent-", "vk-tencent-125x",
                                                   "vk_1250000000")],
    # a bucket, region or id becomes a part of policies: nothing there may be a wildcard or leave its place
    *[(f"clouds.{cloud}.{name}", value) for cloud in CLOUDS for name in ("bucket", "region")
      for value in ("a*", "a/b", "a b", 'a"b', "a?", "a:b", "${a}", "a\\b", "a\nb")],
    *[(f"clouds.huawei.{name}", value) for name in ("agency_name", "domain_id", "account_id")
      for value in ("a*", "a:b", "a/b", 'a"b', "a\nb")],
    *[(f"clouds.ksyun.{name}", value) for name in ("role", "sts_region") for value in ("a*", 'a"b', "a\nb")],
    # unknown fields
    ("colour", 1), ("listen.backlog", 5), ("auth.basic", {}), ("auth.tokens.url", "x"), ("cors.headers", []), ("limits.burst", 5),
    ("paths.prefix", "a"), ("callback.secret", "a"), ("object_ids.sqlite.table", "a"), ("clouds.dropbox", {}),
    ("clouds.aws.token", "a"), ("clouds.qiniu.voucher_key", "form"),
    # mandatory ones
    *[(path, GONE) for path in ("listen", "auth", "object_ids", "callback", "callback.url", "clouds", "listen.certificate",
                                "listen.private_key", "auth.tokens", "auth.tokens.file", "object_ids.sqlite", "object_ids.sqlite.file",
                                "clouds.aliyun.role")],
    ("clouds", {}), ("auth", {}), ("object_ids", {}), ("clouds.aliyun.role", ""),
    # types and ranges
    ("listen.port", "8443"), ("listen.port", 65536), ("listen.port", -1), ("listen.port", 84.5), ("listen.address", 5), ("listen", []),
    ("clouds", []), ("clouds.aws", "x"), ("clouds.aws.form", []), ("cors.origins", "https://a.example"),
    ("cors.origins", [5]), ("limits", [1]), ("threads", -1), ("threads", "two"), ("clouds.aws.path_style", "yes"),
    ("clouds.aws.allow_http", 1), ("clouds.aws.max_size", -1), ("clouds.aliyun.max_size", 1.5), ("callback.url", 5),
    *[(f"limits.{name}", value) for name in ("body_bytes", "header_bytes", "header_seconds", "idle_seconds", "sts_seconds",
                                             "requests_per_minute") for value in (-1, "5")],
    # addresses
    *[(f"clouds.{cloud}.{name}", url) for cloud in CLOUDS for name in ("endpoint", "bucket_endpoint", "sts_endpoint")
      if name != "sts_endpoint" or cloud in WITH_STS
      for url in ("http://store.example.com", "http://127.0.0.1.example.com", "http://localhost.example.com",
                  "http://127.0.0.1@store.example.com", "http://10.0.0.1:9000", "ftp://127.0.0.1", "store.example.com")],
    # the root becomes part of every key
    *[("paths.root", root) for root in ("Test", "a b", "a*", "a?", "..", "a/../b", "a//b", "测试", "${x", "a$b", "a\"b", "a\\b", "a\0b", "．．",
                                        5)],
    # files
    ("listen.certificate", "missing.pem"), ("listen.private_key", "missing.key"), ("listen.certificate", "garbage.pem"),
    ("listen.private_key", "garbage.pem"), ("listen.private_key", "other.key"), ("listen.certificate", "tls.key"),
    ("auth.tokens.file", "missing.json"), ("auth.tokens.file", "garbage.pem"),
    # what stands outside the file
    ("clouds.aws.access_key_secret", "${env:VALETKEY_TEST_MISSING}"), ("clouds.aws.access_key_secret", "${file:missing}"),
    ("clouds.aliyun.form.access_key_secret", "${env:VALETKEY_TEST_MISSING}"), ("clouds.qiniu.bucket", "${file:missing}"),
]
TOGETHER = [     # several members at once: what is wrong, where, and the changes
    *[(f"{cloud}: voucher_key form without form", f"clouds.{cloud}.voucher_key",
       {f"clouds.{cloud}.form": GONE, f"clouds.{cloud}.voucher_key": "form"}) for cloud in WITH_STS],
    ("two kinds of object ids", "object_ids", {"object_ids.redis": {"url": "redis://127.0.0.1"}}),
    ("two kinds of authentication", "auth", {"auth.jwt": {"issuer": "https://a.example"}}),
    ("too long for a role", "clouds.aws.duration_seconds", {"clouds.aws.duration_seconds": 129600}),
    ("too long for a federation", "clouds.aws.duration_seconds", {"clouds.aws.duration_seconds": 129601, "clouds.aws.role": GONE}),
    ("too long for a role of Tencent", "clouds.tencent.duration_seconds",
     {"clouds.tencent.role": ROLE["tencent"]["role"], "clouds.tencent.duration_seconds": 43201}),
    ("Tencent: external_id without role", "clouds.tencent.external_id", {"clouds.tencent.external_id": "external"}),
    ("Baidu: role without account_id", "clouds.baidu", {"clouds.baidu.role": "valetUploader"}),
    ("Baidu: account_id without role", "clouds.baidu", {"clouds.baidu.account_id": ROLE["baidu"]["account_id"]}),
    ("too long for a role of Baidu", "clouds.baidu.duration_seconds",
     {**{f"clouds.baidu.{n}": v for n, v in ROLE["baidu"].items()}, "clouds.baidu.duration_seconds": 7201}),
    ("Huawei: agency_name without domain_id", "clouds.huawei", {"clouds.huawei.domain_id": GONE}),
    ("Huawei: domain_id without agency_name", "clouds.huawei", {"clouds.huawei.agency_name": GONE}),
    ("Huawei: sts5 without an agency", "clouds.huawei",
     {"clouds.huawei.api": "sts5", "clouds.huawei.agency_name": GONE, "clouds.huawei.domain_id": GONE}),
    ("Huawei: sts5 with half an agency", "clouds.huawei", {"clouds.huawei.api": "sts5", "clouds.huawei.domain_id": GONE}),
    ("Huawei: account_id is for iam3", "clouds.huawei.account_id",
     {"clouds.huawei.api": "sts5", "clouds.huawei.account_id": "11112222333344445555666677778888"}),
    ("Huawei: external_id is for sts5", "clouds.huawei.external_id", {"clouds.huawei.external_id": "external"}),
    ("Huawei: too long for sts5", "clouds.huawei.duration_seconds", {"clouds.huawei.api": "sts5", "clouds.huawei.duration_seconds": 43201}),
]
SHORTEST = {"aws": 900, "aliyun": 900, "tencent": 900, "baidu": 60, "huawei": 900, "ksyun": 900, "qiniu": 60}
LONGEST = {"aws": 43200, "aliyun": 43200, "tencent": 129600, "baidu": 43200, "huawei": 86400, "ksyun": 86400}
TOKEN_FILES = {"broken": "{", "a list": [], "short digest": {"tokens": [{"sha256": "00", "subject": "a"}]},
               "no digest": {"tokens": [{"subject": "a"}]}, "no subject": {"tokens": [{"sha256": SHA}]},
               "digest of words": {"tokens": [{"sha256": "z" * 64, "subject": "a"}]},
               "modules of a number": {"tokens": [{"sha256": SHA, "subject": "a", "modules": 5}]},
               "projects of words": {"tokens": [{"sha256": SHA, "subject": "a", "projects": ["8357"]}]}}
SECTION = {"auth.tokens": "auth", "auth.tokens.file": "tokens", "object_ids.sqlite": "object_ids", "listen.private_key": "listen",
           "listen.certificate": "listen"}


def place(path, value):
    """Where the fault lies between two members, or a whole section is wanting, the section may be named instead."""
    return SECTION.get(path, path) if value is GONE or value in ("garbage.pem", "other.key", "tls.key") else path


class Documents(Checks):
    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.remove)
        cls.folder.certificate("other", "other.test")
        cls.folder.write("garbage.pem", "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
        cls.good, cls.numbers = cls.folder.settings(), itertools.count()

    def refused(self, document, *paths, environment=None, ways=(("--check",), ())):
        """By --check and by a start alike: no ready line, a status, a place."""
        file = self.folder.write(f"bad{next(self.numbers)}.json", document)
        for options in ways:
            status, out, err = run_program("--config", file, *options, environment=environment)
            self.assertTrue(status, f"{options} ended with {status}, stderr: {err[-200:]}")
            self.assertGreater(status, 0, f"{options} died of signal {-status}")
            self.assertNotIn("ready on", out)
            self.assertTrue(err.strip(), "nothing on standard error")
            for path in paths:
                self.assertTrue(names(err, path), f"{path} is not named: {err[-300:]}")
            for cloud in CLOUDS.values():
                self.assertEqual([k for k in (cloud.keys[1], cloud.form[1]) if k in err], [])

    def accepted(self, document, environment=None, starts=True):
        file = self.folder.write("good.json", document)
        start = time.monotonic()
        status, out, err = run_program("--config", file, "--check", environment=environment)
        self.assertEqual(status, 0, err)
        self.assertLessEqual(time.monotonic() - start, 5)
        self.assertNotIn("ready on", out)
        if starts:
            gateway = Gateway(self.folder, document, environment=environment)
            self.addCleanup(gateway.stop)
            with gateway.user() as api:
                for cloud, number in TYPES.items():
                    if "form" in document["clouds"].get(cloud, {}):
                        self.assertEqual(api.info({**FORM, "type": number}).status, 200)
            self.assertEqual(gateway.stop(), 0)

    def test_one_member_wrong(self):
        """By turns at a start and by --check, which read alike."""
        ways = itertools.cycle((((),), (("--check",),)))
        self.each(lambda path, value, way: self.refused(edit(self.good, path, value), place(path, value), ways=way),
                  {f"{path} {'left out' if value is GONE else json.dumps(value)}": (path, value, next(ways)) for path, value in BAD})

    def test_several_members_wrong(self):
        self.each(lambda path, changes: self.refused(all_of(self.good, changes), path), {name: (path, c) for name, path, c in TOGETHER})

    def test_token_files(self):
        for name, content in TOKEN_FILES.items():
            with self.subTest(name):
                self.folder.write("users.json", content)
                self.refused(edit(self.good, "auth.tokens.file", "users.json"), "tokens")

    def test_broken_documents(self):
        text = json.dumps(self.good)
        for name, document in {"empty": "", "blank": " ", "cut": text[:-1], "trailing comma": text[:-1] + ",}",
                               "trailing bytes": text + "x", "two documents": text + text, "an array": "[]", "a string": '"x"',
                               "null": "null",
                               "comment": "// a\n" + text, "single quotes": text.replace('"', "'"),
                               "invalid UTF-8": text.encode().replace(b"vk-aws", b"vk-\xffaws"), "deep nesting": "[" * 100_000,
                               "deep objects": '{"a":' * 100_000,
                               "deep in a field": text[:-1] + ',"threads":' + "[" * 50_000 + "]" * 50_000 + "}",
                               "binary": bytes(range(256)) * 10}.items():
            with self.subTest(name):
                self.refused(document)
        for name, old, new in (("top", "{", '{"threads":0,"threads":0,'), ("in listen", '"listen": {', '"listen": {"port":0,'),
                               ("in a cloud", '"aws": {', '"aws": {"bucket":"vk-aws",'), ("escaped", "{", '{"pat\\u0068s":{"root":"a"},')):
            with self.subTest(f"the same name twice, {name}"):
                self.refused(text.replace(old, new, 1))

    def test_right_ones(self):
        fewer = {name: self.good[name] for name in ("listen", "auth", "object_ids", "callback")}
        fewer["clouds"] = {"qiniu": {n: v for n, v in self.good["clouds"]["qiniu"].items() if n != "form"}}
        limits = {"body_bytes": 8192, "header_bytes": 16384, "header_seconds": 10, "idle_seconds": 60, "sts_seconds": 5,
                  "requests_per_minute": 0}
        for name, document in {
            "all seven clouds": self.good, "the least": fewer,
            "a federation of 36 hours": edit(edit(self.good, "clouds.aws.role", GONE), "clouds.aws.duration_seconds", 129600),
            "twelve hours": edit(self.good, "clouds.aliyun.duration_seconds", 43200),
            "the largest size": edit(self.good, "clouds.aws.max_size", 5368709120),
            "http on loopback": edit(self.good, "clouds.aws.endpoint", "http://localhost:9000"),
            "http on another loopback": edit(self.good, "clouds.aliyun.endpoint", "http://127.1.2.3:80"),
            "http allowed": edit(edit(self.good, "clouds.aws.endpoint", "http://store.example.com"), "clouds.aws.allow_http", True),
            "a root of two parts": edit(self.good, "paths.root", "a/b-1_2.c"), "no origins": edit(self.good, "cors.origins", []),
            "two threads": edit(self.good, "threads", 2), "all limits": edit(self.good, "limits", limits),
            "no admin": edit(self.good, "admin", GONE),
            "no form anywhere": all_of(self.good, {f"clouds.{cloud}.form": GONE for cloud in CLOUDS}),
            "a budget everywhere": all_of(self.good, {f"clouds.{cloud}.sts_per_second": n for n, cloud in enumerate(WITH_STS)}),
            "the vendors' own STS": all_of(self.good, {f"clouds.{cloud}.sts_endpoint": GONE for cloud in WITH_STS}),
            "the shortest everywhere": all_of(self.good, {f"clouds.{cloud}.duration_seconds": n for cloud, n in SHORTEST.items()}),
            "the longest everywhere": all_of(self.good, {f"clouds.{cloud}.duration_seconds": n for cloud, n in LONGEST.items()}),
            "roles where they are left to choice": all_of(self.good, {f"clouds.{cloud}.{name}": value for cloud, own in ROLE.items()
                                                                      for name, value in own.items()}),
            "Huawei's STS 5": all_of(self.good, {"clouds.huawei.api": "sts5", "clouds.huawei.external_id": "external",
                                                 "clouds.huawei.duration_seconds": 43200}),
            "Huawei by token": all_of(self.good, {"clouds.huawei.agency_name": GONE, "clouds.huawei.domain_id": GONE,
                                                  "clouds.huawei.account_id": "11112222333344445555666677778888"}),
        }.items():
            with self.subTest(name):
                self.accepted(document)

    def test_secrets_outside_the_file(self):
        self.folder.write("secret.txt", "fromTheFile0000000000000000001")
        (self.folder.path / "sub").mkdir(exist_ok=True)
        self.folder.write("sub/bucket", "bucket-of-a-file")
        document = edit(edit(self.good, "clouds.aws.form.access_key_secret", "${env:VALETKEY_TEST_SECRET}"),
                        "clouds.qiniu.form.access_key_secret", "${file:secret.txt}")
        document = edit(edit(document, "clouds.qiniu.bucket", "${file:sub/bucket}"), "clouds.aliyun.bucket",
                        "${file:" + str(self.folder.path / "sub/bucket") + "}")
        with self.subTest("--check and start"):
            self.accepted(document, {"VALETKEY_TEST_SECRET": "fromTheEnvironment0001"})
        with self.subTest("read again at the start: gone"):
            self.refused(document, "clouds.aws.form.access_key_secret")
        gateway = Gateway(self.folder, document, environment={"VALETKEY_TEST_SECRET": "fromTheEnvironment0001"})
        self.addCleanup(gateway.stop)
        with gateway.user() as api:
            with self.subTest("environment"):
                data = api.info({**FORM, "type": 2}).json()["data"]
                check_voucher("aws", data, (CLOUDS["aws"].form[0], "fromTheEnvironment0001"), "", "vk-aws", "us-east-1")
            with self.subTest("file beside the configuration"):
                data = api.info({**FORM, "type": 0}).json()["data"]
                check_voucher("qiniu", data, (CLOUDS["qiniu"].form[0], "fromTheFile0000000000000000001"), "", "bucket-of-a-file", "z0")
            with self.subTest("file by its whole path"):
                self.assertEqual(api.info({**FORM, "type": 3}).json()["data"]["bucket"], "bucket-of-a-file")

    def test_check_opens_no_listener(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            document = edit(self.good, "listen.port", taken.getsockname()[1])
            with self.subTest("--check does not mind a taken port"):
                self.accepted(document, starts=False)
            with self.subTest("a start does"):
                status, out, err = run_program("--config", self.folder.write("taken.json", document))
                self.assertTrue(status and status > 0, status)
                self.assertNotIn("ready on", out)
                self.assertTrue(err.strip())


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.remove)
        cls.file = cls.folder.write("gateway.json", cls.folder.settings())

    def test_mistakes(self):
        for name, arguments in {"no option": (), "unknown option": ("--frobnicate",),
                                "unknown beside a known": ("--config", self.file, "--frobnicate"), "config without a name": ("--config",),
                                "missing file": ("--config", self.folder.path / "missing.json"),
                                "a folder": ("--config", self.folder.path), "check alone": ("--check",),
                                "a stray word": ("--config", self.file, "stray"),
                                "listen without an address": ("--config", self.file, "--listen"),
                                "listen nowhere": ("--config", self.file, "--listen", "nowhere"),
                                "listen without a port": ("--config", self.file, "--listen", "127.0.0.1"),
                                "listen beyond the ports": ("--config", self.file, "--listen", "127.0.0.1:65536"),
                                "listen alone": ("--listen", "127.0.0.1:0")}.items():
            with self.subTest(name):
                status, out, err = run_program(*arguments)
                self.assertTrue(status and status > 0, f"status {status}")
                self.assertTrue(err.strip(), "nothing on standard error")
                self.assertNotIn("ready on", out)

    def test_help_and_version(self):
        status, out, _ = run_program("--help")
        with self.subTest("--help"):
            self.assertEqual(status, 0)
            for option in ("--config", "--check", "--listen", "--version", "--help"):
                self.assertIn(option, out)
        status, out, _ = run_program("--version")
        with self.subTest("--version"):
            self.assertEqual(status, 0)
            self.assertRegex(out, r"\d+\.\d+")

    def test_listen_overrides(self):
        port = free_port()
        document = edit(self.folder.settings(), "listen.port", 1)
        for address, pattern in ((f"127.0.0.1:{port}", str(port)), ("127.0.0.1:0", r"[1-9]\d*")):
            with self.subTest(address):
                gateway = Gateway(self.folder, document, ("--listen", address))
                self.addCleanup(gateway.stop)
                self.assertRegex(gateway.stdout, rf"(?m)^valetkey-gateway: ready on https://127\.0\.0\.1:{pattern}$")
                with gateway.user(TOKEN) as api:
                    self.assertEqual(api.info(FORM).status, 200)
                self.assertEqual(gateway.stop(), 0)
