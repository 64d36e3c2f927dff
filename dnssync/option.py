"""What an option is: the metadata that a settings model carries, and the readers that turn text into values.

A settings model is a frozen Struct whose fields are ``Annotated[type, Option(...)]``. Flags, environment
variables, keys of the YAML file, ``--help`` and the options page all come from it, and from nothing else.
"""

import ipaddress
import re
import typing
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any

import msgspec

from dnssync.durations import format_seconds, parse_seconds
from dnssync.errors import ConfigError
from dnssync.patterns import compile_re2

Reader = Callable[[str], Any]
"""From the text of one value to the value; ValueError says what is wrong with it."""


class Shape(Enum):
    """How often an option may be given, and whether it takes a value."""

    SWITCH = "switch"
    ONE = "one"
    MANY = "many"


class Option(msgspec.Struct, frozen=True):
    """What a field of a settings model says about itself; without ``read`` the field's type decides."""

    group: str
    help: str
    read: Reader | None = None
    choices: tuple[str, ...] = ()
    metavar: str = ""
    secret: bool = False
    aliases: tuple[str, ...] = ()


class OptionField(msgspec.Struct, frozen=True):
    """One option of a model: ``name`` as in ``--name``, ``attribute`` as in Python."""

    name: str
    attribute: str
    shape: Shape
    option: Option
    default: Any
    read: Reader

    def show(self, value: Any) -> str:
        """A value of this option as one would type it; several are separated by a space, none is empty."""
        if self.shape is Shape.MANY:
            return " ".join(self._show_one(each) for each in value)
        return self._show_one(value)

    def _show_one(self, value: Any) -> str:
        if self.option.secret and value:
            return "******"
        if isinstance(value, bool):
            return "true" if value else "false"
        return format_seconds(value) if self.read in (duration, whole_seconds, ttl) else str(value)


@cache
def options_of(model: type[msgspec.Struct]) -> dict[str, OptionField]:
    """The options of a settings model by name, in the order of its fields."""
    hints = typing.get_type_hints(model, include_extras=True)
    fields = (_option_field(field, hints[field.name]) for field in msgspec.structs.fields(model))
    return {field.name: field for field in fields}


def _option_field(field: Any, hint: Any) -> OptionField:
    inner, *metadata = typing.get_args(hint)
    option = next(entry for entry in metadata if isinstance(entry, Option))
    shape = Shape.SWITCH if inner is bool else Shape.MANY if typing.get_origin(inner) is tuple else Shape.ONE
    read = option.read or (one_of(*option.choices) if option.choices else _READERS[inner])
    return OptionField(field.name.replace("_", "-"), field.name, shape, option, field.default, read)


def switch(text: str) -> bool:
    """True or false in any of the usual words (those of Go's ParseBool and of YAML 1.1)."""
    word = text.lower()
    if word in {"true", "t", "1", "yes", "y", "on"}:
        return True
    if word in {"false", "f", "0", "no", "n", "off"}:
        return False
    raise ValueError(f"{text!r} is neither true nor false")


def duration(text: str) -> float:
    """Seconds, not negative, from a Go duration or a plain number."""
    seconds = parse_seconds(text)
    if seconds < 0:
        raise ValueError(f"{text!r} is negative")
    return seconds


def whole_seconds(text: str) -> int:
    """As ``duration``, but in whole seconds, as TTLs are."""
    seconds = duration(text)
    if not seconds.is_integer():
        raise ValueError(f"{text!r} is not a whole number of seconds")
    return int(seconds)


def ttl(text: str) -> float:
    """As ``duration``, but no longer than a TTL can be (RFC 2181 §8)."""
    seconds = duration(text)
    if seconds >= 2**31:
        raise ValueError(f"{text!r} is longer than a TTL can be, which is {2**31 - 1} seconds")
    return seconds


def count(text: str) -> int:
    """A whole number, not negative."""
    if not re.fullmatch(r"[0-9]+", text):
        raise ValueError(f"{text!r} is not a whole number from 0 up")
    return int(text)


