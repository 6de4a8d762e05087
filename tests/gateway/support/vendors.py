"""What each vendor's STS asks of a request and how it answers: grants, refusals, clocks. The server that speaks is in sts.py."""
import json
import re
from urllib.parse import unquote
from xml.sax.saxutils import escape

from .clouds import CLOUDS
from .signatures import verify_acs3, verify_bce1, verify_sdk_hmac, verify_sigv4, verify_tc3
from .strict import demand, stamp, strict_json, strict_pairs

MINUTES = 60
NULL = object()


def exactly(names, must, may=()):
    demand(set(must) <= set(names) <= set(must) | set(may), f"members or parameters {sorted(names)}, wanted {sorted(must)}")


def number(value, least, most):
    demand(type(value) is int and least <= value <= most, f"duration {value!r}, allowed {least} to {most}")
    return value


def session_name(value, pattern):
    demand(isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII), f"session name {value!r}")
    return value


class Vendor:
    """`check` refuses what the vendor refuses and fills in `request`: policy (text), seconds, role, session, external_id, account, call."""
    name = id_front = token_front = ""
    content_type = "application/json"
    window = 15 * MINUTES               # the clock may differ by so much
    unsigned = skewed = None            # (code, status) of a bad signature, of a bad clock
    members = {}                        # id, secret, token, end: how the answer calls them

    def __init__(self):
        self.keys = CLOUDS[self.name].keys

    def skew(self, request, now):
        """The refusal of a clock that is too far off, None for one that will do."""
        return self.skewed if abs(request.date - now) > self.window else None

    def spelt(self, request):
        """The names of id, secret, token and end in the answer to this request."""
        return self.members

    def status(self, request):
        return 200

    def document(self, request, credential, shape):
        """The grant. `shape` (id, secret, token, end) leaves members out (None) or replaces their values (NULL: by JSON's null)."""
        names = self.spelt(request)
        given = {"id": credential.id, "secret": credential.secret, "token": credential.token, "end": credential.expiration, **shape}
        members = {names[n]: None if v is NULL else v for n, v in given.items() if v is not None}
        return json.dumps(self.tree(request, members, credential))


