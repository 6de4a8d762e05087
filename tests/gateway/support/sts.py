"""A fake STS of AWS or Aliyun: plain HTTP on loopback, strict about signatures, and as ill-behaved as a test wants.

Answers are scripted by the file extension of the key that is asked for (it stands in the session policy), so that many
cases can run at once: `sts.script["abc"] = [reset, granted]`; the last one is repeated. Without a script it grants.
"""
import itertools
import json
import re
import socket
import socketserver
import struct
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from xml.sax.saxutils import escape

from .signatures import Refused, demand, strict_pairs, verify_acs3, verify_sigv4

KEYS = {"aws": ("AKIDVALETKEYROOT0001", "aws/LongTerm+Secret0000000000000000000001"),
        "aliyun": ("LTAI5tValetKeyRoot000001", "aliyunLongTermSecret0000000001")}


@dataclass
class Request:
    """What arrived; `fault` is why the signature or the request is wrong, None when all is well."""
    method: str
    path: str
    query: str
    headers: dict
    body: bytes
    connection: int
    parameters: dict = field(default_factory=dict)
    fault: str = None
    date: int = 0
    name: str = ""


@dataclass
class Reply:
    body: bytes = b""
    status: int = 200
    headers: tuple = ()
    delay: float = 0        # seconds before the first byte, or a function that returns when it may go
    drip: float = 0         # between any two bytes of the body
    cut: int = None         # close after so many bytes of the body, though more were announced
    reset: bool = False     # end the connection with a TCP reset instead of an answer
    mute: bool = False      # close it instead of an answer
    close: bool = False     # close the connection after the answer


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Credential:
    def __init__(self, cloud, number, expiration):
        front = {"aws": "ASIA", "aliyun": "STS."}[cloud]
        self.id = f"{front}TEMPORARY{number:08d}"
        self.secret = f"{cloud}/Temporary+Secret{number:08d}{'s' * 12}"
        self.token = f"{cloud}Token{number:08d}/+{'t' * 400}=="
        self.expiration = expiration


