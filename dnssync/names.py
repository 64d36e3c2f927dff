"""DNS names: one spelling to compare by, Unicode and A-label forms, validity, the longest matching zone.

Two spellings are made here. ``normalise`` gives the A-label form by which names are compared and
written; ``unicode_form`` gives the form in which domain filters and zone names are compared. Both map
characters by UTS 46 as external-dns does: transitional for A-labels, nontransitional for Unicode, without
the STD3 rules, and what cannot be converted is kept rather than refused.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

import idna

# RFC 1035 §2.3.4 counts octets on the wire: 255 with length bytes and root label is 253 as text.
MAX_LABEL = 63
MAX_NAME = 253

_ACE_PREFIX = "xn--"
_CACHE_SIZE = 16384

# The deviation characters of UTS 46 §4 with their transitional mappings; idna no longer has these.
_TRANSITIONAL = str.maketrans({"ß": "ss", "ς": "σ", "\u200c": "", "\u200d": ""})
_HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_*.")
_JOINERS = frozenset("\u200c\u200d")


class UnicodeName(NamedTuple):
    """A name with its A-labels decoded; ``problem`` says why it is not a valid IDNA name, or is empty."""

    text: str
    problem: str = ""


def normalise(name: str) -> str:
    """The one spelling by which names are compared: lower-case A-labels with a trailing dot.

    ``Bücher.de`` → ``xn--bcher-kva.de.``; the empty name and ``.`` are both the root, ``.``.
    """
    text = name.strip()
    # Called for every name of every pass: what ``_is_plain`` asks is asked here of the one lowered copy.
    lowered = text.lower()
    plain = lowered if text.isascii() and _ACE_PREFIX not in lowered else _a_labels(text)
    return plain if plain.endswith(".") else plain + "."


def ascii_name(name: str) -> str:
    """The spelling that goes to a DNS service: lower-case A-labels without the trailing dot."""
    return normalise(name).removesuffix(".")


def unicode_name(name: str) -> str:
    """The text of ``unicode_form``, cheaply: for comparisons that do not ask whether it is valid."""
    return name.lower() if _is_plain(name) else unicode_form(name).text


@lru_cache(maxsize=_CACHE_SIZE)
def unicode_form(name: str) -> UnicodeName:
    """The name in lower-case Unicode, its dots as they were; never refuses, but says what is wrong."""
    mapped = _mapped(name, transitional=False)
    decoded = [_decoded(label) for label in mapped.split(".")]
    problems = (problem or _label_problem(label) for label, problem in decoded)
    return UnicodeName(".".join(label for label, _ in decoded), next(filter(None, problems), ""))


def name_problem(name: str) -> str:
    """Why a service could never hold ``name``; empty if it could (RFC 1035 §2.3.4, lengths as A-labels)."""
    plain = ascii_name(name)
    if not plain:
        return "the name is empty"
    if any(char.isspace() or not char.isprintable() for char in plain):
        return "it contains a space or a control character"
    labels = plain.split(".")
    if "" in labels:
        return "it has an empty label"
    longest = max(labels, key=len)
    if len(longest) > MAX_LABEL:
        return f"the label {longest!r} is {len(longest)} octets long, {MAX_LABEL} are allowed"
    if len(plain) > MAX_NAME:
        return f"it is {len(plain)} octets long, {MAX_NAME} are allowed"
    return ""


def host_problem(host: str) -> str:
    """Why ``host`` is no host name; empty if it is one (RFC 1123 §2.1, with ``_`` and ``*`` allowed too).

    Narrower than ``name_problem``: it also finds URLs, ports and other slips in what people write.
    """
    problem = name_problem(host)
    if problem:
        return problem
    strange = sorted(set(ascii_name(host)) - _HOST_CHARACTERS)
    return f"a host name cannot contain {' '.join(strange)}" if strange else ""


def is_within(name: str, zone: str) -> bool:
    """Whether ``name`` is ``zone`` or lies below it, by whole labels.

    Both must be in the same spelling, without final dots; the empty zone is the root and holds all.
    """
    return name == zone or name.endswith("." + zone) or zone == ""


def longest_zone(name: str, zones: Iterable[str]) -> str | None:
    """The longest of ``zones`` that holds ``name``; None if none does."""
    fitting = [zone for zone in zones if is_within(name, zone)]
    return max(fitting, key=len, default=None)


def trailing_dot(host: str) -> str:
    """A host name with exactly one trailing dot added or kept; an IP address stays as it is."""
    try:
        ip_address(host)
    except ValueError:
        return host.removesuffix(".") + "."
    return host


def _mapped(text: str, *, transitional: bool) -> str:
    if text.isascii():
        return text.lower()
    try:
        mapped = idna.uts46_remap(text, std3_rules=False)
    except idna.IDNAError:
        mapped = unicodedata.normalize("NFC", "".join(_mapped_character(char) for char in text))
    return mapped.translate(_TRANSITIONAL) if transitional else mapped


def _mapped_character(char: str) -> str:
    try:
        return idna.uts46_remap(char, std3_rules=False)
    except idna.IDNAError:
        return char


def _is_plain(text: str) -> bool:
    """Whether mapping is lower-casing and nothing more: the common case, kept fast and out of the caches."""
    return text.isascii() and _ACE_PREFIX not in text.lower()


@lru_cache(maxsize=_CACHE_SIZE)
def _a_labels(text: str) -> str:
    mapped = _mapped(text, transitional=True)
    return ".".join(_to_a_label(_decoded(label)[0]) for label in mapped.split("."))


def _decoded(label: str) -> tuple[str, str]:
    """The label in Unicode and a problem; a label that does not decode stays an A-label."""
    if not label.startswith(_ACE_PREFIX):
        return label, ""
    try:
        text = label[len(_ACE_PREFIX) :].encode("ascii").decode("punycode")
    except ValueError:
        return label, f"{label!r} is no valid punycode"
    # UTS 46 §4 step 4: ASCII has no A-label; decoding one would let two different names become one.
    if text.isascii():
        return label, f"{label!r} decodes to nothing but ASCII"
    return text, ""


def _to_a_label(label: str) -> str:
    return label if label.isascii() else _ACE_PREFIX + label.encode("punycode").decode("ascii")


def _label_problem(label: str) -> str:
    """What UTS 46 §4.1 has against a label in Unicode: hyphens, marks, joiners, characters not allowed."""
    if label[2:4] == "--" and len(label) > 4:
        return f"{label!r} has hyphens in third and fourth place"
    if label.startswith("-") or label.endswith("-"):
        return f"{label!r} begins or ends with a hyphen"
    if label and unicodedata.category(label[0]).startswith("M"):
        return f"{label!r} begins with a combining mark"
    if _JOINERS.intersection(label) and not _joiners_fit(label):
        return f"{label!r} has a joiner where no script needs one"
    return "" if _is_mapped(label) else f"{label!r} contains a character that IDNA does not allow"


def _is_mapped(label: str) -> bool:
    try:
        return idna.uts46_remap(label, std3_rules=False) == label
    except idna.IDNAError:
        return False


def _joiners_fit(label: str) -> bool:
    return all(idna.valid_contextj(label, at) for at, char in enumerate(label) if char in _JOINERS)
