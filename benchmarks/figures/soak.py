"""A minute of 10,000 connections that all ask, two threads, in turns with nginx."""
from contextlib import ExitStack

from harness.processes import ALL
from harness.rounds import interleave
from .https import both, loads

CONNECTIONS = 10000
TURNS = 6


def measure(bench):
    with ExitStack() as open_until_here:
        start = open_until_here.enter_context
        servers = both(bench, start, 2, ALL)
        gateway, nginx = loads(bench, start, servers, CONNECTIONS, ALL)
        gateway.run(bench.soak / TURNS)
        before = servers[0].memory()
        # a lost connection or an answer other than 200 is an error, which `run` raises
        taken = interleave({"gateway": lambda: gateway.run(bench.soak / TURNS), "nginx": lambda: nginx.run(bench.soak / TURNS)}, TURNS)
        growth = servers[0].memory() / before - 1
    p99 = {who: [float(seen["p99_us"]) for seen in runs] for who, runs in taken.items()}
    answers = sum(seen["requests"] for seen in taken["gateway"])
    bench.report.ratio(f"99th percentile ÷ nginx's, {CONNECTIONS:,} connections, {bench.soak:.0f} s", ("gateway", "µs", p99["gateway"]),
                       ("nginx", "µs", p99["nginx"]), must=2, note=f"two threads each; {answers:,} answers of the gateway, no error")
    bench.report.value("memory's growth in that time", [growth], "", must=0.2)
