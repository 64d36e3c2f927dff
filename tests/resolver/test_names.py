"""Names between text and labels."""

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver import ResolverError
from resolver.names import fold, from_text, from_wire, is_within, to_text, to_wire

LABELS = st.lists(st.binary(min_size=1, max_size=20), max_size=8).map(tuple)


@given(LABELS)
def test_text_and_wire_give_the_labels_back(labels: tuple[bytes, ...]) -> None:
    assert from_text(to_text(labels)) == labels
    assert from_wire(b"xy" + to_wire(labels), 2) == (labels, len(to_wire(labels)) + 2)


@given(LABELS)
def test_text_and_wire_are_those_of_dnspython(labels: tuple[bytes, ...]) -> None:
    name = dns.name.Name([*labels, b""])
    assert to_wire(labels) == name.to_wire()
    assert dns.name.from_text(to_text(labels)) == name


@pytest.mark.parametrize(
    "text",
    ["bücher.test", "a..b", ".a", "a..", "a\\", "a\\25", "a\\256.b", "x" * 64, ".".join(["abcdefg"] * 32)],
)
def test_names_that_cannot_exist_are_refused(text: str) -> None:
    with pytest.raises(ResolverError):
        from_text(text)


def test_escapes_and_case() -> None:
    assert from_text(r"a\.b\032\065.C.") == (b"a.b A", b"C")
    assert fold((b"AbC", b"\xc4")) == (b"abc", b"\xc4")
    assert to_text(()) == "."


def test_containment_is_by_whole_labels() -> None:
    assert is_within((b"a", b"b"), (b"b",))
    assert is_within((b"b",), ())
    assert not is_within((b"xb",), (b"b",))
    assert not is_within((b"b",), (b"a", b"b"))
