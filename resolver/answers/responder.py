"""One message in, one message or nothing out: opcodes, EDNS versions and sizes around ``answer``. Pure.

This is the path that can do everything. A fast path for common questions would stand before ``respond``
and must give the same bytes.
"""

from collections.abc import Mapping
from enum import Enum

from resolver.answers.answer import Answer, Rcode, answer
from resolver.answers.opt import answer_opt
from resolver.answers.synthesis import Rules
from resolver.answers.wire import (
    EDNS_SIZE,
    EDNS_VERSION,
    HEADER_SIZE,
    PLAIN_SIZE,
    MalformedError,
    Query,
    build_error,
    build_response,
    parse_query,
)
from resolver.names import Labels
from resolver.zones.contents import Contents

_QUERY, _NOTIFY, _UPDATE = 0, 4, 5
STREAM_SIZE = 65535


class Transport(Enum):
    """How a message came, which decides how long its answer may be."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


def respond(
    wire: bytes,
    transport: Transport,
    zones: Mapping[Labels, Contents],
    rules: Rules,
    *,
    cap: int = STREAM_SIZE,
    cookie: bytes = b"",
) -> bytes | None:
    """The response to ``wire``; None for what must not be answered: no header, or itself a response.

    It has at most ``cap`` bytes, and ``cookie`` in its OPT record.
    """
    if len(wire) < HEADER_SIZE or wire[2] & 0x80:
        return None
    opcode = wire[2] >> 3 & 0xF
    if opcode != _QUERY:
        rcode = Rcode.REFUSED if opcode in (_UPDATE, _NOTIFY) else Rcode.NOTIMP
        return build_error(wire, rcode, opt=answer_opt(wire))
    try:
        query = parse_query(wire)
    except MalformedError:
        return build_error(wire, Rcode.FORMERR)
    if query.edns and query.edns.version > EDNS_VERSION:
        said = Answer(rcode=Rcode.BADVERS, authoritative=False)
    else:
        said = answer(query.question, zones, rules)
    limit = min(_limit(query, transport), cap)
    return build_response(query, said, limit=limit, nsid=rules.server_id.encode(), cookie=cookie)


def _limit(query: Query, transport: Transport) -> int:
    if transport is not Transport.UDP:
        return STREAM_SIZE
    # RFC 6891 §6.2.3: less than 512 means 512; more than our own size risks fragments.
    return min(max(query.edns.size, PLAIN_SIZE), EDNS_SIZE) if query.edns else PLAIN_SIZE