class FakeSts:
    def __init__(self, cloud, region="us-east-1", context=None):
        self.cloud, self.region, self.context = cloud, region, context
        self.clock_offset = 0
        self.script, self.default = {}, granted
        self.requests, self.credentials, self.nonces = [], {}, set()
        self.connections = self.open = self.busy = self.peak = 0
        self.lock, self.numbers = threading.Lock(), itertools.count(1)
        self._asked = defaultdict(int)
        sts = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                sts._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, request_queue_size = True, True, 512

            def handle_error(self, request, client_address):
                pass    # a peer that hangs up is no news
        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def now(self):
        return time.time() + self.clock_offset

    def seen(self, name):
        with self.lock:
            return [r for r in self.requests if r.name == name]

    def count(self):
        with self.lock:
            return len(self.requests)

    def faults(self):
        with self.lock:
            return [r.fault for r in self.requests if r.fault]

    def grant(self, lifetime=None, number=None, **changed):
        """The credential that the next answer names; `expiration` is the text in the answer."""
        lifetime = 3600 if lifetime is None else lifetime
        credential = Credential(self.cloud, next(self.numbers), stamp(self.now() + lifetime))
        for name, value in changed.items():
            setattr(credential, name, value)
        with self.lock:
            self.credentials[credential.id] = credential
        return credential

    def _serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.connections += 1
            self.open += 1
            number = self.connections
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection.makefile("rb") as stream:
                while request := self._read(stream, connection, number):
                    if not self._answer(request, connection):
                        return
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.open -= 1
            connection.close()

    def _read(self, stream, connection, number):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline(65536)
            if not line:
                return None
            head += line
        first, *lines = head.decode("utf-8").split("\r\n")[:-2]
        method, target, _ = first.split(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in headers.get("transfer-encoding", ""):
            body = b""
            while size := int(stream.readline(), 16):
                body += stream.read(size)
                stream.readline()
            stream.readline()
        else:
            body = stream.read(int(headers.get("content-length", "0")))
        path, _, query = target.partition("?")
        request = Request(method, path, query, headers, body, number)
        try:
            self._check(request)
        except (Refused, UnicodeDecodeError) as error:
            request.fault = f"{error} ({method} {target[:80]})"
        found = re.search(r"\.([A-Za-z0-9]+)\"", request.parameters.get("Policy", ""))
        request.name = found.group(1) if found else ""
        with self.lock:
            self.requests.append(request)
        return request

    def _check(self, request):
        demand((request.method, request.path) == ("POST", "/"), "not POST /")
        text = request.body.decode("utf-8") if self.cloud == "aws" else request.query
        request.parameters = strict_pairs(text)
        key_id, secret = KEYS[self.cloud]
        if self.cloud == "aws":
            demand(request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"), "content-type of the form")
            request.date = verify_sigv4(request, key_id, secret, self.region)
            demand(request.parameters.get("Version") == "2011-06-15", "Version")
            action, names = request.parameters.get("Action"), {"Action", "Version", "Policy", "DurationSeconds"}
            demand(action in ("AssumeRole", "GetFederationToken"), f"Action {action}")
            names |= {"RoleArn", "RoleSessionName"} if action == "AssumeRole" else {"Name"}
            demand(names <= set(request.parameters), f"missing {names - set(request.parameters)}")
            extra = set(request.parameters) - names - ({"ExternalId", "SourceIdentity"} if action == "AssumeRole" else set())
            demand(not extra, f"unknown {extra}")
            session, pattern = (("RoleSessionName", r"[\w+=,.@-]{2,64}") if action == "AssumeRole" else ("Name", r"[\w=,.@-]{2,32}"))
        else:
            request.date = verify_acs3(request, key_id, secret)
            demand(request.headers["x-acs-action"] == "AssumeRole" and request.headers["x-acs-version"] == "2015-04-01", "action, version")
            names = {"RoleArn", "RoleSessionName", "Policy", "DurationSeconds"}
            demand(names <= set(request.parameters), f"missing {names - set(request.parameters)}")
            demand(set(request.parameters) <= names | {"ExternalId", "SourceIdentity"}, f"unknown {set(request.parameters)}")
            session, pattern = "RoleSessionName", r"[A-Za-z0-9.@_-]{2,64}"
            with self.lock:
                nonce = request.headers["x-acs-signature-nonce"]
                demand(nonce not in self.nonces, "the nonce was used before")
                self.nonces.add(nonce)
        demand(re.fullmatch(pattern, request.parameters[session], re.ASCII), f"{session} {request.parameters[session]}")

    def _answer(self, request, connection):
        with self.lock:
            self.busy += 1
            self.peak = max(self.peak, self.busy)
            steps = self.script.get(request.name) or [self.default]
            step = steps[min(self._asked[request.name], len(steps) - 1)]
            self._asked[request.name] += 1
        try:
            window = {"aws": 300, "aliyun": 900}[self.cloud]
            if request.fault and "nonce" in request.fault:
                step = refused("SignatureNonceUsed")
            elif request.fault:
                step = refused(*{"aws": ("SignatureDoesNotMatch", 403), "aliyun": ("SignatureDoesNotMatch", 400)}[self.cloud],
                               request.fault)
            elif abs(request.date - self.now()) > window:
                step = refused(*{"aws": ("RequestExpired", 400), "aliyun": ("InvalidTimeStamp.Expired", 400)}[self.cloud])
            reply = step(self)
            if callable(reply.delay):
                reply.delay()
            elif reply.delay:
                time.sleep(reply.delay)
            return self._write(reply, connection)
        finally:
            with self.lock:
                self.busy -= 1

    def _write(self, reply, connection):
        if reply.mute:
            return False
        if reply.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        headers = [("Date", formatdate(self.now(), usegmt=True)),
                   ("Content-Type", "text/xml" if self.cloud == "aws" else "application/json"),
                   ("Content-Length", str(len(reply.body))), *reply.headers]
        head = f"HTTP/1.1 {reply.status} Fake\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers) + "\r\n"
        body = reply.body if reply.cut is None else reply.body[:reply.cut]
        if reply.drip:
            connection.sendall(head.encode())
            for byte in body:
                connection.sendall(bytes([byte]))
                time.sleep(reply.drip)
        else:
            connection.sendall(head.encode() + body)
        return reply.cut is None and not reply.close


# What a fake STS can say. A step is a function of the STS that gives a Reply.

def document(cloud, credential, **shape):
    """The success document; `shape` leaves members out (None) or replaces their text."""
    if cloud == "aws":
        members = {"AccessKeyId": credential.id, "SecretAccessKey": credential.secret, "SessionToken": credential.token,
                   "Expiration": credential.expiration, **shape}
        inner = "".join(f"<{n}>{escape(v)}</{n}>" for n, v in members.items() if v is not None)
        return ('<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROA:x'
                f"</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/uploader/x</Arn></AssumedRoleUser><Credentials>{inner}</Credentials>"
                "<PackedPolicySize>6</PackedPolicySize><SessionTokenSize>600</SessionTokenSize></AssumeRoleResult>"
                "<ResponseMetadata><RequestId>vendor-request-id</RequestId></ResponseMetadata></AssumeRoleResponse>")
    members = {"AccessKeyId": credential.id, "AccessKeySecret": credential.secret, "SecurityToken": credential.token,
               "Expiration": credential.expiration, **shape}
    return json.dumps({"RequestId": "vendor-request-id", "AssumedRoleUser": {"Arn": "acs:ram::1:role/uploader/x",
                                                                             "AssumedRoleId": "3445:x"},
                       "Credentials": {n: v for n, v in members.items() if v is not None}, "SomethingNew": [1, {"a": None}]})


def granted(sts, **reply):
    return Reply(document(sts.cloud, sts.grant()).encode(), **reply)


def federated(sts):
    """GetFederationToken's answer of AWS."""
    text = document("aws", sts.grant()).replace("AssumeRoleRes", "GetFederationTokenRes")
    return Reply(re.sub(r"<AssumedRoleUser>.*</AssumedRoleUser>", "<FederatedUser><FederatedUserId>1:x</FederatedUserId>"
                        "<Arn>arn:aws:sts::111122223333:federated-user/x</Arn></FederatedUser>", text).encode())


def shaped(lifetime=None, **shape):
    return lambda sts: Reply(document(sts.cloud, sts.grant(lifetime), **shape).encode())


def edited(edit, **reply):
    """A success document after `edit` (a function of its text, which may give bytes)."""
    def step(sts):
        text = edit(document(sts.cloud, sts.grant()))
        return Reply(text if isinstance(text, bytes) else text.encode(), **reply)
    return step


def plain(body=b"", status=200, **reply):
    return lambda sts: Reply(body.encode() if isinstance(body, str) else body, status, **reply)


def refused(code, status=400, text="no", headers=()):
    def step(sts):
        if sts.cloud == "aws":
            body = (f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code>'
                    f"<Message>{escape(text)}</Message></Error><RequestId>vendor-request-id</RequestId></ErrorResponse>")
        else:
            body = json.dumps({"RequestId": "vendor-request-id", "HostId": "sts.aliyuncs.com", "Code": code, "Message": text,
                               "Recommend": "x"})
        return Reply(body.encode(), status, headers)
    return step


def slow(seconds, step=granted):
    return lambda sts: replace(step(sts), delay=seconds)


def dripping(seconds, step=granted):
    return lambda sts: replace(step(sts), drip=seconds)


def reset(sts):
    return Reply(reset=True)
