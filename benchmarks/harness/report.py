"""What was measured, what was not and why: printed as it comes, kept for results.json."""
import json

from .rounds import ratios, summary


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


class Report:
    def __init__(self, machine):
        self.machine, self.figures, self.missing = machine, [], []
        for name, value in machine.items():
            print(f"{name}: {value}")

    def ratio(self, name, above, below, **more):
        """One figure out of two contestants: (label, unit, numbers of the rounds) each."""
        parts = {label: {"unit": unit, **summary(values)} for label, unit, values in (above, below)}
        self.value(name, ratios(above[2], below[2]), "×", parts=parts, **more)

    def value(self, name, rounds, unit, better="lower", must=None, aim=None, note="", parts=None):
        """@param better "lower" or "higher": of the rounds, so of `must` and `aim`, too. Without `aim` it is `must`."""
        aim = must if aim is None else aim
        figure = {"name": name, "unit": unit, "better": better, "must": must, "aim": aim, **summary(rounds), "rounds": rounds,
                  "parts": parts or {}, "note": note}
        self.figures.append(figure)
        print(self._line(figure), flush=True)

    def not_measured(self, name, why):
        self.missing.append({"name": name, "why": why})
        print(f"{name:<58} not measured: {why}", flush=True)

    def _line(self, f):
        line = f"{f['name']:<58} {number(f['median']):>7} {f['unit']:<4} [{number(f['low'])} … {number(f['high'])}]"
        if f["must"] is not None:
            sign = "≤" if f["better"] == "lower" else "≥"
            line += f"  must {sign} {number(f['must'])}, aim {sign} {number(f['aim'])}: {verdict(f)}"
        for label, part in f["parts"].items():
            line += f"\n    {label}: {number(part['median'])} {part['unit']} [{number(part['low'])} … {number(part['high'])}]"
        return line + (f"\n    {f['note']}" if f["note"] else "")

    def write(self, file):
        file.write_text(json.dumps({"machine": self.machine, "figures": self.figures, "not_measured": self.missing},
                                   indent=1, ensure_ascii=False) + "\n")


def reaches(figure, goal):
    return figure["median"] <= goal if figure["better"] == "lower" else figure["median"] >= goal


def verdict(figure):
    """`aim`, `must` or `MISSED`."""
    return "aim" if reaches(figure, figure["aim"]) else "must" if reaches(figure, figure["must"]) else "MISSED"
