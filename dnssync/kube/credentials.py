"""Where the API server is and how to log in to it: a kubeconfig, a pod's service account, or a bare URL."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

import dnssync
from dnssync.errors import ConfigError

# What the package makes of a login command that fails on a terminal, where it has said itself why.
_SAID_ALREADY = "'NoneType' object has no attribute 'strip'"

_HOME_KUBECONFIG = Path("~/.kube/config")


class KubeOptions(msgspec.Struct, frozen=True):
    """How to reach the Kubernetes API. ``request_timeout`` is in seconds and 0 means none; a watch has its
    own deadline. Empty texts mean: find out."""

    kubeconfig: str = ""
    context: str = ""
    server: str = ""
    request_timeout: float = 30.0


def load_client(options: KubeOptions) -> Any:
    """A fresh ``kubernetes.client.ApiClient`` with the newest credentials.

    The order is kubectl's: ``--kubeconfig``, ``$KUBECONFIG``, ``~/.kube/config``, the pod's service account;
    a ``server`` replaces the URL, and suffices where nothing else is there. Raises ConfigError.
    """
    from kubernetes.client import ApiClient, Configuration
    from urllib3 import disable_warnings
    from urllib3.exceptions import InsecureRequestWarning

    configuration = type.__call__(Configuration)
    path = _kubeconfig_path(options)
    if path:
        _load_kubeconfig(configuration, path, options.context)
    elif options.context:
        raise ConfigError(
            f"context {options.context!r} needs a kubeconfig and there is none: give --kubeconfig"
        )
    elif os.environ.get("KUBERNETES_SERVICE_HOST"):
        _load_service_account(configuration)
    elif not options.server:
        raise ConfigError(
            f"no Kubernetes cluster: no --kubeconfig, no $KUBECONFIG, no {_HOME_KUBECONFIG}, not in a pod; "
            "name a kubeconfig, or read manifest files with --manifests"
        )
    if options.server:
        configuration.host = options.server.rstrip("/")
    _guard(configuration)
    if not configuration.verify_ssl:
        # Whoever chose insecure-skip-tls-verify knows, and needs no warning at each request.
        disable_warnings(InsecureRequestWarning)
    # Retries and their pauses are ours: urllib3 would sleep through a Retry-After where no stop can reach it.
    configuration.retries = False
    configuration.keep_alive = True
    client = ApiClient(configuration)
    client.user_agent = f"dnssync/{dnssync.__version__}"
    return client


def _kubeconfig_path(options: KubeOptions) -> str:
    if options.kubeconfig:
        path = Path(options.kubeconfig).expanduser()
        if not path.is_file():
            raise ConfigError(f"kubeconfig {options.kubeconfig} is not a file; check --kubeconfig")
        return str(path)
    named = os.environ.get("KUBECONFIG", "")
    if named:
        if not any(Path(part).expanduser().is_file() for part in named.split(os.pathsep) if part):
            raise ConfigError(f"kubeconfig {named} is not a file; check $KUBECONFIG")
        return named
    try:
        home = _HOME_KUBECONFIG.expanduser()
    except RuntimeError:
        # A container's user may have no home at all.
        return ""
    return str(home) if home.is_file() else ""


def _load_kubeconfig(configuration: Any, path: str, context: str) -> None:
    import yaml
    from kubernetes.config import ConfigException, load_kube_config

    try:
        with _complaints_raised():
            load_kube_config(  # type: ignore[no-untyped-call]
                path, context=context or None, client_configuration=configuration
            )
    except ConfigException as error:
        wish = f" (context {context!r})" if context else ""
        raise ConfigError(f"kubeconfig {path}{wish} cannot be used: {_one_line(error)}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"kubeconfig {path} is no valid YAML: {_one_line(error)}") from None
    except OSError as error:
        raise ConfigError(f"kubeconfig {path} cannot be read: {error.strerror or error}") from None
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        # The loader indexes into whatever the file holds; a list where it expects a map ends here.
        raise ConfigError(f"kubeconfig {path} is not shaped like one: {_one_line(error)}") from None


def _load_service_account(configuration: Any) -> None:
    from kubernetes.config import ConfigException, load_incluster_config

    try:
        load_incluster_config(configuration)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError) as error:
        raise ConfigError(
            f"the pod's service account is unusable: {_one_line(error)}; is automountServiceAccountToken off?"
        ) from None


def _guard(configuration: Any) -> None:
    """Let every token be one that a header can carry, also those that the package reads anew in time; files
    and login commands often end in a newline. Raises ConfigError."""
    from kubernetes.config import ConfigException

    load, host = configuration.refresh_api_key_hook, configuration.host

    def refresh(refreshed: Any) -> None:
        """Load the token as the package does, and look at it."""
        if load is not None:
            with _complaints_raised():
                load(refreshed)
        # To refresh a token, the package sets everything anew: its hook and the kubeconfig's server, too.
        refreshed.refresh_api_key_hook, refreshed.host = refresh, host
        for name, text in refreshed.api_key.items():
            token = refreshed.api_key[name] = text.strip()
            if not (token.isascii() and token.isprintable()):
                raise ConfigException("the bearer token has characters that none can have")

    try:
        refresh(configuration)
    except ConfigException as error:
        raise ConfigError(f"credentials for Kubernetes cannot be used: {_one_line(error)}") from None


@contextmanager
def _complaints_raised() -> Iterator[None]:
    """Raise as ConfigException what the package only logs: a login command that fails. It would go on without
    credentials, and the server's refusal would lead nowhere."""
    from kubernetes.config import ConfigException

    complaints: list[str] = []
    thread = threading.get_ident()

    def swallow(record: logging.LogRecord) -> bool:
        if record.thread != thread or record.levelno < logging.ERROR:
            return True
        complaints.append(record.getMessage())
        return False

    # The package logs by the root logger itself, whose filters see nothing of any other logger.
    root = logging.getLogger()
    root.addFilter(swallow)
    try:
        yield
    finally:
        root.removeFilter(swallow)
    if complaints:
        raise ConfigException(complaints[-1].replace(_SAID_ALREADY, "exec: the login command failed"))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
