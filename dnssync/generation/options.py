"""What the flags say about automatic hostnames, and the annotations by which an object says otherwise."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from dnssync.annotations import PREFIXES
from dnssync.hostnames import DEFAULT_TEMPLATE, AddressForm
from dnssync.names import ascii_name

Family = Literal["ipv4", "ipv6", "prefer-ipv4", "prefer-ipv6"]

PREFIX = PREFIXES[0]

GENERATE = "generate-hostname"
"""``true`` asks for hostnames, ``false`` forbids them, also where a host is the bare domain."""

DOMAIN = "hostname-domain"
TEMPLATE = "hostname-template"

RECORD = "generated-hostnames"
"""Where it stands on the object which hosts are ours; see ``record``."""


class GenerationOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How hostnames are made. ``rewrite`` puts them into the spec; without it only the annotation is written.

    ``class_domains`` are the domains of Ingress classes that have one of their own. ``prefix`` is that of
    the annotations here, ``target_prefixes`` those of the target annotation.
    """

    domain: str
    class_domains: Mapping[str, str] = {}
    template: str = DEFAULT_TEMPLATE
    rewrite: bool = True
    family: Family = "prefer-ipv4"
    form: AddressForm = "auto"
    prefix: str = PREFIX
    target_prefixes: tuple[str, ...] = PREFIXES

    def wish_of(self, annotations: Mapping[str, str]) -> str:
        """What an object says of hostnames: ``true``, ``false``, nothing, or what is neither."""
        return annotations.get(self.prefix + GENERATE, "").strip().lower()

    def domain_for(self, annotations: Mapping[str, str], class_name: str) -> str:
        """The domain of an object's hostnames: its own, that of its class, or the general one."""
        own = annotations.get(self.prefix + DOMAIN, "")
        return ascii_name(own or self.class_domains.get(class_name) or self.domain).strip(".")

    def template_for(self, annotations: Mapping[str, str]) -> str:
        """The template of an object's hostnames."""
        return annotations.get(self.prefix + TEMPLATE, "") or self.template
