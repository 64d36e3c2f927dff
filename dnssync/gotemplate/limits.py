"""How much a template may do: it is a user's input, and nothing it says may cost the controller its life."""

from collections.abc import Iterable

import msgspec

from dnssync.gotemplate.errors import TemplateError

MAX_TEXT = 1 << 20
"""Characters of one value or of the whole output: an object is at most 1.5 MB at the API server."""
MAX_STEPS = 200_000
"""Evaluated commands and kilobytes handled: about a second."""
MAX_DEPTH = 50
"""Actions, parentheses and template calls inside one another: well inside Python's stack."""


class Budget(msgspec.Struct):
    """What is left for one run."""

    steps: int = MAX_STEPS
    depth: int = 0

    def spend(self, text_length: int = 0) -> None:
        """One step, and one more for each kilobyte of text that it handled."""
        self.steps -= 1 + text_length // 1024
        if self.steps < 0:
            raise TemplateError(f"the template takes more than {MAX_STEPS} steps")

    def enter(self) -> None:
        """One level deeper; the caller takes it back."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TemplateError(f"the template nests deeper than {MAX_DEPTH}")


def concatenate(parts: Iterable[str], *, separator: str = "") -> str:
    """The parts in one text; TemplateError as soon as it would be longer than MAX_TEXT."""
    kept: list[str] = []
    length = 0
    for part in parts:
        length += len(part) + len(separator)
        check_length(length)
        kept.append(part)
    return separator.join(kept)


def check_length(length: int) -> None:
    """TemplateError for a text that would be longer than MAX_TEXT."""
    if length > MAX_TEXT:
        raise TemplateError(f"the template makes a text of more than {MAX_TEXT} characters")
