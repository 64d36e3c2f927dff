"""The OPT record of a query and its options (RFC 6891) as bytes, without parsing the message. Pure.

Only for the usual shape: a question, then OPT and nothing else. Every other message is left as it is.
"""

COOKIE = 10
UDP_SIZE = 1232

_HEADER_SIZE = 12
_ROOT_AND_TYPE = b"\x00\x00\x29"
_FIXED_SIZE = 11
_COUNTS = b"\x00\x00\x00\x00\x00\x01"


def has_options(wire: bytes) -> bool:
    """Whether there may be options to look for: additional records, and not just an empty OPT at the end."""
    return wire[10:12] != b"\0\0" and (wire[-_FIXED_SIZE:-8] != _ROOT_AND_TYPE or wire[-2:] != b"\0\0")


def cut_option(wire: bytes, code: int) -> tuple[bytes, bytes | None]:
    """The query without the options of this code, and the data of the first one; None if it has none."""
    start = question_end(wire)
    if start is None or wire[6:12] != _COUNTS or wire[start : start + 3] != _ROOT_AND_TYPE:
        return wire, None
    position = start + _FIXED_SIZE
    if len(wire) < position or position + int.from_bytes(wire[position - 2 : position]) != len(wire):
        return wire, None
    kept, found = bytearray(), None
    while position < len(wire):
        end = position + 4 + int.from_bytes(wire[position + 2 : position + 4])
        if end > len(wire):
            return wire, None
        if wire[position : position + 2] == code.to_bytes(2):
            found = wire[position + 4 : end] if found is None else found
        else:
            kept += wire[position:end]
        position = end
    if found is None:
        return wire, None
    return wire[: start + 9] + len(kept).to_bytes(2) + kept, found


def question_end(wire: bytes) -> int | None:
    """Where the question of a message with a header ends; None if it is none, or compressed, or several."""
    questions = int.from_bytes(wire[4:6])
    position = _HEADER_SIZE
    if questions != 1:
        return None if questions else position
    size = len(wire)
    while position < size and (length := wire[position]):
        if length > 63:
            return None
        position += length + 1
    position += 5
    return position if position <= size else None


def rcode_of(response: bytes) -> int:
    """The whole response code: its upper bits stand in the OPT record (RFC 6891 §6.1.3).

    They are looked for where nothing but that record follows the question, as with BADVERS.
    """
    end = question_end(response) if response[6:10] == bytes(4) else None
    if end is None or response[end : end + 3] != _ROOT_AND_TYPE:
        return response[3] & 0xF
    return int.from_bytes(response[end + 5 : end + 6]) << 4 | response[3] & 0xF


def attach_cookie(reply: bytes, cookie: bytes) -> bytes:
    """The response with a cookie in its OPT record, which is its last and has no option so far."""
    if not cookie:
        return reply
    option = COOKIE.to_bytes(2) + len(cookie).to_bytes(2) + cookie
    return reply[:-2] + len(option).to_bytes(2) + option


def answer_opt(wire: bytes) -> bytes:
    """The OPT record for the answer to a message of header, question and OPT; empty for any other."""
    end = question_end(wire)
    if end is None or wire[end : end + 3] != _ROOT_AND_TYPE or len(wire) < end + _FIXED_SIZE:
        return b""
    return _ROOT_AND_TYPE + UDP_SIZE.to_bytes(2) + b"\0\0" + bytes([wire[end + 7] & 0x80, 0]) + b"\0\0"


def build_bare(wire: bytes, *, truncated: bool, cookie: bytes = b"") -> bytes | None:
    """A response to a query of header, question and OPT with nothing but those; None for other shapes."""
    end = question_end(wire)
    if end is None:
        return None
    flags = bytes([wire[2] & 0x79 | 0x80 | 2 * truncated, 0])
    opt = answer_opt(wire)
    reply = wire[:2] + flags + wire[4:6] + bytes(5) + bytes([bool(opt)]) + wire[_HEADER_SIZE:end]
    return attach_cookie(reply + opt, cookie) if opt else reply
