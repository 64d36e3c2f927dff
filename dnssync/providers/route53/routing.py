"""Routing policies: endpoint properties ⇄ the fields of a ResourceRecordSet.

API reference: ResourceRecordSet, GeoLocation, GeoProximityLocation.
"""

from typing import Any

from dnssync.endpoints import Endpoint, Property
from dnssync.providers.route53 import properties as p

RRset = dict[str, Any]
"""A ResourceRecordSet as boto3 takes and gives it."""


def policy_fields(endpoint: Endpoint) -> RRset:
    """The routing fields that ``endpoint`` asks for; none without a set identifier, which they all need."""
    given = {entry.name: entry.value for entry in endpoint.provider_specific}
    fields: RRset = {}
    if p.HEALTH_CHECK_ID in given:
        fields["HealthCheckId"] = given[p.HEALTH_CHECK_ID]
    if not endpoint.set_identifier:
        return fields
    fields["SetIdentifier"] = endpoint.set_identifier
    if p.WEIGHT in given:
        fields["Weight"] = whole_number(given[p.WEIGHT])
    if p.REGION in given:
        fields["Region"] = given[p.REGION]
    if p.FAILOVER in given:
        fields["Failover"] = given[p.FAILOVER]
    if p.MULTI_VALUE_ANSWER in given:
        fields["MultiValueAnswer"] = True
    if location := _geo_location(given):
        fields["GeoLocation"] = location
    if proximity := _geo_proximity(given):
        fields["GeoProximityLocation"] = proximity
    return fields


def policy_properties(rrset: RRset) -> list[Property]:
    """The properties that give the routing fields of ``rrset``: one policy, and a health check."""
    found: list[Property] = []
    if "Weight" in rrset:
        found.append(Property(p.WEIGHT, str(rrset["Weight"])))
    elif "Region" in rrset:
        found.append(Property(p.REGION, rrset["Region"]))
    elif "Failover" in rrset:
        found.append(Property(p.FAILOVER, rrset["Failover"]))
    elif rrset.get("MultiValueAnswer"):
        found.append(Property(p.MULTI_VALUE_ANSWER))
    elif "GeoLocation" in rrset:
        found += _geo_location_properties(rrset["GeoLocation"])
    elif "GeoProximityLocation" in rrset:
        found += _geo_proximity_properties(rrset["GeoProximityLocation"])
    if "HealthCheckId" in rrset:
        found.append(Property(p.HEALTH_CHECK_ID, rrset["HealthCheckId"]))
    return found


def settle(endpoint: Endpoint) -> tuple[Endpoint, list[str]]:
    """The endpoint with its routing as it would be read back, and one line for each wish that is not met.

    Without this a weight of ``010`` or a policy without a set identifier would differ for ever.
    """
    problems: list[str] = []
    for entry in endpoint.provider_specific:
        if entry.name not in p.ROUTING:
            continue
        value, problem = _settled(entry, endpoint)
        if problem:
            problems.append(problem)
        if value != entry.value:
            endpoint = endpoint.with_property(entry.name, value)
    return endpoint, problems


def _settled(entry: Property, endpoint: Endpoint) -> tuple[str | None, str]:
    if not endpoint.set_identifier:
        return None, f"{entry.name} has no effect without a set identifier"
    if entry.name == p.MULTI_VALUE_ANSWER:
        return "", ""
    if entry.name in (p.WEIGHT, p.PROXIMITY_BIAS):
        problem = f"{entry.name}={entry.value!r} is no whole number: 0 is written"
        return str(whole_number(entry.value)), "" if _is_whole(entry.value) else problem
    if entry.name == p.PROXIMITY_COORDINATES and _coordinates(entry.value) is None:
        return None, f"{entry.name}={entry.value!r} is not LATITUDE,LONGITUDE: it is left out"
    return entry.value, ""


def whole_number(text: str) -> int:
    """The number that ``text`` says, 0 if it says none (as external-dns)."""
    return int(text) if _is_whole(text) else 0


def _is_whole(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").removeprefix("+").isdigit()


def _geo_location(given: dict[str, str]) -> RRset:
    if p.CONTINENT in given:
        return {"ContinentCode": given[p.CONTINENT]}
    fields = {"CountryCode": given.get(p.COUNTRY), "SubdivisionCode": given.get(p.SUBDIVISION)}
    return {name: value for name, value in fields.items() if value is not None}


def _geo_location_properties(location: RRset) -> list[Property]:
    if "ContinentCode" in location:
        return [Property(p.CONTINENT, location["ContinentCode"])]
    pairs = ((p.COUNTRY, location.get("CountryCode")), (p.SUBDIVISION, location.get("SubdivisionCode")))
    return [Property(name, value) for name, value in pairs if value]


def _geo_proximity(given: dict[str, str]) -> RRset:
    fields: RRset = {}
    if p.PROXIMITY_REGION in given:
        fields["AWSRegion"] = given[p.PROXIMITY_REGION]
    if p.PROXIMITY_LOCAL_ZONE in given:
        fields["LocalZoneGroup"] = given[p.PROXIMITY_LOCAL_ZONE]
    if p.PROXIMITY_BIAS in given:
        fields["Bias"] = whole_number(given[p.PROXIMITY_BIAS])
    if point := _coordinates(given.get(p.PROXIMITY_COORDINATES, "")):
        fields["Coordinates"] = {"Latitude": point[0], "Longitude": point[1]}
    return fields


def _geo_proximity_properties(proximity: RRset) -> list[Property]:
    point = proximity.get("Coordinates")
    pairs = (
        (p.PROXIMITY_BIAS, str(proximity["Bias"]) if "Bias" in proximity else None),
        (p.PROXIMITY_COORDINATES, f"{point['Latitude']},{point['Longitude']}" if point else None),
        (p.PROXIMITY_LOCAL_ZONE, proximity.get("LocalZoneGroup")),
        (p.PROXIMITY_REGION, proximity.get("AWSRegion")),
    )
    return [Property(name, value) for name, value in pairs if value is not None]


def _coordinates(text: str) -> tuple[str, str] | None:
    """Latitude and longitude in degrees as written, or None if the text is no point on Earth."""
    latitude, comma, longitude = text.partition(",")
    try:
        inside = abs(float(latitude)) <= 90 and abs(float(longitude)) <= 180
    except ValueError:
        return None
    return (latitude, longitude) if comma and inside else None
