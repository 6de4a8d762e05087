"""Session policies as their vendors judge them: an evaluator is asked what the holder of the keys may do, and no word more is said."""
import re
from dataclasses import dataclass

from .strict import demand, strict_json

COS = "name/cos:"
# cloud: what an upload needs, what it must not have; the vendor's names of the actions
UPLOAD = {
    "aws": ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"),
    "aliyun": ("oss:PutObject", "oss:AbortMultipartUpload", "oss:ListParts"),
    "tencent": tuple(COS + a for a in ("PutObject", "PostObject", "InitiateMultipartUpload", "ListParts", "UploadPart",
                                       "CompleteMultipartUpload", "AbortMultipartUpload")),
    "baidu": ("PutObject", "PostObject", "InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload"),
    "huawei": ("obs:object:PutObject", "obs:object:AbortMultipartUpload", "obs:object:ListMultipartUploadParts"),
    "ksyun": ("ks3:PutObject", "ks3:AbortMultipartUpload", "ks3:ListMultipartUploadParts"),
}
OTHERS = {
    "aws": ("s3:GetObject", "s3:DeleteObject", "s3:PutObjectAcl", "s3:GetObjectAcl", "s3:PutObjectTagging", "s3:ListBucket",
            "s3:ListBucketMultipartUploads", "s3:PutBucketPolicy"),
    "aliyun": ("oss:GetObject", "oss:DeleteObject", "oss:PutObjectAcl", "oss:GetObjectAcl", "oss:PutObjectTagging", "oss:ListObjects",
               "oss:ListMultipartUploads", "oss:PutBucketPolicy"),
    "tencent": tuple(COS + a for a in ("GetObject", "HeadObject", "DeleteObject", "PutObjectACL", "GetObjectACL", "AppendObject",
                                       "GetBucket", "ListMultipartUploads", "PutBucketPolicy", "DeleteMultipleObjects")),
    "baidu": ("GetObject", "GetObjectMeta", "ListParts", "DeleteObject", "ListObjects", "ListMultipartUploads", "PutBucketAcl",
              "GetBucketAcl", "PutBucketCors"),
    "huawei": tuple("obs:" + a for a in ("object:GetObject", "object:DeleteObject", "object:PutObjectAcl", "object:GetObjectAcl",
                                         "bucket:ListBucket", "bucket:ListBucketMultipartUploads", "bucket:PutBucketPolicy")),
    "ksyun": ("ks3:GetObject", "ks3:DeleteObject", "ks3:PutObjectAcl", "ks3:GetObjectAcl", "ks3:ListBucket",
              "ks3:ListBucketMultipartUploads", "ks3:PutBucketPolicy"),
}
# What platform web adds, and nothing more.
WEB = {"tencent": (COS + "ListMultipartUploads",), "baidu": ("GetObject", "GetObjectMeta", "ListParts")}
OF_THE_BUCKET = ("Bucket", "ListObjects", "ListMultipartUploads")

BOS_PERMISSIONS = {
    "WRITE": (*UPLOAD["baidu"], "AppendObject", "FetchObject", "DeleteObject", "DeleteMultipleObjects"),
    "READ": ("GetObject", "GetObjectMeta", "ListParts", "HeadBucket", "GetBucketLocation", "RestoreObject", "GetObjectTagging",
             "GetObjectVersion"),
    "LIST": ("ListObjects", "ListMultipartUploads"),
}
VERSIONS = {"aws": "2012-10-17", "aliyun": "1", "huawei": "1.1", "huawei sts5": "5.0", "ksyun": "2015-11-01", "tencent": "2.0"}
# Characters of the text; `None`: the vendor names no limit.
LIMITS = {"aws": 2048, "aliyun": 2048, "tencent": 2048, "huawei": 2048, "ksyun": 1024, "baidu": None}


@dataclass
class Statement:
    allows: bool
    actions: tuple
    resources: tuple
    prefixes: tuple = None      # patterns for the request's `prefix`; None: no condition


def texts(value):
    value = value if isinstance(value, list) else [value]
    demand(value and all(isinstance(v, str) and v for v in value) and len(set(value)) == len(value), f"no list of texts: {value}")
    return tuple(value)


