"""Bytes of the API, decoded; nothing that is broken may pass for something whole."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.errors import RetryableError
from dnssync.kube.advice import explain, is_lasting
from dnssync.kube.wire import (
    ApiError,
    MalformedError,
    decode_error,
    decode_event,
    decode_meta,
    decode_page,
    split_lines,
)
from tests.doubles.feeds import INGRESSES

PAGE = b'{"kind":"IngressList","metadata":{"resourceVersion":"7","continue":"x"},"items":[{"a":1},{"b":2}]}\n'


def test_a_page_keeps_its_items_undecoded() -> None:
    page = decode_page(PAGE)
    assert (page.metadata.resource_version, page.metadata.next) == ("7", "x")
    assert [bytes(raw) for raw in page.items or ()] == [b'{"a":1}', b'{"b":2}']


def test_a_null_list_is_an_empty_one() -> None:
    assert decode_page(PAGE.replace(b'[{"a":1},{"b":2}]', b"null")).items is None


@pytest.mark.parametrize("change", [(b"IngressList", b"Ingress"), (b'"7"', b'""')])
def test_what_is_no_list_is_malformed(change: tuple[bytes, bytes]) -> None:
    with pytest.raises(MalformedError):
        decode_page(PAGE.replace(*change))


@given(st.integers(min_value=0, max_value=len(PAGE) - 2))
def test_a_page_cut_anywhere_is_malformed(length: int) -> None:
    with pytest.raises(MalformedError):
        decode_page(PAGE[:length])


@given(st.binary(max_size=200))
def test_strange_bytes_are_malformed_and_never_a_crash(data: bytes) -> None:
    for decode in (decode_page, decode_event, decode_meta):
        with pytest.raises(MalformedError):
            decode(data)
    assert isinstance(decode_error(data, code=500), ApiError)


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line and line.strip())), st.data())
def test_lines_do_not_depend_on_how_they_arrive(lines: list[bytes], data: st.DataObject) -> None:
    text = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert list(split_lines(pieces)) == lines


def test_a_last_line_without_its_newline_is_a_line() -> None:
    assert list(split_lines([b"a\nb", b"c"])) == [b"a", b"bc"]


def test_an_event_leaves_its_object_undecoded() -> None:
    event = decode_event(b'{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"5"}}}')
    assert event.type == "ADDED"
    assert decode_meta(event.object).resource_version == "5"


def test_an_error_says_what_the_status_says() -> None:
    body = msgspec.json.encode(
        {"kind": "Status", "code": 429, "reason": "TooManyRequests", "details": {"retryAfterSeconds": 2}}
    )
    error = decode_error(body)
    assert (error.code, error.reason, error.retry_after) == (429, "TooManyRequests", 2.0)


def test_an_error_in_plain_text_is_one_line_and_the_header_counts() -> None:
    error = decode_error(b"Too many\nrequests", code=429, headers={"Retry-After": "3"})
    assert (str(error), error.retry_after) == ("Too many", 3.0)
    assert decode_error(b"", code=503, headers={"Retry-After": "Wed, 21 Oct 2026"}).retry_after is None
    assert str(decode_error(b"", code=503)) == "HTTP 503 without an explanation"


@pytest.mark.parametrize(
    ("code", "lasting"), [(401, True), (403, True), (404, True), (410, False), (429, False), (500, False)]
)
def test_only_a_person_can_end_a_lasting_error(code: int, lasting: bool) -> None:
    assert is_lasting(ApiError("no", code=code)) is lasting


def test_an_explanation_names_what_where_why_and_the_cure() -> None:
    text = (
        'ingresses.networking.k8s.io is forbidden: User "alice" cannot list resource "ingresses" '
        'in API group "networking.k8s.io" in the namespace "shop"'
    )
    error = ApiError(text, code=403, reason="Forbidden")
    assert explain(error, "list", INGRESSES, "shop") == (
        f"cannot list ingresses.networking.k8s.io in namespace shop: {text}; give this account a Role with "
        'apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs: ["get", "list", "watch"]'
    )


def test_a_server_that_is_away_is_one_trouble_for_list_and_watch() -> None:
    told = [explain(RetryableError("it is away"), verb, INGRESSES) for verb in ("list", "watch")]
    assert told == ["cannot read ingresses.networking.k8s.io in all namespaces: it is away"] * 2


@pytest.mark.parametrize(
    "text",
    [
        'admission webhook "hosts.example.com" denied the request: the host cannot be taken',
        'events.k8s.io "web.1" is forbidden: unable to create new content in namespace shop '
        "because it is being terminated",
        'ingresses.networking.k8s.io "web" is forbidden: exceeded quota: hosts',
        "Forbidden by the proxy",
    ],
)
def test_what_a_rule_of_the_cluster_refuses_is_not_taken_for_a_missing_right(text: str) -> None:
    told = explain(ApiError(text, code=403, reason="Forbidden"), "patch", INGRESSES, "shop")
    assert told.endswith(f"{text}; no right is missing: a rule or webhook of the cluster refuses it")
    told = explain(ApiError(text, code=403), "patch", INGRESSES, "shop")
    assert told.endswith(text), "who is not the API server may mean anything"
