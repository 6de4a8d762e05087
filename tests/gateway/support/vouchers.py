"""Form vouchers and session policies as their vendors judge them: who holds one may put exactly what, and until when."""
import base64
import json
import re

from .signatures import demand, sign_form, sign_upload_token, unix

ACTIONS = {"aws": {"s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"},
           "aliyun": {"oss:PutObject", "oss:AbortMultipartUpload", "oss:ListParts"}}


def strict_json(text):
    def once(pairs):
        names = [name for name, _ in pairs]
        demand(len(names) == len(set(names)), f"a JSON name comes twice: {names}")
        return dict(pairs)

    def never(constant):
        demand(False, f"no JSON: {constant}")
    return json.loads(text, object_pairs_hook=once, parse_constant=never)


def check_session_policy(cloud, text, bucket, scope, partition="aws"):
    """The policy allows uploading at `scope` (a prefix ends in `/`) and nothing else."""
    demand(len(text) <= 2048, "longer than the vendor allows")
    policy = strict_json(text)
    demand(set(policy) == {"Version", "Statement"}, f"members {set(policy)}")
    demand(policy["Version"] == {"aws": "2012-10-17", "aliyun": "1"}[cloud], f"version {policy['Version']}")
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    demand(len(statements) == 1, f"{len(statements)} statements")
    statement = statements[0]
    demand(set(statement) - {"Sid"} == {"Effect", "Action", "Resource"}, f"statement members {set(statement)}")
    demand(statement["Effect"] == "Allow", "no Allow")
    demand(set(statement["Action"]) == ACTIONS[cloud] and len(statement["Action"]) == len(ACTIONS[cloud]), f"actions {statement['Action']}")
    resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    wanted = re.escape(f"{bucket}/{scope}") + (r"\*" if scope.endswith("/") else "")
    front = rf"arn:{partition}:s3:::" if cloud == "aws" else r"acs:oss:(?:\*|[a-z0-9-]+):(?:\*|\d+):"
    demand(len(resources) == 1 and re.fullmatch(front + wanted, resources[0]), f"resources {resources}")


def form_refusal(cloud, policy, fields, size):
    """Why the store refuses a form of these fields (policy decoded, a file of `size` bytes), None when it takes it."""
    posted = {name.lower(): value for name, value in fields.items()}
    unsigned = {"policy", "file", {"aws": "x-amz-signature", "aliyun": "x-oss-signature"}[cloud]}
    covered, sized, bucket = set(), False, False
    for condition in policy["conditions"]:
        if isinstance(condition, dict):
            (name, value), = condition.items()
            condition = ["eq", "$" + name, value]
        kind, name, value = condition
        if kind == "content-length-range":
            sized = True
            if not name <= size <= value:
                return f"size {size}"
            continue
        if not name.startswith("$"):
            return f"condition without a dollar: {name}"
        name = name[1:].lower()
        covered.add(name)
        actual = policy.get("bucket of the request") if name == "bucket" and "bucket" not in posted else posted.get(name)
        bucket |= name == "bucket"
        fits = {"eq": lambda: actual == value, "starts-with": lambda: actual.startswith(value)}.get(kind)
        if actual is None or fits is None or not fits():
            return f"condition {condition}, field {actual!r}"
    if not sized or not bucket or "key" not in covered:
        return "no size, bucket or key condition"
    must = set(posted) - unsigned if cloud == "aws" else {n for n in posted if n.startswith("x-oss-")} - unsigned
    return f"extra input fields {must - covered}" if must - covered else None


