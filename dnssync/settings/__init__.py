"""The settings: every option of ``dnssync``, once.

Flags, ``DNSSYNC_…`` variables, keys of the YAML file, ``--help`` and docs/options.md are made from these
models. Each module adds the options of one subject to those of the one before it: running, sources,
hostnames, records, providers. Names and defaults are those of external-dns wherever an option means the same;
where a default differs, its help says so.
"""

from dnssync.settings.providers import ProviderSettings
from dnssync.settings.records import POLICIES, PROVIDERS
from dnssync.settings.resolver import ResolverSettings
from dnssync.settings.running import CommonSettings
from dnssync.settings.sources import SOURCES

__all__ = ["POLICIES", "PROVIDERS", "SOURCES", "CommonSettings", "ResolverSettings", "Settings"]


class Settings(ProviderSettings, frozen=True, kw_only=True):
    """The options of ``run``, ``plan``, ``apply``, ``endpoints``, ``records``, ``explain`` and ``demo``.

    Durations are seconds. ``repr`` shows secrets: log ``config.describe`` instead.
    """
