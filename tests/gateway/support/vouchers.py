"""Form vouchers as their vendors judge them: who holds one may post exactly what, and until when."""
import base64
import re
from dataclasses import dataclass

from .policies import neighbours
from .signatures import sign_form, sign_upload_token
from .strict import demand, strict_json, unix


@dataclass(frozen=True)
class Form:
    policy: str                 # names of fields, as the vendor's documents spell them
    signature: str
    key_id: str
    token: str
    more: frozenset             # further fields of every form
    may: frozenset              # fields that need not be there
    end: str                    # how the policy's expiration is written
    free: object                # whether a field (in lower case) may be posted without a condition
    callback: frozenset = frozenset()   # fields that ask for the callback


def words(text):
    return frozenset(text.split())


MILLISECONDS, NONE, EITHER = r"\.000Z", "Z", r"(?:\.000)?Z"
FORMS = {
    "aws": Form("Policy", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", words("X-Amz-Algorithm X-Amz-Date"),
                words("bucket"), EITHER, words("policy file x-amz-signature").__contains__),
    "aliyun": Form("policy", "x-oss-signature", "x-oss-credential", "x-oss-security-token", words("x-oss-signature-version x-oss-date"),
                   words("success_action_status"), EITHER, lambda n: n == "x-oss-signature" or not n.startswith("x-oss-"),
                   words("callback x:objectId x:resourceType")),
    "tencent": Form("policy", "q-signature", "q-ak", "x-cos-security-token", words("q-sign-algorithm q-key-time"),
                    words("success_action_status"), MILLISECONDS, lambda n: True, words("x-cos-callback")),
    # A token is a header for the vendor's clients; as a field it is what clients.md says.
    "baidu": Form("policy", "signature", "accessKey", "x-bce-security-token", words("success-action-status"), words(""), NONE,
                  lambda n: True),
    "huawei": Form("policy", "signature", "AccessKeyId", "x-obs-security-token", words(""), words("success_action_status"), EITHER,
                   lambda n: n in words("accesskeyid signature file policy token callbackurl callbackbody callbackbodytype callbackhost")
                   or n.startswith(("x-ignore-", "x:")), words("callbackUrl callbackBody callbackBodyType")),
    "ksyun": Form("Policy", "Signature", "KSSAccessKeyId", "x-kss-security-token", words(""), words("success_action_status"), MILLISECONDS,
                  words("kssaccesskeyid signature file policy bucket").__contains__, words("x-kss-callbackurl x-kss-callbackbody")),
}
# KS3 counts the other fields of the form, too: so much more may be allowed than the file.
ROOM_FOR_FIELDS = {"ksyun": 65536}
# What the policy must say beside key, bucket and size.
MANDATORY = {"tencent": {"q-sign-algorithm", "q-ak", "q-sign-time"}}
ANY_CASE = ("aws", "ksyun")     # of the fields' names
PINS_THE_TOKEN = ("aws", "aliyun", "huawei", "ksyun")


def key_fits(cloud, wanted, actual):
    """BOS knows no starts-with: a `*` at the end of a key is a prefix."""
    return actual.startswith(wanted[:-1]) if cloud == "baidu" and wanted.endswith("*") else actual == wanted