def check_form(cloud, data, key_id, secret, token, bucket, region):
    """AWS POST policy V4 or OSS V4: signed by that key, for exactly data's key or prefix, size, end and token."""
    fields, policy_text = data["form"]["fields"], data["policy"]
    lower = {name.lower(): value for name, value in fields.items()}
    demand(len(lower) == len(fields) and all(isinstance(v, str) for v in fields.values()), f"fields {fields}")
    demand(lower.get("policy") == policy_text, "form.fields hold another policy")
    word = {"aws": "x-amz-", "aliyun": "x-oss-"}[cloud]
    date, credential = lower.get(word + "date", ""), lower.get(word + "credential", "")
    scope_region = region.removeprefix("oss-") if cloud == "aliyun" else region
    tail = {"aws": "s3/aws4_request", "aliyun": "oss/aliyun_v4_request"}[cloud]
    demand(re.fullmatch(r"\d{8}T\d{6}Z", date), f"date {date}")
    demand(credential == f"{key_id}/{date[:8]}/{scope_region}/{tail}", f"credential {credential}")
    demand(abs(unix(date, "%Y%m%dT%H%M%SZ") - data["serverTime"]) <= 900, "the voucher's date is far from serverTime")
    algorithm = lower.get(word + {"aws": "algorithm", "aliyun": "signature-version"}[cloud])
    demand(algorithm == {"aws": "AWS4-HMAC-SHA256", "aliyun": "OSS4-HMAC-SHA256"}[cloud], f"algorithm {algorithm}")
    demand(lower.get(word + "security-token", "") == token, "the token field is not the signing key's")
    signature = sign_form(cloud, secret, date[:8], scope_region, policy_text)
    demand(lower.get(word + "signature") == signature == data["signature"], "the voucher's signature does not match")

    policy = strict_json(base64.b64decode(policy_text, validate=True))
    demand(set(policy) == {"expiration", "conditions"}, f"policy members {set(policy)}")
    end = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.000)?Z", policy["expiration"])
    demand(end and unix(end.group(1), "%Y-%m-%dT%H:%M:%S") == data["expiredTime"], f"policy ends {policy['expiration']}")
    policy["bucket of the request"] = bucket
    scope, biggest = data["relativePath"], data["maxSize"]
    demand(fields.get("key") == scope, "form.fields.key is not relativePath")

    def refusal(key=None, size=1, **changed):
        return form_refusal(cloud, policy, {**fields, "key": scope if key is None else key, **changed}, size)
    inside = scope + "frame-0001.png" if data["isDir"] else scope
    parent = scope.rstrip("/").rpartition("/")[0] + "/"
    for size, fits in ((0, False), (1, True), (biggest, True), (biggest + 1, False)):
        why = refusal(inside, size)
        demand((why is None) == fits, f"{size} bytes: {why or 'accepted'}")
    outside = [parent, parent + "a.png", "a.png", scope.rstrip("/") + "x/a.png", "x" + inside, scope.swapcase() + "a", ""]
    for key in outside + ([] if data["isDir"] else [scope + "x", scope[:-1], scope + "/x"]):
        demand(refusal(key) is not None, f"the voucher also fits {key}")
    demand(refusal(inside, bucket="another-bucket") is not None, "the voucher also fits another bucket")
    if token:
        name = next(n for n in fields if n.lower() == word + "security-token")
        demand(refusal(inside, **{name: "another"}) is not None, "the token is not pinned")
    return policy


def check_upload_token(data, key_id, secret, bucket):
    """Qiniu's upload token: signed by that key, for exactly data's key or prefix, size and end. Returns the PutPolicy."""
    token = f"{key_id}:{data['signature']}:{data['policy']}"
    fields = data["form"]["fields"]
    demand(data["securityToken"] == token == fields.get("token"), "securityToken, form.fields.token and the parts differ")
    demand(sign_upload_token(secret, data["policy"]) == data["signature"], "the upload token's signature does not match")
    policy = strict_json(base64.urlsafe_b64decode(data["policy"]))
    scope = data["relativePath"]
    demand(policy.get("scope") == f"{bucket}:{scope}", f"scope {policy.get('scope')}")
    demand(policy.get("isPrefixalScope", 0) == data["isDir"], f"isPrefixalScope {policy.get('isPrefixalScope')}")
    demand((policy.get("fsizeMin"), policy.get("fsizeLimit")) == (1, data["maxSize"]), f"size {policy}")
    demand(policy.get("deadline") == data["expiredTime"], f"deadline {policy.get('deadline')}")
    demand(not {"callbackFetchKey", "saveKey", "forceSaveKey", "keylimit"} & set(policy), f"a member that could move the key: {policy}")
    demand(fields.get("key") == scope, "form.fields.key is not relativePath")
    return policy
