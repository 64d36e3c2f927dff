"""Records from files: zone files and YAML, and every mistake in them with its line."""

import os
from pathlib import Path
from typing import Any

import dns.name
import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver import ResolverError
from resolver.config import ResolverConfig
from resolver.names import to_text
from resolver.records import RRset, type_text
from resolver.zones.bases import zone_bases
from resolver.zones.static import read_static
from resolver.zones.zone import Zone
from tests.resolver.zones import World, tell

ZONE_FILE = """\
$TTL 1h
@ 2h IN SOA ns1 host.master ( 4000000000 7200 900
              1209600 300 )
@       NS    ns1
        NS    ns.elsewhere.example.
ns1     A     192.0.2.53
www 5m  A     192.0.2.1
    5m  A     192.0.2.2
$ORIGIN in.xip.test.
mail    MX    10 www.xip.test.
odd     TYPE65280 \\# 4 0a000001
        CAA   0 issue "ca.example"
srv     SRV   0 5 443 www.xip.test.
svcb    HTTPS 1 . alpn=h2
text    TXT   "two" "parts"
alias   CNAME www.xip.test.
*.wild  A     192.0.2.77
$ORIGIN xip.test.
sub     NS    ns.sub
ns.sub  A     192.0.2.9
$GENERATE 1-3 h$ A 192.0.2.1$
"""


def read(folder: Path, text: str, *, name: str = "records.zone", **settings: Any) -> list[RRset]:
    path = folder / name
    path.write_text(text)
    return read_static(ResolverConfig(zones=("xip.test",), static=(str(path),), **settings))


def mistake(folder: Path, text: str, *, name: str = "records.zone") -> str:
    """The error, without the folder."""
    with pytest.raises(ResolverError) as caught:
        read(folder, text, name=name)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{folder}{os.sep}", "")


class FileWorld(World):
    """Zones with records from a file."""

    def __init__(self, rrsets: list[RRset], **settings: Any) -> None:
        super().__init__(**settings)
        config = ResolverConfig(zones=("xip.test",), **settings)
        self.zones = {base.origin: Zone(base, serial=1) for base in zone_bases(config, rrsets)}


def test_a_zone_file_is_answered_from(tmp_path: Path) -> None:
    world = FileWorld(read(tmp_path, ZONE_FILE))
    assert world.addresses("www.xip.test", "A") == ["192.0.2.1", "192.0.2.2"]
    assert world.addresses("xip.test", "NS") == ["ns1.xip.test.", "ns.elsewhere.example."]
    assert world.addresses("xip.test", "SOA") == [
        "ns1.xip.test. host.master.xip.test. 4000000000 7200 900 1209600 300"
    ]
    assert world.addresses("mail.in.xip.test", "MX") == ["10 www.xip.test."]
    assert world.addresses("odd.in.xip.test", "TYPE65280") == ["\\# 4 0a000001"]
    assert world.addresses("odd.in.xip.test", "CAA") == ['0 issue "ca.example"']
    assert world.addresses("srv.in.xip.test", "SRV") == ["0 5 443 www.xip.test."]
    assert world.addresses("svcb.in.xip.test", "HTTPS") == ['1 . alpn="h2"']
    assert world.addresses("text.in.xip.test", "TXT") == ['"two" "parts"']
    assert world.addresses("alias.in.xip.test", "A") == ["www.xip.test.", "192.0.2.1", "192.0.2.2"]
    assert world.addresses("x.y.wild.in.xip.test", "A") == ["192.0.2.77"]
    assert world.addresses("h2.xip.test", "A") == ["192.0.2.12"]
    assert world.told("x.sub.xip.test", "A") == (
        "NOERROR; authority sub.xip.test. 3600 NS ns.sub.xip.test.; "
        "additional ns.sub.xip.test. 3600 A 192.0.2.9"
    )
    assert world.addresses("10.0.0.5.xip.test", "A") == ["10.0.0.5"]
    assert tell(world.ask("none.xip.test", "A")) == "NXDOMAIN aa; authority xip.test. 300 SOA"
    assert world.told("in.xip.test", "A") == "NOERROR aa; authority xip.test. 300 SOA"


def test_it_says_what_dnspython_reads_in_the_same_file(tmp_path: Path) -> None:
    ours = {(to_text(rrset.name), rrset.type, rrset.ttl, rrset.data) for rrset in read(tmp_path, ZONE_FILE)}
    zone = dns.zone.from_text(ZONE_FILE, "xip.test", relativize=False)
    theirs = {
        (name.to_text(), int(rdataset.rdtype), rdataset.ttl, tuple(rdata.to_wire() for rdata in rdataset))
        for name, rdataset in zone.iterate_rdatasets()
    }
    assert {(*each[:3], frozenset(each[3])) for each in ours} == {
        (*each[:3], frozenset(each[3])) for each in theirs
    }


