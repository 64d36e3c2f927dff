"""The endpoint properties that Route 53 understands; the annotation ``…/aws-weight`` gives ``aws/weight``."""

ALIAS = "alias"
EVALUATE_TARGET_HEALTH = "aws/evaluate-target-health"
TARGET_HOSTED_ZONE = "aws/target-hosted-zone"
HOSTED_ZONE_ID = "aws/hosted-zone-id"
WEIGHT = "aws/weight"
REGION = "aws/region"
FAILOVER = "aws/failover"
MULTI_VALUE_ANSWER = "aws/multi-value-answer"
CONTINENT = "aws/geolocation-continent-code"
COUNTRY = "aws/geolocation-country-code"
SUBDIVISION = "aws/geolocation-subdivision-code"
PROXIMITY_REGION = "aws/geoproximity-region"
PROXIMITY_BIAS = "aws/geoproximity-bias"
PROXIMITY_COORDINATES = "aws/geoproximity-coordinates"
PROXIMITY_LOCAL_ZONE = "aws/geoproximity-local-zone-group"
HEALTH_CHECK_ID = "aws/health-check-id"

PROXIMITY_PLACES = (PROXIMITY_REGION, PROXIMITY_COORDINATES, PROXIMITY_LOCAL_ZONE)
ROUTING = (
    WEIGHT,
    REGION,
    FAILOVER,
    MULTI_VALUE_ANSWER,
    CONTINENT,
    COUNTRY,
    SUBDIVISION,
    *PROXIMITY_PLACES,
    PROXIMITY_BIAS,
)
