"""What a client of S3 and its STS does, in plain Python: Signature Version 4, multipart/form-data, AssumeRole.

None of this comes from the library that is under test, so it can tell whether that library is right.

    s3.py call SERVICE METHOD URL [BODY]   one signed request; prints the answer's body
    s3.py put  ANSWER FILE [KEY]           upload FILE with the keys of the gateway's answer (a JSON file)
    s3.py form ANSWER FILE [KEY]           the same with the answer's form: nothing is signed here

KEY is another key than the one that was granted. `call` takes its keys from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN and AWS_REGION. `put` and `form` print the store's status. The exit status is 0 when that is below 300.
"""
import base64
import datetime
import hashlib
import hmac
import http.client
import json
import os
import secrets
import ssl
import sys
import urllib.parse
import xml.etree.ElementTree
from dataclasses import dataclass, field

FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Keys:
    id: str
    secret: str
    token: str = ""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict = field(default_factory=dict)
    body: bytes = b""

    def text(self, tag):
        """The text of the first XML element of that name, in whatever name space; "" when there is none."""
        try:
            root = xml.etree.ElementTree.fromstring(self.body)
        except xml.etree.ElementTree.ParseError:
            return ""
        return next((e.text or "" for e in root.iter() if e.tag.rpartition("}")[2] == tag), "")

    def __str__(self):
        return f"{self.status} {self.text('Code')}".rstrip()


def quote(text, keep=""):
    return urllib.parse.quote(text, safe=keep + "-_.~")


def query_string(pairs):
    return "&".join(f"{k}={v}" for k, v in sorted((quote(str(k)), quote(str(v))) for k, v in pairs))


def utc(shape, seconds=0):
    """The time in so many seconds."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime(shape)


def signature(keys, scope, text):
    """Signs `text` with the key that is derived for a scope such as 20260314/us-east-1/s3/aws4_request."""
    key = b"AWS4" + keys.secret.encode()
    for part in [*scope.split("/"), text]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


def signed_headers(keys, service, region, method, url, headers, body):
    """The headers that make this a signed request. The path of `url` is encoded already, as S3 wants it signed."""
    parts = urllib.parse.urlsplit(url)
    now = utc("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    headers = {k.lower(): v for k, v in headers.items()}
    headers |= {"host": parts.netloc, "x-amz-date": now, "x-amz-content-sha256": digest}
    if keys.token:
        headers["x-amz-security-token"] = keys.token
    names = ";".join(sorted(headers))
    query = query_string(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    lines = [f"{h}:{headers[h]}" for h in sorted(headers)]
    canonical = "\n".join([method, parts.path or "/", query, *lines, "", names, digest])
    scope = f"{now[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={keys.id}/{scope}, SignedHeaders={names}, "
                                f"Signature={signature(keys, scope, to_sign)}")
    return headers


def send(method, url, headers=None, body=b"", ca=None):
    """One request on a connection of its own; `ca` is the file of the authority that an https server must show."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(parts.netloc, timeout=30, context=ssl.create_default_context(cafile=ca))
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body or None, headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


@dataclass(frozen=True)
class Store:
    """One bucket, path-style, as the holder of `keys` sees it; without keys the requests are anonymous."""
    endpoint: str
    region: str
    bucket: str
    keys: Keys | None = None

    def request(self, method, key="", query="", headers=None, body=b"", bucket=None):
        query = query_string(urllib.parse.parse_qsl(query, keep_blank_values=True))
        url = f"{self.endpoint}/{bucket or self.bucket}"
        url += (f"/{quote(key, '/')}" if key else "") + (f"?{query}" if query else "")
        headers = headers or {}
        if self.keys:
            headers = signed_headers(self.keys, "s3", self.region, method, url, headers, body)
        return send(method, url, headers, body)

    def form(self, key):
        """A form of the holder's own making, in the shape of the gateway's answer."""
        now = utc("%Y%m%dT%H%M%SZ")
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        fields = {"key": key, "bucket": self.bucket, "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-date": now,
                  "x-amz-credential": f"{self.keys.id}/{scope}"}
        if self.keys.token:
            fields["x-amz-security-token"] = self.keys.token
        conditions = [{k: v} for k, v in fields.items()]
        policy = json.dumps({"expiration": utc("%Y-%m-%dT%H:%M:%SZ", 600), "conditions": conditions})
        policy = base64.b64encode(policy.encode()).decode()
        fields |= {"policy": policy, "x-amz-signature": signature(self.keys, scope, policy)}
        return {"url": f"{self.endpoint}/{self.bucket}", "fields": fields, "fileField": "file"}

    def names(self):
        """Every key in the bucket (of up to 1000)."""
        tree = xml.etree.ElementTree.fromstring(self.request("GET").body)
        return {e.text for e in tree.iter() if e.tag.rpartition("}")[2] == "Key"}


