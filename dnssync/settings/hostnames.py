"""Options of automatic hostnames."""

from typing import Annotated

from dnssync.hostnames import DEFAULT_TEMPLATE
from dnssync.option import Option, class_domain, count, domain, duration, server_address
from dnssync.settings.sources import SourceSettings

HOSTNAMES = "Automatic hostnames"
FAMILIES = ("ipv4", "ipv6", "prefer-ipv4", "prefer-ipv6")


class HostnameSettings(SourceSettings, frozen=True, kw_only=True):
    """How objects without a hostname get one. Durations are seconds."""

    generate_hostnames: Annotated[
        bool, Option(HOSTNAMES, "Give hostnames that carry their address to the objects that ask for one.")
    ] = False
    hostname_domain: Annotated[
        str,
        Option(
            HOSTNAMES,
            "Domain of generated hostnames, served by a wildcard resolver; without it the first --zone.",
            domain,
            metavar="DOMAIN",
        ),
    ] = ""
    hostname_class_domain: Annotated[
        tuple[str, ...],
        Option(HOSTNAMES, "Domain for the Ingresses of one class.", class_domain, metavar="CLASS=DOMAIN"),
    ] = ()
    hostname_template: Annotated[
        str,
        Option(
            HOSTNAMES,
            "Form of generated hostnames: {name}, {namespace}, {rule}, {service}; ends in {ip}.{domain}.",
            metavar="TEMPLATE",
        ),
    ] = DEFAULT_TEMPLATE
    hostname_mode: Annotated[
        str,
        Option(
            HOSTNAMES,
            "Write hostnames into the spec, or leave it alone (GitOps) and write an annotation only.",
            choices=("rewrite", "annotate"),
        ),
    ] = "rewrite"
    hostname_address_family: Annotated[
        str, Option(HOSTNAMES, "Which address of a load balancer is taken.", choices=FAMILIES)
    ] = "prefer-ipv4"
    hostname_address_form: Annotated[
        str,
        Option(
            HOSTNAMES,
            "How the address is written; auto is dashed, or dotted where the template has a dot before it.",
            choices=("auto", "dashed", "dotted", "hex"),
        ),
    ] = "auto"
    hostname_kind: Annotated[
        tuple[str, ...],
        Option(
            HOSTNAMES, "Kind of object to give hostnames to.", choices=("ingress", "httproute", "service")
        ),
    ] = ("ingress",)
    hostname_grace: Annotated[
        float,
        Option(HOSTNAMES, "Time after which a missing address is worth an Event on the object.", duration),
    ] = 60.0
    hostname_writes: Annotated[
        int, Option(HOSTNAMES, "Most objects to write to in a second; at least 1.", count)
    ] = 50
    hostname_ready: Annotated[
        float,
        Option(
            HOSTNAMES,
            "Time for which a new hostname is asked for until it is answered; 0 for not at all.",
            duration,
        ),
    ] = 300.0
    hostname_server: Annotated[
        tuple[str, ...],
        Option(
            HOSTNAMES,
            "Name server to ask whether a hostname is answered; without it the bundled resolver, or those "
            "to which the domain is delegated.",
            server_address,
            metavar="ADDR[:PORT]",
        ),
    ] = ()
