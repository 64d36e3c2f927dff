"""The recorded cases on disk: where they are and how they are read."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

PROJECT = Path(__file__).resolve().parents[2]

# Keys under which a file keeps its list of cases, and by which a case names itself.
_LIST_KEYS = ("cases", "names")
_NAME_KEYS = ("name", "prefix")


class Case(NamedTuple):
    """One recorded case; ``file`` is the bare file name, by which the check is chosen."""

    file: str
    name: str
    data: dict[str, Any]


def folder() -> Path:
    """The folder that DNSSYNC_VECTORS names; ``../shared/vectors`` beside the project by default."""
    return Path(os.environ.get("DNSSYNC_VECTORS") or PROJECT / "../shared/vectors").resolve()


def files(root: Path) -> list[Path]:
    """Every JSON file below ``root``, sorted."""
    return sorted(root.rglob("*.json"))


def cases(path: Path) -> list[Case]:
    """The cases of one file, in order; raises ValueError if it holds no list of cases."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for key in _LIST_KEYS:
        if isinstance(content, dict) and isinstance(content.get(key), list):
            return [Case(path.name, _name(data, index), data) for index, data in enumerate(content[key])]
    raise ValueError(f"{path}: expected an object with a list under one of {_LIST_KEYS}")


def _name(data: dict[str, Any], index: int) -> str:
    return next((str(data[key]) for key in _NAME_KEYS if key in data), str(index))
