"""Records from YAML: a list of them, or the same below the key ``records``.

    records:
    - {name: www.xip.test, type: A, ttl: 5m, data: [192.0.2.1, 192.0.2.2]}
    - {name: xip.test, type: MX, data: 10 mail.xip.test.}

Names are absolute. Without ``ttl`` a record has the server's; it is in seconds or like ``1h30m``.
"""

from typing import TYPE_CHECKING

from resolver.errors import ResolverError
from resolver.names import Labels
from resolver.records import rrset_from_text
from resolver.zones.fileentry import Entry

if TYPE_CHECKING:
    import yaml

_KEYS = ("name", "type", "ttl", "data")
_WANTED = "want a list of records such as: {name: www.xip.test, type: A, ttl: 300, data: [192.0.2.1]}"


def parse_yaml(text: str, path: str, *, origin: Labels, ttl: int) -> list[Entry]:
    """The records of one YAML file; raises ResolverError with the line. ``ttl`` is in seconds."""
    import yaml

    del origin
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ResolverError(f"{path}:{line}: this is not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ResolverError(f"{path}:1: this is not YAML: {str(error).splitlines()[0]}") from None
    if root is None:
        return []
    return [entry for node in _records(root, path) for entry in _entries(node, path, ttl)]


def _records(root: "yaml.Node", path: str) -> list["yaml.Node"]:
    import yaml

    if isinstance(root, yaml.MappingNode):
        fields = {key.value: value for key, value in root.value}
        if list(fields) != ["records"]:
            raise _error(root, path, _WANTED)
        root = fields["records"]
    if not isinstance(root, yaml.SequenceNode):
        raise _error(root, path, _WANTED)
    return list(root.value)


def _entries(node: "yaml.Node", path: str, default_ttl: int) -> list[Entry]:
    import yaml

    if not isinstance(node, yaml.MappingNode):
        raise _error(node, path, _WANTED)
    fields = {str(key.value): value for key, value in node.value}
    unknown = [key for key in fields if key not in _KEYS]
    missing = [key for key in _KEYS if key not in fields and key != "ttl"]
    if len(fields) < len(node.value):
        raise _error(node, path, f"the record has a key twice; each of {', '.join(_KEYS)} stands once")
    if unknown:
        raise _error(node, path, f"{unknown[0]!r} is no key of a record; there are {', '.join(_KEYS)}")
    if missing:
        raise _error(node, path, f"the record has no {missing[0]!r}")
    data = fields["data"]
    texts = [_scalar(item, path) for item in data.value] if isinstance(data, yaml.SequenceNode) else None
    try:
        rrset = rrset_from_text(
            _scalar(fields["name"], path),
            _scalar(fields["type"], path),
            _seconds(_scalar(fields["ttl"], path)) if "ttl" in fields else default_ttl,
            [_scalar(data, path)] if texts is None else texts,
            may_be_soa=True,
        )
    except ResolverError as error:
        raise error if str(error).startswith(f"{path}:") else _error(node, path, str(error)) from None
    where = f"{path}:{node.start_mark.line + 1}"
    return [Entry(rrset.name, rrset.type, rrset.ttl, rdata, where) for rdata in rrset.data]


def _scalar(node: "yaml.Node", path: str) -> str:
    import yaml

    if not isinstance(node, yaml.ScalarNode):
        raise _error(node, path, "want plain text here")
    return str(node.value)


def _seconds(text: str) -> int:
    import dns.ttl

    try:
        return dns.ttl.from_text(text)
    except dns.ttl.BadTTL:
        raise ResolverError(f"{text!r} is no TTL; want seconds, or units as in 1h30m") from None


def _error(node: "yaml.Node", path: str, text: str) -> ResolverError:
    return ResolverError(f"{path}:{node.start_mark.line + 1}: {text}")
