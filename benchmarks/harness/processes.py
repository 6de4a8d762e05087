"""Real processes: what they are told, what they cost. Each is ended by the one that started it."""
import ctypes
import json
import os
import re
import select
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests/gateway"))
from support.process import TOKEN, Folder, free_port  # noqa: E402

# The measured program has a core of its own, whoever loads it another one.
CORES = sorted(os.sched_getaffinity(0))
SERVER, CLIENT = {CORES[0]}, {CORES[-1]}
ALL = set(CORES)


def environment(**more):
    """Ours without proxies: everything here is on loopback."""
    return {**{n: v for n, v in os.environ.items() if "proxy" not in n.lower()}, **more}


def pinned(cores):
    """What a child does before it becomes another program: it stays on its cores and does not outlive us."""
    prctl, dies_with_parent = ctypes.CDLL(None).prctl, 1

    def before_exec():
        os.sched_setaffinity(0, cores)
        prctl(dies_with_parent, signal.SIGTERM)
    return before_exec


class Process:
    """A child that is pinned, ended with its block, and whose CPU and memory can be read."""

    def __init__(self, command, cores=CLIENT, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.DEVNULL)
        self.child = subprocess.Popen([str(part) for part in command], env=environment(**options.pop("variables", {})), text=True,
                                      preexec_fn=pinned(cores), **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def line(self, patience=120):
        """The next line of its output."""
        if not select.select([self.child.stdout], [], [], patience)[0]:
            raise RuntimeError(f"{self.child.args[0]} says nothing")
        if not (text := self.child.stdout.readline()):
            raise RuntimeError(f"{self.child.args} has ended: {self.child.wait(5)}")
        return text.strip()

    def line_like(self, pattern, patience=120):
        while not (found := re.match(pattern, self.line(patience))):
            pass
        return found

    def pids(self):
        """The process and its children, or those that work."""
        own = self.child.pid
        children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        return [own, *map(int, children)]

    def cpu(self):
        """Seconds of CPU so far, all threads, in nanosecond steps: the clock that the kernel keeps of a process."""
        return sum(time.clock_gettime((~pid << 3) | 2) for pid in self.pids())

    def memory(self):
        """KiB of its own."""
        total = 0
        for pid in self.pids():
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += sum(int(n) for n in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+)", text, re.M))
        return total


class Obedient(Process):
    """Says `ready …`, then answers each line that it is given with one."""

    def __init__(self, command, cores=CLIENT, **options):
        super().__init__(command, cores, stdin=subprocess.PIPE, **options)
        self.ready = self.line_like("ready ?(.*)").group(1)

    def ask(self, text, patience=120):
        self.child.stdin.write(text + "\n")
        self.child.stdin.flush()
        return self.line(patience)


class Gateway(Process):
    """One gateway in front of all seven clouds. Its log goes to /dev/null, line by line as ever."""

    def __init__(self, program, folder, changes=None, cores=SERVER, variables=None):
        base = {"threads": 1, "limits": {"idle_seconds": 3600}}
        settings = folder.settings(changes={**base, **(changes or {})})
        file = folder.write("gateway.json", settings)
        super().__init__([program, "--config", file], cores, variables=variables or {})
        self.port = int(self.line_like(r"valetkey-gateway: ready on https://.*:(\d+)$").group(1))
        self.scheme = "https"


class Nginx(Process):
    """nginx with constant answers: `answers` is path → body. No access log."""

    def __init__(self, folder, answers, tls=True, workers=1, cores=SERVER, content_type="application/json",
                 variables=None):
        self.port, self.scheme = free_port(), "https" if tls else "http"
        secure = (f"ssl_certificate {folder.path}/tls.pem; ssl_certificate_key {folder.path}/tls.key; ssl_protocols TLSv1.3;"
                  if tls else "")
        places = "".join(f"location = {path} {{ {self._return(body)} }}\n" for path, body in answers.items())
        temporary = "".join(f"{kind}_temp_path {folder.path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        file = folder.write(f"nginx-{self.port}.conf", f"""
            daemon off; worker_processes {workers}; worker_rlimit_nofile 65536; error_log stderr crit;
            pid {folder.path}/nginx-{self.port}.pid;
            events {{ worker_connections 16000; }}
            http {{
                access_log off; {temporary} default_type {content_type};
                keepalive_timeout 1h; keepalive_requests 1000000000;
                server {{
                    listen 127.0.0.1:{self.port} {"ssl" if tls else ""} backlog=4096; {secure}
                    {places}
                }}
            }}""")
        super().__init__(["nginx", "-p", folder.path, "-c", file], cores, variables=variables or {})
        wait_for(self.port)

    @staticmethod
    def _return(body, most=4000):
        """One word of a configuration has 4,095 bytes at most: a longer body is joined of variables."""
        if len(body) <= most:
            return f"return 200 '{body}';"
        pieces = [body[i:i + most] for i in range(0, len(body), most)]
        return ("".join(f"set $piece{i} '{piece}'; " for i, piece in enumerate(pieces)) +
                "return 200 '" + "".join(f"${{piece{i}}}" for i in range(len(pieces))) + "';")


def wait_for(port, seconds=10):
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


class Load(Obedient):
    """valetkey-load against a server: keep-alive connections, one request under way on each."""

    def __init__(self, program, server, request, folder, connections=64, cores=CLIENT):
        self.server = server
        file = folder.write(f"request-{abs(hash(request))}", request)
        super().__init__([program, server.scheme, server.port, connections, file], cores)

    def run(self, seconds, active=""):
        """What it saw, and `cpu_us`: the server's CPU a request in microseconds."""
        before = self.server.cpu()
        seen = json.loads(self.ask(f"run {seconds} {active}", patience=seconds + 60))
        if seen["errors"] or not seen["requests"]:
            raise RuntimeError(f"load: {seen}")
        seen["cpu_us"] = (self.server.cpu() - before) / seen["requests"] * 1e6
        return seen

    def cpu_us(self, seconds):
        return self.run(seconds)["cpu_us"]


def form_request(number, grant="form"):
    body = json.dumps({"type": number, "extension": "mp4", "isNeedCallback": 0, "uploadModule": "resource_video", "grant": grant},
                      separators=(",", ":"))
    return (f"POST /upload/sts/info HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}")


def plain_request(path):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"


def answer_to(server, request):
    """One whole answer, over a connection of its own."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as plain:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(plain, server_hostname="localhost") if server.scheme == "https" else plain as wire:
            wire.sendall(request.encode())
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += wire.recv(65536)
            head, _, body = answer.partition(b"\r\n\r\n")
            size = int(re.search(rb"(?im)^content-length: *(\d+)", head).group(1))
            while len(body) < size:
                body += wire.recv(65536)
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"{head.decode()}\n{body.decode()}")
    return head + b"\r\n\r\n" + body


def static_bodies(folder, sizes):
    """path → body, so that nginx's whole answer has as many bytes as `sizes` (path → bytes) says."""
    with Nginx(folder, {"/probe": "x" * 1000}) as probe:
        head = len(answer_to(probe, plain_request("/probe"))) - 1000
    return {path: "x" * (size - head) for path, size in sizes.items()}
