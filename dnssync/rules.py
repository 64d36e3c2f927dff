"""The rules of a plan: what it may touch at all."""

import msgspec

from dnssync.domains import DomainFilter, match_all
from dnssync.endpoints import ADDRESS_TYPES, LABEL_OWNER, Endpoint
from dnssync.policy import Policy


class PlanRules(msgspec.Struct, frozen=True):
    """What a plan may touch. ``owner_id`` is empty if there is no ownership registry."""

    policy: Policy = Policy.SYNC
    managed_types: frozenset[str] = frozenset(ADDRESS_TYPES)
    excluded_types: frozenset[str] = frozenset()
    owner_id: str = ""
    domain_filters: tuple[DomainFilter, ...] = ()

    def owns(self, endpoint: Endpoint) -> bool:
        """Whether the record may be changed: it is labelled as ours, or nobody keeps books."""
        return not self.owner_id or endpoint.labels.get(LABEL_OWNER) == self.owner_id

    def sees(self, name: str) -> bool:
        """Whether every domain filter lets the name through."""
        return match_all(self.domain_filters, name)
