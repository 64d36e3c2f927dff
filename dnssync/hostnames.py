"""Hostnames that carry their address: made from a template, and read back. Pure.

A hostname is only used if reading it gives the address back; where the template's own form does not (a text
before the address that looks like a part of it), a dot is put between the two. Where a public service would
read another address, the text gets a hash behind it, or gives way to it.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal, NamedTuple

import msgspec

from dnssync.errors import ConfigError
from dnssync.names import ascii_name
from dnssync.public_services import finds_another, is_public
from resolver import ResolverError, decode, encode

DEFAULT_DOMAIN = "xip.test"
"""The domain where none is given: reserved for tests (RFC 6761 §6.2), so that no stranger answers it."""

DEFAULT_TEMPLATE = "{name}-{namespace}-{ip}.{domain}"

MAX_LABEL, MAX_NAME = 63, 253

_FIELD = re.compile(r"\{([^{}]*)\}")
_HOST_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_TEMPLATE_END = "{ip}.{domain}"
_HASH_ONLY = "{name}-{ip}.{domain}"
_HASH_LENGTH = 8

AddressForm = Literal["auto", "dashed", "dotted", "hex"]


class HostnameRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a hostname is made of. ``rule`` and ``service`` tell several rules of one object apart.

    ``template`` ends in ``{ip}.{domain}`` and may have ``{name}``, ``{namespace}``, ``{rule}`` and
    ``{service}`` before it. ``form`` is how the address is written: ``dashed``, ``dotted``, ``hex``, or
    ``auto``, which is dashed but for an IPv4 address behind a dot, which is dotted. ``mark`` is put behind
    the last text before the address, to tell apart two objects that would get one name.
    """

    name: str
    address: str
    namespace: str = "default"
    rule: str = ""
    service: str = ""
    domain: str = DEFAULT_DOMAIN
    template: str = DEFAULT_TEMPLATE
    form: AddressForm = "auto"
    mark: str = ""


class Decoded(NamedTuple):
    """An address found in a name, and the zone before which it stands."""

    address: str
    zone: str


def generate(request: HostnameRequest) -> str:
    """The hostname: lower-case, labels up to 63 and at most 253 characters, which decodes to the address.

    What is too long is cut and gets a hash of the whole. Raises ConfigError if the template, the domain, the
    name or the address cannot give such a name.
    """
    domain = _domain(request)
    for wording in _wordings(request, domain):
        labels = _labels(wording)
        for tail in _tails(wording):
            host = f"{_fit(labels, tail, MAX_NAME - len(domain) - 1)}.{domain}"
            if _is_hostname(host) and _is_read_as(host, domain, ip_address(request.address)):
                return host
    raise ConfigError(
        f"the template {request.template!r} and the domain {domain!r} give no name that encodes "
        f"{request.address}; a good template is {DEFAULT_TEMPLATE!r}"
    )


def generate_without_address(request: HostnameRequest) -> str:
    """The hostname of the same template without the address: for a record that dnssync itself writes.

    Raises ConfigError as ``generate`` does, and where the template has nothing but the address.
    """
    domain = _domain(request)
    labels = _labels(request)
    if not labels:
        raise ConfigError(f"the template {request.template!r} gives no name without an address in it")
    budget = MAX_NAME - len(domain) - 1
    host = f"{_fit(labels, '', budget)}.{domain}"
    if decode(host, domain) is not None:
        # Names with numbers can look like an address, and a wildcard resolver would believe them.
        host = f"{_fit([*labels[:-1], f'{labels[-1]}-{digest(host)}'], '', budget)}.{domain}"
    if not _is_hostname(host):
        raise ConfigError(
            f"the template {request.template!r} and the domain {domain!r} give no valid name, but {host!r}"
        )
    return host


def digest(text: str) -> str:
    """Eight characters that stand for ``text``: the start of its SHA-256, in lower-case base 32."""
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:_HASH_LENGTH]


def decode_host(host: str, zone: str | None = None) -> Decoded | None:
    """The address in ``host`` before ``zone`` (without one, the rightmost before any zone); None if none."""
    host = ascii_name(host).strip(".")
    labels = host.split(".")
    zones = [zone] if zone else [".".join(labels[start:]) for start in range(len(labels) - 1, 0, -1)]
    for candidate in zones:
        address = decode(host, candidate)
        if address is not None:
            return Decoded(str(address), candidate.strip("."))
    return None


