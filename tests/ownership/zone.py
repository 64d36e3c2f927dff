"""A zone as strict as a cloud service: the simplest thing that a registry's bundles can be tried on."""

from collections.abc import Iterable

import msgspec

from dnssync.changes import Action, Bundle
from dnssync.endpoints import Endpoint
from dnssync.names import normalise

RRsetKey = tuple[str, str, str]


class StrictZone:
    """RRsets by key. A bundle that does not fit what is there raises AssertionError; labels are not kept."""

    def __init__(self, records: Iterable[Endpoint] = ()) -> None:
        self.rrsets: dict[RRsetKey, Endpoint] = {_key(record): _bare(record) for record in records}

    def raw(self) -> list[Endpoint]:
        """Every RRset, as a provider would read it."""
        return list(self.rrsets.values())

    def commit(self, bundles: Iterable[Bundle]) -> None:
        """Carry out bundles: what leaves goes first, what comes must not be there."""
        for bundle in bundles:
            draft = dict(self.rrsets)
            for change in sorted(bundle.changes, key=lambda change: change.action is not Action.DELETE):
                if change.old is not None:
                    gone = draft.pop(_key(change.old))
                    assert gone.targets == change.old.targets and gone.ttl == change.old.ttl, change
                if change.new is not None:
                    assert _key(change.new) not in draft, f"exists already: {change}"
                    draft[_key(change.new)] = _bare(change.new)
            self.rrsets = draft

    def texts(self) -> dict[str, str]:
        """TXT name → first target, for tests that look at markers."""
        return {record.dns_name: record.targets[0] for record in self.raw() if record.record_type == "TXT"}


def _key(endpoint: Endpoint) -> RRsetKey:
    return normalise(endpoint.dns_name), endpoint.record_type, endpoint.set_identifier


def _bare(endpoint: Endpoint) -> Endpoint:
    return msgspec.structs.replace(endpoint, labels={})
