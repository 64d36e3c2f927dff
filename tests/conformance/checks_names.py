"""Checks of names and zones: IDNA forms, the zone of a name, which zones a filter lets through."""

from collections.abc import Callable

from dnssync import names, zones
from tests.conformance.registry import CaseData, Check, Deviation


def _normalize(case: CaseData) -> object:
    return names.normalise(case["input"])


def _to_unicode(case: CaseData) -> object:
    form = names.unicode_form(case["input"])
    return {"error": bool(form.problem), "result": form.text}


def _find_zone(case: CaseData) -> object:
    identifier, name = zones.find_zone(case["input"], case["zones"])
    return {"zoneId": identifier, "zoneName": name}


def _zone_tag(case: CaseData) -> object:
    return zones.tags_pass(case.get("tags") or {}, case.get("list") or ())


def _zone_type(case: CaseData) -> object:
    wanted = case.get("list") or [""]
    return zones.type_passes(case["input"], wanted[0])


_FUNCTIONS: dict[str, Callable[[CaseData], object]] = {
    "normalize": _normalize,
    "toUnicode": _to_unicode,
    "findZone": _find_zone,
    "zoneId": lambda case: zones.id_passes(case["input"], case.get("list") or ()),
    "zoneTag": _zone_tag,
    "zoneType": _zone_type,
    "trailingDot": lambda case: names.trailing_dot(case["input"]),
}


def _by_function(case: CaseData) -> None:
    assert _FUNCTIONS[case["function"]](case) == case["expected"]


CHECKS: dict[str, Check] = {
    "idna_names.json": _by_function,
    "provider_zone_selection.json": _by_function,
}


def _hollow_a_label(case: CaseData) -> bool:
    """An A-label that holds no character outside ASCII, such as ``xn--`` or ``xn--abc-``."""
    labels = case["input"].lower().split(".")
    return any(label == "xn--" or (label.startswith("xn--") and label.endswith("-")) for label in labels)


DEVIATIONS = [
    Deviation(
        file,
        _hollow_a_label,
        "an A-label without content stays as it is: decoding it would turn one name into another",
    )
    for file in ("idna_names.json", "provider_zone_selection.json")
]
