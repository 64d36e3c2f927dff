"""The fast path: what it must answer itself, that it says what the slow path says, and what it keeps."""

import importlib.util
import random
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

import dns.edns
import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolver.fast import path as fastpath
from resolver.fast.build_accelerator import build
from resolver.fast.path import FastPath
from resolver.fast.places import Place
from tests.resolver.oracle import Pair, compare, make_question, worlds
from tests.resolver.zones import World, update

NS = ("ns1.xip.test=192.0.2.53",)


def question(name: str, rtype: str = "A", **options: object) -> bytes:
    return dns.message.make_query(name, rtype, **options).to_wire()  # type: ignore[arg-type]


def fast_of(world: World) -> FastPath:
    return FastPath(world.zones, world.rules)


@pytest.fixture(scope="session")
def accelerator(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if sys.platform != "linux" or shutil.which(compiler) is None:
        pytest.skip("no compiler, or not Linux")
    return load_from(build(tmp_path_factory.mktemp("accelerator")))


def load_from(file: Path) -> ModuleType:
    """The compiled module in a file, with a state of its own."""
    spec = importlib.util.spec_from_file_location("_accelerator", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", range(4))
def test_both_paths_and_the_accelerator_give_the_same_bytes(seed: int, accelerator: ModuleType) -> None:
    ways = compare(5000, seed, accelerator)
    assert min(ways["fast"], ways["slow"]) > 1000
    assert ways["in C"] > 500


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_get_what_the_slow_path_says(wire: bytes) -> None:
    for pair in PAIRS:
        pair.compare(wire)


PAIRS = [Pair(world, None) for world in worlds()]


@pytest.mark.parametrize("edns", [-1, 0])
@pytest.mark.parametrize(
    ("name", "rtype"),
    [
        *(("app.10.0.0.5.xip.test", rtype) for rtype in ("A", "AAAA", "TXT", "HTTPS", "MX", "TYPE65280")),
        *((f"{form}.xip.test", "A") for form in ("10-0-0-5", "x.a-10-0-0-5", "APP.0a000005", "x-10.0.0.5")),
        *((f"{form}.xip.test", "AAAA") for form in ("--1", "0--1", "app.2001-db8--1", "0" * 31 + "1")),
        *((f"{form}.xip.test", "A") for form in ("nothing", "10.0.0.5.nothing", "1-2-3-256", "deadbeef.x")),
        *((f"{form}.xip.test", "A") for form in ("5", "0.5", "0.0.5")),
        *((name, rtype) for name in ("xip.test", "XIP.test") for rtype in ("A", "SOA", "NS", "TXT")),
        *(("www.xip.test", rtype) for rtype in ("A", "AAAA")),
        *((name, "A") for name in ("example.com", "test", "xip.test.example", ".")),
    ],
)
def test_common_questions_do_not_take_the_slow_path(name: str, rtype: str, edns: int) -> None:
    world = World("www.xip.test 60 A 192.0.2.1", ns=NS, apex=("192.0.2.1",))
    wire = question(name, rtype, use_edns=edns)
    assert fast_of(world).answer(wire) == world.bytes(wire)


@pytest.mark.parametrize(
    "wire",
    [
        question("10.0.0.5.xip.test", "AXFR"),
        question("version.bind", "TXT", rdclass="CH"),
        question("10.0.0.5.xip.test", options=[dns.edns.GenericOption(10, bytes(8))]),
        question("10.0.0.5.xip.test", use_edns=1),
        question("10.0.0.5.xip.test") + b"\0",
        b"",
    ],
    ids=["transfer", "chaos", "cookie", "edns-1", "surplus", "empty"],
)
def test_the_unusual_is_left_to_the_slow_path(wire: bytes) -> None:
    assert fast_of(World()).answer(wire) is None


def test_a_change_of_a_zone_is_answered_once_it_is_told() -> None:
    world = World()
    fast = fast_of(world)
    asked = [question(name, rtype) for name in ("10.0.0.5.xip.test", "x.xip.test") for rtype in ("A", "TXT")]
    before = [fast.answer(wire) for wire in asked]
    assert None not in before
    world.zone("xip.test").apply(update(["x.xip.test 60 A 192.0.2.7"]), now=99)
    fast.forget()
    after = [fast.answer(wire) for wire in asked]
    assert after == [world.bytes(wire) for wire in asked]
    # The address in a name stays; the serial of the zone is in all the others.
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, False, False]


@pytest.mark.parametrize("rtype", ["A", "AAAA", "TXT", "MX", "HTTPS"])
@pytest.mark.parametrize("edns", [-1, 0])
def test_addresses_that_were_given_do_not_take_the_slow_path(
    rtype: str, edns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"www.xip.test 60 {data}" for data in ("A 192.0.2.1", "A 192.0.2.2", "TXT one", "TXT two")]
    world = World(*lines, ns=NS)
    fast, wire = fast_of(world), question("WWW.xip.test", rtype, use_edns=edns)
    expected = world.bytes(wire)
    monkeypatch.setattr(fastpath, "respond", lambda *_: None)
    assert fast.answer(wire) == expected
    world.zone("xip.test").apply(update(["www.xip.test 5 A 192.0.2.3"]), now=99)
    fast.forget()
    assert fast.answer(wire) == world.bytes(wire)


@pytest.mark.parametrize(
    "settings", [{"ns": ("ns1.xip.test",)}, {"ns": ("ns2.xip.test",)}, {"ns": NS, "hostmaster": "a.b.test"}]
)
def test_what_is_kept_of_a_zone_is_what_would_be_learned(settings: dict[str, object]) -> None:
    former = Place(World(ns=("ns1.xip.test",)).zone("xip.test"))
    for cut in range(2, 80):
        former.learn_negative(cut)
    world = World(**settings)
    world.zone("xip.test").apply(update(["x.xip.test 60 A 192.0.2.7"]), now=99)
    changed, fresh = Place(world.zone("xip.test"), former), Place(world.zone("xip.test"))
    assert changed.own == fresh.own
    assert all(behind == fresh.learn_negative(cut) for cut, behind in changed.negative.items())
    assert bool(changed.negative) == (settings == {"ns": ("ns1.xip.test",)})


def test_answers_are_counted_by_type_and_rcode() -> None:
    fast = fast_of(World())
    for name, rtype in (
        ("1-2-3-4.xip.test", "A"),
        ("x.xip.test", "A"),
        ("a.example", "TXT"),
        ("xip.test", "NS"),
    ):
        fast.answer(question(name, rtype))
    fast.answer(question("1-2-3-4.xip.test", "A"))
    assert fast.counters.read() == {(1, 0): 2, (1, 3): 1, (16, 5): 1, (2, 0): 1}


def test_what_strangers_ask_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastpath, "_MAX_TAILS", 50)
    monkeypatch.setattr(fastpath, "_MAX_REMEMBERED", 50)
    random_ = random.Random(5)
    world = World(*(f"n{number}.xip.test 60 A 192.0.2.1" for number in range(200)))
    fast = fast_of(world)
    for number in range(3000):
        fast.answer(make_question(random_))
        fast.answer(question(f"n{number % 200}.xip.test"))
        fast.answer(question("x.xip.test", f"TYPE{number}"))
    kinds = {id(tails): tails for tails in fast._tails.values()}.values()
    assert all(len(tails) <= 50 for tails in kinds)
    assert sum(len(tail[-1]) for tails in kinds for tail in tails.values()) <= 50
    assert all(len(place.negative) <= 255 for _, places in fast._places for place in places.values())


def test_no_answer_is_more_than_four_times_its_question() -> None:
    long = "ns." + "x" * 60 + "." + "y" * 60 + ".example"
    fast = fast_of(World(ns=(long,)))
    assert fast.answer(question("a.xip.test", use_edns=-1)) is None
    assert fast.answer(question("1-2-3-4.xip.test", use_edns=-1)) is not None


def test_a_missing_compiler_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    command = [sys.executable, "-m", "resolver.fast.build_accelerator"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("the accelerator cannot be built, and is not needed: ")
    assert len(done.stderr.splitlines()) == 1
