"""The judges judged: what the vendors' own programs sent (vectors/) is right to them, and wrong once anything in it has changed."""
import json
from types import SimpleNamespace
from urllib.parse import urlsplit

from support.case import Checks
from support.process import REPOSITORY
from support.signatures import sign_form, verify_acs3, verify_bce1, verify_sdk_hmac, verify_sigv4, verify_tc3
from support.strict import Refused, unix

# cloud: how its authorization begins, the judge; other vectors show older signatures that the gateway does not use
STS = {
    "aws": ("AWS4-HMAC", lambda r, own: verify_sigv4(r, own["key_id"], own["key_secret"], own["region"])),
    "aliyun": ("ACS3-HMAC", lambda r, own: verify_acs3(r, own["key_id"], own["key_secret"])),
    "tencent": ("TC3-HMAC", lambda r, own: verify_tc3(r, own["key_id"], own["key_secret"])),
    "baidu": ("bce-auth-v1", lambda r, own: verify_bce1(r, own["key_id"], own["key_secret"])[0]),
    "huawei": ("SDK-HMAC", lambda r, own: verify_sdk_hmac(r, own["key_id"], own["key_secret"])),
    "ksyun": ("AWS4-HMAC", lambda r, own: verify_sigv4(r, own["key_id"], own["key_secret"], own["region"], needed={"host", "x-amz-date"})),
}
DATES = ("x-amz-date", "x-acs-date", "x-tc-timestamp", "x-bce-date", "x-sdk-date")


def cases(cloud, kind):
    document = json.loads((REPOSITORY / f"tests/vectors/{cloud}.json").read_text())
    return {f"{cloud} {case['name']}": (cloud, case["input"], case["expect"]) for case in document["cases"] if case["kind"] == kind}


def incoming(expect):
    url = urlsplit(expect["url"])
    return SimpleNamespace(method=expect["method"], path=url.path or "/", query=url.query, body=expect.get("body", "").encode(),
                           headers={"host": url.netloc, **{n.lower(): v for n, v in expect["headers"].items()}})


def other(text):
    """The text with another last digit; a date stays a date."""
    at = max(position for position, c in enumerate(text) if c.isdigit())
    return text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1:]


class Signatures(Checks):
    def test_sts_requests(self):
        def judge(cloud, own, expect):
            verify = STS[cloud][1]
            self.assertEqual(verify(incoming(expect), own), unix(own["time"]))
            date = next(n for n in DATES if n in expect["headers"])
            changes = {"signature": lambda r: r.headers.update(authorization=other(r.headers["authorization"])),
                       "date": lambda r: r.headers.update({date: other(r.headers[date])}),
                       "method": lambda r: setattr(r, "method", "PUT"), "host": lambda r: r.headers.update(host="sts.example.com"),
                       "query": lambda r: setattr(r, "query", r.query + "&a=b")}
            if cloud != "baidu":        # whose signature holds no hash of the body
                changes["body"] = lambda r: setattr(r, "body", r.body + b" ")
            for name, change in changes.items():
                request = incoming(expect)
                change(request)
                with self.assertRaises(Refused, msg=f"after a change of {name}"):
                    verify(request, own)
        signed = {name: case for cloud in STS for name, case in cases(cloud, "sts_request").items()
                  if case[2]["headers"].get("authorization", "").startswith(STS[cloud][0])}
        self.assertEqual({case[0] for case in signed.values()}, set(STS))
        self.each(judge, signed)

    def test_forms(self):
        def judge(cloud, own, expect):
            fields = {n.lower(): v for n, v in expect["fields"].items()}
            signature = next(fields[n] for n in ("x-amz-signature", "x-oss-signature", "q-signature", "signature") if n in fields)
            date = fields.get("x-amz-date", fields.get("x-oss-date", ""))
            rest = (date[:8], own.get("region", ""), fields.get("q-key-time", ""))
            self.assertEqual(sign_form(cloud, own["key_secret"], fields["policy"], *rest), signature)
            self.assertNotEqual(sign_form(cloud, own["key_secret"] + "x", fields["policy"], *rest), signature)

        other_ways = (("aliyun", "v1"), ("huawei", "v4"))     # that the gateway does not go
        self.each(judge, {name: case for cloud in STS for name, case in cases(cloud, "post_policy").items()
                          if (cloud, case[1].get("signature")) not in other_ways})
