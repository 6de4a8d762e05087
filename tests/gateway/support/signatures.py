"""The vendors' signatures, recomputed from their documents alone: what the gateway sends and vouches must agree with these."""
import base64
import hashlib
import hmac
import re
import time
from calendar import timegm
from urllib.parse import quote, unquote


class Refused(Exception):
    """A signature or voucher that its vendor would not take; the text says why."""


def demand(condition, why):
    if not condition:
        raise Refused(why)


def sha256_hex(data):
    return hashlib.sha256(data).hexdigest()


def hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def percent(text):
    return quote(text, safe="-_.~")


def unix(text, shape):
    return timegm(time.strptime(text, shape))


def strict_pairs(text):
    """`a=b&c=d` with percent-encoding and nothing else: a plus is a plus, and a name comes once."""
    pairs = {}
    for piece in filter(None, text.split("&")):
        name, sep, value = piece.partition("=")
        name, value = unquote(name, errors="strict"), unquote(value, errors="strict")
        demand(sep, f"parameter without a value: {name}")
        demand(name not in pairs, f"parameter sent twice: {name}")
        pairs[name] = value
    return pairs


def v4_key(prefix, secret, *scope):
    key = (prefix + secret).encode()
    for part in scope:
        key = hmac_sha256(key, part)
    return key


def canonical(method, path, query, headers, names, payload_hash):
    pairs = sorted((percent(name), percent(value)) for name, value in query.items())
    return "\n".join([method, path, "&".join(f"{n}={v}" for n, v in pairs),
                      "".join(f"{n}:{' '.join(headers[n].split())}\n" for n in names), ";".join(names), payload_hash])


def verify_sigv4(request, key_id, secret, region, service="sts"):
    """AWS Signature Version 4 of a recorded request (method, path, query, headers in lower case, body)."""
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/aws4_request, *"
                         r"SignedHeaders=([a-z0-9;-]+), *Signature=([0-9a-f]{64})", request.headers.get("authorization", ""))
    demand(found, "no AWS4 authorization header")
    sent_id, day, sent_region, sent_service, signed, signature = found.groups()
    date = request.headers.get("x-amz-date", "")
    demand((sent_id, sent_region, sent_service) == (key_id, region, service), f"wrong credential scope: {found.group(0)}")
    demand(re.fullmatch(r"\d{8}T\d{6}Z", date) and date[:8] == day, f"the date does not fit the scope: {date}")
    names = signed.split(";")
    demand(names == sorted(set(names)), "signed headers are not sorted")
    needed = {"host"} | {n for n in request.headers if n.startswith("x-amz-") or n == "content-type"}
    demand(needed <= set(names), f"not signed: {needed - set(names)}")
    demand(set(names) <= set(request.headers), f"signed but not sent: {set(names) - set(request.headers)}")
    body_hash = sha256_hex(request.body)
    demand(request.headers.get("x-amz-content-sha256", body_hash) == body_hash, "x-amz-content-sha256 is not the body's")
    text = canonical(request.method, request.path, strict_pairs(request.query), request.headers, names, body_hash)
    to_sign = "\n".join(["AWS4-HMAC-SHA256", date, f"{day}/{region}/{service}/aws4_request", sha256_hex(text.encode())])
    demand(hmac.new(v4_key("AWS4", secret, day, region, service, "aws4_request"), to_sign.encode(), "sha256").hexdigest() == signature,
           "SigV4 signature does not match")
    return unix(date, "%Y%m%dT%H%M%SZ")


def verify_acs3(request, key_id, secret):
    """Aliyun's ACS3-HMAC-SHA256 of a recorded request."""
    found = re.fullmatch(r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([a-z0-9;-]+),Signature=([0-9a-f]{64})",
                         request.headers.get("authorization", ""))
    demand(found, "no ACS3 authorization header")
    sent_id, signed, signature = found.groups()
    demand(sent_id == key_id, f"wrong access key: {sent_id}")
    names = signed.split(";")
    needed = {"host"} | {n for n in request.headers if n.startswith("x-acs-") or n == "content-type"}
    demand(names == sorted(needed), f"signed {names}, needed {sorted(needed)}")
    for name in ("x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"):
        demand(request.headers.get(name), f"{name} is missing")
    body_hash = sha256_hex(request.body)
    demand(request.headers["x-acs-content-sha256"] == body_hash, "x-acs-content-sha256 is not the body's")
    text = canonical(request.method, request.path, strict_pairs(request.query), request.headers, names, body_hash)
    to_sign = "ACS3-HMAC-SHA256\n" + sha256_hex(text.encode())
    demand(hmac.new(secret.encode(), to_sign.encode(), "sha256").hexdigest() == signature, "ACS3 signature does not match")
    return unix(request.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ")


def sign_form(cloud, secret, day, region, policy):
    """The signature of a form policy: AWS POST V4, OSS V4."""
    prefix, service, terminal = {"aws": ("AWS4", "s3", "aws4_request"), "aliyun": ("aliyun_v4", "oss", "aliyun_v4_request")}[cloud]
    return hmac_sha256(v4_key(prefix, secret, day, region, service, terminal), policy).hex()


def sign_upload_token(secret, encoded_policy):
    return base64.urlsafe_b64encode(hmac.new(secret.encode(), encoded_policy.encode(), hashlib.sha1).digest()).decode()
