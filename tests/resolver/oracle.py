"""The fast path held against the slow one: whatever it answers must be the same bytes.

    python -m tests.resolver.oracle --queries 1000000 --seed 1

makes so many questions, well-formed and broken ones, for several sets of zones, which change now and then,
and stops at a difference.
"""

import argparse
import contextlib
import random
import struct
import sys
from collections import Counter
from types import ModuleType

import msgspec

from resolver.answers.responder import Transport
from resolver.errors import ResolverError
from resolver.fast.accelerated import load
from resolver.fast.path import FastPath
from resolver.safety.blocklist import Blocklist
from tests.resolver.zones import World, update

ZONES = (
    "xip.test",
    "a.xip.test",
    "www.d.xip.test",
    "deep.er.zone.example",
    "10.in-addr.arpa",
    "8.b.d.0.1.0.0.2.ip6.arpa",
)
NS = ("ns1.xip.test=192.0.2.53,2001:db8::53", "ns.other.example")
LINES = (
    "www.xip.test 60 CNAME app.10-0-0-5.xip.test",
    "out.xip.test 60 CNAME elsewhere.example",
    "mail.xip.test 60 MX 10 mx.xip.test",
    "b.c.d.xip.test 60 TXT deep",
    "10-0-0-9.xip.test 60 A 192.0.2.9",
    "sub.xip.test 60 NS ns.sub.xip.test",
    "ns.sub.xip.test 60 A 192.0.2.77",
    "5.0.0.10.xip.test 60 TXT dotted",
    "*.a.xip.test 60 A 192.0.2.42",
    "7.7.7.10.in-addr.arpa 60 PTR seven.xip.test",
    "out.b.xip.test 60 DNAME www.xip.test",
    "c.xip.test 60 DNAME elsewhere.example",
    "app.xip.test 60 A 192.0.2.11",
    "app.xip.test 60 A 192.0.2.12",
    "app.xip.test 7 AAAA 2001:db8::11",
    'app.xip.test 60 TXT "one" "two"',
    "hostmaster.xip.test 60 A 192.0.2.13",
    "a.hostmaster.xip.test 60 AAAA 2001:db8::13",
    "app.sub.xip.test 60 A 192.0.2.78",
    f"0a000005.xip.test 60 TXT {'x' * 250}",
)
# What comes and goes, where the zone is served at all.
NAMES = (
    *("frontend", "mail", "d", "10-0-0-5", "1.2.3.4", "5", "*.app", "a.frontend", "_acme-challenge", "ns"),
    *("sub", "c", "www"),
)
DATA = (
    *("A 192.0.2.99", "A 192.0.2.98", "AAAA 2001:db8::99", "TXT new", "MX 5 app.xip.test", "SRV 1 2 3 ns.a"),
    *("CNAME app.xip.test", "NS ns.sub.xip.test", "DNAME www.xip.test"),
)
# These stand alone, and replace what is there.
_ALONE = ("CNAME", "NS", "DNAME")
# A list of blocked names in one of so many changes.
_RELOAD = 10
BLOCKED = ("app.xip.test", "*.d.xip.test", "10-0-0-5.xip.test", "frontend.xip.test")
_ROUND = 100
# What the parent knows of a zone that is served as well.
PARENTAL = ("a.xip.test 60 NS ns1.a.xip.test", f"a.xip.test 60 DS 1 13 2 {'00' * 32}")
LABELS = (
    *(
        b"app",
        b"WWW",
        b"www",
        b"a",
        b"b",
        b"c",
        b"d",
        b"sub",
        b"ns",
        b"ns1",
        b"NS1",
        b"hostmaster",
        b"mail",
        b"out",
    ),
    *(
        b"0",
        b"5",
        b"10",
        b"255",
        b"256",
        b"01",
        b"10-0-0-5",
        b"x-10-0-0-5",
        b"10-0-0-256",
        b"1-2-3",
        b"-10-0-0-5",
    ),
    *(
        b"x-10",
        b"-10",
        b"1-2-3-4-5",
        b"0a000005",
        b"0A00000G",
        b"20010db8000000000000000000000001",
        b"--",
        b"--1",
    ),
    *(
        b"1--",
        b"2001-db8--1",
        b"a-b-c-d-10-0-0-5",
        b"1-2-3-4-5-6-7-8",
        b"1-2-3-4-5-6-7--",
        b"--ffff-1-2",
        b"12345--1",
    ),
    *(
        b"1.2.3.4",
        b"1.2-3-4",
        b"a-1\x012",
        b"1\x012-3-4-5",
        b"\xc3\xa4",
        b"*",
        b"_acme-challenge",
        b"frontend",
        b"x" * 63,
    ),
    *(
        b"1-2-3-4.",
        b"-",
        b"1-2-3-4-",
        b"\x03xip",
        b"fd00-10-96-0-10--1",
        b"10-0-0-9",
        b"7",
        b"f",
        b"8",
        b"--1.2.3.4",
    ),
)
ORIGINS = (
    *(
        b"\3xip\4test",
        b"\3XIP\4tesT",
        b"\1a\3xip\4test",
        b"\4deep\2er\4zone\7example",
        b"\2er\4zone\7example",
    ),
    *(
        b"\x0210\7in-addr\4arpa",
        b"\0018\1b\1d\0010\0011\0010\0010\0012\3ip6\4arpa",
        b"",
        b"\4test",
        b"\7example",
    ),
)
TYPES = (1, 1, 1, 28, 28, 2, 5, 6, 12, 15, 16, 43, 65, 255, 0, 41, 250, 251, 252, 257, 65535)
OPTS = (
    *(b"\0\0\x29\x04\xd0" + bytes(6), b"\0\0\x29\x10\0\0\0\x80\0\0\0", b"\0\0\x29\0\0" + bytes(6)),
    *(
        b"\0\0\x29\x04\xd0\0\1\0\0\0\0",
        b"\0\0\x29\x04\xd0\5\0\x7f\xff\0\0",
        b"\0\0\x29\x04\xd0\0\0\0\0\0\4\0\3\0\0",
    ),
    *(b"\0\0\x29\x04\xd0\0\0\0\0\0\1", b"\1a\0\0\x29\x04\xd0" + bytes(6), b"\0\0\x2a\x04\xd0" + bytes(6)),
)


