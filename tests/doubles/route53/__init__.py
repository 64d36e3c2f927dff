"""A strict double of Route 53 over real HTTP, for the real boto3.

It enforces the documented rules: atomic batches, exact deletes, CNAME exclusivity, quoting, limits, routing
policies, escapes, sort order, pages; and it can be told to throttle, fail, drop, halve or delay answers.
By hand: ``python -m tests.doubles.route53 --port 5300 --zone example.com``.
"""

from tests.doubles.route53.faults import Fault
from tests.doubles.route53.records import Alias, RecordSet
from tests.doubles.route53.server import Route53Double

__all__ = ["Alias", "Fault", "RecordSet", "Route53Double"]
