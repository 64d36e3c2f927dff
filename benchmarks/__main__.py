"""Run benchmarks by name, or all of them: ``python -m benchmarks [NAME …] [--tiny]``."""

import argparse
import shutil
import sys
from collections.abc import Callable

from benchmarks import busy, generation, latency, memory, planning, resolver
from benchmarks.report import Report, machine, save, show

_FULL: dict[str, Callable[[], Report]] = {
    "latency": latency.run,
    "planning": planning.run,
    "memory": memory.run,
    "generation": generation.run,
    "resolver": resolver.run,
    "busy": busy.run,
}
_TINY: dict[str, Callable[[], Report]] = {
    "latency": lambda: latency.run(latency.TINY),
    "planning": lambda: planning.run(planning.TINY, rounds=1),
    "memory": lambda: memory.run(memory.TINY, interval="1s"),
    "generation": lambda: generation.run(generation.TINY),
    "resolver": lambda: resolver.run(resolver.Effort(seconds=0.2, rounds=1, cases=("A",))),
    "busy": lambda: busy.run(busy.TINY),
}
_PROGRAMS = {"resolver": "dnsperf", "busy": "dnsperf"}
"""What the operating system has to bring for a benchmark."""


def main() -> None:
    """Print a table per benchmark, and write each as JSON to ``benchmarks/results``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(_FULL)}; all by default")
    parser.add_argument("--tiny", action="store_true", help="sizes that show only that everything runs")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in _FULL]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(_FULL)}")
    print(f"{machine()}\n")
    for name in options.names or _FULL:
        program = _PROGRAMS.get(name)
        if program and not shutil.which(program):
            print(f"{name}: left out, {program} is not installed", file=sys.stderr)
            continue
        report = (_TINY if options.tiny else _FULL)[name]()
        show(report)
        save(report)


if __name__ == "__main__":
    main()
