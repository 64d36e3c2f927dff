"""Settings that are each right and do not fit together. Pure."""

from dnssync.errors import ConfigError
from dnssync.settings import PROVIDERS, Settings


def check(settings: Settings, *, needs_provider: bool) -> None:
    """Raise ConfigError, one line per mistake, if these settings cannot be worked with."""
    found = [*_source_problems(settings)]
    if needs_provider:
        found += _provider_problems(settings)
    if found:
        raise ConfigError("\n".join(found))


def _source_problems(settings: Settings) -> list[str]:
    problems = []
    prefix = settings.annotation_prefix
    if prefix and not prefix.endswith("/"):
        problems.append(f"--annotation-prefix: {prefix!r} does not end in '/'")
    if settings.force_default_targets and not settings.default_targets:
        problems.append("--force-default-targets: there are no default targets; give --default-targets")
    if settings.manifests and (settings.kubeconfig or settings.context or settings.server):
        problems.append(
            "--manifests: stands in the place of a cluster; leave --kubeconfig, --context, --server out"
        )
    return problems


def _provider_problems(settings: Settings) -> list[str]:
    problems = []
    if not settings.provider:
        problems.append(f"--provider: none is given; choose from: {', '.join(PROVIDERS)}")
    if settings.provider == "builtin" and not settings.zone:
        problems.append(
            "--zone: --provider builtin serves no zone yet; give at least one, such as --zone xip.test"
        )
    if settings.interval <= 0:
        problems.append("--interval: must be above zero; use --once for a single sync")
    return problems
