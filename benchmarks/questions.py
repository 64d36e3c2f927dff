"""Questions for DNS servers, as dnsperf reads them: random, and the same ones in each run."""

import random
from collections.abc import Callable
from pathlib import Path

from benchmarks.servers import WILD, ZONE

_DISTINCT, _FEW = 100_000, 100


def write_questions(folder: Path) -> dict[str, Path]:
    """A file of questions for each case, by its name."""
    files = {}
    for name, (make, number) in CASES.items():
        random_ = random.Random(7)
        files[name] = folder / name.replace(" ", "-").replace(",", "")
        files[name].write_text("".join(make(random_) + "\n" for _ in range(number)))
    return files


def _a(random_: random.Random) -> str:
    octets = [str(random_.randrange(256)) for _ in range(4)]
    host = f"h{random_.getrandbits(20):x}"
    kind = random_.random()
    if kind < 0.45:
        return f"{host}.{'.'.join(octets)}.{WILD} A"
    if kind < 0.9:
        return f"{host}-{'-'.join(octets)}.{WILD} A"
    return f"{host}.{random_.getrandbits(32):08x}.{WILD} A"


def _aaaa(random_: random.Random) -> str:
    host = f"h{random_.getrandbits(20):x}"
    return f"{host}.2001-db8-{random_.getrandbits(16):x}--{random_.getrandbits(16) or 1:x}.{WILD} AAAA"


def _nxdomain(random_: random.Random) -> str:
    return f"nx{random_.getrandbits(40):x}.{ZONE} A"


def _no_data(random_: random.Random) -> str:
    return _a(random_).removesuffix("A") + "HTTPS"


def _mixed(random_: random.Random) -> str:
    (make,) = random_.choices((_a, _aaaa, _no_data, _nxdomain), (50, 20, 15, 15))
    return make(random_)


Maker = Callable[[random.Random], str]
CASES: dict[str, tuple[Maker, int]] = {
    "A": (_a, _DISTINCT),
    "AAAA": (_aaaa, _DISTINCT),
    "NXDOMAIN": (_nxdomain, _DISTINCT),
    "no data": (_no_data, _DISTINCT),
    "mixed": (_mixed, _DISTINCT),
    "A, few names": (_a, _FEW),
}
