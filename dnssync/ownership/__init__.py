"""Ownership: which records are ours, written down beside them so that nothing else is ever touched."""

from dnssync.ownership.books import TxtOptions
from dnssync.ownership.content import Marker, ZoneContent
from dnssync.ownership.registry import NoopRegistry, Registry
from dnssync.ownership.txt import TxtRegistry

__all__ = ["Marker", "NoopRegistry", "Registry", "TxtOptions", "TxtRegistry", "ZoneContent"]
