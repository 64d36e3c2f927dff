"""Policies: which kinds of change the operator allows at all (``--policy``)."""

from enum import StrEnum

from dnssync.changes import Action


class Policy(StrEnum):
    """``sync`` does everything, ``upsert-only`` deletes nothing, ``create-only`` only adds."""

    SYNC = "sync"
    UPSERT_ONLY = "upsert-only"
    CREATE_ONLY = "create-only"

    def allows(self, action: Action) -> bool:
        """Whether changes of this kind are made under the policy."""
        return action in _ALLOWED[self]


_ALLOWED = {
    Policy.SYNC: frozenset(Action),
    Policy.UPSERT_ONLY: frozenset({Action.CREATE, Action.UPDATE}),
    Policy.CREATE_ONLY: frozenset({Action.CREATE}),
}
