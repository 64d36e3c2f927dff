"""The one error of the resolver; ``str()`` is one clear line that a user can act on."""


class ResolverError(ValueError):
    """Configuration, a record or a name that the resolver cannot take, or an address that it cannot bind."""
