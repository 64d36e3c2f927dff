"""The books of the TXT registry: how ownership is told by TXT records, in external-dns's own form.

Three formats are read, the first that fits: the marker with the record's type in its name, the ``cname-``
marker of an A alias (external-dns before July 2026), and the untyped one (before 0.12; not for AAAA). Only
the first is written. A record that only an older marker tells to be ours, or that the owner we migrate from
still holds, gets the provider-specific setting ``txt/force-update``: it then differs from what is wanted, and
the next plan writes it together with its marker.
"""

from collections.abc import Sequence

import msgspec

from dnssync.endpoints import ADDRESS_TYPES, LABEL_OWNER, Endpoint
from dnssync.errors import ConfigError
from dnssync.names import MAX_LABEL, ascii_name, is_within, name_problem, normalise
from dnssync.ownership.content import Marker
from dnssync.ownership.labels import OWNED_RECORD, format_labels, parse_labels, quote, unquote
from dnssync.ownership.names import marker_names
from dnssync.ownership.sealing import derive_nonce, parse_key, seal, unseal

FORCE_UPDATE = "txt/force-update"
"""external-dns's setting on a record whose marker has to be written anew; never sent to a provider."""


# What ends a label in a marker, or a string in a TXT record.
_UNWRITABLE = frozenset(',"\\')


class TxtOptions(msgspec.Struct, frozen=True):
    """What the ``--txt-*`` flags give. A key without ``encrypt`` is used for reading only."""

    owner_id: str
    prefix: str = ""
    suffix: str = ""
    wildcard_replacement: str = ""
    encrypt: bool = False
    aes_key: str = ""
    migrate_from: str = ""
    managed_types: frozenset[str] = frozenset(ADDRESS_TYPES)
    excluded_types: frozenset[str] = frozenset()


class TxtBooks:
    """Markers to labels and back. Raises ConfigError for options that cannot work.

    ``aes_key`` is empty if nothing is sealed or to be unsealed.
    """

    def __init__(self, options: TxtOptions) -> None:
        if not options.owner_id:
            raise ConfigError(
                "--txt-owner-id: the txt registry needs an owner id; give one, or --registry noop"
            )
        if not options.owner_id.isprintable() or _UNWRITABLE & set(options.owner_id):
            raise ConfigError(
                f"--txt-owner-id: {options.owner_id!r} could not be read back from a TXT record; "
                "leave out commas, quotation marks and backslashes"
            )
        if options.encrypt and not options.aes_key:
            raise ConfigError("--txt-encrypt-enabled: a key is missing; give it by --txt-encrypt-aes-key")
        self.owner_id = options.owner_id
        self.labels_survive = False
        self.aes_key = parse_key(options.aes_key) if options.aes_key else b""
        self._seals = options.encrypt
        self._names = marker_names(options.prefix, options.suffix, options.wildcard_replacement)
        self._migrate_from = options.migrate_from
        self._marked_types = options.managed_types - options.excluded_types

    def subject(self, name: str) -> str:
        """The normalised record name as markers tell it: a wildcard replaced."""
        return self._names.subject(name)

    def marker(self, endpoint: Endpoint) -> Marker | None:
        """The TXT record read as a marker, None if it is an ordinary one; only its first target counts."""
        text = unquote(endpoint.targets[0]) if endpoint.targets else ""
        opened = unseal(text, self.aes_key) if self.aes_key else None
        labels = parse_labels(opened[0] if opened else text)
        if labels is None:
            return None
        name, record_type = self._names.record_of(endpoint.dns_name)
        exact = bool(record_type) and self._names.marker_name(name, record_type) == endpoint.dns_name.lower()
        return Marker(endpoint, normalise(name) if name else "", record_type, labels, exact)

    def is_ours(self, marker: Marker) -> bool:
        """Whether the marker may be replaced: it is ours, or of the owner that we migrate from."""
        owner = marker.labels.get(LABEL_OWNER, "")
        return owner == self.owner_id or (bool(owner) and owner == self._migrate_from)

    def labelled(self, record: Endpoint, markers: Sequence[Marker], zone_name: str) -> Endpoint:
        """The record with the labels of its marker, ours if it is to be migrated, forced if need be."""
        marker = speaks_for(record, markers)
        labels = record.labels
        if marker is not None:
            # Mostly the marker's own labels are shared as they are: it saves a dict per record.
            labels = labels | marker.labels if labels else marker.labels
        owner = labels.get(LABEL_OWNER)
        migrated = bool(self._migrate_from) and owner == self._migrate_from
        if migrated:
            labels = labels | {LABEL_OWNER: self.owner_id}
        if labels is not record.labels:
            record = msgspec.structs.replace(record, labels=labels)
        older = marker is not None and not (marker.exact and marker.record_type == record.record_type)
        forced = migrated or (older and owner == self.owner_id)
        return self._forced(record, zone_name) if forced else record

    def _forced(self, record: Endpoint, zone_name: str) -> Endpoint:
        if record.record_type in self._marked_types and not self.marker_problem(record, zone_name):
            return record.with_property(FORCE_UPDATE, "true")
        return record

    def new_marker(self, record: Endpoint) -> Endpoint:
        """The marker that the record should have, with our owner id.

        It shares the record's set identifier and provider-specific settings, without which a service with
        routing policies would not take it.
        """
        name = self.marker_name(record)
        text = self.marker_text(record)
        if self._seals:
            text = seal(text, self.aes_key, derive_nonce(text, self.aes_key, name))
        return Endpoint(
            dns_name=name,
            record_type="TXT",
            targets=(quote(text),),
            set_identifier=record.set_identifier,
            provider_specific=record.provider_specific,
            labels={OWNED_RECORD: record.dns_name},
        )

    def marker_text(self, record: Endpoint) -> str:
        """What the record's marker says, not sealed and not quoted."""
        return format_labels(record.labels | {LABEL_OWNER: self.owner_id})

    def marker_name(self, record: Endpoint) -> str:
        """The TXT name of the record's marker."""
        # A non-ASCII label has to become an A-label first: behind a prefix it would become another one.
        name = record.dns_name if record.dns_name.isascii() else ascii_name(record.dns_name)
        return self._names.marker_name(name, record.record_type)

    def marker_problem(self, record: Endpoint, zone_name: str = "") -> str:
        """Why the record's marker cannot be written into the zone; empty if it can."""
        name = self.marker_name(record)
        # The affixes make it longer and nothing else: a short one needs no closer look.
        problem = name_problem(name) if len(name) > MAX_LABEL else ""
        if problem:
            return f"its ownership record cannot be named {name}: {problem}"
        if zone_name and not is_within(ascii_name(name), zone_name):
            return (
                f"its ownership record {name} would lie outside the zone {zone_name}; "
                "a new deployment can use --txt-prefix '%{record_type}-owner.'"
            )
        return ""


def speaks_for(record: Endpoint, markers: Sequence[Marker]) -> Marker | None:
    """The one of its name's markers that tells who owns the record: typed, legacy ``cname-``, or untyped."""
    of_set: dict[str, Marker] = {}
    for marker in markers:
        if marker.endpoint.set_identifier == record.set_identifier:
            known = of_set.get(marker.record_type)
            if known is None or not known.exact:
                of_set[marker.record_type] = marker
    found = of_set.get(record.record_type)
    if found is None and record.record_type == "A" and record.property_value("alias") == "true":
        found = of_set.get("CNAME")
    if found is None and record.record_type != "AAAA":
        found = of_set.get("")
    return found
