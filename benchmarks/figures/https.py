"""The whole gateway over keep-alive HTTPS, CPU of the server a request, beside nginx and Uppy Companion."""
from contextlib import ExitStack

from harness.processes import (ALL, Gateway, Load, Nginx, Process, REPOSITORY, SERVER, answer_to, form_request, plain_request,
                               static_bodies)
from harness.rounds import interleave, ratios
from support.clouds import TYPES


class Companion(Process):
    scheme = "http"

    def __init__(self, folder):
        peers = REPOSITORY / "benchmarks/peers"
        super().__init__(["node", "--no-deprecation", "companion.mjs", folder.path], SERVER, cwd=peers,
                         variables={"NODE_ENV": "production"})
        self.version, port = self.line_like(r"ready (\S+) (\d+)").groups()
        self.port = int(port)


def measure(bench):
    with ExitStack() as open_until_here:
        start = open_until_here.enter_context
        folder = bench.folder
        gateway = start(Gateway(bench.gateway, folder))
        answers = {name: answer_to(gateway, form_request(number)) for name, number in TYPES.items()}
        nginx = start(Nginx(folder, static_bodies(folder, {f"/{name}": len(a) for name, a in answers.items()})))
        for name, number in TYPES.items():
            ours = start(Load(bench.load, gateway, form_request(number), folder))
            limit = start(Load(bench.load, nginx, plain_request(f"/{name}"), folder))
            taken = interleave({"ours": lambda: ours.cpu_us(bench.seconds), "limit": lambda: limit.cpu_us(bench.seconds)}, bench.rounds)
            bench.report.ratio(f"HTTPS form grants a CPU-second ÷ nginx, {name}", ("nginx", "µs", taken["limit"]),
                               ("gateway", "µs", taken["ours"]), better="higher", must=0.85, aim=1.0,
                               note=f"CPU a request; answers of {len(answers[name])} bytes, 64 connections, one thread each")
        against_companion(bench, start, gateway)
    growth(bench)
    scaling(bench)


def against_companion(bench, start, gateway):
    name = "HTTPS form grants a CPU-second ÷ Uppy Companion, aws"
    if bench.why_no_peers:
        return bench.report.not_measured(name, bench.why_no_peers)
    companion = start(Companion(bench.folder))
    ours = start(Load(bench.load, gateway, form_request(TYPES["aws"]), bench.folder))
    theirs = start(Load(bench.load, companion, plain_request("/s3/params?filename=a.mp4&type=video/mp4"), bench.folder))
    theirs.run(2)     # until its compiler has seen it
    taken = interleave({"theirs": lambda: theirs.cpu_us(2 * bench.seconds), "ours": lambda: ours.cpu_us(bench.seconds)}, bench.rounds)
    bench.report.ratio(name, (f"Companion {companion.version}, plain HTTP", "µs", taken["theirs"]),
                       ("gateway, HTTPS", "µs", taken["ours"]), better="higher", must=70, aim=100)


def both(bench, start, threads=1, cores=SERVER):
    """A gateway and an nginx with answers of one size."""
    gateway = start(Gateway(bench.gateway, bench.folder, {"threads": threads}, cores))
    size = len(answer_to(gateway, form_request(TYPES["aws"])))
    return gateway, start(Nginx(bench.folder, static_bodies(bench.folder, {"/": size}), workers=threads, cores=cores))


def loads(bench, start, servers, connections, cores=None):
    cores = {"cores": cores} if cores else {}
    return [start(Load(bench.load, server, request, bench.folder, connections, **cores))
            for server, request in zip(servers, (form_request(TYPES["aws"]), plain_request("/")))]


def growth(bench):
    """What a request costs among many connections that all ask."""
    costs = {}
    for count in (1, 64, 1000, 10000):
        with ExitStack() as open_until_here:
            start = open_until_here.enter_context
            servers = both(bench, start)
            empty = servers[0].memory()
            ours, limit = loads(bench, start, servers, count)
            held = servers[0].memory()
            taken = interleave({"ours": lambda: ours.run(bench.seconds), "limit": lambda: limit.run(bench.seconds)}, bench.rounds)
            grown = servers[0].memory()
        many = f"{count:,} connection{'s' * (count > 1)}"
        costs[count] = {name: [seen["cpu_us"] for seen in runs] for name, runs in taken.items()}
        bench.report.ratio(f"HTTPS form grants a CPU-second ÷ nginx, {many}", ("nginx", "µs", costs[count]["limit"]),
                           ("gateway", "µs", costs[count]["ours"]), better="higher")
        p99 = {name: [float(seen["p99_us"]) for seen in runs] for name, runs in taken.items()}
        bench.report.ratio(f"99th percentile of waiting ÷ nginx's, {many}", ("gateway", "µs", p99["ours"]),
                           ("nginx", "µs", p99["limit"]),
                           note=f"gateway: {empty} KiB without a connection, {held} with them, {grown} after the rounds")
    bench.report.value("CPU a form grant, 10,000 connections ÷ 1", ratios(costs[10000]["ours"], costs[1]["ours"]), "×")


def scaling(bench):
    """CPU a request with two threads against one. Throughput is no figure here: the load needs the cores, too."""
    if len(ALL) < 2:
        return bench.report.not_measured("CPU a form grant, 2 threads ÷ 1", "one core")
    costs = {}
    with ExitStack() as open_until_here:
        start = open_until_here.enter_context
        for threads in (1, 2):
            servers = both(bench, start, threads, ALL)
            for who, load in zip(("gateway", "nginx"), loads(bench, start, servers, 64, ALL)):
                costs[who, threads] = lambda load=load: load.cpu_us(bench.seconds)
        taken = interleave(costs, bench.rounds)
    for who in ("gateway", "nginx"):
        bench.report.ratio(f"CPU a request, 2 threads ÷ 1, {who}", ("2 threads", "µs", taken[who, 2]), ("1 thread", "µs", taken[who, 1]),
                           note="both on all cores beside the load; throughput is not judged")