def percent(text: str) -> float:
    """A share from 0 to 100, with or without the sign."""
    try:
        share = float(text.removesuffix("%"))
    except ValueError:
        share = -1.0
    if not 0 <= share <= 100:
        raise ValueError(f"{text!r} is not a percentage from 0 to 100")
    return share


def network(text: str) -> str:
    """A network in CIDR form, checked and kept as it was written; an address alone is a network of one."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is not a network (examples: 10.0.0.0/8, 2001:db8::/32)") from None
    return text


def nat64_network(text: str) -> str:
    """An IPv6 network of length 96, in which the last four bytes are an IPv4 address (RFC 6052 §2.2)."""
    parsed = ipaddress.ip_network(network(text), strict=False)
    if parsed.version != 6 or parsed.prefixlen != 96:
        raise ValueError(f"{text!r} is not an IPv6 /96 network (example: 64:ff9b::/96)")
    return text


def excluded_domain(text: str) -> str:
    """A domain, checked and kept as it was written; a leading dot stands for the names below it alone."""
    from dnssync.names import host_problem

    plain = text.strip().strip(".")
    problem = host_problem(plain) if plain else ""
    if problem:
        hint = "; give the option once for each domain" if "," in plain else ""
        raise ValueError(f"{text!r} is not a domain: {problem}{hint}")
    return text


def included_domain(text: str) -> str:
    """As ``excluded_domain``; a pattern would match nothing, and nothing would be synced in silence."""
    if "*" in text:
        raise ValueError(f"{text!r} is not a domain: a domain stands for all names below it; leave the * out")
    return excluded_domain(text)


def pattern(text: str) -> str:
    """A regular expression, checked and kept as it was written."""
    try:
        compile_re2(text)
    except ConfigError as error:
        raise ValueError(str(error)) from None
    return text


def socket_address(text: str) -> str:
    """``HOST:PORT`` as ``host:port``; IPv6 in brackets, ``:PORT`` for every address of the machine."""
    host, _, port = text.rpartition(":")
    is_port = re.fullmatch(r"[0-9]{1,5}", port) and int(port) <= 65535
    is_host = re.fullmatch(r"\[[0-9A-Fa-f:.%]+\]|[^:\s\[\]]*", host)
    if not (":" in text and is_port and is_host):
        examples = "127.0.0.1:7979, [::1]:7979, :7979"
        raise ValueError(f"{text!r} is not an address with a port (examples: {examples})")
    return text


def server_address(text: str) -> str:
    """``ADDR`` or ``ADDR:PORT`` (IPv6 with a port in brackets) as ``addr:port``; port 53 if it has none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        host, _, port = socket_address(text).rpartition(":")
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            raise ValueError(
                f"{text!r} is not the IP address of a name server, with or without a port"
            ) from None
    else:
        port = "53"
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


def domain(text: str) -> str:
    """A domain as host names have it: lower-case, without the trailing dot."""
    plain = text.lower().removesuffix(".")
    if len(plain) > 253 or not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", plain):
        raise ValueError(f"{text!r} is not a domain (examples: xip.test, apps.example.com)")
    return plain


def class_domain(text: str) -> str:
    """``CLASS=DOMAIN``: the name of an Ingress class and a domain."""
    name, separator, rest = text.partition("=")
    if not (name and separator):
        raise ValueError(f"{text!r} is not CLASS=DOMAIN (example: internal=int.example.com)")
    return f"{name}={domain(rest)}"


_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


def one_of(*choices: str) -> Reader:
    """A reader that accepts the given words only."""

    def read(text: str) -> str:
        if text not in choices:
            known = ", ".join(filter(None, choices))
            raise ValueError(f"{text!r} is not supported; choose from: {known}")
        return text

    return read


_READERS: dict[Any, Reader] = {bool: switch, int: count, str: str, tuple[str, ...]: str}
