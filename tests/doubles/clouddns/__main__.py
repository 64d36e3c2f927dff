"""Run the Cloud DNS double on its own, for trying things by hand and for tests that want a process.

``POST /__faults`` with ``{"kind": "throttle", "times": 2, "method": "changes.create"}`` lets requests fail;
``GET /__requests`` tells how often each method was called.
"""

import argparse
import threading

from tests.doubles.clouddns import CloudDnsDouble
from tests.doubles.clouddns.store import QUOTA


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.clouddns", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one")
    parser.add_argument("--project", default="p")
    parser.add_argument("--zone", action="append", default=[], help="a public zone (repeatable)")
    parser.add_argument("--private-zone", action="append", default=[], help="a private zone (repeatable)")
    parser.add_argument("--rrsets-per-zone", type=int, default=QUOTA["rrsetsPerManagedZone"])
    parser.add_argument("--pending-seconds", type=float, default=0.0, help="how long a change stays pending")
    given = parser.parse_args()
    quota = {"rrsetsPerManagedZone": given.rrsets_per_zone}
    double = CloudDnsDouble(*given.zone, project=given.project, port=given.port, quota=quota)
    double.service.pending_seconds = given.pending_seconds
    for zone in given.private_zone:
        double.service.add_zone(zone, name=f"private-{zone.replace('.', '-')}", visibility="private")
    with double:
        print(double.endpoint, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
