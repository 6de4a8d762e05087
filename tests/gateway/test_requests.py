"""What the gateway refuses to vend for: every rule of the request's field table, in all three spellings, before any cloud is asked."""
from urllib.parse import quote

from support.case import FORM, REQUEST, GatewayCase, Raw, encode, plain_word
from support.clouds import CLOUDS, TYPES

LEFT_OUT = object()
HOSTILE = ["*", "?", "$", "'", '"', "\\", "/", "..", "%2e", "\0", "．．", "／", "mp4*", "${*}", "a/../b", "../x", "mp4\n", "mp4\r\nx",
           "\u202emp4", "ｍｐ４", "é", "{}", "a b"]
UUID = "0DF00D20-5e55-4914-95f0-e02ff0abbfb8"

# field, bad values; the last member: fields that must be there for the value to matter
BAD = [
    ("type", [LEFT_OUT, None, "", "3", "aws", True, [2], {"a": 2}, -1, 5, 8, 9, 255, 256, 258, 2**31 + 2, 2**32 + 2, 2**63, 2**64 + 2,
              Raw("2.5"), Raw("2.0"), Raw("2e0"), Raw("1e400"), Raw("-1e400")], {}),
    ("extension", [LEFT_OUT, None, "", "a" * 17, ".mp4", "tar.gz", "mp4 ", " mp4", "m_4", "m-4", 4, True, ["mp4"], *HOSTILE], {}),
    ("isNeedCallback", [LEFT_OUT, None, "", "1", 2, -1, True, False, Raw("1.0"), Raw("1e400"), 2**32, 2**63, [], {}], {}),
    ("uploadModule", [LEFT_OUT, None, "", "video", "RESOURCE_VIDEO", "resource_video ", "resource_videos", 1, True, ["temp"], *HOSTILE],
     {}),
    ("platform", ["ios", "WEB", "web ", 1, True, [], {}, *HOSTILE], {}),
    ("projectId", [LEFT_OUT, None, 0], {"uploadModule": "bs_project"}),
    ("projectId", [-1, -8357, "8357", "", True, [8357], {}, Raw("8357.0"), Raw("1.5"), Raw("1e3"), Raw("1e400"), 2**63, 2**64 + 1, 10**30],
     {}),
    ("projectId", [-1, "8357", 2**63], {"uploadModule": "app_project"}),
    ("isDir", ["", "1", 2, -1, True, False, Raw("0.0"), Raw("1e400"), 2**32 + 1, 2**63, [], {}], {}),
    ("uuid", [LEFT_OUT, None, "", UUID[:-1], UUID + "0", UUID.replace("-", "")[:-1], "{" + UUID + "}", "urn:uuid:" + UUID,
              UUID.replace("-", "_"),
              "0df00d205-e55-4914-95f0-e02ff0abbfb8", UUID.replace("-", "", 1), "g" + UUID[1:], UUID[:-1] + "*", UUID[:-1] + "．",
              UUID + "\n", 5, True, [], *HOSTILE],
     {"uploadModule": "material_template"}),
    ("uuid", [5, True, [], {}], {}),
    ("grant", ["STS", "form ", "none", "sts,form", 1, True, [], {}, *HOSTILE], {}),
]
UNKNOWN = ["bucket", "endpoint", "bucketEndpoint", "region", "role", "roleArn", "callback", "callbackUrl", "key", "relativePath", "root",
           "objectId", "policy",
           "duration", "maxSize", "durationSeconds", "agencyName", "domainId", "accountId", "externalId", "stsRegion", "api", "voucherKey",
           "securityToken", "accessKeyId", "Type", "TYPE", "projectid", "project_id", "type ", "type\0", "", "*", "ｔｙｐｅ", "__proto__"]


def show(value):
    return "left out" if value is LEFT_OUT else value.text if isinstance(value, Raw) else repr(value)[:60]


def query_text(value):
    return quote(value.text if isinstance(value, Raw) else str(value), safe="")


def bad_in_a_query(field, value, others):
    """A query knows only text: its "3" is a number, and what is empty is absent."""
    if value is None or isinstance(value, (bool, list, dict)):
        return False
    if value == "":
        return field in REQUEST or bool(others)
    right = (("type", "3"), ("extension", 4), ("isNeedCallback", "1"), ("projectId", "8357"), ("isDir", "1"))
    return (field, value) not in right and not (field == "uuid" and not others)


