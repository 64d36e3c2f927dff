"""Settings that are each right and do not fit together. Pure."""

from dnssync.errors import ConfigError
from dnssync.hostnames import HostnameRequest, generate
from dnssync.settings import PROVIDERS, Settings


def check(settings: Settings, *, needs_provider: bool) -> None:
    """Raise ConfigError, one line per mistake, if these settings cannot be worked with."""
    found = [*_source_problems(settings), *_hostname_problems(settings)]
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


def _hostname_problems(settings: Settings) -> list[str]:
    if not settings.generate_hostnames:
        return []
    problems = []
    domain = settings.hostname_domain or (settings.zone[0] if settings.zone else "")
    if not domain:
        problems.append(
            "--hostname-domain: --generate-hostnames needs a domain that a wildcard resolver serves"
        )
    else:
        request = HostnameRequest(
            name="web", address="10.0.0.5", rule="0", domain=domain, template=settings.hostname_template
        )
        try:
            generate(request)
        except ConfigError as error:
            problems.append(f"--hostname-template: {error}")
    if not settings.hostname_writes:
        problems.append("--hostname-writes: must be above zero")
    if settings.once and not settings.manifests:
        problems.append(
            "--generate-hostnames: hostnames in a cluster need a process that goes on; leave --once out"
        )
    if "httproute" in settings.hostname_kind and settings.manifests:
        problems.append(
            "--hostname-kind: httproute needs a cluster, where the addresses of Gateways are known"
        )
    if "ingress" in settings.hostname_kind and "ingress" not in settings.source:
        problems.append("--hostname-kind: ingress needs --source ingress")
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
