"""Contestants in turns, and what can be said of the numbers."""
import statistics


def interleave(contestants, rounds):
    """Calls each of `contestants` (name → function) once a round, A B A B …, and gives name → list of its numbers.

    A first round warms up and is thrown away.
    """
    taken = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, contestant in contestants.items():
            value = contestant()
            if number:
                taken[name].append(value)
    return taken


def ratios(above, below):
    """Round by round: what the machine did to one it did to the other."""
    return [a / b for a, b in zip(above, below)]


def quartiles(values):
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def summary(values):
    low, high = quartiles(values)
    return {"median": statistics.median(values), "low": low, "high": high}


def uncertainty(values):
    """Of the median, one standard error, by the median deviation: one wild round does not count."""
    middle = statistics.median(values)
    deviation = 1.4826 * statistics.median(abs(v - middle) for v in values)
    return 1.2533 * deviation / len(values) ** 0.5


def change(base, now):
    """(relative change of the medians, whether the spread of the rounds explains it).

    It does up to three standard errors, and up to 2 % always: a machine has moods that no single run sees. Fewer than
    three rounds have no spread worth the name: 10 % there.
    """
    before, after = statistics.median(base), statistics.median(now)
    least = 0.02 if min(len(base), len(now)) >= 3 else 0.1
    noise = max(3 * (uncertainty(base) ** 2 + uncertainty(now) ** 2) ** 0.5, least * abs(before))
    if before == 0:
        return (0.0 if after == 0 else float("inf")), abs(after) <= noise
    return (after - before) / before, abs(after - before) <= noise
