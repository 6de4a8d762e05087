"""The vendors' signatures, recomputed from their documents alone: what the gateway sends and vouches must agree with these."""
import base64
import hashlib
import hmac
import re
import time
from urllib.parse import quote

from .strict import demand, strict_pairs, unix


def sha256_hex(data):
    return hashlib.sha256(data).hexdigest()


def hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def hmac_sha1(key, text):
    return hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()


def percent(text):
    return quote(text, safe="-_.~")


def v4_key(prefix, secret, *scope):
    key = (prefix + secret).encode()
    for part in scope:
        key = hmac_sha256(key, part)
    return key


def canonical(method, path, query, headers, names, payload_hash):
    pairs = sorted((percent(name), percent(value)) for name, value in query.items())
    return "\n".join([method, path, "&".join(f"{n}={v}" for n, v in pairs),
                      "".join(f"{n}:{' '.join(headers[n].split())}\n" for n in names), ";".join(names), payload_hash])


def authorization(request, pattern, what):
    found = re.fullmatch(pattern, request.headers.get("authorization", ""))
    demand(found, f"no {what} authorization header: {request.headers.get('authorization', '')[:60]}")
    return found.groups()


def signed_names(request, text, needed):
    names = text.split(";")
    demand(names == sorted(set(names)), "signed headers are not sorted")
    demand(needed <= set(names), f"not signed: {needed - set(names)}")
    demand(set(names) <= set(request.headers), f"signed but not sent: {set(names) - set(request.headers)}")
    return names


def verify_sigv4(request, key_id, secret, region, service="sts", needed=None):
    """AWS Signature Version 4 of a recorded request (method, path, query, headers in lower case, body); KSyun signs so, too."""
    sent_id, day, sent_region, sent_service, signed, signature = authorization(
        request, r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/aws4_request, *"
        r"SignedHeaders=([a-z0-9;-]+), *Signature=([0-9a-f]{64})", "AWS4")
    date = request.headers.get("x-amz-date", "")
    demand((sent_id, sent_region, sent_service) == (key_id, region, service), f"wrong credential scope: {sent_id} {sent_region}")
    demand(re.fullmatch(r"\d{8}T\d{6}Z", date) and date[:8] == day, f"the date does not fit the scope: {date}")
    needed = needed or {"host"} | {n for n in request.headers if n.startswith("x-amz-") or n == "content-type"}
    names = signed_names(request, signed, needed)
    body_hash = sha256_hex(request.body)
    demand(request.headers.get("x-amz-content-sha256", body_hash) == body_hash, "x-amz-content-sha256 is not the body's")
    text = canonical(request.method, request.path, strict_pairs(request.query), request.headers, names, body_hash)
    to_sign = "\n".join(["AWS4-HMAC-SHA256", date, f"{day}/{region}/{service}/aws4_request", sha256_hex(text.encode())])
    demand(hmac_sha256(v4_key("AWS4", secret, day, region, service, "aws4_request"), to_sign).hex() == signature,
           "SigV4 signature does not match")
    return unix(date, "%Y%m%dT%H%M%SZ")


