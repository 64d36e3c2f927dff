"""Options of the resolver alone."""

from typing import Annotated

from dnssync.option import Option, count, duration, network, socket_address, whole_seconds
from dnssync.settings.providers import (
    ALLOW_UPDATE_FORM,
    ALLOW_UPDATE_HELP,
    LISTEN_HELP,
    NS_HELP,
    TSIG_KEY_FILE_HELP,
    TSIG_KEY_FORM,
    TSIG_KEY_HELP,
)
from dnssync.settings.running import CommonSettings

LISTENING = "Listening"
ANSWERS = "What is answered"
SAFETY = "Safety and insight"
UPDATES = "Updates and transfers"


class ResolverSettings(CommonSettings, frozen=True, kw_only=True):
    """The options of ``dnssync resolver``, the wildcard DNS server alone. Durations are seconds."""

    listen: Annotated[tuple[str, ...], Option(LISTENING, LISTEN_HELP, metavar="ADDR:PORT")] = (
        "127.0.0.1:5300",
    )
    workers: Annotated[int, Option(LISTENING, "Processes that answer, on the same ports.", count)] = 1
    user: Annotated[
        str,
        Option(
            LISTENING,
            "User to become once the sockets are open (port 53 needs root to open it).",
            metavar="USER[:GROUP]",
        ),
    ] = ""
    tcp_timeout: Annotated[
        float, Option(LISTENING, "Time for a TCP client to ask its next question.", duration)
    ] = 10.0
    tcp_connections: Annotated[int, Option(LISTENING, "Most TCP connections at once.", count)] = 256
    tcp_connections_per_client: Annotated[int, Option(LISTENING, "… and from one address.", count)] = 64

    check: Annotated[
        bool,
        Option(
            LISTENING,
            "Only check configuration and delegation, tell what is found, and end.",
        ),
    ] = False
    check_recursor: Annotated[
        str, Option(LISTENING, "Recursor for the check; without it the system's.", metavar="ADDR:PORT")
    ] = ""
    tls_cert: Annotated[
        str,
        Option(
            LISTENING, "Certificate chain (PEM) for DNS over TLS; read again when it changes.", metavar="FILE"
        ),
    ] = ""
    tls_key: Annotated[
        str, Option(LISTENING, "Key of the certificate; without it in the same file.", metavar="FILE")
    ] = ""
    tls_listen: Annotated[
        tuple[str, ...],
        Option(
            LISTENING,
            "Where to serve DNS over TLS; without it the addresses of --listen with port 853.",
            metavar="ADDR:PORT",
        ),
    ] = ()

    metrics_address: Annotated[
        str,
        Option(
            SAFETY,
            "Where /metrics, /healthz and /readyz are served; empty for nowhere.",
            socket_address,
            metavar="ADDR:PORT",
        ),
    ] = ""
    rrl_rate: Annotated[
        int,
        Option(
            SAFETY,
            "Most answers a second over UDP to one client network (/24, /56) and worker; 0: no limit.",
            count,
        ),
    ] = 200
    rrl_slip: Annotated[
        int, Option(SAFETY, 'Every so many refusals one is "ask by TCP"; 0: none.', count)
    ] = 2
    rrl_exempt_net: Annotated[
        tuple[str, ...],
        Option(SAFETY, "Network of clients to which the rate limit is not applied.", network, metavar="CIDR"),
    ] = ()
    rrl_private: Annotated[bool, Option(SAFETY, "Apply the rate limit to private networks too.")] = False
    cookie_secret_file: Annotated[
        str,
        Option(
            SAFETY,
            "File of secrets (32 hex digits a line) for DNS cookies: the first makes, all are accepted.",
            metavar="FILE",
        ),
    ] = ""
    blocklist: Annotated[
        str,
        Option(SAFETY, "File of names and patterns that are not answered, a line each.", metavar="FILE"),
    ] = ""
    query_log: Annotated[
        str,
        Option(SAFETY, "File to log each question to, as JSON; - is standard error.", metavar="FILE"),
    ] = ""

    tsig_key: Annotated[
        tuple[str, ...],
        Option(UPDATES, TSIG_KEY_HELP, metavar=TSIG_KEY_FORM, secret=True),
    ] = ()
    tsig_key_file: Annotated[
        tuple[str, ...],
        Option(UPDATES, TSIG_KEY_FILE_HELP, metavar="FILE"),
    ] = ()
    allow_update: Annotated[
        tuple[str, ...],
        Option(UPDATES, ALLOW_UPDATE_HELP, metavar=ALLOW_UPDATE_FORM),
    ] = ()
    journal: Annotated[
        str,
        Option(
            UPDATES,
            "File that keeps updates over restarts; without it they end with the server.",
            metavar="FILE",
        ),
    ] = ""
    allow_transfer: Annotated[
        tuple[str, ...],
        Option(UPDATES, "Who may have whole zones (AXFR, IXFR).", metavar="KEY|CIDR"),
    ] = ()
    notify: Annotated[
        tuple[str, ...],
        Option(
            UPDATES,
            "Secondary to tell of each change, signed with the key if one is given.",
            metavar="ADDR[:PORT][=KEY]",
        ),
    ] = ()

    zone: Annotated[
        tuple[str, ...],
        Option(
            ANSWERS,
            "Zone to serve (required); one below in-addr.arpa or ip6.arpa answers PTR.",
            metavar="ZONE",
        ),
    ] = ()
    static: Annotated[
        tuple[str, ...],
        Option(
            ANSWERS,
            "Zone file of records, or YAML if its name ends in .yaml; read again when it changes.",
            metavar="FILE",
        ),
    ] = ()
    ns: Annotated[tuple[str, ...], Option(ANSWERS, NS_HELP, metavar="NAME[=ADDR,…]")] = ()
    apex: Annotated[tuple[str, ...], Option(ANSWERS, "Address of the zones' own names.", metavar="ADDR")] = ()
    hostmaster: Annotated[
        str,
        Option(
            ANSWERS,
            "Mailbox in the SOA, a DNS name or with @; without it hostmaster.<zone>.",
            metavar="NAME",
        ),
    ] = ""
    ttl: Annotated[int, Option(ANSWERS, "TTL of answers, in seconds or as a duration.", whole_seconds)] = 3600
    negative_ttl: Annotated[
        int, Option(ANSWERS, "How long it may be remembered that a name does not exist.", whole_seconds)
    ] = 60
    ptr_zone: Annotated[
        str, Option(ANSWERS, "Zone of the names in PTR answers; without it the first.", metavar="ZONE")
    ] = ""
    allow_net: Annotated[
        tuple[str, ...],
        Option(ANSWERS, "Answer only addresses inside this network.", network, metavar="CIDR"),
    ] = ()
    deny_net: Annotated[
        tuple[str, ...],
        Option(ANSWERS, "Never answer addresses inside this network.", network, metavar="CIDR"),
    ] = ()
    private_only: Annotated[bool, Option(ANSWERS, "Answer private addresses only.")] = False
    hex_ipv4: Annotated[bool, Option(ANSWERS, "Whether a label of eight hex digits is an address.")] = True
    chaos_version: Annotated[
        str, Option(ANSWERS, "What to say to CH TXT version.bind; without it nothing.", metavar="TEXT")
    ] = ""
    server_id: Annotated[
        str,
        Option(ANSWERS, "What to say to CH TXT id.server and as NSID; without it nothing.", metavar="TEXT"),
    ] = ""
