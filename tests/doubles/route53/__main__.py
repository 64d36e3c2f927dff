"""Run the double by hand: prints the environment that a client needs, then serves until it is stopped."""

import argparse
import signal
import threading

from tests.doubles.route53 import Route53Double


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.route53", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="loopback port (0: any free one)")
    parser.add_argument("--zone", action="append", default=[], help="public zone (repeatable)")
    parser.add_argument("--private-zone", action="append", default=[], help="private zone (repeatable)")
    options = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with Route53Double(*options.zone, port=options.port) as double:
        for name in options.private_zone:
            double.add_zone(name, private=True)
        settings = double.environment().items()
        print("\n".join(f"export {key}={value}" for key, value in settings), flush=True)
        stopped.wait()


main()