class Requests(GatewayCase):
    def refuse(self, what, send, names=()):
        with self.subTest(what):
            before = self.exchanges()
            self.assert_failure(send(), 400, names)
            self.assertEqual(self.exchanges(), before, "a refused request reached a cloud")

    def test_values_in_a_body(self):
        for field, values, others in BAD:
            for number, value in enumerate(values):
                pairs = {**REQUEST, **others, field: value}
                body = encode((n, v) for n, v in pairs.items() if v is not LEFT_OUT)
                method = ("POST", "GET")[number % 2]
                self.refuse(f"{method} {field} {show(value)} {others or ''}", lambda: self.api.info(body, method), field)

    def test_values_in_a_query(self):
        for field, values, others in BAD:
            for value in values:
                if bad_in_a_query(field, value, others):
                    query = "&".join(f"{n}={query_text(v)}" for n, v in {**REQUEST, **others, field: value}.items() if v is not LEFT_OUT)
                    self.refuse(f"query {field} {show(value)} {others or ''}", lambda: self.api.query(query), field)

    def test_hostile_values_for_every_cloud(self):
        """What could widen a policy, in every field that holds text, asked of each cloud, keys and voucher alone."""
        before = self.exchanges()
        fields = [("extension", {}), ("uploadModule", {}), ("platform", {}), ("grant", {}), ("uuid", {"uploadModule": "material_template"})]
        for cloud, number in TYPES.items():
            for field, others in fields:
                for position, value in enumerate(HOSTILE):
                    request = {**(REQUEST, FORM)[position % 2], "type": number, "isDir": position // 2 % 2, **others, field: value}
                    self.refuse(f"{cloud} {field} {value!r}", lambda: self.api.info(request), field)
            for name in ("bucket", "role", "key", "objectId"):
                self.refuse(f"{cloud} unknown {name}", lambda: self.api.info({**REQUEST, "type": number, name: "x"}), name)
        with self.subTest("the clouds saw none of it"):
            self.assertEqual(self.exchanges(), before)

    def test_unknown_fields(self):
        for name in UNKNOWN:
            names = name if plain_word(name) else ()
            self.refuse(f"unknown {name!r}", lambda: self.api.info(encode([*REQUEST.items(), (name, "x")])), names)
            query = "&".join(f"{n}={v}" for n, v in REQUEST.items())
            self.refuse(f"query unknown {name!r}", lambda: self.api.query(f"{query}&{quote(name, safe='')}=x"), names)
        self.refuse("a null does not make an unknown field known", lambda: self.api.info({**REQUEST, "bucket": None}), "bucket")

    def test_twice(self):
        full = {**REQUEST, "platform": "web", "projectId": 8357, "isDir": 0, "uuid": "", "grant": "sts"}
        for name, value in full.items():
            self.refuse(f"{name} twice", lambda: self.api.info(encode([*full.items(), (name, value)])), name)
            query = "&".join(f"{n}={v}" for n, v in full.items())
            self.refuse(f"query {name} twice", lambda: self.api.query(f"{query}&{name}={value}"), name)
        tail = encode(REQUEST.items())[1:]
        self.refuse("the same name, escaped", lambda: self.api.info('{"\\u0074ype":2,' + tail), "type")
        self.refuse("the same name, absent the first time", lambda: self.api.info('{"type":null,' + tail), "type")
        self.refuse("query: the same name, escaped", lambda: self.api.query("%74ype=2&" + "&".join(f"{n}={v}" for n, v in REQUEST.items())),
                    "type")

    def test_documents(self):
        good = encode(REQUEST.items()).encode()
        bad = {
            "no body": b"", "a number": b"1", "a string": b'"x"', "an array": b"[" + good + b"]", "null": b"null", "an empty object": b"{}",
            "blanks": b"  ", "cut": good[:-1], "cut in a string": good[:-3], "trailing comma": good[:-1] + b",}",
            "trailing bytes": good + b"x", "two documents": good + good,
            "trailing NUL": good + b"\0", "byte order mark": b"\xef\xbb\xbf" + good, "UTF-16": good.decode().encode("utf-16-le"),
            "single quotes": good.replace(b'"', b"'"),
            "comment": b"/* a */" + good, "bare names": b"{type:2}", "leading zero": good.replace(b":2,", b":02,"),
            "plus sign": good.replace(b":2,", b":+2,"),
            "hexadecimal": good.replace(b":2,", b":0x2,"), "NaN": good.replace(b":2,", b":NaN,"),
            "Infinity": good.replace(b":2,", b":Infinity,"), "half a number": good.replace(b":2,", b":2.,"),
            "newline in a string": good.replace(b"mp4", b"mp\n4"), "bad escape": good.replace(b"mp4", b"mp\\x34"),
            "invalid UTF-8": good.replace(b"mp4", b"mp\xff4"),
            "overlong UTF-8": good.replace(b"mp4", b"mp\xc0\xb4"), "UTF-8 surrogate": good.replace(b"mp4", b"\xed\xa0\x80"),
            "lone surrogate": good.replace(b"mp4", b"\\ud800"),
            "swapped surrogates": good.replace(b"mp4", b"\\udc00\\ud800"), "deep arrays": b"[" * 4000 + b"]" * 4000,
            "deep, never closed": b"[" * 8000,
            "deep objects": b'{"a":' * 1200 + b"1" + b"}" * 1200,
            "deep in a field": good[:-1] + b',"uuid":' + b"[" * 3500 + b"]" * 3500 + b"}",
        }
        for name, body in bad.items():
            self.refuse(f"POST {name}", lambda: self.api.info(body))
        for name in ("an array", "cut", "trailing bytes", "invalid UTF-8", "deep arrays"):
            self.refuse(f"GET {name}", lambda: self.api.info(bad[name], "GET"))
        for text in (b"\xff", b"\\ud800", b"\\udc00"):
            self.refuse(f"{text} in the ignored uuid", lambda: self.api.info(good[:-1] + b',"uuid":"' + text + b'"}'))
        with self.subTest("10,000 deep"):
            self.assert_failure(self.api.info(b"[" * 10000 + b"]" * 10000), (400, 413))
            self.api.close()

    def test_query_spelling(self):
        query = "&".join(f"{n}={v}" for n, v in REQUEST.items())
        for name, text, field in (("nothing", "", ()), ("bad escape", query.replace("mp4", "%zz"), ()),
                                  ("cut escape", query + "&grant=%", ()), ("half an escape", query + "&grant=%2", ()),
                                  ("invalid UTF-8", query.replace("mp4", "%ff"), ()), ("overlong", query.replace("mp4", "%c0%ae"), ()),
                                  ("NUL", query.replace("mp4", "mp4%00"), ()),
                                  ("name alone", query.replace("type=2", "type"), "type"),
                                  ("empty value", query.replace("type=2", "type="), "type"),
                                  ("plus sign", query.replace("type=2", "type=%2B2"), "type"),
                                  ("blank", query.replace("type=2", "type=%202"), "type"),
                                  ("digits of another script", query.replace("type=2", "type=" + quote("２")), "type"),
                                  ("null", query + "&platform=null", "platform"),
                                  ("hexadecimal", query.replace("type=2", "type=0x2"), "type"),
                                  ("doubly escaped", query.replace("mp4", "mp%2534"), "extension"),
                                  ("semicolons", query.replace("&", ";"), ())):
            self.refuse(f"query {name}", lambda: self.api.query(text), field)
        body = encode(REQUEST.items())
        for method in ("GET", "POST"):
            self.refuse(f"{method} body and query", lambda: self.api.ask(method, "/upload/sts/info?" + query, body,
                                                                         {"Content-Type": "application/json"}))
            self.refuse(f"{method} body and a harmless query", lambda: self.api.ask(method, "/upload/sts/info?type=2", body,
                                                                                    {"Content-Type": "application/json"}))
        self.refuse("GET without anything", lambda: self.api.ask("GET", "/upload/sts/info"))
        self.refuse("POST without anything", lambda: self.api.ask("POST", "/upload/sts/info",
                                                                  headers={"Content-Type": "application/json", "Content-Length": "0"}))

    def test_clouds_that_are_not_enabled(self):
        for kept in ("qiniu", "ksyun"):
            gateway = self.start({"clouds": {name: None for name in CLOUDS if name != kept}})
            with gateway.user() as api:
                for cloud in CLOUDS:
                    for grant, request in (("sts", REQUEST), ("form", FORM)):
                        if cloud != kept:
                            self.refuse(f"{cloud} {grant} beside {kept}", lambda: api.info({**request, "type": TYPES[cloud]}))
                with self.subTest(f"{kept} is there"):
                    self.assert_granted(api.info({**FORM, "type": TYPES[kept]}))

    def test_absent_and_odd_but_right(self):
        full = {**REQUEST, "grant": "form"}
        right = {
            "null is absent": {"platform": None, "projectId": None, "isDir": None, "uuid": None},
            "empty is absent": {"platform": "", "uuid": ""},
            "the original example's fields": {"platform": "web", "projectId": 8357, "isDir": 1, "uuid": ""},
            "project 0 is absent": {"projectId": 0}, "the largest project": {"uploadModule": "bs_project", "projectId": 2**63 - 1},
            "sixteen characters": {"extension": "abcdefgh12345678"}, "one character": {"extension": "7"}, "app": {"platform": "app"},
            "an ignored uuid": {"uuid": "../*?${}'\"\\\0．．"}, "a long ignored uuid": {"uuid": "x" * 4000},
            "surrogate pair": {"uuid": Raw('"\\ud83d\\ude00"')},
            "temp is directorytemp": {"uploadModule": "temp"}, "escaped letters": {"extension": Raw('"\\u006dp4"')},
            "32 digits": {"uploadModule": "material_template", "uuid": UUID.replace("-", "")},
        }
        for name, change in right.items():
            with self.subTest(name):
                self.assert_granted(self.api.info(encode({**full, **change}.items())))
        with self.subTest("null grant is sts"):
            self.assertNotEqual(self.assert_granted(self.api.info({**full, "grant": None}))["secretAccessKey"], "")
        with self.subTest("blanks around the document"):
            self.assert_granted(self.api.info(" \t\r\n" + encode(full.items()) + "\r\n \t"))
        query = "&".join(f"{n}={v}" for n, v in full.items())
        for name, text in (("query", query), ("escaped query", query.replace("type=2", "%74ype=%32")),
                           ("empty is absent in a query", query + "&platform=&projectId=&isDir=&uuid="),
                           ("query with all", query + "&platform=web&projectId=8357&isDir=1&uuid=" + UUID),
                           ("project 0 in a query", query + "&projectId=0")):
            with self.subTest(name):
                self.assert_granted(self.api.query(text))
        with self.subTest("a body of no bytes is none"):
            self.assert_granted(self.api.ask("GET", "/upload/sts/info?" + query, headers={"Content-Length": "0"}))
        for name, uuid in (("dashes", UUID), ("32 digits", UUID.replace("-", "")), ("upper case", UUID.upper())):
            with self.subTest(f"uuid as sent but in lower case: {name}"):
                path = self.assert_granted(self.api.info({**full, "uploadModule": "material_template", "uuid": uuid}))["relativePath"]
                self.assertTrue(path.startswith(f"test/material/template/{uuid.lower()}/"), path)
        with self.subTest("extension in lower case"):
            self.assertTrue(self.assert_granted(self.api.info({**full, "extension": "MP4"}))["relativePath"].endswith(".mp4"))

    def test_three_spellings_mean_the_same(self):
        """Fields that make a difference, read alike by all three."""
        for cloud, number in TYPES.items():
            fields = {**FORM, "type": number, "extension": "JPG", "isNeedCallback": 1, "uploadModule": "bs_project", "projectId": 8357,
                      "isDir": 1, "platform": "web"}
            answers = [self.assert_granted(a) for a in (self.api.info(fields), self.api.info(fields, "GET"),
                                                        self.api.query("&".join(f"{n}={v}" for n, v in fields.items())))]
            for name in ("type", "isDir", "bucket", "region", "endpoint", "maxSize", "accessKeyId"):
                self.assertEqual(len({a[name] for a in answers}), 1, name)
            self.assertEqual({a["relativePath"].split("/")[:4] == ["test", "project", "bs", "8357"] and a["relativePath"].endswith("/")
                              for a in answers}, {True})
            self.assertEqual({"callbackInfo" in a for a in answers}, {True})

    def test_the_form_of_a_cloud_without_form_identity(self):
        gateway = self.start({"clouds": {name: {"form": None} for name in CLOUDS}})
        with gateway.user() as api:
            for cloud, number in TYPES.items():
                with self.subTest(cloud):
                    before = self.exchanges()
                    self.assert_failure(api.info({**FORM, "type": number}), 400)
                    self.assertEqual(self.exchanges(), before)
                    self.assert_granted(api.info({**REQUEST, "type": number}))
