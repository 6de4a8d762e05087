"""`grant: sts` against a local STS that answers at once, and against one that takes 50 ms."""
import asyncio
import json
import threading
import time
from contextlib import ExitStack

from harness.processes import (ALL, CLIENT, SERVER, Gateway, Load, Nginx, Obedient, answer_to, form_request, free_port, plain_request,
                               static_bodies)
from harness.rounds import interleave, summary
from support.clouds import TYPES

CLIENTS = 64


def sts_answer():
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 12 * 3600))
    return (f'<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
            f"<AccessKeyId>ASIATEMPORARY00000001</AccessKeyId><SecretAccessKey>aws/Temporary+Secret{'s' * 20}</SecretAccessKey>"
            f"<SessionToken>{'t' * 600}</SessionToken><Expiration>{end}</Expiration></Credentials></AssumeRoleResult>"
            "<ResponseMetadata><RequestId>vendor-request-id</RequestId></ResponseMetadata></AssumeRoleResponse>")


class SlowSts:
    """Answers every POST after `seconds`, in a thread of this process."""
    scheme, cpu = "http", staticmethod(time.process_time)

    def __init__(self, seconds):
        self.seconds, self.port, self.loop = seconds, free_port(), asyncio.new_event_loop()
        body = sts_answer().encode()
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=512))
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    async def _serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(size)
                await asyncio.sleep(self.seconds)
                writer.write(self.answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def at(port):
    return {"clouds": {"aws": {"sts_endpoint": f"http://127.0.0.1:{port}"}}}


def measure(bench):
    cost(bench)
    patience(bench)


def cost(bench):
    request = form_request(TYPES["aws"], "sts")
    with ExitStack() as open_until_here:
        start = open_until_here.enter_context
        sts = start(Nginx(bench.folder, {"/": sts_answer()}, tls=False, cores=CLIENT, content_type="text/xml"))
        gateway = start(Gateway(bench.gateway, bench.folder, at(sts.port)))
        size = len(answer_to(gateway, request))
        nginx = start(Nginx(bench.folder, static_bodies(bench.folder, {"/": size})))
        vend = start(Load(bench.load, gateway, request, bench.folder, CLIENTS))
        static = start(Load(bench.load, nginx, plain_request("/"), bench.folder, CLIENTS))
        body = bench.folder.write("sts-body", "Action=AssumeRole&Version=2011-06-15&Policy=" + "p" * 700)
        curl = start(Obedient([bench.curl_calls, f"http://127.0.0.1:{sts.port}/", CLIENTS, body], SERVER))

        def call():
            seen = json.loads(curl.ask(f"run {bench.seconds}"))
            if seen["errors"]:
                raise RuntimeError(f"curl: {seen}")
            return seen["cpu_seconds"] / seen["calls"] * 1e6
        taken = interleave({"vend": lambda: vend.cpu_us(bench.seconds), "call": call, "static": lambda: static.cpu_us(bench.seconds)},
                           bench.rounds)
    bench.report.ratio("sts grant, CPU ÷ (bare curl-multi call + nginx answer)", ("gateway", "µs", taken["vend"]),
                       ("curl-multi + nginx", "µs", [a + b for a, b in zip(taken["call"], taken["static"])]), must=1.3, aim=1.1,
                       note=f"AWS, {CLIENTS} at a time, STS over plain HTTP on loopback with its connections kept")


def patience(bench, delay=0.05):
    """Through the gateway, and from the slow STS without one: what it can give at all."""
    with ExitStack() as open_until_here:
        start = open_until_here.enter_context
        sts = start(SlowSts(delay))
        gateway = start(Gateway(bench.gateway, bench.folder, at(sts.port), ALL))
        loads = {"gateway": start(Load(bench.load, gateway, form_request(TYPES["aws"], "sts"), bench.folder, CLIENTS)),
                 "STS alone": start(Load(bench.load, sts, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody",
                                         bench.folder, CLIENTS))}

        def rate(load):
            seen = load.run(max(bench.seconds, 20 * delay))
            return seen["requests"] / seen["seconds"]
        taken = interleave({who: lambda load=load: rate(load) for who, load in loads.items()}, bench.rounds)
    most = CLIENTS / delay
    bench.report.value(f"sts grants, share of {CLIENTS} ÷ {delay * 1000:.0f} ms", [r / most for r in taken["gateway"]], "",
                       better="higher", must=0.9,
                       parts={who: {"unit": "a second", **summary(rates)} for who, rates in taken.items()})
