"""Google Cloud DNS.

``rrsets``, ``zones`` and ``batches`` are pure; ``transport`` owns google-cloud-dns, ``failures`` tells its
errors apart, ``client`` has the calls, ``commits`` decides what a refusal means, ``provider`` joins them.
"""

from dnssync.providers.clouddns.provider import CloudDnsOptions, CloudDnsProvider

__all__ = ["CloudDnsOptions", "CloudDnsProvider"]
