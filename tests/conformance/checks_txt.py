"""Checks of ownership in TXT records: names, text, sealing, what is read, what is written, whole cycles."""

import base64
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from dnssync.changes import Action, Change
from dnssync.endpoints import Endpoint
from dnssync.errors import ConfigError
from dnssync.ownership import TxtOptions, TxtRegistry, ZoneContent
from dnssync.ownership.books import FORCE_UPDATE
from dnssync.ownership.labels import format_labels, parse_labels, quote, unquote
from dnssync.ownership.sealing import seal, unseal
from dnssync.plan import PlanRules, plan
from dnssync.policy import Policy
from tests.conformance.checks_plan import assert_changes
from tests.conformance.compare import assert_endpoints, endpoint_from, endpoints_from
from tests.conformance.registry import CaseData, Check, OutOfScope
from tests.conformance.txt_deviations import DEVIATIONS, naming

__all__ = ["CHECKS", "DEVIATIONS", "OUT_OF_SCOPE"]

# The nonce is kept among the labels by the peer, to seal to the same text again. Ours is derived.
_NONCE = "labels.txt-encryption-nonce"


def _names_forward(case: CaseData) -> None:
    assert naming(case["config"]).marker_name(case["dnsName"], case["recordType"]) == case["expected"]


def _names_reverse(case: CaseData) -> None:
    expected = case["expected"]
    actual = naming(case["config"]).record_of(case["txtName"])
    assert actual == (expected["dnsName"], expected["recordType"])


def _labels_parse(case: CaseData) -> None:
    assert parse_labels(unquote(case["text"])) == (None if case.get("expectError") else case["expected"])


def _labels_serialize(case: CaseData) -> None:
    text = format_labels(case["labels"] or {})
    assert (quote(text) if case["withQuotes"] else text) == case["expected"]


def _crypto_encrypt(case: CaseData) -> None:
    key, nonce = base64.b64decode(case["keyBase64"]), base64.b64decode(case["nonce"])
    if case.get("expectError"):
        with pytest.raises(ConfigError):
            seal(case["plaintext"], key, nonce)
        return
    sealed = seal(case["plaintext"], key, nonce)
    assert unseal(sealed, key) == (case["plaintext"], nonce)
    assert unseal(case["ciphertext"], key) == (case["plaintext"], nonce)
    assert sealed[:16] == case["nonce"]


def _crypto_decrypt(case: CaseData) -> None:
    opened = unseal(case["ciphertext"], base64.b64decode(case["keyBase64"]))
    if case.get("expectError"):
        assert opened is None
        return
    expected = case["expected"]
    assert opened == (expected["plaintext"], base64.b64decode(expected["nonce"]))


def options_from(config: dict[str, Any]) -> TxtOptions:
    """The options that a recorded configuration describes."""
    return TxtOptions(
        owner_id=config["txtOwnerID"],
        prefix=config["txtPrefix"],
        suffix=config["txtSuffix"],
        wildcard_replacement=config["txtWildcardReplacement"],
        encrypt=config.get("txtEncryptEnabled", False),
        aes_key=config.get("txtEncryptAESKey", ""),
        migrate_from=config["migrateFromTxtOwner"],
        managed_types=frozenset(config["managedRecordTypes"] or ()),
        excluded_types=frozenset(config["excludeRecordTypes"] or ()),
    )


def _registry_new(case: CaseData) -> None:
    if case.get("expectError"):
        with pytest.raises(ConfigError):
            TxtRegistry(options_from(case["config"]))
        return
    key = TxtRegistry(options_from(case["config"])).books.aes_key
    assert base64.b64encode(key).decode() == ((case["expected"] or {}).get("aesKeyBase64") or "")


def _registry_generate(case: CaseData) -> None:
    books = TxtRegistry(options_from(case["config"])).books
    record = endpoint_from(case["endpoint"])
    markers = [] if books.marker_problem(record) else [books.new_marker(record)]
    assert_endpoints(markers, case["expected"])


def _registry_records(case: CaseData) -> None:
    registry = TxtRegistry(options_from(case["config"]))
    content = registry.read(endpoints_from(case["providerRecords"]))
    assert_endpoints(content.records(), case["expected"], ignore=(_NONCE,))


def _registry_apply(case: CaseData) -> None:
    registry = TxtRegistry(options_from(case["config"]))
    changes = _recorded_changes(case["changes"])
    content = _zone_before(registry, changes, case["existingTXTs"] or ())
    written = [change for bundle in registry.bundle(changes, content) for change in bundle.changes]
    expected = _opened(case["expected"], registry)
    assert_changes([_opened_change(change, registry) for change in written], expected, ignore=(_NONCE,))


def _recorded_changes(recorded: dict[str, Any]) -> list[Change]:
    """Recorded lists as changes; an updateNew without its updateOld replaces an equal record of ours."""
    new_sides = endpoints_from(recorded["updateNew"])
    old_sides = endpoints_from(recorded["updateOld"]) or new_sides
    return [
        *(Change(Action.CREATE, new=new) for new in endpoints_from(recorded["create"])),
        *(Change(Action.UPDATE, old, new) for old, new in zip(old_sides, new_sides, strict=True)),
        *(Change(Action.DELETE, old=old) for old in endpoints_from(recorded["delete"])),
    ]