def form_refusal(cloud, policy, fields, bucket, size):
    """Why the store refuses a form of these fields (policy decoded, a file of `size` bytes), None when it takes it."""
    posted = {name.lower(): value for name, value in fields.items()}
    posted.setdefault("bucket", bucket)
    covered, sized = set(), False
    for condition in policy["conditions"]:
        if isinstance(condition, dict):
            (name, value), = condition.items()
            condition = ["eq", "$" + name, value]
        kind, name, value = condition
        if kind == "content-length-range":
            sized = True
            if not int(name) <= size <= int(value):
                return f"size {size}"
            continue
        if not name.startswith("$"):
            return f"condition without a dollar: {name}"
        name = name[1:].lower()
        covered.add(name)
        actual = posted.get("q-key-time" if name == "q-sign-time" else name)
        fits = {"eq": lambda: key_fits(cloud, value, actual) if name == "key" else actual == value,
                "starts-with": lambda: cloud != "baidu" and actual.startswith(value)}.get(kind)
        if actual is None or fits is None or not fits():
            return f"condition {condition}, field {actual!r}"
    if not sized or not {"bucket", "key"} | MANDATORY.get(cloud, set()) <= covered:
        return f"no size, or conditions on {covered} alone"
    if cloud == "baidu" and covered != {"bucket", "key"}:
        return f"conditions that BOS does not know: {covered}"
    uncovered = {n for n in posted if not FORMS[cloud].free(n) and n != "bucket"} - covered
    return f"extra input fields {uncovered}" if uncovered else None


def check_form(cloud, data, keys, token, bucket, region):
    """A form policy signed by `keys` (id, secret), for exactly data's key or prefix, size, end and token. Returns the policy."""
    form, fields, text = FORMS[cloud], data["form"]["fields"], data["policy"]
    asks = form.callback if data.get("callbackInfo") else frozenset()
    must = {"key", form.policy, form.signature, form.key_id} | form.more | asks | ({form.token} if token else set())
    may, lower = must | form.may, {name.lower(): value for name, value in fields.items()}
    names = set(fields)
    if cloud in ANY_CASE:
        must, may, names = ({n.lower() for n in some} for some in (must, may, names))
    demand(must <= names <= may and len(lower) == len(fields), f"fields {sorted(fields)}, wanted {sorted(must)}")
    demand(all(isinstance(v, str) for v in fields.values()), f"fields {fields}")
    demand(lower["policy"] == text, "form.fields hold another policy")
    demand(lower.get(form.token.lower(), "") == token, "the token field is not the signing key's")
    date = check_head(cloud, data, lower, keys[0], region)
    signature = sign_form(cloud, keys[1], text, date[:8], region.removeprefix("oss-") if cloud == "aliyun" else region,
                          lower.get("q-key-time", ""))
    demand(lower[form.signature.lower()] == signature == data["signature"], "the voucher's signature does not match")

    policy = strict_json(base64.b64decode(text, validate=True))
    demand(set(policy) == {"expiration", "conditions"}, f"policy members {set(policy)}")
    end = re.fullmatch(rf"(\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d){form.end}", policy["expiration"])
    demand(end and unix(end.group(1) + "Z") == data["expiredTime"], f"policy ends {policy['expiration']}")
    demand(fields["key"] == data["relativePath"], "form.fields.key is not relativePath")
    check_reach(cloud, data, policy, bucket, token)
    return policy


def check_head(cloud, data, lower, key_id, region):
    """Date, algorithm and key of the signature. Returns the date of the V4 ones."""
    if cloud in ("aws", "aliyun"):
        word = {"aws": "x-amz-", "aliyun": "x-oss-"}[cloud]
        date = lower[word + "date"]
        scope_region = region.removeprefix("oss-") if cloud == "aliyun" else region
        tail = {"aws": "s3/aws4_request", "aliyun": "oss/aliyun_v4_request"}[cloud]
        demand(re.fullmatch(r"\d{8}T\d{6}Z", date), f"date {date}")
        demand(lower[word + "credential"] == f"{key_id}/{date[:8]}/{scope_region}/{tail}", f"credential {lower[word + 'credential']}")
        demand(abs(unix(date, "%Y%m%dT%H%M%SZ") - data["serverTime"]) <= 900, "the voucher's date is far from serverTime")
        algorithm = lower[word + {"aws": "algorithm", "aliyun": "signature-version"}[cloud]]
        demand(algorithm == {"aws": "AWS4-HMAC-SHA256", "aliyun": "OSS4-HMAC-SHA256"}[cloud], f"algorithm {algorithm}")
        return date
    demand(lower[FORMS[cloud].key_id.lower()] == key_id, f"key id {lower[FORMS[cloud].key_id.lower()]}")
    if cloud == "tencent":
        demand(lower["q-sign-algorithm"] == "sha1", "q-sign-algorithm")
        times = re.fullmatch(r"(\d{10});(\d{10})", lower["q-key-time"])
        demand(times and int(times[2]) == data["expiredTime"], f"q-key-time {lower['q-key-time']}, end {data['expiredTime']}")
        demand(data["serverTime"] - 900 <= int(times[1]) <= data["serverTime"], f"q-key-time {lower['q-key-time']}")
    return ""