def make_question(random_: random.Random) -> bytes:
    """A question as they come, and in a tenth of all cases one with an error or an oddity in it."""
    name = _name(random_) + random_.choice(ORIGINS)
    rclass = 1 if random_.random() < 0.97 else random_.choice((3, 254, 255))
    has_opt = random_.random() < 0.5
    flags = (
        random_.choice((0, 0x0100, 0x0120, 0x0110)) if random_.random() < 0.95 else random_.getrandbits(16)
    )
    head = struct.pack("!6H", random_.getrandbits(16), flags, 1, 0, 0, int(has_opt))
    wire = head + name + b"\0" + struct.pack("!2H", random_.choice(TYPES), rclass)
    if has_opt:
        wire += random_.choice(OPTS[:3] if random_.random() < 0.8 else OPTS)
    return _damage(wire, random_) if random_.random() < 0.1 else wire


def _name(random_: random.Random) -> bytes:
    if random_.random() < 0.3:
        octets = [str(random_.randrange(260)).encode() for _ in range(random_.randrange(1, 6))]
        labels = [b"-".join(octets)] if random_.random() < 0.5 else octets
    elif random_.random() < 0.3:
        groups = [
            f"{random_.getrandbits(random_.choice((4, 8, 16, 17))):x}" for _ in range(random_.randrange(1, 9))
        ]
        labels = ["-".join(groups).replace("-", "--", 1 if random_.random() < 0.7 else 0).encode()[:63]]
    else:
        labels = []
    if random_.random() < 0.7 or not labels:
        labels = random_.choices(LABELS, k=random_.choice((0, 1, 1, 2, 3, 4, 5))) + labels
    return b"".join(bytes([len(label)]) + label for label in labels)


