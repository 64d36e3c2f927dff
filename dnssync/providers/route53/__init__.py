"""Amazon Route 53 (``--provider aws``)."""

from dnssync.providers.route53.options import Route53Options
from dnssync.providers.route53.provider import Route53Provider

__all__ = ["Route53Options", "Route53Provider"]
