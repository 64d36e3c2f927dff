"""The pages of the documentation, taken apart: code blocks, commands, links, headings and tables."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


class Command(NamedTuple):
    """One line that a reader may copy, as words."""

    page: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)}"


class Exchange(NamedTuple):
    """What a page says was typed, and what came of it."""

    page: str
    typed: str
    shown: str

    def __str__(self) -> str:
        return f"{self.page}: {self.typed}"


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> Iterator[str]:
    """The contents of the page's fenced blocks in one language."""
    return (body for found, body in _BLOCK.findall(text_of(page)) if found == language)


def commands() -> list[Command]:
    """Every command line of every page: the lines of ``sh`` blocks, and what ``console`` blocks type."""
    lines = [
        (page, line)
        for page in PAGES
        for body in blocks(page, "sh")
        for line in body.replace("\\\n", "").splitlines()
    ]
    typed = [Command(found.page, tuple(shlex.split(found.typed))) for found in exchanges()]
    return typed + [
        Command(name_of(page), tuple(words)) for page, line in lines if (words := shlex.split(line))
    ]


def exchanges() -> list[Exchange]:
    """Every ``$ command`` of the ``console`` blocks with the lines below it."""
    found = []
    for page in PAGES:
        for body in blocks(page, "console"):
            for part in body.removeprefix("$ ").split("\n$ "):
                typed, _, shown = part.partition("\n")
                found.append(Exchange(name_of(page), typed, shown.rstrip("\n")))
    return found


def links(page: Path) -> list[str]:
    """The targets of the page's links and pictures, code blocks left out."""
    return _LINK.findall(_BLOCK.sub("", text_of(page)))


def anchors(page: Path) -> set[str]:
    """The anchors of the page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _BLOCK.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rows(page: Path, first_heading: str) -> list[list[str]]:
    """The cells of the table whose first column has this heading, without its head."""
    lines = text_of(page).splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith(f"| {first_heading} |")) + 2
    found = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return found
