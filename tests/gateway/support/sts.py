"""A fake STS of one cloud: plain HTTP on loopback, strict about signatures, and as ill-behaved as a test wants.

Answers are scripted by the file extension of the key that is asked for (it stands in the session policy), so that many
cases can run at once: `sts.script["abc"] = [reset, granted]`; the last one is repeated. Without a script it grants.
"""
import itertools
import re
import socket
import socketserver
import struct
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from email.utils import formatdate

from .clouds import CLOUDS
from .strict import Refused, demand, stamp
from .vendors import VENDORS


@dataclass
class Request:
    """What arrived; `fault` is why the signature or the request is wrong, None when all is well."""
    method: str
    path: str
    query: str
    headers: dict
    body: bytes
    connection: int
    call: str = None            # which of the vendor's calls
    policy: str = ""            # the session policy's text
    seconds: int = 0
    role: object = None         # as the vendor names it; None without one
    session: str = None
    external_id: str = None
    account: str = None
    fault: str = None
    date: int = 0
    valid: int = 0              # how long the signature says that it holds
    name: str = ""              # of the script: the key's extension


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


class Credential:
    def __init__(self, vendor, number, end):
        self.id = f"{vendor.id_front}TEMPORARY{number:08d}"
        self.secret = f"{vendor.name}/Temporary+Secret{number:08d}{'s' * 12}"
        self.token = f"{vendor.name}Token{number:08d}/+{'t' * 400}=="
        self.end, self.expiration = end, stamp(end)


class FakeSts:
    def __init__(self, cloud, context=None, port=0):
        self.cloud, self.vendor, self.region, self.context = cloud, VENDORS[cloud](), CLOUDS[cloud].sts_region, context
        self.clock_offset = 0
        self.script, self.default = {}, granted
        self.requests, self.credentials, self.nonces = [], {}, set()
        self.connections = self.open = self.busy = self.peak = 0
        self.lock, self.numbers, self._answering = threading.Lock(), itertools.count(1), threading.local()
        self._asked = defaultdict(int)
        sts = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                sts._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, request_queue_size = True, True, 512

            def handle_error(self, request, client_address):
                pass    # a peer that hangs up is no news
        self.server = Server(("127.0.0.1", port), Handler)
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

    def once(self, nonce):
        with self.lock:
            demand(nonce not in self.nonces, "the nonce was used before")
            self.nonces.add(nonce)

    def success(self, lifetime=None, **shape):
        """(text, status) of the document that grants what is asked for just now; `shape` as in `Vendor.document`."""
        lifetime = 3600 if lifetime is None else lifetime
        credential = Credential(self.vendor, next(self.numbers), int(self.now() + lifetime))
        with self.lock:
            self.credentials[credential.id] = credential
        request = self._answering.request
        return self.vendor.document(request, credential, shape), self.vendor.status(request)

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
            self.vendor.check(request, self)
        except (Refused, ValueError, KeyError, TypeError) as error:
            request.fault = f"{error!r} ({method} {target[:80]})"
        found = re.search(r"/[0-9a-f]{8}-[0-9a-f-]{27}\.([A-Za-z0-9]+)\"", request.policy)
        request.name = found.group(1) if found else ""
        with self.lock:
            self.requests.append(request)
        return request

    def _answer(self, request, connection):
        with self.lock:
            self.busy += 1
            self.peak = max(self.peak, self.busy)
            steps = self.script.get(request.name) or [self.default]
            step = steps[min(self._asked[request.name], len(steps) - 1)]
            self._asked[request.name] += 1
        try:
            if request.fault and "nonce" in request.fault:
                step = refused("SignatureNonceUsed")
            elif request.fault:
                step = refused(*self.vendor.unsigned, request.fault)
            elif skewed := self.vendor.skew(request, self.now()):
                step = refused(*skewed)
            self._answering.request = request
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
        headers = [("Date", formatdate(self.now(), usegmt=True)), ("Content-Type", self.vendor.content_type),
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

def granted(sts, **reply):
    return edited(str, **reply)(sts)


def shaped(lifetime=None, **shape):
    def step(sts):
        text, status = sts.success(lifetime, **shape)
        return Reply(text.encode(), status)
    return step


def edited(edit, **reply):
    """A success document after `edit` (a function of its text, which may give bytes)."""
    def step(sts):
        text, status = sts.success()
        text = edit(text)
        return Reply(text if isinstance(text, bytes) else text.encode(), **{"status": status, **reply})
    return step


def plain(body=b"", status=200, **reply):
    return lambda sts: Reply(body.encode() if isinstance(body, str) else body, status, **reply)


def refused(code, status=400, text="no", headers=()):
    return lambda sts: Reply(sts.vendor.refusal(code, text).encode(), status, headers)


def slow(seconds, step=granted):
    return lambda sts: replace(step(sts), delay=seconds)


def dripping(seconds, step=granted):
    return lambda sts: replace(step(sts), drip=seconds)


def reset(sts):
    return Reply(reset=True)
