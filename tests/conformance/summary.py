"""A pytest plugin: after a conformance run, say per file what passed, failed, deviates or waits.

It works under xdist too: what the summary needs travels with the reports to the controlling process.
"""

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import vectors
from tests.conformance.registry import Registry, discover


class Collector:
    """Counts outcomes per file of cases as reports come in."""

    def __init__(self) -> None:
        self.results: dict[str, Counter[str]] = defaultdict(Counter)
        self.reasons: dict[str, Counter[str]] = defaultdict(Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        properties = dict(report.user_properties)
        file = properties.get("vector")
        if report.when != "call" or not isinstance(file, str):
            return
        reason = properties.get("deviation")
        if reason is not None:
            self.results[file]["deviation"] += 1
            self.reasons[file][f"deviation: {reason}"] += 1
        else:
            self.results[file][report.outcome] += 1

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.results:
            terminalreporter.section("conformance")
            for line in self._lines():
                terminalreporter.write_line(line)

    def _lines(self) -> list[str]:
        registry = discover()
        lines = [f"vectors: {vectors.folder()}"]
        for path in vectors.files(vectors.folder()):
            if registry.knows(path.name):
                lines += self._file_lines(path.name, out_of_scope(registry, path))
            else:
                lines.append(f"{path.name}: UNKNOWN FILE, no check reads it")
        return lines

    def _file_lines(self, file: str, waiting: Counter[str]) -> list[str]:
        result = self.results[file]
        head = (
            f"{file}: {result['passed']} passed, {result['failed']} failed, "
            f"{result['deviation']} deviations, {waiting.total()} out of scope"
        )
        reasons = self.reasons[file] + Counter({f"out of scope: {why}": n for why, n in waiting.items()})
        return [head, *(f"    {count} {why}" for why, count in sorted(reasons.items()))]


def out_of_scope(registry: Registry, path: Path) -> Counter[str]:
    """How many cases of the file are out of scope, by reason."""
    reasons = (registry.scope(case) for case in vectors.cases(path))
    return Counter(reason for reason in reasons if reason is not None)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Collector(), "conformance-summary")
