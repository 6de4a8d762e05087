"""A client that sends exactly the bytes it is told to, over TLS or not, and reads exactly what comes back."""
import json
import socket
import ssl

from .strict import strict_json


class Ended(Exception):
    """The peer ended the connection before a whole answer had come."""


class Answer:
    def __init__(self, version, status, headers, body):
        self.version, self.status, self.headers, self.body = version, status, headers, body

    def all(self, name):
        return [value for n, value in self.headers if n == name.lower()]

    def header(self, name, default=""):
        return next(iter(self.all(name)), default)

    def json(self):
        return strict_json(self.body.decode("utf-8"))

    def text(self):
        """Everything that came, to search in."""
        return "\n".join(f"{n}: {v}" for n, v in self.headers) + "\n\n" + self.body.decode("utf-8", "replace")

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


def message(method, target, headers=(), body=b"", version="HTTP/1.1"):
    """A request as bytes. Host and Content-Length come by themselves unless `headers` names them; a value of None leaves one out."""
    body = body.encode() if isinstance(body, str) else body
    given = dict(headers)
    wanted = {"Host": "gateway.test", **({"Content-Length": str(len(body))} if body else {}), **given}
    lines = [f"{method} {target} {version}"] + [f"{name}: {value}" for name, value in wanted.items() if value is not None]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def chunked(*pieces, last=b"0\r\n\r\n"):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + last


class Connection:
    def __init__(self, address, context=None, patience=15):
        self.socket = socket.create_connection(address, patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            try:
                self.socket = context.wrap_socket(self.socket, server_hostname=address[0])
            except BaseException:
                self.socket.close()
                raise
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """A peer that already has answered may have stopped reading: what it said is read all the same."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass

    def more(self):
        try:
            piece = self.socket.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            piece = b""
        if not piece:
            raise Ended(f"after {self.buffer[:200]!r}")
        self.buffer += piece

    def _line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line.decode("latin-1")

    def _take(self, size):
        taken = bytearray()  # grows in place: a body may be large
        try:
            while True:
                taken += self.buffer
                self.buffer = b""
                if len(taken) >= size:
                    self.buffer = bytes(taken[size:])
                    return bytes(taken[:size])
                self.more()
        except Exception:
            self.buffer = bytes(taken)
            raise

    def read(self, method="GET"):
        version, status, *_ = self._line().split(" ", 2)
        headers = []
        while line := self._line():
            name, _, value = line.partition(":")
            headers.append((name.lower(), value.strip()))
        answer = Answer(version, int(status), headers, b"")
        if method == "HEAD" or answer.status < 200 or answer.status in (204, 304):
            return answer
        if "chunked" in answer.header("transfer-encoding"):
            while size := int(self._line().split(";")[0], 16):
                answer.body += self._take(size)
                self._line()
            while self._line():
                pass
        elif answer.all("content-length"):
            answer.body = self._take(int(answer.header("content-length")))
        else:
            try:
                while True:
                    self.more()
            except Ended:
                answer.body, self.buffer = self.buffer, b""
        return answer

    def ask(self, method, target, headers=(), body=b"", version="HTTP/1.1"):
        self.send(message(method, target, headers, body, version))
        return self.read(method)

    def ended(self, patience=10):
        """True when the peer closes without another byte, False when it says more or stays."""
        self.socket.settimeout(patience)
        try:
            self.more()
        except Ended:
            return not self.buffer
        except TimeoutError:
            pass
        return False


class Api:
    """One user of the gateway: a token and a keep-alive connection that is opened anew when the gateway has closed it."""

    def __init__(self, gateway, token=None, headers=()):
        self.gateway, self.connection = gateway, None
        self.headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **dict(headers)}

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, method, target, body=b"", headers=()):
        kept = self.connection is not None
        if not kept:
            self.connection = self.gateway.connect()
        try:
            answer = self.connection.ask(method, target, {**self.headers, **dict(headers)}, body)
        except Exception as error:
            quiet = isinstance(error, Ended) and not self.connection.buffer
            self.close()
            if kept and quiet:
                return self.ask(method, target, body, headers)
            raise
        if answer.header("connection").lower() == "close" or answer.status == 408:
            self.close()
        return answer

    def info(self, fields, method="POST", headers=()):
        """Asks for a credential; `fields` is a dictionary, or the body's exact text."""
        body = fields if isinstance(fields, (str, bytes)) else json.dumps(fields)
        return self.ask(method, "/upload/sts/info", body, {"Content-Type": "application/json", **dict(headers)})

    def query(self, text):
        return self.ask("GET", "/upload/sts/info?" + text)
