"""What an idle connection keeps, and what a request takes from the heap."""
import statistics
import struct
import time
from contextlib import ExitStack

from harness.processes import Gateway, Load, Nginx, form_request, plain_request
from harness.rounds import interleave
from support.clouds import TYPES


def measure(bench):
    idle(bench)
    allocations(bench)


def idle(bench, count=1000):
    """KiB a connection that has asked once and is silent: private memory, before and after."""
    def of(make, request):
        with ExitStack() as open_until_here:
            start = open_until_here.enter_context
            server = start(make())
            start(Load(bench.load, server, request, bench.folder, 10))
            before = server.memory()
            start(Load(bench.load, server, request, bench.folder, count))
            time.sleep(0.5)
            return (server.memory() - before) / count
    taken = interleave({"gateway": lambda: of(lambda: Gateway(bench.gateway, bench.folder), form_request(TYPES["aws"])),
                        "nginx": lambda: of(lambda: Nginx(bench.folder, {"/": "x" * 1500}), plain_request("/"))}, max(bench.rounds // 2, 2))
    bench.report.ratio("KiB of an idle TLS connection ÷ nginx", ("gateway", "KiB", taken["gateway"]), ("nginx", "KiB", taken["nginx"]),
                       must=2, aim=1.2, note=f"{count} connections that asked once; private memory of the process, not the kernel's")


def allocations(bench):
    """Calls of malloc and its kin a request, told apart by who called: benchmarks/allocations.cpp, preloaded.

    OpenSSL's own are left out, for TLS and for signing; what it takes in nginx, so for TLS alone, is said beside it.
    """
    counters = bench.folder.write("allocations", bytes(16))
    variables = {"LD_PRELOAD": str(bench.allocations), "VALETKEY_ALLOCATIONS": str(counters)}

    def counted():
        return struct.unpack("QQ", counters.read_bytes())

    def of(server, request, rounds=41):
        """Rounds of a few requests: a timer, or a lease of object ids, is seen in their mean, not in their median."""
        with Load(bench.load, server, request, bench.folder, 1) as load:
            load.run(0.2)
            taken = []
            for _ in range(rounds):
                before = counted()
                seen = load.run(0.002)
                taken.append([(b - a) / seen["requests"] for a, b in zip(before, counted())])
        return [list(column) for column in zip(*taken)]

    with Nginx(bench.folder, {"/": "x" * 1500}, variables=variables) as nginx:
        tls = statistics.median(of(nginx, plain_request("/"))[0])
    with Gateway(bench.gateway, bench.folder, variables=variables) as gateway:
        if counted() == (0, 0):
            return bench.report.not_measured("heap allocations a form grant", "the gateway does not take the preloaded counter")
        for name, number in TYPES.items():
            openssl, others = of(gateway, form_request(number))
            bench.report.value(f"heap allocations a form grant over HTTPS, {name}", others, "", must=0,
                               note=f"in the mean {statistics.mean(others):.3f}, leases of object ids included; OpenSSL's own "
                                    f"{statistics.median(openssl):.3g} are left out (in nginx it takes {tls:.3g})")
