"""Plots of what was measured, as SVG that follows the reader's light or dark; PNG where rsvg-convert is."""
import math
import re
import shutil
import subprocess
from xml.sax.saxutils import escape

from .report import number, verdict

STYLE = """<style>
text{font:13px system-ui,sans-serif;fill:#1f2328}.head{font-weight:600}.dim{fill:#59636e}.card{fill:#fff}.line{stroke:#8c959f}
.aim{fill:#1a7f37}.must{fill:#9a6700}.MISSED{fill:#cf222e}.bar{fill:#0969da}.other{fill:#8c959f}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.dim{fill:#9198a1}.card{fill:#0d1117}.line{stroke:#656c76}
.aim{fill:#3fb950}.must{fill:#d29922}.MISSED{fill:#f85149}.bar{fill:#4493f8}.other{fill:#656c76}}
</style>"""
WIDTH, LEFT, RIGHT, ROW = 860, 400, 140, 22
SPAN = WIDTH - LEFT - RIGHT

# plot → its title and families: a heading, the figures in it, what of a figure's name tells its rows apart
FAMILIES = {
    "clouds": ("Each cloud beside its limit", [
        ("grant: form in process, nanoseconds", r"^form grant ÷ bare HMAC of its policy, (\w+)$"),
        ("HTTPS, microseconds of CPU a request", r"^HTTPS form grants a CPU-second ÷ nginx, ([a-z]+)$"),
        ("A program with one cloud, seconds to compile", r"^a program with (.*), -O2")]),
    "peers": ("Beside the packages that others use", [
        ("S3 form, nanoseconds", r"^S3 form()"), ("STS request, nanoseconds", r"^STS request()"),
        ("OSS form, nanoseconds", r"^OSS form()"), ("Qiniu token, nanoseconds", r"^Qiniu token()"),
        ("COS form, nanoseconds", r"^COS form()"), ("Gateway, microseconds of CPU a request", r"Uppy Companion()"),
        ("sts grant, microseconds of CPU", r"^sts grant, CPU()"), ("Idle TLS connection, KiB", r"^KiB of an idle()")]),
    "growth": ("Growth", [
        ("Microseconds of CPU a request over HTTPS", r"^HTTPS form grants .* nginx, ([\d,]+ connections?)"),
        ("The same by threads, 64 connections", r"^CPU a request, 2 threads ÷ 1, (.*)"),
        ("99th percentile of waiting, microseconds", r"^99th percentile of waiting ÷ nginx's, ([\d,]+ connections?)$"),
        ("Form grant in process, nanoseconds, by clouds compiled in", r"^form grant of AWS in a service()"),
        ("STS answer read and voucher signed, nanoseconds", r"token of (\d+ bytes)")])}


def svg(rows, title, foot):
    height = 48 + ROW * len(rows) + 32
    placed = "".join(f'<g transform="translate(0 {44 + i * ROW})">{row}</g>' for i, row in enumerate(rows))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">'
            f'<title>{escape(title)}</title>{STYLE}<rect class="card" width="{WIDTH}" height="{height}" rx="6"/>'
            f'<text x="16" y="28" class="head">{escape(title)}</text>{placed}'
            f'<text class="dim" x="16" y="{height - 12}">{escape(foot)}</text></svg>\n')


def row(name, kind, begin, end, value, more=""):
    return (f'<text x="28" y="15">{escape(name)}</text><rect class="{kind}" x="{begin:.1f}" y="3" width="{end - begin:.1f}" height="14"/>'
            f'<text x="{WIDTH - RIGHT + 8}" y="15">{value}</text>{more}')


def goals(figures, foot):
    """How far each figure is from its `must`, on a logarithmic scale that ends at ×8 on both sides."""
    middle, rows = LEFT + SPAN / 2, []
    for f in (f for f in figures if f["must"] is not None):
        beyond, least = (f["median"], f["must"]) if f["better"] == "higher" else (f["must"], f["median"])
        reach = max(-1.0, min(1.0, math.log((beyond + 1e-9) / (least + 1e-9), 8))) * SPAN / 2
        sign = "≤" if f["better"] == "lower" else "≥"
        value = f'{number(f["median"])} {f["unit"]} <tspan class="dim">({sign} {number(f["must"])})</tspan>'
        line = f'<line class="line" x1="{middle}" x2="{middle}" y1="0" y2="{ROW}"/>'
        rows.append(row(f["name"], verdict(f), min(middle, middle + reach), max(middle, middle + reach), value, line))
    return svg(rows, "Goals: to the right of the line is better than it must be; the edges are 8 times", foot)


def grouped(figures, title, families, foot):
    """Who was measured in each family of figures, on one scale a family."""
    rows = []
    for heading, pattern in families:
        taken = {}
        for f in figures:
            if f["parts"] and (found := re.search(pattern, f["name"])):
                for i, (who, part) in enumerate(f["parts"].items()):
                    taken.setdefault(", ".join(filter(None, (found.group(1), who))), (part, i == (f["better"] == "higher")))
        if not taken:
            continue
        scale = SPAN / max(part["high"] for part, _ in taken.values())
        rows.append(f'<text x="16" y="15" class="head">{escape(heading)}</text>')
        for who, (part, is_ours) in taken.items():
            spread = (f'<line class="line" x1="{LEFT + part["low"] * scale:.1f}" x2="{LEFT + part["high"] * scale:.1f}" y1="10" y2="10" '
                      'stroke-width="2"/>')
            rows.append(row(who, "bar" if is_ours else "other", LEFT, LEFT + part["median"] * scale,
                            f'{number(part["median"])} {part["unit"]}', spread))
    return svg(rows, title, foot)


def draw(figures, machine, folder):
    folder.mkdir(exist_ok=True)
    versions = " ".join(machine["openssl"].split()[:2]), machine["nginx"].split()[-1], "node " + machine["node"]
    foot = f"Medians and middle halves of one run. {machine['cpu'].split(' (')[0]}, {', '.join(versions)}, {machine['time'][:10]}"
    plots = {"goals": goals(figures, foot)}
    plots |= {name: grouped(figures, title, families, foot) for name, (title, families) in FAMILIES.items()}
    for name, text in plots.items():
        (folder / f"{name}.svg").write_text(text)
        if shutil.which("rsvg-convert"):
            subprocess.run(["rsvg-convert", "-z", "1.25", folder / f"{name}.svg", "-o", folder / f"{name}.png"], check=False)
