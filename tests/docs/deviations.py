"""``python -m tests.docs.deviations``: write the list of deviations into the page about external-dns anew."""

import re
from pathlib import Path

from tests.conformance.registry import discover

PAGE = Path(__file__).parents[2] / "docs" / "moving-from-external-dns.md"

_LIST = re.compile(r"(<!-- deviations: .*? -->\n).*?(<!-- end of deviations -->)", re.DOTALL)


def with_list(page: str) -> str:
    """The page with the list as the conformance runner knows it."""
    reasons = sorted({entry.reason.replace("the peer", "external-dns") for entry in discover().deviations})
    lines = "".join(f"* {reason}\n" for reason in reasons)
    return _LIST.sub(lambda found: f"{found[1]}\n{_plain(lines)}\n{found[2]}", page)


def _plain(text: str) -> str:
    """The text with what Markdown would take for a tag or an emphasis escaped."""
    return text.replace("<", "&lt;").replace("_", "\\_")


if __name__ == "__main__":
    PAGE.write_text(with_list(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