def test_names_are_relative_to_the_zone_and_ttls_default_to_the_servers(tmp_path: Path) -> None:
    (rrset,) = read(tmp_path, "www A 192.0.2.1\n", ttl=77)
    assert (to_text(rrset.name), rrset.ttl) == ("www.xip.test.", 77)


def test_includes_are_read(tmp_path: Path) -> None:
    part = tmp_path / "part.zone"
    part.write_text("a A 192.0.2.1\n")
    found = read(tmp_path, f"$INCLUDE {part} deep.xip.test.\nb A 192.0.2.2\n")
    assert sorted(to_text(rrset.name) for rrset in found) == ["a.deep.xip.test.", "b.xip.test."]
    part.write_text("a A 192.0.2.1\n\nb A nonsense\n")
    assert mistake(tmp_path, f"$INCLUDE {part}\n").startswith("part.zone:3: ")
    assert "cannot include" in mistake(tmp_path, f"$INCLUDE {tmp_path}/none.zone\n")
    part.write_text(f"$INCLUDE {part}\n")
    assert mistake(tmp_path, f"$INCLUDE {part}\n")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("ok A 192.0.2.1\n\nbad A 1.2.3\nok2 A 192.0.2.1\n", "records.zone:3: 'bad A 1.2.3': "),
        ("bad A 1.2.3", "records.zone:1: 'bad A 1.2.3': "),
        ("; first\nbad NOPE 1\n", "records.zone:2: 'bad NOPE 1': unknown rdatatype 'NOPE'"),
        ("$TTL none\n", "records.zone:"),
        ("$NOPE x\n", "records.zone:1: "),
        ('a TXT "open\n', "records.zone:1: "),
        ("a A (\n192.0.2.1\n", "records.zone:1: "),
        ("a..b A 192.0.2.1\n", "records.zone:1: "),
        ("\n0\n", "records.zone:2: '0': "),
        ("a CH A 192.0.2.1\n", "records.zone:1: "),
        ("\n\nwww.other.test. A 192.0.2.1\n", "records.zone:3: www.other.test. is in none of the zones"),
        ("a A 192.0.2.1\nsub SOA a b 1 2 3 4 5\n", "records.zone:2: a SOA belongs at the top of a zone"),
        ("a A 192.0.2.1\n@ CNAME b\n", "records.zone:2: xip.test. is a zone, which has a SOA and NS"),
        ("a DNAME b\na DNAME c\n", "records.zone:2: a.xip.test. DNAME can be there only once"),
        (
            "@ SOA a b 1 2 3 4 5\n@ SOA a b 2 2 3 4 5\n",
            "records.zone:2: xip.test. SOA can be there only once, and it is at records.zone:1 too",
        ),
        (
            "a 60 A 192.0.2.1\n\na 61 A 192.0.2.2\n",
            "records.zone:3: a.xip.test. A has the TTL 61 here and 60 at records.zone:1",
        ),
        ("a CNAME b\na CNAME c\n", "records.zone:2: a.xip.test. CNAME can be there only once"),
        (
            "a A 192.0.2.1\na CNAME c\n",
            "records.zone:2: a.xip.test. has a CNAME here and A at records",
        ),
        (
            "a A 192.0.2.1\nsub NS ns.sub\n",
            "records.zone:2: sub.xip.test. is delegated to ns.sub.xip.test., which is inside it",
        ),
        ("*.w A 192.0.2.1\n*.w NS ns.other.test.\n", "records.zone:2: *.w.xip.test. is a wildcard"),
        (
            "a DNAME b.test.\na NS ns.other.test.\n",
            "records.zone:1: a.xip.test. has a DNAME here and NS at records.zone:2",
        ),
        ("$GENERATE 1-2 h$ A 1.2.$\n", "records.zone:1: "),
        ("a TXT " + " ".join(['"' + "x" * 255 + '"'] * 240), "records.zone:1: "),
    ],
)
def test_a_mistake_in_a_zone_file_is_one_line_with_its_place(tmp_path: Path, text: str, error: str) -> None:
    assert mistake(tmp_path, text).startswith(error)


