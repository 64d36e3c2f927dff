"""Fuzz the answering of questions for some minutes and watch the memory.

    python -m tests.resolver.fuzz --minutes 10 --seed 1

stops at the first input that breaks a promise and prints it, for the corpus.
"""

import argparse
import gc
import random
import resource
import sys
import time
from pathlib import Path

from tests.resolver.fuzz.mutations import make_seeds, mutate, read_corpus
from tests.resolver.fuzz.target import Target, raise_on_errors

_WARM_UP_SHARE = 0.2
_GROWTH_KIB = 4096


def main() -> int:
    """Fuzz as the command line says; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    raise_on_errors()
    began = time.monotonic()
    number, before, after = _fuzz(options.seed, options.minutes * 60)
    minutes = (time.monotonic() - began) / 60
    print(f"{number} inputs in {minutes:.1f} minutes, seed {options.seed}: every promise was kept")
    print(f"memory after the warm-up {before} KiB, at the end {after} KiB")
    print(f"CPU {resource.getrusage(resource.RUSAGE_SELF).ru_utime:.0f} s")
    return int(after - before > _GROWTH_KIB)


def _fuzz(seed: int, seconds: float) -> tuple[int, int, int]:
    """How many inputs there were, and the memory in KiB after the warm-up and at the end."""
    random_ = random.Random(seed)
    targets = [
        Target(),
        Target(deny_nets=("10.0.0.0/8",), blocked=("*app*", "www.xip.test"), hex_ipv4=False),
    ]
    pool = [*read_corpus(), *make_seeds()]
    number, before, began = 0, 0, time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        if not before and passed > seconds * _WARM_UP_SHARE:
            before = _memory()
        for _ in range(500):
            random_.choice(targets).check(mutate(random_, pool))
            number += 1
    return number, before, _memory()


def _memory() -> int:
    gc.collect()
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    sys.exit(main())
