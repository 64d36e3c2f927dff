"""Domain filters: which names may be touched (``--domain-filter`` and its relatives)."""

import msgspec


class DomainFilter(msgspec.Struct, frozen=True):
    """Suffix lists, or, if a regular expression is set, only the regular expressions.

    The JSON form is that of the webhook protocol: include, exclude, regexInclude, regexExclude.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    regex_include: str = ""
    regex_exclude: str = ""

    def matches(self, name: str) -> bool:
        """Whether the filter lets ``name`` (any spelling) through."""
        raise NotImplementedError
