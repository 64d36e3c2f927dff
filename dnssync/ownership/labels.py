"""The text of an ownership marker: labels as external-dns writes them into a TXT record.

``heritage=external-dns,external-dns/owner=me,external-dns/resource=ingress/default/web``: labels in order of
their keys, in one pair of double quotes. Nothing is escaped, so a value cannot hold a comma.
"""

import re
from collections.abc import Mapping

OWNED_RECORD = "ownedRecord"
"""In-memory label of a marker: the DNS name of the record that it speaks of. Never written."""

_HERITAGE = "external-dns"
_PREFIX = "external-dns/"
# external-dns keeps the nonce of a sealed marker among the labels; it is no part of the text.
_NEVER_WRITTEN = frozenset({"txt-encryption-nonce"})
_CHARACTER_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")+')


def format_labels(labels: Mapping[str, str]) -> str:
    """The labels as marker text, without quotes."""
    written = (f"{_PREFIX}{key}={labels[key]}" for key in sorted(labels) if key not in _NEVER_WRITTEN)
    return ",".join((f"heritage={_HERITAGE}", *written))


def parse_labels(text: str) -> dict[str, str] | None:
    """The labels of a marker text (quotes allowed around it); None if it is no marker of this family.

    At least one heritage must be there and none may be another's; what has no ``=`` or another prefix is
    passed over. A value may hold ``=``.
    """
    labels: dict[str, str] = {}
    ours = False
    for token in text.strip('"').split(","):
        key, equals, value = token.partition("=")
        if not equals:
            continue
        if key == "heritage":
            if value != _HERITAGE:
                return None
            ours = True
        elif key.startswith(_HERITAGE):
            labels[key.removeprefix(_PREFIX)] = value
    return labels if ours else None


def quote(text: str) -> str:
    """Marker text as it stands in a TXT target."""
    return f'"{text}"'


def unquote(target: str) -> str:
    """The content of a TXT target: without its quotes, and in one piece if it came as several strings.

    A TXT record holds strings of at most 255 octets (RFC 1035 §3.3), so services split what is longer.
    """
    if _CHARACTER_STRINGS.fullmatch(target):
        return re.sub(r'"\s+"', "", target).strip('"')
    return target.strip('"')
