"""The errors of dnssync, told apart by who must act.

DnssyncError
├── ConfigError      the user: a flag, a file, a credential
├── RefusedError     nobody, or a person who says so: a policy or a limit said no
└── RetryableError   time: a service is away, throttles, or answered half

Everything else is a bug and is allowed to crash loudly.
"""


class DnssyncError(Exception):
    """Root of all errors that a user may see; ``str()`` is one clear line: what, where, why, what to do."""


class ConfigError(DnssyncError):
    """The user's input is wrong; the same input will fail again."""


class RefusedError(DnssyncError):
    """A policy, a limit or a service's rule refused the change; trying again unchanged is useless."""


class RetryableError(DnssyncError):
    """A remote side failed for now; ``retry_after`` seconds is its own wish, if it had one."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
