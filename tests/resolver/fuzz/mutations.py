"""Messages as no client should send them: good ones of every kind, and what a few accidents make of them."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import dns.edns
import dns.message
import dns.opcode
import dns.update

from tests.resolver.oracle import make_question

_CORPUS = Path(__file__).with_name("corpus.txt")
_NAMES = (
    *("app.10.0.0.5.xip.test", "10-0-0-5.xip.test", "2001-db8--1.xip.test", "0a000005.xip.test", "xip.test"),
    *("www.xip.test", "nothing.xip.test", "0.5.xip.test", "x.sub.xip.test", "any.a.xip.test", "example.com"),
    *("5.0.0.10.in-addr.arpa", "in-addr.arpa", ".", "version.bind", "id.server", f"{'x' * 63}.xip.test"),
)
_TYPES = ("A", "AAAA", "TXT", "ANY", "SOA", "NS", "MX", "CNAME", "PTR", "DS", "HTTPS", "AXFR", "TYPE65280")
_TEMPTING = (0, 1, 2, 0x0C, 0x29, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFE, 0xFF)


def read_corpus() -> list[bytes]:
    """Inputs that once found something, or are worth keeping: hex digits, then what they are."""
    lines = _CORPUS.read_text(encoding="utf-8").splitlines()
    return [bytes.fromhex(line.partition("#")[0]) for line in lines if line.partition("#")[0].strip()]


def make_seeds() -> list[bytes]:
    """Well-formed messages of every kind that the server knows, and of some that it does not."""
    seeds = []
    for index, name in enumerate(_NAMES):
        for rtype in (_TYPES[index % len(_TYPES)], "A"):
            seeds.append(dns.message.make_query(name, rtype).to_wire())
            options = [
                dns.edns.NSIDOption(b""),
                dns.edns.GenericOption(dns.edns.OptionType.COOKIE, bytes(8 if index % 2 else 24)),
                dns.edns.ECSOption("192.0.2.0", 24),
            ]
            seeds.append(dns.message.make_query(name, rtype, options=options[index % 3 :]).to_wire())
            seeds.append(dns.message.make_query(name, rtype, "CH" if index % 5 == 0 else "IN").to_wire())
    seeds.append(dns.message.make_query("xip.test", "A", use_edns=1).to_wire())
    seeds.append(dns.message.make_response(dns.message.make_query("xip.test", "A")).to_wire())
    update = dns.update.UpdateMessage("xip.test")
    update.add("_acme-challenge.xip.test.", 60, "TXT", "proof")
    seeds.append(update.to_wire())
    for opcode in (dns.opcode.STATUS, dns.opcode.NOTIFY, dns.opcode.IQUERY):
        message = dns.message.make_query("xip.test", "SOA")
        message.set_opcode(opcode)
        seeds.append(message.to_wire())
    # The same in every process that collects tests: message ids are random.
    return [bytes(2) + seed[2:] for seed in seeds]


def mutate(random_: random.Random, pool: Sequence[bytes]) -> bytes:
    """One of the pool after a few accidents; now and then a fresh question, or mere noise."""
    dice = random_.random()
    if dice < 0.15:
        return make_question(random_)
    if dice < 0.17:
        return random_.randbytes(random_.randrange(64))
    wire = bytearray(random_.choice(pool))
    for _ in range(random_.choice((1, 1, 1, 2, 3, 8))):
        random_.choice(_ACCIDENTS)(wire, random_, pool)
    return bytes(wire[:4096])


Accident = Callable[[bytearray, random.Random, Sequence[bytes]], None]


def _place(wire: bytearray, random_: random.Random) -> int:
    return random_.randrange(len(wire) + 1)


def _set(wire: bytearray, random_: random.Random, _: Sequence[bytes]) -> None:
    if wire:
        wire[random_.randrange(len(wire))] = random_.choice((*_TEMPTING, random_.getrandbits(8)))


def _flip(wire: bytearray, random_: random.Random, _: Sequence[bytes]) -> None:
    if wire:
        wire[random_.randrange(len(wire))] ^= 1 << random_.randrange(8)


def _cut(wire: bytearray, random_: random.Random, _: Sequence[bytes]) -> None:
    del wire[_place(wire, random_) :]


def _take_out(wire: bytearray, random_: random.Random, _: Sequence[bytes]) -> None:
    place = _place(wire, random_)
    del wire[place : place + random_.randrange(1, 9)]


def _put_in(wire: bytearray, random_: random.Random, _: Sequence[bytes]) -> None:
    place = _place(wire, random_)
    wire[place:place] = random_.randbytes(random_.randrange(1, 9))


def _repeat(wire: bytearray, random_: random.Random, _: Sequence[bytes]) -> None:
    place = _place(wire, random_)
    wire[place:place] = wire[place : place + random_.randrange(1, 40)] * random_.choice((1, 2, 30))


def _splice(wire: bytearray, random_: random.Random, pool: Sequence[bytes]) -> None:
    other = random_.choice(pool)
    wire[_place(wire, random_) :] = other[random_.randrange(len(other) + 1) :]


def _count(wire: bytearray, random_: random.Random, _: Sequence[bytes]) -> None:
    place = random_.choice((4, 6, 8, 10))
    wire[place : place + 2] = random_.choice((0, 1, 2, 17, 255, 65535)).to_bytes(2)


def _point(wire: bytearray, random_: random.Random, _: Sequence[bytes]) -> None:
    place = _place(wire, random_)
    wire[place : place + 2] = (0xC000 | random_.randrange(min(len(wire) + 4, 0x3FFF))).to_bytes(2)


_ACCIDENTS: tuple[Accident, ...] = (
    *(_set, _set, _flip, _cut, _take_out, _put_in, _repeat, _splice, _count, _point),
)
