"""Durations as Go writes them (``1h30m``, ``500ms``), which is how flags and TTL annotations give them."""

import re
from fractions import Fraction

# https://pkg.go.dev/time#ParseDuration: the units and their lengths in seconds.
_UNITS = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "µs": Fraction(1, 10**6),
    "μs": Fraction(1, 10**6),
    "ms": Fraction(1, 10**3),
    "s": Fraction(1),
    "m": Fraction(60),
    "h": Fraction(3600),
}
_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_UNIT = "ns|us|µs|μs|ms|s|m|h"
_PART = re.compile(f"({_NUMBER})({_UNIT})")
_WHOLE = re.compile(f"[+-]?(?:0|(?:{_NUMBER}(?:{_UNIT}))+)")
_PLAIN = re.compile(f"[+-]?{_NUMBER}")
_DECIMALS = {1: "s", 10**3: "ms", 10**6: "us", 10**9: "ns"}


def parse_go_duration(text: str) -> Fraction:
    """The exact seconds of a Go duration; ValueError if ``text`` is none (a number without unit is none)."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration (examples: 1m30s, 500ms)")
    seconds = sum((Fraction(number) * _UNITS[unit] for number, unit in _PART.findall(text)), Fraction(0))
    return -seconds if text.startswith("-") else seconds


def parse_seconds(text: str) -> float:
    """Seconds from a Go duration or from a plain number of seconds; ValueError if ``text`` is neither."""
    if _PLAIN.fullmatch(text):
        return float(text)
    try:
        return float(parse_go_duration(text))
    except ValueError:
        raise ValueError(f"{text!r} is not a duration (examples: 1m30s, 500ms, 90)") from None


def format_seconds(seconds: float) -> str:
    """The shortest usual Go spelling of ``seconds``: ``5m``, ``1m30s``, ``50ms``, ``0s``."""
    exact = Fraction(round(seconds * 10**9), 10**9)
    if exact < 0:
        return "-" + format_seconds(-seconds)
    if exact.denominator != 1:
        scale = next(scale for scale in _DECIMALS if (exact * scale).denominator == 1)
        return f"{exact * scale}{_DECIMALS[scale]}"
    minutes, rest = divmod(int(exact), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{value}{unit}" for value, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if value]
    return "".join(parts) or "0s"
