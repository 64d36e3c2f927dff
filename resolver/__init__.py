"""An authoritative DNS server for IP-encoded names and for records that it is given."""

from resolver.addresses import decode, encode
from resolver.errors import ResolverError

__all__ = ["ResolverError", "decode", "encode"]
