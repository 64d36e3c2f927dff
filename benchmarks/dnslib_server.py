"""dnslib's own server with a resolver of a few lines, as one would write it: the price of its comfort."""

import re
import sys
import time

from dnslib import QTYPE, RCODE, RR, SOA, A, DNSRecord
from dnslib.server import BaseResolver, DNSLogger, DNSServer

from benchmarks.servers import WILD, ZONE

_NAME = re.compile(rf"(?:.*[.-])?(\d+)[.-](\d+)[.-](\d+)[.-](\d+)\.{re.escape(WILD)}\.?", re.IGNORECASE)
_SOA = SOA(f"ns1.{ZONE}", f"hostmaster.{ZONE}", (1, 3600, 600, 1209600, 60))


class AddressResolver(BaseResolver):  # type: ignore[misc]
    """A for dotted and dashed addresses, NXDOMAIN for all else."""

    def resolve(self, request: DNSRecord, handler: object) -> DNSRecord:
        """The response."""
        reply = request.reply()
        found = _NAME.fullmatch(str(request.q.qname))
        if found:
            reply.add_answer(RR(request.q.qname, QTYPE.A, ttl=3600, rdata=A(".".join(found.groups()))))
        else:
            reply.header.rcode = RCODE.NXDOMAIN
            reply.add_auth(RR(ZONE, QTYPE.SOA, ttl=60, rdata=_SOA))
        return reply


def main() -> None:
    """Serve on the port of the command line until the process is ended."""
    quiet = DNSLogger("-request,-reply,-truncated,-error")
    for tcp in (False, True):
        DNSServer(
            AddressResolver(), address="127.0.0.1", port=int(sys.argv[1]), tcp=tcp, logger=quiet
        ).start_thread()
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