def check_reach(cloud, data, policy, bucket, token):
    """The voucher fits exactly the key or prefix, the sizes 1..maxSize, the bucket and the token."""
    fields, scope, biggest = data["form"]["fields"], data["relativePath"], data["maxSize"]
    room = ROOM_FOR_FIELDS.get(cloud, 0)

    def refusal(key=scope, size=1, of=bucket, **changed):
        names = {name.lower(): name for name in fields}
        posted = {**fields, "key": key, **{names.get(n.lower(), n): v for n, v in changed.items()}}
        return form_refusal(cloud, policy, posted if of == bucket else {**posted, "bucket": of}, of, size)
    inside = scope + "frame-0001.png" if data["isDir"] else scope
    for size, fits in ((0, False), (1, True), (biggest, True), (biggest + 1 + room, False)):
        why = refusal(inside, size)
        demand((why is None) == fits, f"{size} bytes: {why or 'accepted'}")
    for key in neighbours(scope):
        demand(refusal(key) is not None, f"the voucher also fits {key}")
    demand(refusal(inside, of="another-bucket") is not None, "the voucher also fits another bucket")
    if token and cloud in PINS_THE_TOKEN:
        demand(refusal(inside, **{FORMS[cloud].token: "another"}) is not None, "the token is not pinned")
    for name in FORMS[cloud].more - {"success-action-status"}:
        demand(refusal(inside, **{name: "another"}) is not None, f"{name} is not pinned")
    for name in ("x-amz-acl", "acl", "x-kss-acl", "Content-Type") if cloud in ("aws", "ksyun", "huawei") else ():
        demand(refusal(inside, **{name: "public-read"}) is not None, f"a field {name} may be added")


def check_upload_token(data, keys, bucket):
    """Qiniu's upload token: signed by `keys`, for exactly data's key or prefix, size and end. Returns the PutPolicy."""
    token = f"{keys[0]}:{data['signature']}:{data['policy']}"
    fields = data["form"]["fields"]
    demand(data["securityToken"] == token == fields.get("token"), "securityToken, form.fields.token and the parts differ")
    demand(sign_upload_token(keys[1], data["policy"]) == data["signature"], "the upload token's signature does not match")
    policy = strict_json(base64.urlsafe_b64decode(data["policy"]))
    scope = data["relativePath"]
    demand(policy.get("scope") == f"{bucket}:{scope}", f"scope {policy.get('scope')}")
    demand(policy.get("isPrefixalScope", 0) == data["isDir"], f"isPrefixalScope {policy.get('isPrefixalScope')}")
    demand((policy.get("fsizeMin"), policy.get("fsizeLimit")) == (1, data["maxSize"]), f"size {policy}")
    demand(policy.get("deadline") == data["expiredTime"], f"deadline {policy.get('deadline')}")
    demand(not {"callbackFetchKey", "saveKey", "forceSaveKey", "keylimit"} & set(policy), f"a member that could move the key: {policy}")
    demand(fields.get("key") == scope, "form.fields.key is not relativePath")
    return policy


def check_voucher(cloud, data, keys, token, bucket, region):
    return check_upload_token(data, keys, bucket) if cloud == "qiniu" else check_form(cloud, data, keys, token, bucket, region)