@dataclass(frozen=True)
class Place:
    """Whose policy it is: what the settings of the cloud say."""
    cloud: str
    bucket: str
    region: str
    call: str

    @property
    def partition(self):
        return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(self.region.rsplit("-", 2)[0], "aws")

    @property
    def account(self):
        return self.bucket.rpartition("-")[2]


def read(place, text):
    policy = strict_json(text)
    if place.cloud == "baidu":
        demand(set(policy) - {"id"} == {"accessControlList"}, f"members {set(policy)}")
        return [read_entry(entry, place.region) for entry in policy["accessControlList"]]
    version = VERSIONS.get(f"{place.cloud} {place.call}") or VERSIONS[place.cloud]
    names = ("Version", "Statement", "Effect", "Action", "Resource", "Condition")
    names = [n.lower() for n in names] if place.cloud == "tencent" else names
    demand(set(policy) == set(names[:2]) and policy[names[0]] == version, f"members {set(policy)}, version {policy.get(names[0])}")
    entries = policy[names[1]] if isinstance(policy[names[1]], list) else [policy[names[1]]]
    return [read_statement(entry, *names[2:]) for entry in entries]


def read_statement(entry, effect, action, resource, condition):
    demand(set(entry) - {"Sid", condition} == {effect, action, resource}, f"statement members {set(entry)}")
    demand(entry[effect] in ("Allow", "Deny", "allow", "deny"), f"effect {entry[effect]}")
    prefixes = None
    if condition in entry:
        demand(set(entry[condition]) <= {"string_equal", "string_like"} and len(entry[condition]) == 1, f"condition {entry[condition]}")
        (operator, keys), = entry[condition].items()
        demand(set(keys) == {"cos:prefix"}, f"condition {entry[condition]}")
        prefixes = tuple(re.escape(p) if operator == "string_equal" else wild(p) for p in texts(keys["cos:prefix"]))
    return Statement(entry[effect].lower() == "allow", texts(entry[action]), texts(entry[resource]), prefixes)


def read_entry(entry, region):
    demand(set(entry) - {"eid"} == {"service", "region", "effect", "resource", "permission"}, f"entry members {set(entry)}")
    demand(entry["service"] == "bce:bos" and entry["region"] in (region, "*"), f"service, region of {entry}")
    demand(entry["effect"] in ("Allow", "Deny"), f"effect {entry['effect']}")
    allows = entry["effect"] == "Allow"
    permissions = texts(entry["permission"])
    demand(set(permissions) <= ({"WRITE", "READ"} if allows else {"DeleteObject", "MODIFY"}), f"permissions {permissions}")
    actions = [a for p in permissions for a in BOS_PERMISSIONS.get(p, (p,))]
    return Statement(allows, tuple(actions), texts(entry["resource"]))


def wild(pattern):
    """A pattern of the vendor's as a regular expression; `?` counts, so that no wildcard is overlooked."""
    return "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)


def resource(place, action, key, bucket=None):
    """How the vendor names what an action is done to."""
    bucket = bucket or place.bucket
    of_bucket = any(word in action for word in OF_THE_BUCKET)
    path = bucket if of_bucket else f"{bucket}/{key}"
    if place.cloud == "tencent":
        return f"qcs::cos:{place.region}:uid/{place.account}:{bucket}/{'' if of_bucket else key}"
    if place.cloud == "huawei":
        return f"obs:{place.region}:owner:{'bucket' if of_bucket else 'object'}:{path}"
    return {"aws": f"arn:{place.partition}:s3:::", "aliyun": f"acs:oss:{place.region}:1111222233334444:", "ksyun": "krn:ksc:ks3:::",
            "baidu": ""}[place.cloud] + path


def permits(statements, action, name, prefix):
    """An Allow fits and no Deny does. Actions have no letter case; a condition on `prefix` needs a request that has one."""
    def fits(one):
        return (any(re.fullmatch(wild(a), action, re.I) for a in one.actions) and any(re.fullmatch(wild(r), name) for r in one.resources)
                and (one.prefixes is None or prefix is not None and any(re.fullmatch(p, prefix) for p in one.prefixes)))
    fitting = [one for one in statements if fits(one)]
    return bool(fitting) and all(one.allows for one in fitting)


