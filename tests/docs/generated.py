"""``python -m tests.docs.generated``: write the parts of the docs anew that are made from the code.

Such a part stands between ``<!-- NAME: … -->`` and ``<!-- end of NAME -->``.
"""

import re
from collections.abc import Callable
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from dnssync.metrics import Metrics
from tests.conformance.registry import discover

DOCS = Path(__file__).parents[2] / "docs"


def deviations() -> str:
    """Where the conformance runner knows dnssync to differ from external-dns, and why."""
    reasons = {entry.reason.replace("the peer", "external-dns") for entry in discover().deviations}
    lines = "".join(f"* {reason}\n" for reason in sorted(reasons, key=str.lower))
    return lines.replace("<", "&lt;").replace("_", "\\_")


def metrics() -> str:
    """Every metric by the name under which it is scraped."""
    found = [value for value in vars(Metrics("0")).values() if isinstance(value, MetricWrapperBase)]
    rows = sorted(_row(metric) for metric in found)
    return "| Metric | Type | Labels | Meaning |\n| --- | --- | --- | --- |\n" + "".join(rows)


def _row(metric: MetricWrapperBase) -> str:
    (family,) = metric.describe()
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    return f"| `{name}` | {family.type} | {labels} | {family.documentation.rstrip('.')} |\n"


PARTS: dict[str, tuple[Path, Callable[[], str]]] = {
    "deviations": (DOCS / "moving-from-external-dns.md", deviations),
    "metrics": (DOCS / "observability.md", metrics),
}


def renewed(name: str) -> str:
    """The page of a part, with the part as it should be."""
    path, make = PARTS[name]
    part = re.compile(rf"(<!-- {name}: [^>]*-->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    page, count = part.subn(lambda found: f"{found[1]}\n{make()}\n{found[2]}", path.read_text("utf-8"))
    assert count == 1, f"{path} has no place for {name}"
    return page


if __name__ == "__main__":
    for part in PARTS:
        PARTS[part][0].write_text(renewed(part), encoding="utf-8")
