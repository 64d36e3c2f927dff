"""ResourceRecordSets in the words of the recorded cases, and back."""

from typing import Any


def recorded_change(change: dict[str, Any]) -> dict[str, Any]:
    """A change of a request in the words of the recorded cases."""
    rrset = change["ResourceRecordSet"]
    return {"action": change["Action"], "rrset": dict(_recorded_fields(rrset))}


_SIMPLE = {
    "Name": "name",
    "Type": "type",
    "SetIdentifier": "setIdentifier",
    "TTL": "ttl",
    "Weight": "weight",
    "Region": "region",
    "Failover": "failover",
    "MultiValueAnswer": "multiValueAnswer",
    "HealthCheckId": "healthCheckId",
}
_ALIAS = {
    "DNSName": "dnsName",
    "HostedZoneId": "hostedZoneId",
    "EvaluateTargetHealth": "evaluateTargetHealth",
}
_LOCATION = {
    "ContinentCode": "continentCode",
    "CountryCode": "countryCode",
    "SubdivisionCode": "subdivisionCode",
}
_PROXIMITY = {"AWSRegion": "awsRegion", "LocalZoneGroup": "localZoneGroup", "Bias": "bias"}
_POINT = {"Latitude": "latitude", "Longitude": "longitude"}


def _recorded_fields(rrset: dict[str, Any]) -> list[tuple[str, Any]]:
    fields = [(ours, rrset[theirs]) for theirs, ours in _SIMPLE.items() if theirs in rrset]
    if "ResourceRecords" in rrset:
        fields.append(("values", [record["Value"] for record in rrset["ResourceRecords"]]))
    if "AliasTarget" in rrset:
        fields.append(("alias", _renamed(rrset["AliasTarget"], _ALIAS)))
    if "GeoLocation" in rrset:
        fields.append(("geoLocation", _renamed(rrset["GeoLocation"], _LOCATION)))
    if "GeoProximityLocation" in rrset:
        proximity = rrset["GeoProximityLocation"]
        point = _renamed(proximity.get("Coordinates", {}), _POINT)
        fields.append(("geoProximity", _renamed(proximity, _PROXIMITY) | point))
    return fields


def rrset_from(recorded: dict[str, Any]) -> dict[str, Any]:
    """A recorded set as boto3 gives it."""
    rrset = {theirs: recorded[ours] for theirs, ours in _SIMPLE.items() if ours in recorded}
    if "values" in recorded:
        rrset["ResourceRecords"] = [{"Value": value} for value in recorded["values"]]
    if "alias" in recorded:
        rrset["AliasTarget"] = _renamed(recorded["alias"], _inverted(_ALIAS))
    if "geoLocation" in recorded:
        rrset["GeoLocation"] = _renamed(recorded["geoLocation"], _inverted(_LOCATION))
    if "geoProximity" in recorded:
        proximity = _renamed(recorded["geoProximity"], _inverted(_PROXIMITY))
        point = _renamed(recorded["geoProximity"], _inverted(_POINT))
        rrset["GeoProximityLocation"] = proximity | ({"Coordinates": point} if point else {})
    return rrset


def _renamed(fields: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names[name]: value for name, value in fields.items() if name in names}


def _inverted(names: dict[str, str]) -> dict[str, str]:
    return {ours: theirs for theirs, ours in names.items()}