def neighbours(scope):
    """Keys that are not in the scope, some of them only just."""
    inside = scope + "frame-0001.png" if scope.endswith("/") else scope
    parent = scope.rstrip("/").rpartition("/")[0] + "/"
    keys = [parent, parent + "a.png", "a.png", scope.rstrip("/") + "x/a.png", "x" + inside, scope.swapcase() + "a", ""]
    return keys if scope.endswith("/") else keys + [scope + "x", scope[:-1], scope + "/x", scope + "/"]


def check_session_policy(cloud, text, settings, scope, web=False, call=None):
    """The policy allows uploading at `scope` (a prefix ends in `/`), with `web` what the browser client needs too, and nothing else.
    `settings`: the cloud's section. `call`: which of the vendor's calls it was sent with."""
    place = Place(cloud, settings["bucket"], settings["region"], call)
    limit = LIMITS[cloud]
    demand(limit is None or len(text) <= limit, f"{len(text)} characters are more than the vendor takes")
    statements = read(place, text)
    check_words(place, statements, scope, web)

    def may(action, key=scope, bucket=None, prefix=None):
        return permits(statements, action, resource(place, action, key, bucket), prefix)
    inside = [scope + "frame-0001.png", scope + "a/b.png"] if scope.endswith("/") else [scope]
    extra = WEB.get(cloud, ()) if web else ()
    for action in UPLOAD[cloud]:
        for key in inside:
            demand(may(action, key), f"{action} at {key} is not allowed")
        for key in neighbours(scope):
            demand(not may(action, key), f"{action} at {key} is allowed")
        for bucket in (place.bucket + "x", "x" + place.bucket):
            demand(not may(action, inside[0], bucket), f"{action} in {bucket} is allowed")
    for action in set(OTHERS[cloud]) - set(extra):
        for key in inside + neighbours(scope):
            demand(not may(action, key) and not may(action, key, prefix=key), f"{action} at {key or 'the bucket'} is allowed")
    for action in extra:
        listing = action.endswith("ListMultipartUploads")
        for key in inside:
            demand(may(action, key, prefix=key if listing else None), f"{action} at {key} is not allowed")
        for key in neighbours(scope):
            demand(not may(action, key, prefix=key if listing else None), f"{action} at {key} is allowed")
        if listing:
            demand(not may(action, inside[0]), f"{action} without a prefix is allowed")


def check_words(place, statements, scope, web):
    """No word more than is needed: one resource, no action twice, no statement that adds nothing."""
    cloud, path = place.cloud, re.escape(f"{place.bucket}/{scope}") + (r"\*" if scope.endswith("/") else "")
    fronts = {"aws": rf"arn:{place.partition}:s3:::", "aliyun": r"acs:oss:(?:\*|[a-z0-9-]+):(?:\*|\d+):", "huawei": r"obs:\*:\*:object:",
              "tencent": rf"qcs::cos:(?:\*|{place.region}):uid/{place.account}:", "ksyun": "krn:ksc:ks3:::", "baidu": ""}
    allow, deny = ([one for one in statements if one.allows is kind] for kind in (True, False))
    for one in [*allow[:1], *deny]:
        demand(len(one.resources) == 1 and re.fullmatch(fronts[cloud] + path, one.resources[0]), f"resources {one.resources}")
    wanted = [UPLOAD[cloud]]
    if cloud == "baidu":
        wanted = [BOS_PERMISSIONS["WRITE"] + (BOS_PERMISSIONS["READ"] if web else ())]
    if cloud == "tencent" and web:
        wanted.append(WEB[cloud])
    if place.call == "sts5":    # where names begin with a small letter behind the last colon
        wanted = [[re.sub(r":([A-Z])(?=\w+$)", lambda m: ":" + m[1].lower(), action) for action in wanted[0]]]
    demand([sorted(one.actions) for one in allow] == [sorted(w) for w in wanted], f"actions {[one.actions for one in allow]}")
    demand(any("DeleteObject" in one.actions for one in deny) if cloud == "baidu" else not deny, f"denied: {deny}")
    if cloud == "huawei" and place.call != "sts5":
        demand(len(allow[0].resources[0]) <= 128, "a resource above 128 characters")
