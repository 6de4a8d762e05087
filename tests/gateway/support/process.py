"""The gateway as a process: its files, its start, its end."""
import copy
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from .clouds import CLOUDS, settings
from .wire import Api, Connection

REPOSITORY = Path(__file__).resolve().parents[3]
TOKEN = "token-of-everybody-0001"


def program():
    return os.environ.get("VALETKEY_GATEWAY") or str(REPOSITORY / "build/bin/valetkey-gateway")


def instrumented():
    """Whether the program carries a sanitizer, which makes it many times slower."""
    content = Path(program()).read_bytes()
    return b"__asan_init" in content or b"__tsan_init" in content


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def token(text, subject, **rights):
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "subject": subject, **rights}


def merged(base, changes):
    """`base` with `changes` laid over it; None takes a member out."""
    if not isinstance(base, dict) or not isinstance(changes, dict):
        return copy.deepcopy(changes)
    result = {name: value for name, value in copy.deepcopy(base).items() if changes.get(name, "") is not None}
    for name, value in changes.items():
        if value is not None:
            result[name] = merged(result.get(name), value)
    return result


class Folder:
    """A temporary folder with all that a configuration names."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="valetkey-gateway-"))
        self.certificate()
        self.write("tokens.json", {"tokens": [token(TOKEN, "everybody", modules="*", projects="*")]})

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)

    def write(self, name, content):
        """Replaced in one step, as a careful operator does it."""
        data = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else json.dumps(content).encode()
        (self.path / (name + ".new")).write_bytes(data)
        os.replace(self.path / (name + ".new"), self.path / name)
        return self.path / name

    def certificate(self, stem="tls", name="gateway.test"):
        for kind in ("pem", "key"):
            (self.path / f"{stem}.{kind}.new").unlink(missing_ok=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                        "-keyout", f"{stem}.key.new", "-out", f"{stem}.pem.new"], cwd=self.path, check=True, capture_output=True)
        for kind in ("key", "pem"):
            os.replace(self.path / f"{stem}.{kind}.new", self.path / f"{stem}.{kind}")

    def server_context(self, stem="tls"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path / f"{stem}.pem", self.path / f"{stem}.key")
        return context

    def settings(self, fakes=None, changes=None):
        """A whole configuration of seven clouds; an STS that is not given is a port where nobody listens."""
        nobody = f"http://127.0.0.1:{free_port()}"
        base = {
            "listen": {"address": "127.0.0.1", "port": 0, "certificate": "tls.pem", "private_key": "tls.key"},
            "admin": {"address": "127.0.0.1", "port": free_port()},
            "auth": {"tokens": {"file": "tokens.json"}},
            "cors": {"origins": ["https://app.example.com", "http://localhost:5173"]},
            "paths": {"root": "test"},
            "callback": {"url": "https://upload.example.com/upload/callback"},
            "object_ids": {"sqlite": {"file": "ids.db"}},
            "clouds": {name: settings(name, None if name == "qiniu" else fakes[name].url if fakes else nobody) for name in CLOUDS}}
        return merged(base, changes or {})


class Gateway:
    """One running gateway. Its output is collected from the first byte on."""

    def __init__(self, folder, settings, options=(), environment=None, name="gateway.json"):
        self.folder, self.settings, self.file = folder, settings, folder.write(name, settings)
        inherited = {n: v for n, v in os.environ.items() if "proxy" not in n.lower()}
        # The working folder is another one: relative paths start at the configuration's folder.
        self.process = subprocess.Popen([program(), "--config", str(self.file), *options], cwd="/", stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**inherited, **(environment or {})})
        self._output = {"stdout": bytearray(), "stderr": bytearray()}
        self._readers = [threading.Thread(target=self._collect, args=(n,), daemon=True) for n in self._output]
        for reader in self._readers:
            reader.start()
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _collect(self, name):
        stream = getattr(self.process, name)
        while piece := stream.read1(65536):
            self._output[name] += piece
        stream.close()

    def _wait_until_ready(self):
        found = until(lambda: re.search(r"^valetkey-gateway: ready on https://(\S+):(\d+)$", self.stdout, re.M)
                      or self.process.poll() is not None, 30)
        if not hasattr(found, "group"):
            raise AssertionError(f"no ready line; status {self.process.poll()}, stderr: {self.stderr[-500:]}")
        self.address = (found.group(1), int(found.group(2)))
        self.context = ssl.create_default_context(cafile=self.folder.path / "tls.pem")
        self.context.set_alpn_protocols(["http/1.1"])

    @property
    def stdout(self):
        return bytes(self._output["stdout"]).decode("utf-8", "replace")

    @property
    def stderr(self):
        return bytes(self._output["stderr"]).decode("utf-8", "replace")

    @property
    def running(self):
        return self.process.poll() is None

    def connect(self, context=None, patience=15):
        return Connection(self.address, context or self.context, patience)

    def admin(self, method, target, headers=()):
        with Connection((self.settings["admin"]["address"], self.settings["admin"]["port"])) as connection:
            return connection.ask(method, target, {"Connection": "close", **dict(headers)})

    def user(self, token=TOKEN, headers=()):
        return Api(self, token, headers)

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self, settings):
        self.settings = settings
        self.folder.write(self.file.name, settings)
        self.signal(signal.SIGHUP)

    def wait(self, seconds=15):
        """The exit status, None when it did not end in that time."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        for reader in self._readers:
            reader.join(5)
        return status

    def stop(self):
        """Ends it by SIGTERM; the exit status, or None when it had to be killed."""
        if self.running:
            self.signal(signal.SIGTERM)
        status = self.wait()
        if status is None:
            self.process.kill()
            self.wait()
        return status


def run_program(*arguments, environment=None, patience=6):
    """Runs the program to its end: (status, stdout, stderr); status None when it did not end by itself."""
    inherited = {n: v for n, v in os.environ.items() if "proxy" not in n.lower()}
    process = subprocess.Popen([program(), *map(str, arguments)], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env={**inherited, **(environment or {})})
    try:
        out, err = process.communicate(timeout=patience)
        status = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        status = None
    return status, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


def until(condition, seconds=5):
    """The first true value of `condition()`, its last value when the time is over."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return value