def test_yaml_is_read(tmp_path: Path) -> None:
    text = """\
records:
- {name: www.xip.test, type: A, ttl: 1h30m, data: [192.0.2.1, 192.0.2.2]}
- name: XIP.test.
  type: mx
  data: 10 mail.xip.test.
- {name: _443._tcp.xip.test, type: TYPE65281, data: '\\# 2 abcd'}
- {name: t.xip.test, type: TXT, ttl: 60, data: ['"a b"', 'c']}
"""
    world = FileWorld(read(tmp_path, text, name="records.yaml"))
    assert world.addresses("www.xip.test", "A") == ["192.0.2.1", "192.0.2.2"]
    assert world.ask("www.xip.test", "A").answer[0].ttl == 5400
    assert world.addresses("xip.test", "MX") == ["10 mail.xip.test."]
    assert world.addresses("_443._tcp.xip.test", "TYPE65281") == ["\\# 2 abcd"]
    assert world.addresses("t.xip.test", "TXT") == ['"a b"', '"c"']
    assert read(tmp_path, text.partition("\n")[2], name="records.yml")
    assert read(tmp_path, "# nothing yet\n", name="records.yaml") == []


def test_yaml_may_have_the_soa_of_a_zone(tmp_path: Path) -> None:
    text = "- {name: xip.test, type: SOA, ttl: 60, data: ns.test. host.test. 7 1 2 3 4}\n"
    world = FileWorld(read(tmp_path, text, name="records.yaml"))
    assert world.addresses("xip.test", "SOA") == ["ns.test. host.test. 7 1 2 3 4"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("- {name: a.xip.test, type: A, data: 192.0.2.1}\n- {name: [", "records.yaml:"),
        ("a: b\n", "records.yaml:1: want a list of records such as"),
        ("records: 5\n", "records.yaml:1: want a list"),
        (
            "- {name: a.xip.test, name: b.xip.test, type: A, data: 1.2.3.4}\n",
            "records.yaml:1: the record has a key",
        ),
        (
            "- {name: a.xip.test, type: SOA, data: a b 1 2 3 4 5}\n",
            "records.yaml:1: a SOA belongs at the top",
        ),
        ("- 5\n", "records.yaml:1: want a list"),
        ("- {name: a.xip.test}\n", "records.yaml:1: the record has no 'type'"),
        ("\n- {name: a.xip.test, type: A, data: x, weight: 5}\n", "records.yaml:2: 'weight' is no key"),
        (
            "- {name: a.xip.test, type: A, data: 192.0.2.1}\n- name: b.xip.test\n  type: A\n  data: 1.2.3\n",
            "records.yaml:2: b.xip.test. A: '1.2.3' cannot be read",
        ),
        ("- {name: a.xip.test, type: A, ttl: soon, data: 192.0.2.1}\n", "records.yaml:1: 'soon' is no TTL"),
        ("- {name: a.xip.test, type: A, data: {x: y}}\n", "records.yaml:1: want plain text here"),
        ("- {name: a.other.test, type: A, data: 192.0.2.1}\n", "records.yaml:1: a.other.test. is in none"),
        ("- {name: a.xip.test, type: ANY, data: x}\n", "records.yaml:1: "),
        ("\t- x", "records.yaml:1: this is not YAML"),
    ],
)
def test_a_mistake_in_yaml_is_one_line_with_its_place(tmp_path: Path, text: str, error: str) -> None:
    assert mistake(tmp_path, text, name="records.yaml").startswith(error)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    config = ResolverConfig(zones=("xip.test",), static=(f"{tmp_path}/none",))
    with pytest.raises(ResolverError, match=r"cannot read the records in .*none: No such file"):
        read_static(config)
    (tmp_path / "latin").write_bytes(b"a TXT \xe9\n")
    with pytest.raises(ResolverError, match="not UTF-8"):
        read_static(ResolverConfig(zones=("xip.test",), static=(f"{tmp_path}/latin",)))


@given(st.text(alphabet=st.sampled_from('aA0.1@$();"\\\n \tINSOATXCNMELU#-[]{}:,*&!'), max_size=80))
def test_any_text_is_read_or_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name in ("fuzz.zone", "fuzz.yaml"):
        try:
            read(folder, text, name=name)
        except ResolverError as error:
            assert "\n" not in str(error)


def test_records_of_several_files_and_zones_stand_together(tmp_path: Path) -> None:
    first, second = tmp_path / "a.zone", tmp_path / "b.yaml"
    first.write_text("www A 192.0.2.1\nwww.two.test. A 192.0.2.2\n")
    second.write_text("- {name: www.xip.test, type: AAAA, data: '2001:db8::1'}\n")
    config = ResolverConfig(zones=("xip.test", "two.test"), static=(str(first), str(second)))
    found = {base.origin: base.static for base in zone_bases(config, read_static(config))}
    names = {
        origin: sorted((to_text(rrset.name), type_text(rrset.type)) for rrset in rrsets)
        for origin, rrsets in found.items()
    }
    assert names[b"xip", b"test"] == [
        ("www.xip.test.", "A"),
        ("www.xip.test.", "AAAA"),
        ("xip.test.", "NS"),
    ]
    assert ("www.two.test.", "A") in names[b"two", b"test"]
