"""The resolver beside its peers: CPU per question, questions per second, and latency, on this machine.

One server at a time has one core, dnsperf another; all servers take turns in each round, and the table has
the medians of the rounds. CPU per question is what to compare: the wall figures of small machines are noise.
"""

import argparse
import re
import statistics
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.questions import CASES, write_questions
from benchmarks.report import Report, save, show
from benchmarks.servers import CLIENT_CORE, OURS, PEERS, Command, Running, available, running

LATENCY_RATE = 5000
_IN_FLIGHT, _CLIENTS = 200, 8
# The same questions asked in other ways, by what follows the name of the case.
_WAYS = {", TCP": ("-m", "tcp"), ", a port each": ("-c", str(_IN_FLIGHT))}
_COMPLETED = re.compile(r"Queries completed:\s+(\d+)")
_RATE = re.compile(r"Queries per second:\s+([\d.]+)")
_LATENCY = re.compile(r"^> \S+ \S+ \S+ ([\d.]+)$", re.MULTILINE)


class Effort(NamedTuple):
    """How long to measure: seconds per server, case and round."""

    seconds: float = 2.0
    rounds: int = 3
    cases: tuple[str, ...] = (*CASES, *(f"A{way}" for way in _WAYS))
    commands: tuple[Command, ...] = (*PEERS, *OURS)


class Sample(NamedTuple):
    """One measurement: microseconds of CPU per question, and questions per second."""

    cpu: float
    rate: float


class Latency(NamedTuple):
    """Milliseconds within which half of the answers came, and all but one in a hundred."""

    p50: float
    p99: float


def run(effort: Effort = Effort()) -> Report:  # noqa: B008 - a frozen value
    """Measure all servers that this system has."""
    samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    latencies: dict[str, list[Latency]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        files = write_questions(folder)
        with ExitStack() as stack:
            commands = enumerate(available(effort.commands))
            servers = [stack.enter_context(running(command, folder / f"{at}")) for at, command in commands]
            for _ in range(effort.rounds):
                for case in effort.cases:
                    for server in servers:
                        samples[server.name, case].append(_load(server, case, files, effort.seconds))
                for server in servers:
                    latencies[server.name].append(measure_latency(server, files["mixed"], effort.seconds))
    return Report("resolver", "Answers of DNS servers", _COLUMNS, list(_rows(samples, latencies)), _NOTES)


_COLUMNS = ("server", "case", "CPU µs per question", "× NSD", "questions/s", "p50 ms", "p99 ms")
_NOTES = (
    "A server on one core, dnsperf on another (-q 200 -c 8 -e); medians of rounds in which all take turns.",
    f"p50 and p99 are of mixed questions at {LATENCY_RATE} a second.",
)


def _rows(
    samples: dict[tuple[str, str], list[Sample]], latencies: dict[str, list[Latency]]
) -> Iterator[tuple[str | int | float, ...]]:
    cpu = {key: statistics.median(sample.cpu for sample in found) for key, found in samples.items()}
    for (server, case), found in sorted(
        samples.items(), key=lambda item: (_CASES.index(item[0][1]), cpu[item[0]])
    ):
        nsd = cpu.get(("NSD", case))
        ratio = cpu[server, case] / nsd if nsd else "-"
        rate = int(statistics.median(sample.rate for sample in found))
        times = median_latency(latencies[server]) if case == "mixed" else ("", "")
        yield server, case, cpu[server, case], ratio, rate, *times


_CASES = Effort().cases


def _load(server: Running, case: str, files: dict[str, Path], seconds: float) -> Sample:
    way = next((way for way in _WAYS if case.endswith(way)), "")
    before = server.cpu()
    options = ["-q", str(_IN_FLIGHT), "-c", str(_CLIENTS), "-l", str(seconds), *_WAYS.get(way, ())]
    output = _dnsperf(server, files[case.removesuffix(way)], options)
    completed = int(_found(_COMPLETED, output))
    return Sample((server.cpu() - before) / completed * 1e6, float(_found(_RATE, output)))


def measure_latency(server: Running, file: Path, seconds: float) -> Latency:
    """Ask ``LATENCY_RATE`` questions a second for so long."""
    output = _dnsperf(server, file, ["-Q", str(LATENCY_RATE), "-c", "8", "-v", "-l", str(seconds)])
    cuts = statistics.quantiles((float(text) for text in _LATENCY.findall(output)), n=100)
    return Latency(cuts[49] * 1000, cuts[98] * 1000)


def median_latency(latencies: Sequence[Latency]) -> Latency:
    """The medians of rounds: a moment in which the machine did something else counts for one of them."""
    return Latency(*map(statistics.median, zip(*latencies, strict=True)))


def _dnsperf(server: Running, file: Path, options: Sequence[str]) -> str:
    where = ["-s", "127.0.0.1", "-p", str(server.port), "-d", str(file), "-e"]
    command = ["taskset", "-c", str(CLIENT_CORE), "dnsperf", *where, *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    assert match, f"dnsperf says so: {text[-500:]}"
    return match[1]


def main() -> None:
    """Measure as long as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=Effort().seconds)
    parser.add_argument("--rounds", type=int, default=Effort().rounds)
    parser.add_argument("--case", action="append", choices=_CASES)
    parser.add_argument("--server", action="append", help="part of a name; repeatable")
    options = parser.parse_args()
    chosen = [c for c in (*PEERS, *OURS) if any(part in c.name for part in options.server or [""])]
    report = run(Effort(options.seconds, options.rounds, tuple(options.case or _CASES), tuple(chosen)))
    show(report)
    save(report)


if __name__ == "__main__":
    main()