class Aws(Vendor):
    name, id_front = "aws", "ASIA"
    content_type = "text/xml"
    window = 5 * MINUTES
    unsigned, skewed = ("SignatureDoesNotMatch", 403), ("RequestExpired", 400)
    members = {"id": "AccessKeyId", "secret": "SecretAccessKey", "token": "SessionToken", "end": "Expiration"}

    def check(self, request, sts):
        demand((request.method, request.path) == ("POST", "/"), "not POST /")
        demand(request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"), "content-type of the form")
        request.date = verify_sigv4(request, *self.keys, sts.region)
        asked = strict_pairs(request.body.decode("utf-8"))
        request.call = asked.get("Action")
        demand(request.call in ("AssumeRole", "GetFederationToken"), f"Action {request.call}")
        names = {"Action", "Version", "Policy", "DurationSeconds"}
        if request.call == "AssumeRole":
            exactly(asked, names | {"RoleArn", "RoleSessionName"}, {"ExternalId", "SourceIdentity"})
            request.session = session_name(asked["RoleSessionName"], r"[\w+=,.@-]{2,64}")
        else:
            exactly(asked, names | {"Name"})
            request.session = session_name(asked["Name"], r"[\w=,.@-]{2,32}")
        demand(asked["Version"] == "2011-06-15", "Version")
        request.policy, request.role, request.external_id = asked["Policy"], asked.get("RoleArn"), asked.get("ExternalId")
        request.seconds = number(int(asked["DurationSeconds"]), 900, 43200 if request.role else 129600)

    def document(self, request, credential, shape):
        given = {"id": credential.id, "secret": credential.secret, "token": credential.token, "end": credential.expiration, **shape}
        inner = "".join(f"<{self.members[n]}>{escape(v)}</{self.members[n]}>" for n, v in given.items() if v is not None)
        who = {"AssumeRole": "<AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId>"
                             "<Arn>arn:aws:sts::111122223333:assumed-role/uploader/x</Arn></AssumedRoleUser>",
               "GetFederationToken": "<FederatedUser><FederatedUserId>1:x</FederatedUserId>"
                                     "<Arn>arn:aws:sts::111122223333:federated-user/x</Arn></FederatedUser>"}[request.call]
        return (f'<{request.call}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{request.call}Result>{who}'
                f"<Credentials>{inner}</Credentials><PackedPolicySize>6</PackedPolicySize><SessionTokenSize>600</SessionTokenSize>"
                f"</{request.call}Result><ResponseMetadata><RequestId>vendor-request-id</RequestId></ResponseMetadata>"
                f"</{request.call}Response>")

    def refusal(self, code, text):
        return (f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code>'
                f"<Message>{escape(text)}</Message></Error><RequestId>vendor-request-id</RequestId></ErrorResponse>")


class Aliyun(Vendor):
    name, id_front = "aliyun", "STS."
    unsigned, skewed = ("SignatureDoesNotMatch", 400), ("InvalidTimeStamp.Expired", 400)
    members = {"id": "AccessKeyId", "secret": "AccessKeySecret", "token": "SecurityToken", "end": "Expiration"}

    def check(self, request, sts):
        demand((request.method, request.path) == ("POST", "/"), "not POST /")
        request.date = verify_acs3(request, *self.keys)
        request.call = request.headers["x-acs-action"]
        demand((request.call, request.headers["x-acs-version"]) == ("AssumeRole", "2015-04-01"), "action, version")
        asked = strict_pairs(request.query)
        exactly(asked, {"RoleArn", "RoleSessionName", "Policy", "DurationSeconds"}, {"ExternalId", "SourceIdentity"})
        request.policy, request.role, request.external_id = asked["Policy"], asked["RoleArn"], asked.get("ExternalId")
        request.seconds = number(int(asked["DurationSeconds"]), 900, 43200)
        request.session = session_name(asked["RoleSessionName"], r"[A-Za-z0-9.@_-]{2,64}")
        sts.once(request.headers["x-acs-signature-nonce"])

    def tree(self, request, members, credential):
        return {"RequestId": "vendor-request-id", "AssumedRoleUser": {"Arn": "acs:ram::1:role/uploader/x", "AssumedRoleId": "3445:x"},
                "Credentials": members, "SomethingNew": [1, {"a": None}]}

    def refusal(self, code, text):
        return json.dumps({"RequestId": "vendor-request-id", "HostId": "sts.aliyuncs.com", "Code": code, "Message": text, "Recommend": "x"})


class Tencent(Vendor):
    """Refuses with status 200; the policy travels percent-encoded inside JSON; the end that counts is a number."""
    name, id_front = "tencent", "AKID"
    window = 5 * MINUTES
    unsigned, skewed = ("AuthFailure.SignatureFailure", 200), ("AuthFailure.SignatureExpire", 200)
    members = {"id": "TmpSecretId", "secret": "TmpSecretKey", "token": "Token", "end": "ExpiredTime"}

    def check(self, request, sts):
        request.date = verify_tc3(request, *self.keys)
        demand(request.headers["content-type"].split(";")[0] == "application/json", "content-type")
        demand(request.headers["content-type"].islower(), "a content-type with capitals is signed in two ways")
        demand((request.headers.get("x-tc-version"), request.headers.get("x-tc-region")) == ("2018-08-13", sts.region), "version, region")
        request.call = request.headers.get("x-tc-action")
        asked = strict_json(request.body.decode("utf-8"))
        if request.call == "GetFederationToken":
            exactly(asked, {"Name", "Policy", "DurationSeconds"})
            request.session = session_name(asked["Name"], r"[A-Za-z]{1,32}")
        else:
            demand(request.call == "AssumeRole", f"action {request.call}")
            exactly(asked, {"RoleArn", "RoleSessionName", "Policy", "DurationSeconds"}, {"ExternalId"})
            request.session = session_name(asked["RoleSessionName"], r"[\w+=,.@-]{2,128}")
        request.role, request.external_id = asked.get("RoleArn"), asked.get("ExternalId")
        request.seconds = number(asked["DurationSeconds"], 1, 43200 if request.role else 129600)
        encoded = asked["Policy"]
        demand(re.fullmatch(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+", encoded), "the policy is not percent-encoded")
        request.policy = unquote(encoded, errors="strict")

    def document(self, request, credential, shape):
        return super().document(request, credential, {"end": credential.end, **shape})

    def tree(self, request, members, credential):
        end = {n: members.pop(n) for n in ("ExpiredTime",) if n in members}
        same = {"Expiration": credential.expiration} if end.get("ExpiredTime") == credential.end else {}
        return {"Response": {"Credentials": members, **end, **same, "RequestId": "vendor-request-id", "SomethingNew": [1, {"a": None}]}}

    def refusal(self, code, text):
        return json.dumps({"Response": {"Error": {"Code": code, "Message": text}, "RequestId": "vendor-request-id"}})


class Baidu(Vendor):
    """The duration stands in the query; a signature tells how long it holds; without a list all rights would be granted."""
    name, id_front = "baidu", "tempbaidu"
    unsigned, skewed = ("SignatureDoesNotMatch", 403), ("RequestTimeTooSkewed", 403)
    members = {"id": "accessKeyId", "secret": "secretAccessKey", "token": "sessionToken", "end": "expiration"}

    def check(self, request, sts):
        request.date, request.valid = verify_bce1(request, *self.keys)
        demand(request.method == "POST" and request.headers.get("content-type", "").startswith("application/json"), "POST of JSON")
        asked = strict_pairs(request.query, bare=True)
        if request.path == "/v1/sessionToken":
            exactly(asked, {"durationSeconds"})
        else:
            demand(request.path == "/v1/credential", f"path {request.path}")
            exactly(asked, {"assumeRole", "durationSeconds", "accountId", "roleName"})
            demand(asked["assumeRole"] == "", "assumeRole has a value")
        request.call, request.role, request.account = request.path, asked.get("roleName"), asked.get("accountId")
        request.seconds = number(int(asked["durationSeconds"]), 1, 7200 if request.role else 86400)
        request.policy = request.body.decode("utf-8")
        demand(request.policy, "an empty list grants all rights")

    def skew(self, request, now):
        if request.date > now + self.window:
            return self.skewed
        return ("RequestExpired", 403) if now > request.date + request.valid else None

    def tree(self, request, members, credential):
        role = {"roleId": "role-id"} if request.role else {}
        return {**members, "createTime": stamp(request.date), "userId": "user-id", **role, "somethingNew": [1, {"a": None}]}

    def refusal(self, code, text):
        return json.dumps({"code": code, "message": text, "requestId": "vendor-request-id"})


class Huawei(Vendor):
    """Two calls whose answers differ in everything: IAM v3 (201, six digits of fraction) and STS 5 (200, three)."""
    name, id_front = "huawei", "HST"
    unsigned = skewed = ("APIGW.0301", 401)
    iam3 = {"id": "access", "secret": "secret", "token": "securitytoken", "end": "expires_at"}
    sts5 = {"id": "access_key_id", "secret": "secret_access_key", "token": "security_token", "end": "expiration"}

    def check(self, request, sts):
        demand(request.method == "POST" and not request.query, "not POST without a query")
        demand(request.headers.get("content-type", "").startswith("application/json"), "content-type")
        request.date = verify_sdk_hmac(request, *self.keys)
        request.account = request.headers.get("x-domain-id")
        asked = strict_json(request.body.decode("utf-8"))
        if request.path == "/v5/agencies/assume":
            self._sts5(request, asked)
        else:
            demand(request.path == "/v3.0/OS-CREDENTIAL/securitytokens", f"path {request.path}")
            exactly(asked, {"auth"})
            exactly(asked["auth"], {"identity"})
            self._iam3(request, asked["auth"]["identity"])

    def _sts5(self, request, asked):
        exactly(asked, {"agency_urn", "agency_session_name", "duration_seconds", "policy"}, {"external_id"})
        found = re.fullmatch(r"iam::([^:]+):agency:([^:]+)", asked["agency_urn"])
        demand(found and not request.account, "agency_urn, or an X-Domain-Id")
        request.call, request.role = "sts5", found.groups()
        request.session = session_name(asked["agency_session_name"], r"[A-Za-z0-9-]{2,128}")
        request.seconds, request.policy = number(asked["duration_seconds"], 900, 43200), asked["policy"]
        demand(isinstance(request.policy, str) and 2 <= len(request.policy) <= 2048, "the policy is a text of 2 to 2048 characters")
        request.external_id = asked.get("external_id")

    def _iam3(self, request, asked):
        request.call = "iam3"
        demand(asked.get("methods") in (["assume_role"], ["token"]), f"methods {asked.get('methods')}")
        method = asked["methods"][0]
        exactly(asked, {"methods", "policy", method})
        inner = asked[method]
        if method == "token":
            exactly(inner, {"duration_seconds"})
        else:
            exactly(inner, {"agency_name", "domain_id", "duration_seconds"}, {"session_user"})
            request.role = (inner["domain_id"], inner["agency_name"])
            if "session_user" in inner:
                exactly(inner["session_user"], {"name"})
                request.session = session_name(inner["session_user"]["name"], r"[A-Za-z][A-Za-z0-9 _.-]{0,31}")
        request.seconds = number(inner["duration_seconds"], 900, 86400)
        demand(isinstance(asked["policy"], dict), "the policy is an object")
        request.policy = json.dumps(asked["policy"], separators=(",", ":"))

    def spelt(self, request):
        return self.sts5 if request.call == "sts5" else self.iam3

    def status(self, request):
        return 200 if request.call == "sts5" else 201

    def document(self, request, credential, shape):
        tail = ".123Z" if request.call == "sts5" else ".587000Z"
        return super().document(request, credential, {"end": credential.expiration.replace("Z", tail), **shape})

    def tree(self, request, members, credential):
        if request.call != "sts5":
            return {"credential": members, "something_new": [1, {"a": None}]}
        return {"source_identity": "", "assumed_agency": {"urn": "sts::1:assumed-agency:upload-agency/x", "id": "1:x"},
                "credentials": members, "something_new": [1, {"a": None}]}

    def refusal(self, code, text):
        return json.dumps({"error_msg": text, "error_code": code, "request_id": "vendor-request-id"})


class Ksyun(Vendor):
    """Amazon's signature over host and date; XML for whoever does not ask for JSON."""
    name, id_front = "ksyun", "VKSTS"
    unsigned, skewed = ("SignatureDoesNotMatch", 403), ("RequestTimeTooSkewed", 403)
    members = {"id": "AccessKeyId", "secret": "SecretAccessKey", "token": "SecurityToken", "end": "Expiration"}

    def check(self, request, sts):
        demand((request.method, request.path, request.query) == ("POST", "/", ""), "not POST / with the pairs in the body")
        demand(request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"), "content-type of the form")
        request.date = verify_sigv4(request, *self.keys, sts.region, needed={"host", "x-amz-date"})
        asked = strict_pairs(request.body.decode("utf-8"))
        exactly(asked, {"Action", "Version", "RoleKrn", "RoleSessionName", "DurationSeconds", "Policy"})
        demand((asked["Action"], asked["Version"]) == ("AssumeRole", "2015-11-01"), "Action, Version")
        demand(list(asked) == sorted(asked), f"the pairs are not sorted: {list(asked)}")
        request.call, request.role, request.policy = "AssumeRole", asked["RoleKrn"], asked["Policy"]
        request.session = session_name(asked["RoleSessionName"], r"[A-Za-z0-9_-]{2,32}")
        request.seconds = number(int(asked["DurationSeconds"]), 900, 86400)
        demand(1 <= len(request.policy) <= 1024, f"a policy of {len(request.policy)} characters")

    def document(self, request, credential, shape):
        if "json" not in request.headers.get("accept", ""):
            return "<AssumeRoleResponse><RequestId>vendor-request-id</RequestId></AssumeRoleResponse>"
        return super().document(request, credential, shape)

    def tree(self, request, members, credential):
        return {"AssumeRoleResult": {"Credentials": members, "AssumedRoleUser": {"Krn": "krn:ksc:sts::1:x", "AssumedRoleId": "1:x"}},
                "RequestId": "vendor-request-id", "SomethingNew": [1, {"a": None}]}

    def refusal(self, code, text):
        return json.dumps({"RequestId": "vendor-request-id", "Error": {"Code": code, "Message": text}})


VENDORS = {vendor.name: vendor for vendor in (Aws, Aliyun, Tencent, Baidu, Huawei, Ksyun)}
