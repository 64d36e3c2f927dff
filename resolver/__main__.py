"""``python -m resolver``: the server on its own, or as the child of a process that feeds it records."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence

from resolver.config import ResolverConfig
from resolver.errors import ResolverError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; the exit code: 0, or 1 with one line on standard error."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        _serve(options)
    except ResolverError as error:
        sys.stderr.write(f"resolver: error: {error}\n")
        return 1
    except BrokenPipeError:
        return 1
    return 0


def _serve(options: argparse.Namespace) -> None:
    # The server loads dnslib, which --help and a wrong option can do without.
    if options.feed:
        from resolver.feeding.feed import read_batches, run_feed

        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        # Unbuffered: a thread that waits in a buffer makes the interpreter abort at exit.
        with open(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as output:
            run_feed(read_batches(sys.stdin.fileno()), output, stop)
        return
    from resolver.serving.service import serve

    settings = {key: value for key, value in vars(options).items() if value is not None and key != "feed"}
    lists = {key: tuple(value) for key, value in settings.items() if isinstance(value, list)}
    serve(ResolverConfig(**{"zones": (), **settings, **lists}))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m resolver", description=__doc__)
    add = parser.add_argument
    add("--listen", action="append", metavar="ADDR:PORT", help="repeatable; default 127.0.0.1:5300")
    add("--workers", type=int, metavar="NUMBER", help="processes that answer; default 1")
    add("--user", metavar="USER[:GROUP]", help="to become once the sockets are open")
    add("--metrics-address", metavar="ADDR:PORT", help="of metrics and health over HTTP")
    add("--zone", action="append", dest="zones", metavar="NAME", help="zone to answer for; repeatable")
    add("--static", action="append", metavar="FILE", help="zone file or YAML file of records; repeatable")
    add("--ns", action="append", metavar="NAME[=ADDR,…]", help="name server of the zones; repeatable")
    add("--apex", action="append", metavar="ADDR", help="address of the zones' own names; repeatable")
    add("--ttl", type=int, metavar="SECONDS", help="of encoded addresses; default 3600")
    add("--allow-net", action="append", dest="allow_nets", metavar="NET", help="tell only addresses in it")
    add("--deny-net", action="append", dest="deny_nets", metavar="NET", help="never tell addresses in it")
    add("--private-only", action="store_true", help="tell only private addresses")
    add("--no-hex", action="store_false", dest="hex_ipv4", help="eight hex digits are no address")
    add("--feed", action="store_true", help="configuration and records come as JSON on standard input")
    return parser


if __name__ == "__main__":
    sys.exit(main())
