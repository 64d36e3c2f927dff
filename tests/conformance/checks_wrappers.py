"""Checks of the steps between sources and plan, one by one and as a chain."""

from collections.abc import Callable, Sequence

from dnssync.endpoints import Endpoint
from dnssync.errors import ConfigError
from dnssync.sources import shaping
from dnssync.sources.shaping import ShapeOptions
from dnssync.targets import TargetFilter, nat64_networks, target_filter
from tests.conformance.compare import assert_endpoints, endpoints_from
from tests.conformance.registry import CaseData, Check, Deviation, OutOfScope


def _targets_pass(case: CaseData) -> None:
    config = case["config"]
    networks = _networks(config)
    assert networks.passes(case["target"]) is case["expected"]


def _multi(case: CaseData) -> None:
    config = case["config"]
    endpoints = [endpoint for given in case["inputs"] for endpoint in endpoints_from(given)]
    targets = config["defaultTargets"] or ()
    _assert(case, shaping.with_default_targets(endpoints, targets, force=config["forceDefaultTargets"]))


def _dedup(case: CaseData) -> None:
    _assert(case, shaping.deduplicate(endpoints_from(case["endpoints"])).endpoints)


def _nat64(case: CaseData) -> None:
    if case.get("expectError"):
        assert _rejected(lambda: nat64_networks(tuple(case["config"]["nat64Networks"])))
        return
    prefixes = nat64_networks(tuple(case["config"]["nat64Networks"] or ()))
    _assert(case, shaping.with_nat64(endpoints_from(case["endpoints"]), prefixes))


def _target_filter(case: CaseData) -> None:
    config = case["config"]
    networks = _networks(config)
    _assert(case, shaping.within_networks(endpoints_from(case["endpoints"]), networks))


def _post_processor(case: CaseData) -> None:
    config = case["config"]
    options = ShapeOptions(
        min_ttl=config["minTTLSeconds"], provider=config["provider"], prefer_alias=config["preferAlias"]
    )
    _assert(case, [shaping.finish(endpoint, options) for endpoint in endpoints_from(case["endpoints"])])


def _chain(case: CaseData) -> None:
    if case.get("expectError"):
        assert _rejected(lambda: _options(case["config"]))
        return
    endpoints = [endpoint for given in case["sources"] for endpoint in endpoints_from(given)]
    _assert(case, shaping.shape(endpoints, _options(case["config"])))


def _networks(config: CaseData) -> TargetFilter:
    return target_filter(tuple(config["targetNetFilter"] or ()), tuple(config["excludeTargetNets"] or ()))


def _options(config: CaseData) -> ShapeOptions:
    return ShapeOptions(
        default_targets=tuple(config["default-targets"] or ()),
        force_default_targets=config["force-default-targets"],
        nat64_networks=tuple(config["nat64-networks"] or ()),
        target_net_filter=tuple(config["target-net-filter"] or ()),
        exclude_target_net=tuple(config["exclude-target-net"] or ()),
        min_ttl=config["min-ttl-seconds"],
        provider=config["provider"],
        prefer_alias=config["prefer-alias"],
    )


def _rejected(construct: Callable[[], object]) -> bool:
    try:
        construct()
    except ConfigError:
        return True
    return False


def _assert(case: CaseData, actual: Sequence[Endpoint]) -> None:
    assert_endpoints(actual, case["expected"], ignore=case.get("nondeterministic", ()))


CHECKS: dict[str, Check] = {
    "target_filter_match.json": _targets_pass,
    "wrapper_multi.json": _multi,
    "wrapper_dedup.json": _dedup,
    "wrapper_nat64.json": _nat64,
    "wrapper_target_filter.json": _target_filter,
    "wrapper_post_processor.json": _post_processor,
    "wrapper_chain.json": _chain,
}


def _input_fails(case: CaseData) -> bool:
    return bool(case.get("inputError"))


def _given(case: CaseData) -> list[CaseData]:
    return [endpoint for endpoints in case["sources"] for endpoint in endpoints or ()]


def _wish(endpoint: CaseData) -> str | None:
    """The value of the property that asks for a PTR record."""
    wishes = [entry for entry in endpoint["providerSpecific"] or () if entry.get("name") == "record-type"]
    return wishes[0].get("value", "") if wishes else None


def _makes_ptr(case: CaseData) -> bool:
    config = case["config"]
    asked = config["create-ptr"] or any((_wish(endpoint) or "").lower() == "ptr" for endpoint in _given(case))
    return config["ptr-in-managed-record-types"] and asked


def _keeps_ptr_wish(case: CaseData) -> bool:
    managed = case["config"]["ptr-in-managed-record-types"]
    return not managed and any(_wish(endpoint) is not None for endpoint in _given(case))


def _has_valid_networks(config: CaseData) -> bool:
    networks = config.get("nat64Networks") or config.get("nat64-networks") or ()
    return all(network.endswith("/96") for network in networks)


def _one_bad_endpoint(case: CaseData) -> bool:
    return bool(case.get("expectError")) and not _input_fails(case) and _has_valid_networks(case["config"])


_BAD_ENDPOINT = "an AAAA target that is no address is passed over; it does not stop everything else"

DEVIATIONS = [
    Deviation("wrapper_nat64.json", _one_bad_endpoint, _BAD_ENDPOINT),
    Deviation("wrapper_chain.json", _one_bad_endpoint, _BAD_ENDPOINT),
    Deviation(
        "wrapper_chain.json",
        _keeps_ptr_wish,
        "the wish for a PTR record is taken out even if PTR is not managed: left in, it differs for ever",
    ),
]

OUT_OF_SCOPE = [
    OutOfScope("wrapper_chain.json", _makes_ptr, "generated PTR records are not built yet"),
    *(
        OutOfScope(
            file, _input_fails, "a source that fails never reaches these steps: its last state is kept"
        )
        for file in CHECKS
    ),
]
