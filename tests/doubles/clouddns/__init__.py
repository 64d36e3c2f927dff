"""A strict double of Cloud DNS over real HTTP: rules, atomic changes, paging, quotas, faults.

``python -m tests.doubles.clouddns --port 8053 --project p --zone example.com`` runs it on its own.
"""

from tests.doubles.clouddns.server import CloudDnsDouble

__all__ = ["CloudDnsDouble"]
