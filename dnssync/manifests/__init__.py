"""Manifest files as a cluster: YAML and JSON files and folders, read whole and then watched for changes."""

from dnssync.manifests.watch import ManifestWatcher

__all__ = ["ManifestWatcher"]
