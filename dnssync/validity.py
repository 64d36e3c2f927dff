"""Whether an endpoint can be a record at all: its targets must fit its type.

The rules are those of external-dns, which checks no more than this.
"""

from collections.abc import Callable

from dnssync.endpoints import ADDRESS_TYPES, Endpoint, suitable_type

ALIAS_PROPERTY = "alias"

# RFC 1035 §3.5 and RFC 3596 §2.5: where reverse names live.
_REVERSE_ZONES = (".in-addr.arpa", ".ip6.arpa")


def endpoint_problem(endpoint: Endpoint) -> str:
    """Why the endpoint can be no record; empty if it can. No targets at all are no problem, save for PTR."""
    alias = endpoint.property_value(ALIAS_PROPERTY)
    record_type = endpoint.record_type
    if alias is not None and record_type not in ADDRESS_TYPES:
        return f"alias is only for {', '.join(ADDRESS_TYPES)}, not for {record_type}"
    match record_type:
        case "A" | "AAAA" if alias != "true":
            return _address_problem(endpoint)
        case "MX":
            return _first_misfit(endpoint, _is_mx, "'priority host'")
        case "SRV":
            return _first_misfit(endpoint, _is_srv, "'priority weight port host.' with the final dot")
        case "PTR":
            return _ptr_problem(endpoint)
    return ""


def _address_problem(endpoint: Endpoint) -> str:
    kind = {"A": "an IPv4 address", "AAAA": "an IPv6 address"}[endpoint.record_type]
    return _first_misfit(endpoint, lambda target: suitable_type(target) == endpoint.record_type, kind)


def _ptr_problem(endpoint: Endpoint) -> str:
    name = endpoint.dns_name.lower().removesuffix(".")
    if not any(name.endswith(zone) and name != zone for zone in _REVERSE_ZONES):
        return f"{endpoint.dns_name!r} is not a reverse name"
    if not endpoint.targets:
        return "a PTR record needs a target"
    return _first_misfit(
        endpoint, lambda target: target != "" and suitable_type(target) == "CNAME", "a host name"
    )


def _first_misfit(endpoint: Endpoint, fits: Callable[[str], bool], wanted: str) -> str:
    for target in endpoint.targets:
        if not fits(target):
            return f"target {target!r} of {endpoint.record_type} is not {wanted}"
    return ""


def _is_mx(target: str) -> bool:
    """RFC 1035 §3.3.9: a 16-bit preference and a host."""
    fields = target.split()
    return len(fields) == 2 and _is_uint16(fields[0])


def _is_srv(target: str) -> bool:
    """RFC 2782: three 16-bit numbers and a host, which external-dns wants to be absolute."""
    fields = target.split()
    return len(fields) == 4 and all(map(_is_uint16, fields[:3])) and fields[3].endswith(".")


def _is_uint16(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text.lstrip("0")) <= 5 and int(text[-5:]) <= 0xFFFF
