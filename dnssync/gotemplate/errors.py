"""What can go wrong while a template runs; what is wrong with its text is a ConfigError."""

from dnssync.errors import DnssyncError


class TemplateError(DnssyncError):
    """The template does not fit the object: an unknown field, a wrong type, or more work than is allowed."""