def _wordings(request: HostnameRequest, domain: str) -> Iterator[HostnameRequest]:
    """The request, and for a public service those with a hash behind the text, and in the place of it."""
    yield request
    if is_public(domain):
        whole = "/".join((request.namespace, request.name, request.rule, request.service, request.mark))
        yield msgspec.structs.replace(request, mark=digest(whole))
        yield msgspec.structs.replace(request, name=digest(whole), template=_HASH_ONLY, mark="")


def _is_read_as(host: str, domain: str, address: IPv4Address | IPv6Address) -> bool:
    """Whether whoever serves the domain finds the address in ``host``."""
    if decode(host, domain) != address:
        return False
    return not (is_public(domain) and finds_another(host, address))


def _domain(request: HostnameRequest) -> str:
    domain = ascii_name(request.domain).strip(".")
    if not _is_hostname(domain):
        raise ConfigError(f"{request.domain!r} is not a domain; give one such as {DEFAULT_DOMAIN}")
    return domain


def _labels(request: HostnameRequest) -> list[str]:
    """The labels before the address."""
    if not request.template.endswith(_TEMPLATE_END):
        raise ConfigError(f"the template {request.template!r} does not end in {_TEMPLATE_END!r}")
    fields = {name: _plain(getattr(request, name)) for name in ("name", "namespace", "rule", "service")}
    if not fields["name"]:
        raise ConfigError(f"{request.name!r} is no name of an object: it has no letter or digit")

    def value(field: re.Match[str]) -> str:
        if field[1] not in fields:
            known = ", ".join(f"{{{name}}}" for name in fields)
            raise ConfigError(
                f"the template {request.template!r} has {field[0]} before the address; known: {known}"
            )
        return fields[field[1]]

    before = request.template.removesuffix(_TEMPLATE_END)
    separator = before[-1:] if before[-1:] in ("-", ".") else ""
    text = _FIELD.sub(value, before).lower().removesuffix(separator)
    if request.mark:
        text = f"{text}-{request.mark}"
    # A field that is empty leaves a dash or a dot too many behind.
    labels = (re.sub(r"-{2,}", "-", label).strip("-") for label in text.split("."))
    return [label for label in labels if label]


def _plain(text: str) -> str:
    """A Kubernetes name as part of a label: its dots would take the host out of a wildcard certificate."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _tails(request: HostnameRequest) -> list[str]:
    """The address as it is put behind the labels, in the order in which the forms are to be tried."""
    try:
        dashed = encode(request.address)
        if request.form in ("dotted", "hex"):
            return [f".{encode(request.address, request.form)}"]
    except ResolverError as error:
        raise ConfigError(str(error)) from None
    before = request.template.removesuffix(_TEMPLATE_END)[-1:]
    if before in ("", "."):
        return (
            [f".{dashed}"]
            if ":" in request.address or request.form == "dashed"
            else [f".{encode(request.address, 'dotted')}", f".{dashed}"]
        )
    return [f"-{dashed}" if before == "-" else dashed, f".{dashed}"]


def _fit(labels: list[str], tail: str, budget: int) -> str:
    """The labels and the address within the limits: each label cut, or, if that is not enough, all as one."""
    if not labels:
        return tail.lstrip(".-")
    whole = ".".join(labels)
    room = MAX_LABEL if tail.startswith(".") else MAX_LABEL - len(tail)
    cut = [_cut(label, MAX_LABEL, whole) for label in labels[:-1]] + [_cut(labels[-1], room, whole)]
    text = ".".join(cut) + tail
    if len(text) > budget:
        text = _cut("-".join(labels), min(room, budget - len(tail)), whole) + tail
    return text


def _cut(text: str, limit: int, whole: str) -> str:
    """``text`` up to ``limit`` characters; if it was longer, a hash of ``whole`` is its end."""
    if len(text) <= limit:
        return text
    kept = text[: max(0, limit - _HASH_LENGTH - 1)].rstrip("-")
    return f"{kept}-{digest(whole)}".lstrip("-")


def _is_hostname(name: str) -> bool:
    """Whether Kubernetes and every resolver take ``name`` as a host (RFC 1123 §2.1, lower-case)."""
    labels = name.split(".")
    return len(name) <= MAX_NAME and all(len(x) <= MAX_LABEL and _HOST_LABEL.fullmatch(x) for x in labels)
