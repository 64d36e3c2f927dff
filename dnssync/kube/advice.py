"""What a refusal of the API server means, and what its reader can do about it. Pure."""

import re

from dnssync.errors import RetryableError
from dnssync.kube.wire import ApiError
from dnssync.sources import Resource

_READING = ("list", "watch")
_NO_RIGHT = re.compile(r'User ".*" cannot \w+ (resource|path) "')
"""How the server tells of a missing right. Quotas, policies, webhooks and namespaces that are being deleted
refuse with 403 too."""
_VERBS_NEEDED = {
    "list": '["get", "list", "watch"]',
    "watch": '["get", "list", "watch"]',
    "create": '["create", "patch"]',
}


def explain(error: RetryableError, verb: str, resource: Resource, namespace: str = "") -> str:
    """One line: what failed, where, why, and what to do; ``verb`` is the RBAC verb of the request.

    A server that cannot be reached refuses no verb: it is one trouble, whether a list or a watch meets it.
    """
    where = _where(namespace) if verb in _READING else ""
    tried = verb if isinstance(error, ApiError) or not where else "read"
    what = f"cannot {tried} {_qualified(resource)}{where}: {error}"
    advice = _advice(error, verb, resource, namespace) if isinstance(error, ApiError) else ""
    return f"{what}; {advice}" if advice else what


def is_lasting(error: RetryableError) -> bool:
    """Whether only a person can end this: refused credentials, missing rights, a missing type."""
    return isinstance(error, ApiError) and 400 <= error.code < 500 and error.code not in (408, 410, 429)


def _advice(error: ApiError, verb: str, resource: Resource, namespace: str) -> str:
    if error.code == 401:
        return "credentials loaded anew are refused too: log in again, or check the kubeconfig's user"
    if error.code == 403 and not _NO_RIGHT.search(str(error)):
        return "no right is missing: a rule or webhook of the cluster refuses it" if error.reason else ""
    if error.code == 403:
        role = "Role" if namespace else "ClusterRole"
        verbs = _VERBS_NEEDED.get(verb, f'["{verb}"]')
        rule = f'apiGroups: ["{resource.group}"], resources: ["{resource.plural}"], verbs: {verbs}'
        return f"give this account a {role} with {rule}"
    if error.code == 404:
        return f"the cluster does not serve {resource.api_version}: is it installed, or the cluster too old?"
    return ""


def _qualified(resource: Resource) -> str:
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural


def _where(namespace: str) -> str:
    return f" in namespace {namespace}" if namespace else " in all namespaces"
