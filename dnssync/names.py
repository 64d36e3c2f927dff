"""DNS names: one spelling to compare by, Unicode and A-label forms, wildcards, the longest matching zone."""

from collections.abc import Iterable
from functools import lru_cache

import idna


@lru_cache(maxsize=65536)
def normalise(name: str) -> str:
    """The one spelling by which names are compared: lower-case A-labels with a trailing dot.

    Follows external-dns (UTS 46 mapping, transitional, not strict): what cannot be converted is kept
    lower-cased, never refused. ``Bücher.de`` → ``xn--bcher-kva.de.``; ``.`` stays ``.``.
    """
    stripped = name.strip()
    if stripped.isascii():
        mapped = stripped.lower()
    else:
        try:
            mapped = idna.uts46_remap(stripped, std3_rules=False, transitional=True)
        except idna.IDNAError:
            mapped = stripped.lower()
    text = ".".join(_to_a_label(label) for label in mapped.split("."))
    return text if text.endswith(".") else text + "."


def ascii_name(name: str) -> str:
    """The spelling that goes to a DNS service: lower-case A-labels without the trailing dot."""
    return normalise(name).removesuffix(".")


def _to_a_label(label: str) -> str:
    if label.isascii():
        return label
    return "xn--" + label.encode("punycode").decode("ascii")


def is_within(name: str, zone: str) -> bool:
    """Whether ``name`` is ``zone`` or lies below it, by whole labels; both in the same spelling, no final dots."""
    return name == zone or name.endswith("." + zone) or zone == ""


def longest_zone(name: str, zones: Iterable[str]) -> str | None:
    """The longest of ``zones`` that holds ``name``; None if none does."""
    fitting = [zone for zone in zones if is_within(name, zone)]
    return max(fitting, key=len, default=None)
