"""Options of the providers."""

from typing import Annotated

from dnssync.option import Option, count, duration, included_domain
from dnssync.settings.records import RecordSettings

AWS = "Route 53 (--provider aws)"
GOOGLE = "Cloud DNS (--provider google)"
BUILTIN = "Bundled resolver (--provider builtin)"
INMEMORY = "In memory (--provider inmemory)"

LISTEN_HELP = "Address for DNS over UDP and TCP; port 53 if it has none."
NS_HELP = "Name server of the zones, with its addresses if it is inside one of them."

TSIG_KEY_HELP = "Key of signed updates and transfers, its secret in base64; better in a file."
TSIG_KEY_FORM = "NAME:ALGORITHM:SECRET"
TSIG_KEY_FILE_HELP = (
    "File of such keys, one a line or as tsig-keygen writes them; read again when it changes."
)
ALLOW_UPDATE_HELP = (
    "What a key may change: names at or below NAME, or LABEL.*.NAME; without a grant and any other "
    "use a key may set _acme-challenge.*:TXT."
)
ALLOW_UPDATE_FORM = "KEY[:NAME[:TYPE,…]]"


class ProviderSettings(RecordSettings, frozen=True, kw_only=True):
    """What each provider is told. Durations are seconds."""

    aws_zone_type: Annotated[
        str, Option(AWS, "Touch only public or only private zones.", choices=("", "public", "private"))
    ] = ""
    aws_zone_tags: Annotated[
        tuple[str, ...], Option(AWS, "Touch only zones with this tag; all must match.", metavar="KEY[=VALUE]")
    ] = ()
    aws_zone_match_parent: Annotated[
        bool, Option(AWS, "Also touch zones above those of --domain-filter.")
    ] = False
    aws_profile: Annotated[
        tuple[str, ...], Option(AWS, "Named profile of the credentials.", metavar="NAME")
    ] = ()
    aws_assume_role: Annotated[str, Option(AWS, "Role to assume.", metavar="ARN")] = ""
    aws_assume_role_external_id: Annotated[str, Option(AWS, "External id for that role.", metavar="ID")] = ""
    aws_batch_change_size: Annotated[int, Option(AWS, "Most changes in one request.", count)] = 1000
    aws_batch_change_size_bytes: Annotated[
        int, Option(AWS, "Most characters of values in one request.", count)
    ] = 32000
    aws_batch_change_size_values: Annotated[int, Option(AWS, "Most values in one request.", count)] = 1000
    aws_batch_change_interval: Annotated[
        float, Option(AWS, "Pause between two requests for one zone.", duration)
    ] = 1.0
    aws_evaluate_target_health: Annotated[
        bool, Option(AWS, "Whether aliases look at their target's health.")
    ] = True
    aws_api_retries: Annotated[int, Option(AWS, "Times a request is tried.", count)] = 3
    aws_prefer_cname: Annotated[
        bool, Option(AWS, "Write CNAMEs, not aliases, for load balancers of AWS.")
    ] = False
    aws_zones_cache_duration: Annotated[
        float, Option(AWS, "Time for which the list of zones is kept.", duration)
    ] = 0.0

    google_project: Annotated[
        str, Option(GOOGLE, "Project of the zones; without it that of the credentials.", metavar="ID")
    ] = ""
    google_zone_visibility: Annotated[
        str, Option(GOOGLE, "Touch only public or only private zones.", choices=("", "public", "private"))
    ] = ""
    google_batch_change_size: Annotated[
        int, Option(GOOGLE, "Most changes in one request; 0 for any.", count)
    ] = 1000
    google_batch_change_interval: Annotated[
        float, Option(GOOGLE, "Pause between two requests for one zone.", duration)
    ] = 1.0
    google_api_endpoint: Annotated[
        str,
        Option(GOOGLE, "URL of another server that speaks the API; used without credentials.", metavar="URL"),
    ] = ""

    listen: Annotated[tuple[str, ...], Option(BUILTIN, LISTEN_HELP, metavar="ADDR:PORT")] = (
        "127.0.0.1:5300",
    )
    zone: Annotated[tuple[str, ...], Option(BUILTIN, "Zone to serve.", metavar="ZONE")] = ()
    ns: Annotated[tuple[str, ...], Option(BUILTIN, NS_HELP, metavar="NAME[=ADDR,…]")] = ()
    tsig_key: Annotated[
        tuple[str, ...], Option(BUILTIN, TSIG_KEY_HELP, metavar=TSIG_KEY_FORM, secret=True)
    ] = ()
    tsig_key_file: Annotated[tuple[str, ...], Option(BUILTIN, TSIG_KEY_FILE_HELP, metavar="FILE")] = ()
    allow_update: Annotated[
        tuple[str, ...], Option(BUILTIN, ALLOW_UPDATE_HELP, metavar=ALLOW_UPDATE_FORM)
    ] = ()

    inmemory_zone: Annotated[
        tuple[str, ...], Option(INMEMORY, "Zone to begin with.", included_domain, metavar="ZONE")
    ] = ()
