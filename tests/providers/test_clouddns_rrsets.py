"""Endpoints and Cloud DNS's record sets: spelled as the service wants it, and read back as they were."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.endpoints import Endpoint, Property
from dnssync.providers.clouddns.rrsets import RRset, adjust, from_endpoint, to_endpoint


@pytest.mark.parametrize(
    ("endpoint", "wire"),
    [
        (Endpoint("a.example.com", "A", ("192.0.2.1",)), ("a.example.com.", 300, ["192.0.2.1"])),
        (Endpoint("A.Example.COM.", "A", ("192.0.2.1",), 60), ("a.example.com.", 60, ["192.0.2.1"])),
        (Endpoint("bücher.de", "CNAME", ("straße.de",)), ("xn--bcher-kva.de.", 300, ["strasse.de."])),
        (
            Endpoint("*.example.com", "CNAME", ("lb.example.net",)),
            ("*.example.com.", 300, ["lb.example.net."]),
        ),
        (Endpoint("a.b", "CNAME", ("192.0.2.1",)), ("a.b.", 300, ["192.0.2.1"])),
        (Endpoint("a.b", "MX", ("10 mail.b", "20 mail.c.")), ("a.b.", 300, ["10 mail.b.", "20 mail.c."])),
        (Endpoint("_s.b", "SRV", ("0 1 80 host.b",)), ("_s.b.", 300, ["0 1 80 host.b."])),
        (Endpoint("a.b", "NS", ("ns1.b", "ns2.b.")), ("a.b.", 300, ["ns1.b.", "ns2.b."])),
        (Endpoint("1.b", "PTR", ("host.b",)), ("1.b.", 300, ["host.b."])),
        (Endpoint("a.b", "TXT", ("hello world",)), ("a.b.", 300, ['"hello world"'])),
        (Endpoint("a.b", "TXT", ('"' + 300 * "x" + '"',)), ("a.b.", 300, [f'"{255 * "x"}" "{45 * "x"}"'])),
    ],
)
def test_an_endpoint_is_written_as_the_service_spells_it(
    endpoint: Endpoint, wire: tuple[str, int, list[str]]
) -> None:
    name, ttl, data = wire
    expected = {"name": name, "type": endpoint.record_type, "ttl": ttl, "rrdatas": data}

    assert from_endpoint(endpoint).wire() == expected


def test_every_type_but_the_soa_is_read() -> None:
    def read(kind: str, *data: str) -> Endpoint | None:
        return to_endpoint(RRset("a.example.com.", kind, 60, data))

    assert read("SOA", "ns1. h. 1 2 3 4 5") is None
    assert read("PTR", "host.example.com.") == Endpoint("a.example.com", "PTR", ("host.example.com",), 60)
    assert read("MX", "10 mx.example.com.") == Endpoint("a.example.com", "MX", ("10 mx.example.com",), 60)
    assert read("SRV", "0 50 80 h.example.com.") == Endpoint(
        "a.example.com", "SRV", ("0 50 80 h.example.com.",), 60
    )
    assert read("CAA", '0 issue "x"') == Endpoint("a.example.com", "CAA", ('0 issue "x"',), 60)
    assert read("TXT", '"heritage=external-dns"') == Endpoint(
        "a.example.com", "TXT", ('"heritage=external-dns"',), 60
    )


@pytest.mark.parametrize(
    "routed",
    [
        {"name": "a.example.com.", "type": "A", "ttl": 300, "routingPolicy": {"wrr": {"items": []}}},
        {"name": "a.example.com.", "type": "A", "ttl": 300, "rrdatas": [], "routingPolicy": {"geo": {}}},
        {"name": "a.example.com.", "type": "A", "ttl": 300, "rrdatas": []},
    ],
)
def test_a_set_with_a_routing_policy_is_read_as_a_name_without_targets(routed: dict[str, object]) -> None:
    assert to_endpoint(msgspec.convert(routed, RRset)) == Endpoint("a.example.com", "A", (), 300)


_HOST = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]{2,8}){1,3}\.", fullmatch=True)
_DATA = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "CNAME": _HOST,
    "NS": _HOST,
    "PTR": _HOST,
    "MX": _HOST.map("10 {}".format),
    "SRV": _HOST.map("0 5 443 {}".format),
    "TXT": st.from_regex(r'"[a-z ]{0,300}"', fullmatch=True).filter(lambda text: len(text) <= 257),
}


@st.composite
def _rrsets(draw: st.DrawFn) -> RRset:
    kind = draw(st.sampled_from(sorted(_DATA)))
    most = 1 if kind == "CNAME" else 3
    data = draw(st.lists(_DATA[kind], min_size=1, max_size=most))
    return RRset(draw(_HOST), kind, draw(st.integers(1, 86400)), tuple(data))


@given(_rrsets())
def test_what_was_read_is_deleted_exactly_as_it_stands(rrset: RRset) -> None:
    endpoint = to_endpoint(rrset)

    assert endpoint is not None
    assert from_endpoint(endpoint) == rrset


@given(_rrsets())
def test_adjusting_what_was_read_changes_nothing(rrset: RRset) -> None:
    endpoint = to_endpoint(rrset)

    assert endpoint is not None
    assert adjust(endpoint) == endpoint


def test_adjusting_drops_what_would_never_be_read_back() -> None:
    wished = Endpoint(
        "a.b", "TXT", ("plain",), set_identifier="s", provider_specific=(Property("aws/weight", "10"),)
    )

    assert adjust(wished) == Endpoint("a.b", "TXT", ('"plain"',))


def test_data_is_the_same_in_any_order_and_spelling() -> None:
    stored = RRset("a.b.", "AAAA", 60, ("2001:db8::1", "2001:db8::2"))

    assert stored.holds(RRset("a.b.", "AAAA", 60, ("2001:DB8:0::2", "2001:db8::1")))
    assert stored.holds(RRset("a.b.", "AAAA", None, ("2001:db8::2", "2001:db8::1")))
    assert not stored.holds(RRset("a.b.", "AAAA", 61, ("2001:db8::1", "2001:db8::2")))
    assert not stored.holds(RRset("a.b.", "AAAA", 60, ("2001:db8::1",)))
    assert not RRset("a.b.", "A", 60, (), {"wrr": {}}).holds(RRset("a.b.", "A", 60, ()))
    assert RRset("a.b.", "CNAME", 60, ("Host.b.",)).holds(RRset("a.b.", "CNAME", 60, ("host.b.",)))
