"""Regular expressions as Go's RE2 reads them: what Python spells otherwise is respelt or refused.

https://github.com/google/re2/wiki/Syntax. A pattern that Python would take for something else must never
pass in silence: it decides which records may be touched.
"""

import re
import warnings

from dnssync.errors import ConfigError

_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7F",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_RE2_ONLY = re.compile(r"\\.|\[:(?P<name>[a-z]+):\]|\(\?<(?=[A-Za-z_])", re.DOTALL)


def compile_re2(pattern: str) -> re.Pattern[str]:
    """The compiled pattern; ConfigError if it is none, or if Python would read it otherwise.

    ``\\w``, ``\\d`` and ``\\b`` know ASCII only, as in Go. Go's ``(?i)`` folds Unicode, which names in lower
    case do not need.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            return re.compile(_RE2_ONLY.sub(_respelt, pattern), re.ASCII)
    except (re.error, FutureWarning) as error:
        raise ConfigError(f"{pattern!r} is not a regular expression: {error}") from error


def _respelt(found: re.Match[str]) -> str:
    text = found.group()
    if text == "(?<":
        return "(?P<"
    if found["name"] in _CLASSES:
        return _CLASSES[found["name"]]
    return r"\Z" if text == r"\z" else text