def _zone_before(
    registry: TxtRegistry, changes: Iterable[Change], existing: Iterable[dict[str, str]]
) -> ZoneContent:
    """A zone in which the changes make sense: what they replace or delete is there, with its marker.

    Of the markers that were there besides, only names were recorded; they say what they would say today.
    """
    changes = list(changes)
    raw = [change.old for change in changes if change.old is not None]
    markers = [_marker(registry, record) for record in raw]
    names = {(entry["dnsName"], entry["setIdentifier"]) for entry in existing}
    later = (registry.books.new_marker(change.new) for change in changes if change.old is None and change.new)
    markers += [marker for marker in later if (marker.dns_name, marker.set_identifier) in names]
    return registry.read([msgspec.structs.replace(record, labels={}) for record in raw] + markers)


def _marker(registry: TxtRegistry, record: Endpoint) -> Endpoint:
    """The record's marker under the owner that its label names."""
    marker = registry.books.new_marker(record)
    return msgspec.structs.replace(marker, targets=(quote(format_labels(record.labels)),))


def _opened(expected: dict[str, Any], registry: TxtRegistry) -> dict[str, Any]:
    """The recorded changes with sealed text opened; an updateOld is added where only updateNew was given."""
    opened = {
        side: [
            {**entry, "targets": [_open(text, registry) for text in entry["targets"] or ()]}
            for entry in entries
        ]
        for side, entries in ((side, expected[side] or ()) for side in expected)
    }
    opened["updateOld"] = opened["updateOld"] or opened["updateNew"]
    return opened


def _opened_change(change: Change, registry: TxtRegistry) -> Change:
    def opened(side: Endpoint | None) -> Endpoint | None:
        if side is None:
            return None
        texts = tuple(_open(text, registry) for text in side.targets)
        return msgspec.structs.replace(side, targets=texts)

    return Change(change.action, opened(change.old), opened(change.new))


def _open(target: str, registry: TxtRegistry) -> str:
    opened = unseal(unquote(target), registry.books.aes_key)
    return quote(opened[0]) if opened else target


def _cycle(case: CaseData) -> None:
    config, expected = case["config"], case["expected"]
    registry = TxtRegistry(options_from(config))
    content = registry.read(endpoints_from(case["providerRecords"]))
    assert_endpoints(content.records(), expected["records"])
    rules = PlanRules(
        policy=Policy(case["policy"]),
        managed_types=frozenset(config["managedRecordTypes"]),
        excluded_types=frozenset(config["excludeRecordTypes"]),
        owner_id=registry.owner_id,
    )
    planned = plan(content.records(), endpoints_from(case["desired"]), rules)
    assert_changes(planned.changes, expected["plan"])
    written = [change for bundle in registry.bundle(planned.changes, content) for change in bundle.changes]
    provider = expected.get("provider") or {"create": [], "updateOld": [], "updateNew": [], "delete": []}
    assert_changes([_as_recorded(change) for change in written], {s: _plain(provider[s]) for s in provider})


def _as_recorded(change: Change) -> Change:
    """The change with what the peer does not remember of a marker that it read: TTL and settings."""
    return Change(change.action, _forgetful(change.old), _forgetful(change.new))


def _forgetful(side: Endpoint | None) -> Endpoint | None:
    if side is None or side.record_type != "TXT":
        return side
    return msgspec.structs.replace(side, ttl=0, provider_specific=(), labels={})


def _plain(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Recorded endpoints as our provider gets them: without the force-update setting, markers as above."""
    plain = []
    for entry in entries:
        settings = [item for item in entry["providerSpecific"] if item["name"] != FORCE_UPDATE]
        plain.append({**entry, "providerSpecific": settings})
        if entry["recordType"] == "TXT" and "ownedRecord" in entry["labels"]:
            plain[-1] = {**entry, "ttl": 0, "providerSpecific": [], "labels": {}}
    return plain


CHECKS: dict[str, Check] = {
    "txt_names_forward.json": _names_forward,
    "txt_names_reverse.json": _names_reverse,
    "txt_labels_parse.json": _labels_parse,
    "txt_labels_serialize.json": _labels_serialize,
    "txt_crypto_encrypt.json": _crypto_encrypt,
    "txt_crypto_decrypt.json": _crypto_decrypt,
    "txt_registry_new.json": _registry_new,
    "txt_registry_generate.json": _registry_generate,
    "txt_registry_records.json": _registry_records,
    "txt_registry_apply.json": _registry_apply,
    "txt_cycle.json": _cycle,
}

OUT_OF_SCOPE = [
    OutOfScope(
        "txt_registry_records.json",
        lambda case: bool(case.get("expectError")),
        "a provider that cannot be read says so itself; no registry is asked then",
    )
]
