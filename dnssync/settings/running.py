"""Options of the process: its loop, its log, its metrics."""

from typing import Annotated

import msgspec

from dnssync.option import Option, duration, socket_address

LOOP = "Running"
OUTPUT = "Logs and metrics"
LOG_LEVELS = ("trace", "debug", "info", "warning", "error", "fatal", "panic")


class CommonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every command has that takes settings."""

    config: Annotated[
        str,
        Option(
            LOOP,
            "YAML file with any of these options by name; environment and flags overrule it.",
            metavar="FILE",
        ),
    ] = ""
    log_level: Annotated[str, Option(OUTPUT, "The least severe messages to show.", choices=LOG_LEVELS)] = (
        "info"
    )
    log_format: Annotated[
        str, Option(OUTPUT, "Lines for people, or one JSON object per line.", choices=("text", "json"))
    ] = "text"


class RunSettings(CommonSettings, frozen=True, kw_only=True):
    """The loop, and what a running process shows of itself. Durations are seconds."""

    interval: Annotated[
        float, Option(LOOP, "Time between two full resyncs, which read every zone again.", duration)
    ] = 60.0
    events: Annotated[
        bool, Option(LOOP, "Act on changes of objects at once, not only at each resync. (external-dns: off)")
    ] = True
    min_event_sync_interval: Annotated[
        float,
        Option(
            LOOP,
            "Collect changes of objects for this long before acting on them. (external-dns: 5s)",
            duration,
        ),
    ] = 0.05
    once: Annotated[bool, Option(LOOP, "Do one full sync and exit: 0 if all went well, else 1.")] = False
    dry_run: Annotated[bool, Option(LOOP, "Say what would be changed and change nothing.")] = False

    metrics_address: Annotated[
        str,
        Option(
            OUTPUT,
            "Where /metrics, /healthz and /readyz are served; ':7979' for all addresses of the machine, "
            "empty for nowhere. (external-dns: ':7979')",
            socket_address,
            metavar="ADDR:PORT",
        ),
    ] = "127.0.0.1:7979"
    events_emit: Annotated[
        tuple[str, ...],
        Option(
            OUTPUT,
            "Kubernetes Events to write on the objects.",
            choices=("RecordReady", "RecordDeleted", "RecordError"),
        ),
    ] = ()