def ask(service, endpoint, region, keys, action, **parameters):
    """One action of the query interface of sts or iam."""
    body, url = query_string({"Action": action, **parameters}.items()).encode(), endpoint + "/"
    return send("POST", url, signed_headers(keys, service, region, "POST", url, FORM, body), body)


def assume_role(endpoint, region, keys, role, **more):
    """Asks STS for a session; `more` are further parameters, such as Policy. Returns (Keys or None, the answer)."""
    answer = ask("sts", endpoint, region, keys, "AssumeRole", Version="2011-06-15", RoleArn=role,
                 RoleSessionName="s3.py", **more)
    if answer.status != 200:
        return None, answer
    return Keys(answer.text("AccessKeyId"), answer.text("SecretAccessKey"), answer.text("SessionToken")), answer


def completion(parts):
    """The body that ends a multipart upload; `parts` are the answers to its parts, from the first on."""
    each = (f"<Part><PartNumber>{n}</PartNumber><ETag>{a.headers.get('etag')}</ETag></Part>" for n, a in enumerate(parts, 1))
    return f"<CompleteMultipartUpload>{''.join(each)}</CompleteMultipartUpload>".encode()


def multipart(fields, file_field, name, data):
    """(content type, body) of a form that ends with its file, as the store wants it."""
    border = secrets.token_hex(16)
    head = "".join(f'--{border}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items())
    head += (f'--{border}\r\nContent-Disposition: form-data; name="{file_field}"; filename="{name}"\r\n'
             "Content-Type: application/octet-stream\r\n\r\n")
    return f"multipart/form-data; boundary={border}", head.encode() + data + f"\r\n--{border}--\r\n".encode()


def post_form(form, data, changes=None, url=None):
    """Posts a form of the gateway's answer; `changes` replace or, with None, drop fields, whatever the case of names."""
    spelled = {name.lower(): name for name in form["fields"]}
    fields = {**form["fields"], **{spelled.get(k.lower(), k): v for k, v in (changes or {}).items()}}
    kind, body = multipart({k: v for k, v in fields.items() if v is not None}, form["fileField"], "file.bin", data)
    return send("POST", url or form["url"], {"content-type": kind}, body)


def main(command, *args):
    if command == "call":
        service, method, url, *body = args
        keys = Keys(*(os.environ.get(f"AWS_{n}", "") for n in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")))
        body = "".join(body).encode()
        headers = signed_headers(keys, service, os.environ["AWS_REGION"], method, url, FORM if body else {}, body)
        answer = send(method, url, headers, body)
        sys.stdout.buffer.write(answer.body)
        if answer.status >= 300:
            print(f"{method} {url}: {answer}", file=sys.stderr)
    else:
        with open(args[0], encoding="utf-8") as f:
            given = json.load(f)["data"]
        with open(args[1], "rb") as f:
            data = f.read()
        key = args[2] if len(args) > 2 else given["relativePath"]
        if command == "put":
            keys = Keys(given["accessKeyId"], given["secretAccessKey"], given["securityToken"])
            answer = Store(given["endpoint"], given["region"], given["bucket"], keys).request("PUT", key, body=data)
        elif command == "form":
            answer = post_form(given["form"], data, {"key": key} if len(args) > 2 else {})
        else:
            sys.exit(__doc__)
        print(answer)
    return 0 if answer.status < 300 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) > 2 else __doc__)
