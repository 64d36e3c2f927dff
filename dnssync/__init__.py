"""dnssync watches Kubernetes and programs DNS."""

__version__ = "0.1.0"
