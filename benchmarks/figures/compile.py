"""What the headers cost a compiler, and each cloud a program."""
import re
import resource
import subprocess
import tempfile
from pathlib import Path

from harness.processes import REPOSITORY, SERVER, pinned
from harness.rounds import interleave
from .parts import CLOUDS

# what tests/pruned/alone.cpp needs to know of a cloud
ALONE = {"tencent": ("bucket-1250000000", ""), "aws": ("bucket", "arn:aws:iam::111122223333:role/up"),
         "aliyun": ("bucket", "acs:ram::1111222233334444:role/up"), "ksyun": ("bucket", "krn:ksc:iam::1:role/up")}

INCLUDED = [("valetkey.hpp", ["valetkey/valetkey.hpp"], 4, 3),
            ("sts_service.hpp and one cloud", ["valetkey/sts_service.hpp", "valetkey/providers/aws.hpp"], 3, 2)]


def usual_headers(*headers):
    """The standard headers that ours name themselves, all the way down: what a program pays without the library, too."""
    seen, standard, left = set(), set(), list(headers)
    while left:
        text = (REPOSITORY / "include" / left.pop()).read_text()
        named = set(re.findall(r"^#include <([\w./]+)>", text, re.M))
        standard |= {name for name in named if re.fullmatch("[a-z_]+", name)}
        left += [name for name in named - seen if name.startswith("valetkey/")]
        seen |= named
    return sorted(standard)


def includes(*headers):
    return "".join(f"#include <{header}>\n" for header in headers) + "int main() {}\n"


def seconds(command):
    """Of CPU, the compiler's children included."""
    def spent():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime
    before = spent()
    subprocess.run(command, check=True, cwd=REPOSITORY, preexec_fn=pinned(SERVER))
    return spent() - before


class Sources:
    def __init__(self, folder):
        self.folder = Path(folder)

    def compiler(self, name, text, *flags):
        source = self.folder / f"{name}.cpp"
        source.write_text(text)
        command = ["g++", "-std=c++20", "-Iinclude", *flags, "-c", source, "-o", self.folder / f"{name}.o"]
        return lambda: seconds(command)

    def size(self, name):
        """Bytes of the stripped program."""
        program = self.folder / name
        subprocess.run(["g++", "-s", program.with_suffix(".o"), "-o", program, "-lboost_json", "-lcrypto", "-lpugixml"], check=True)
        return program.stat().st_size


def alone(cloud):
    """A program that vends for one cloud, and its flags."""
    text = (REPOSITORY / "tests/pruned/alone.cpp").read_text()
    text = text.replace("<valetkey/valetkey.hpp>", f"<valetkey/providers/{cloud}.hpp>\n#include <valetkey/sts_service.hpp>")
    bucket, role = ALONE.get(cloud, ("bucket", ""))
    return text, ["-O2", f"-DCLOUD={cloud}", f'-DBUCKET="{bucket}"', *([f'-DROLE="{role}"'] if role else [])]


def measure(bench):
    rounds = min(bench.rounds, 3)
    with tempfile.TemporaryDirectory() as folder:
        sources = Sources(folder)
        usual = sources.compiler("usual", includes(*usual_headers("valetkey/valetkey.hpp")))
        for name, headers, must, aim in INCLUDED:
            taken = interleave({"ours": sources.compiler("ours", includes(*headers)), "usual": usual}, rounds)
            bench.report.ratio(f"{name} included ÷ the usual std headers", ("ours", "s", taken["ours"]),
                               ("usual std headers", "s", taken["usual"]), must=must, aim=aim)
        usual = sources.compiler("usual", includes(*usual_headers("valetkey/valetkey.hpp")), "-O2")
        programs = {cloud: alone(cloud) for cloud in CLOUDS}
        programs["all seven"] = ((REPOSITORY / "benchmarks/all_clouds.cpp").read_text(), ["-O2"])
        for name, (text, flags) in programs.items():
            taken = interleave({"ours": sources.compiler("program", text, *flags), "usual": usual}, 1)
            kib, least = (sources.size(program) // 1024 for program in ("program", "usual"))
            bench.report.ratio(f"a program with {name}, -O2 ÷ the usual std headers", ("the program", "s", taken["ours"]),
                               ("usual std headers", "s", taken["usual"]), note=f"{kib} KiB of stripped program, {least} without it")