def _damage(wire: bytes, random_: random.Random) -> bytes:
    damaged, place = bytearray(wire), random_.randrange(len(wire))
    match random_.randrange(5):
        case 0:
            del damaged[place:]
        case 1:
            damaged[place] = random_.getrandbits(8)
        case 2:
            damaged[place:place] = random_.randbytes(random_.randrange(1, 20))
        case 3:
            del damaged[place : place + random_.randrange(1, 8)]
        case _:
            damaged += random_.randbytes(random_.randrange(1, 12))
    return bytes(damaged)


def worlds() -> list[World]:
    """Zones of several kinds: many names, none, a wildcard at the top, withheld addresses, blocked names."""
    rich = World(*LINES, zones=ZONES, ns=NS, apex=("192.0.2.1", "2001:db8::1"))
    rich.zone("xip.test").apply(update(PARENTAL), now=2)
    return [
        rich,
        World("*.xip.test 60 TXT wild", "www.deep.er.zone.example 60 A 192.0.2.1", zones=ZONES, ns=NS, ttl=1),
        World(zones=("xip.test",), hex_ipv4=False, ttl=5, server_id="ns7", ns=("hostmaster.xip.test",)),
        World("*.xip.test 60 TXT wild", zones=("xip.test", "er.zone.example"), private_only=True),
        World("xip.test 60 DNAME a.xip.test", zones=ZONES, ns=NS),
        World(zones=ZONES, deny_nets=("10.0.0.0/8", "2001:db8::/32"), ns=("a." * 100 + "test",)),
    ]


class Pair:
    """Both paths over the same zones."""

    def __init__(self, world: World, accelerator: ModuleType | None) -> None:
        self.world = world
        self.fast = FastPath(world.zones, world.rules)
        self.accelerator = accelerator
        self.compiled = 0
        self._now = 10

    def change(self, random_: random.Random) -> None:
        """Set some record, or take one away; now and then block some names, or none any more."""
        if random_.randrange(_RELOAD) == 0:
            blocklist = Blocklist(random_.choice((BLOCKED, ())))
            self.world.rules = msgspec.structs.replace(self.world.rules, blocklist=blocklist)
            self.fast.obey(self.world.rules)
            return
        name = f"{random_.choice(NAMES)}.{random_.choice(('', 'a.'))}xip.test"
        data = random_.choice(DATA)
        lines = [f"{name} {random_.choice((1, 60, 3600))} {data}"] if random_.random() < 0.6 else []
        rtype = data.split()[0]
        others = {entry.split()[0] for entry in DATA} if rtype in _ALONE else _ALONE
        origin = self.world.home("xip.test")
        taken = [(name, entry) for entry in (rtype, *others)]
        # What is refused changes nothing.
        with contextlib.suppress(ResolverError):
            self.world.zones[origin].apply(update(lines, delete=taken), now=self._now)
        self._now += 1
        self.fast.forget()

    def compare(self, wire: bytes) -> bytes | None:
        """The fast path's answer; raises AssertionError if the slow path has another."""
        quick = self.fast.answer(wire)
        tables = self.fast.tables()
        if self.accelerator and tables:
            # After Python's answer, which fills the tables.
            compiled = self.accelerator.answer(tables, wire)
            assert compiled in (None, quick), f"{wire.hex()}\nC {compiled!r}\nPython {quick!r}"
            self.compiled += compiled is not None
        if quick is not None:
            slow = self.world.bytes(wire, Transport.UDP)
            assert quick == slow, f"{wire.hex()}\nfast {quick.hex()}\nslow {slow.hex() if slow else None}"
            assert len(quick) <= 4 * len(wire), wire.hex()
        return quick


def compare(queries: int, seed: int, accelerator: ModuleType | None = None) -> Counter[str]:
    """How many questions went which way; raises AssertionError at the first difference."""
    random_ = random.Random(seed)
    pairs = [Pair(world, accelerator) for world in worlds()]
    ways: Counter[str] = Counter()
    for number in range(queries):
        pair = random_.choice(pairs)
        if number % _ROUND == 0:
            pair.change(random_)
        ways["fast" if pair.compare(make_question(random_)) else "slow"] += 1
    ways["in C"] = sum(pair.compiled for pair in pairs)
    return ways


def main() -> int:
    """Compare as often as the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    ways = compare(options.queries, options.seed, load())
    print(f"{options.queries} questions, seed {options.seed}: {dict(ways)}; no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
