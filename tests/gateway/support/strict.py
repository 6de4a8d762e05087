"""Reading as vendors read, and refusing as they refuse."""
import json
import time
from calendar import timegm
from urllib.parse import unquote


class Refused(Exception):
    """A request, signature, policy or voucher that its vendor would not take; the text says why."""


def demand(condition, why):
    if not condition:
        raise Refused(why)


def strict_json(text):
    def once(pairs):
        names = [name for name, _ in pairs]
        demand(len(names) == len(set(names)), f"a JSON name comes twice: {names}")
        return dict(pairs)

    def never(constant):
        demand(False, f"no JSON: {constant}")
    return json.loads(text, object_pairs_hook=once, parse_constant=never)


def strict_pairs(text, bare=False):
    """`a=b&c=d` with percent-encoding and nothing else: a plus is a plus, and a name comes once. `bare`: a name may come alone."""
    pairs = {}
    for piece in filter(None, text.split("&")):
        name, sep, value = piece.partition("=")
        name, value = unquote(name, errors="strict"), unquote(value, errors="strict")
        demand(sep or bare, f"parameter without a value: {name}")
        demand(name not in pairs, f"parameter sent twice: {name}")
        pairs[name] = value
    return pairs


def unix(text, shape="%Y-%m-%dT%H:%M:%SZ"):
    return timegm(time.strptime(text, shape))


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
