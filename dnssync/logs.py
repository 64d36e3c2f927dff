"""Log lines for people or for machines, on stderr, each naming the object, record and zone it is about."""

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from dnssync.printable import printable

FIELDS = ("object", "record", "zone", "reason")
"""What a line may be about; given by ``extra={...}``."""

TRACE = 5
LEVELS = {
    "trace": TRACE,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "fatal": logging.CRITICAL,
    "panic": logging.CRITICAL,
}

# These tell of each retry by themselves; what it means is told by whoever uses them.
_NOISY = ("urllib3.connectionpool", "google.auth", "apscheduler", "botocore.credentials")

# These write whole requests and answers, session tokens and keys included; not even "trace" shows them.
_INDISCREET = ("botocore.auth", "botocore.endpoint", "botocore.hooks", "botocore.parsers")


def configure(level: str = "info", form: str = "text", stream: TextIO | None = None) -> None:
    """Send the process's log to ``stream`` (stderr), as ``text`` or ``json`` lines from ``level`` up.

    Libraries are heard from warning up, save with level ``trace``.
    """
    logging.addLevelName(TRACE, "TRACE")
    handler = logging.StreamHandler(stream) if stream else _Stderr()
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    threshold = LEVELS[level]
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold if level == "trace" else max(threshold, logging.WARNING))
    for name in ("dnssync", "resolver"):
        logging.getLogger(name).setLevel(threshold)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.NOTSET if level == "trace" else logging.ERROR)
    for name in _INDISCREET:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.captureWarnings(capture=True)


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what ``sys.stderr`` is at that moment, since a live display takes its place for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        """See the class."""
        self.setStream(sys.stderr)
        super().emit(record)


def _fields(record: logging.LogRecord) -> dict[str, str]:
    present = ((name, getattr(record, name, None)) for name in FIELDS)
    return {name: str(value) for name, value in present if value is not None and value != ""}


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text or not text else text


class TextLines(logging.Formatter):
    """``2026-11-23T18:26:01.123Z INFO message object=ingress/a/b zone=example.com``; tracebacks follow."""

    def format(self, record: logging.LogRecord) -> str:
        """See the class."""
        pairs = [f"{name}={_quoted(printable(value))}" for name, value in _fields(record).items()]
        head = [_time(record), f"{record.levelname:<7}", printable(record.getMessage())]
        line = " ".join(head + pairs)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonLines(logging.Formatter):
    """One JSON object per line: time, level, logger, message, the fields, and a traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """See the class."""
        entry = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        } | _fields(record)
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(entry, enc_hook=str).decode()