def verify_acs3(request, key_id, secret):
    """Aliyun's ACS3-HMAC-SHA256 of a recorded request."""
    sent_id, signed, signature = authorization(
        request, r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([a-z0-9;-]+),Signature=([0-9a-f]{64})", "ACS3")
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
    demand(hmac_sha256(secret.encode(), to_sign).hex() == signature, "ACS3 signature does not match")
    return unix(request.headers["x-acs-date"])


def verify_tc3(request, key_id, secret):
    """Tencent's TC3-HMAC-SHA256: the query line is empty, values are lower-cased, the day is the time stamp's in UTC."""
    sent_id, day, signed, signature = authorization(
        request, r"TC3-HMAC-SHA256 Credential=([^/,]+)/(\d{4}-\d\d-\d\d)/sts/tc3_request, *SignedHeaders=([a-z0-9;-]+), *"
        r"Signature=([0-9a-f]{64})", "TC3")
    demand(sent_id == key_id, f"wrong secret id: {sent_id}")
    stamp = request.headers.get("x-tc-timestamp", "")
    demand(re.fullmatch(r"[1-9]\d{9}", stamp), f"X-TC-Timestamp {stamp}")
    demand(time.strftime("%Y-%m-%d", time.gmtime(int(stamp))) == day, f"the day {day} is not that of {stamp}")
    names = signed_names(request, signed, {"host", "content-type"})
    demand((request.method, request.path, request.query) == ("POST", "/", ""), "not POST /")
    text = canonical("POST", "/", {}, {n: request.headers[n].lower() for n in names}, names, sha256_hex(request.body))
    to_sign = f"TC3-HMAC-SHA256\n{stamp}\n{day}/sts/tc3_request\n{sha256_hex(text.encode())}"
    demand(hmac_sha256(v4_key("TC3", secret, day, "sts", "tc3_request"), to_sign).hex() == signature, "TC3 signature does not match")
    return int(stamp)


def verify_bce1(request, key_id, secret):
    """Baidu's bce-auth-v1. Returns the date and how many seconds the signature holds."""
    prefix, sent_id, date, seconds, signed, signature = authorization(
        request, r"(bce-auth-v1/([^/]+)/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)/([1-9]\d*))/([a-z0-9;-]*)/([0-9a-f]{64})", "bce-auth-v1")
    demand(sent_id == key_id, f"wrong access key: {sent_id}")
    demand(request.headers.get("x-bce-date") == date, "x-bce-date is not the prefix's date")
    usual = ("host", "content-length", "content-type", "content-md5")
    names = signed.split(";") if signed else [n for n in request.headers if n in usual or n.startswith("x-bce-")]
    demand(len(names) == len(set(names)), f"signed twice: {signed}")
    needed = {"host"} | {n for n in request.headers if n.startswith("x-bce-")}
    demand(needed <= set(names) <= set(request.headers), f"signed {names}, needed {needed}")
    pairs = strict_pairs(request.query, bare=True).items()
    query = "&".join(sorted(f"{percent(n)}={percent(v)}" for n, v in pairs if n.lower() != "authorization"))
    lines = "\n".join(sorted(f"{percent(n)}:{percent(request.headers[n].strip())}" for n in names if request.headers[n].strip()))
    key = hmac_sha256(secret.encode(), prefix).hex().encode()
    text = "\n".join([request.method, request.path, query, lines])
    demand(hmac_sha256(key, text).hex() == signature, "bce-auth-v1 signature does not match")
    return unix(date), int(seconds)


def verify_sdk_hmac(request, key_id, secret):
    """Huawei's SDK-HMAC-SHA256: no derived key, and the path ends in a slash in the signature alone."""
    sent_id, signed, signature = authorization(
        request, r"SDK-HMAC-SHA256 Access=([^,]+), *SignedHeaders=([a-z0-9;-]+), *Signature=([0-9a-f]{64})", "SDK-HMAC-SHA256")
    demand(sent_id == key_id, f"wrong access key: {sent_id}")
    date = request.headers.get("x-sdk-date", "")
    demand(re.fullmatch(r"\d{8}T\d{6}Z", date), f"X-Sdk-Date {date}")
    names = signed_names(request, signed, {"host", "x-sdk-date"} | {"x-domain-id", "x-security-token"} & set(request.headers))
    path = request.path if request.path.endswith("/") else request.path + "/"
    text = canonical(request.method, path, strict_pairs(request.query), request.headers, names, sha256_hex(request.body))
    to_sign = f"SDK-HMAC-SHA256\n{date}\n{sha256_hex(text.encode())}"
    demand(hmac_sha256(secret.encode(), to_sign).hex() == signature, "SDK-HMAC-SHA256 signature does not match")
    return unix(date, "%Y%m%dT%H%M%SZ")


def sign_form(cloud, secret, policy, day="", region="", key_time=""):
    """The signature of a form policy, whose base64 text `policy` is."""
    if cloud in ("aws", "aliyun"):      # POST V4 and OSS V4
        prefix, service, terminal = {"aws": ("AWS4", "s3", "aws4_request"), "aliyun": ("aliyun_v4", "oss", "aliyun_v4_request")}[cloud]
        return hmac_sha256(v4_key(prefix, secret, day, region, service, terminal), policy).hex()
    if cloud == "tencent":              # over the text itself, with a key that is hex text
        return hmac_sha1(hmac_sha1(secret, key_time).hex(), hashlib.sha1(base64.b64decode(policy, validate=True)).hexdigest()).hex()
    if cloud == "baidu":
        return hmac_sha256(secret.encode(), policy).hex()
    return base64.b64encode(hmac_sha1(secret, policy)).decode()     # huawei, ksyun


def sign_upload_token(secret, encoded_policy):
    return base64.urlsafe_b64encode(hmac_sha1(secret, encoded_policy)).decode()
