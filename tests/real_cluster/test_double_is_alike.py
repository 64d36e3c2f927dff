"""The double of the API says what a real server says, request by request.

What it leaves out, by intent: it knows no namespaces, and of an object's content only what we write.
"""

import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.doubles.kube import KubeApi
from tests.real_cluster.conftest import Cluster
from tests.real_cluster.objects import ingress, status

MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
NETWORKING = "/apis/networking.k8s.io/v1"
EVENTS = "/apis/events.k8s.io/v1/namespaces/{ns}/events"
ALL = f"{NETWORKING}/ingresses"
HERE = f"{NETWORKING}/namespaces/{{ns}}/ingresses"
WEB = HERE + "/web"

# What differs from run to run, or is at a real server only.
_MASKED = ("uid", "resourceVersion", "creationTimestamp", "continue", "deletionTimestamp")
_LEFT_OUT = ("managedFields", "deprecatedSource", "deprecatedFirstTimestamp", "deprecatedLastTimestamp")

# Refusals whose words are for people alone: what a program goes by are the code and the reason.
_WORDY = (400, 422, 500)


class Step(NamedTuple):
    """One request; ``{ns}`` stands for the namespace, and ``{rv:NAME}`` for an object's present version."""

    method: str
    path: str
    body: Any = None
    content_type: str = "application/json"
    token: str = "admin"


class Answer(NamedTuple):
    """What a server says, as far as it is no accident."""

    code: int
    content_type: str
    retry_after: str
    body: Any


class Server:
    """One of the two."""

    def __init__(self, url: str, tokens: dict[str, str], namespace: str, tls: ssl.SSLContext | None) -> None:
        self._url, self._tokens, self._namespace, self._tls = url, tokens, namespace, tls

    def answer(self, step: Step) -> Answer:
        code, headers, body = self._send(step)
        kind = headers.get("Content-Type", "")
        shown = self._shown(body.decode())
        if "json" in kind:
            # One line, but for the events of a watch.
            shown = [_masked(json.loads(line)) for line in shown.splitlines()]
        return Answer(code, kind, headers.get("Retry-After", ""), shown)

    def _send(self, step: Step) -> tuple[int, Any, bytes]:
        body = step.body
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        request = urllib.request.Request(
            self._url + self._filled(step.path),
            method=step.method,
            data=None if body is None else self._filled(body).encode(),
            headers={
                "Authorization": f"Bearer {self._tokens[step.token]}",
                "Content-Type": step.content_type,
                "Accept": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30, context=self._tls) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def _filled(self, text: str) -> str:
        text = text.replace("{ns}", self._namespace)
        return re.sub(r"\{rv:(\w+)\}", lambda found: self._version(found[1]), text)

    def _version(self, name: str) -> str:
        item = json.loads(self._send(Step("GET", f"{HERE}/{name}"))[2])
        version: str = item["metadata"]["resourceVersion"]
        return version

    def _shown(self, text: str) -> str:
        return text.replace(self._namespace, "{ns}")


def _masked(item: Any) -> Any:
    if isinstance(item, dict):
        kept = {key: value for key, value in item.items() if key not in _LEFT_OUT}
        if kept.get("kind") == "Status" and kept.get("code") in _WORDY:
            kept["message"] = "…"
            kept.get("details", {}).pop("causes", None)
        return {key: "…" if key in _MASKED and value else _masked(value) for key, value in kept.items()}
    if isinstance(item, list):
        return [_masked(each) for each in item]
    if isinstance(item, str):
        item = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID", item)
        return re.sub(r"(current: |record \()\d+", r"\1N", item)
    return item


@pytest.fixture
def both(cluster: Cluster) -> Iterator[tuple[Server, Server]]:
    """The double and the real server."""
    real = cluster.server
    tls = ssl.create_default_context(cafile=str(real.authority.file))
    with KubeApi() as api:
        api.tokens = {"admin": "system:admin", "nobody": "nobody"}
        tokens = {"admin": "admin", "nobody": "nobody", "wrong": "wrong"}
        double = Server(api.url, tokens, cluster.namespace, None)
        yield double, Server(real.url, {**real.tokens, "wrong": "wrong"}, cluster.namespace, tls)


def compare(both: tuple[Server, Server], *steps: Step) -> None:
    """Ask both the same, and gather all differences."""
    double, real = both
    differing = []
    for step in steps:
        here, there = double.answer(step), real.answer(step)
        if here != there:
            differing += [f"{step.method} {step.path} {step.body}", f"  double: {here}", f"  real:   {there}"]
    assert not differing, "\n".join(differing)


def test_lists_are_alike(both: tuple[Server, Server]) -> None:
    compare(
        both,
        Step("GET", HERE),
        *(Step("POST", HERE, ingress(name, f"{name}.example.test")) for name in ("a", "b", "c")),
        Step("GET", HERE),
        Step("GET", f"{HERE}?limit=2"),
        Step("GET", f"{HERE}?limit=3"),
        Step("GET", f"{HERE}?limit=2&resourceVersion=0"),
        Step("GET", f"{HERE}?labelSelector=a%3Db"),
        Step("GET", f"{HERE}?limit=1&fieldSelector=metadata.name!%3Db"),
        Step("GET", f"{HERE}?fieldSelector=spec.ingressClassName%3Dnginx"),
        Step("GET", f"{HERE}?continue=nonsense"),
        Step("GET", f"{HERE}?resourceVersion=abc"),
        Step("GET", f"{HERE}?resourceVersionMatch=Exact"),
        Step("GET", f"{HERE}?resourceVersion=0&resourceVersionMatch=Exact"),
        Step("GET", f"{HERE}?resourceVersion=900000000"),
        Step("GET", f"{HERE}?sendInitialEvents=true"),
        Step("GET", HERE.replace("{ns}", "nowhere")),
        Step("GET", f"{NETWORKING}/nothings"),
        Step("GET", "/apis/nothing.example.test/v1/nothings"),
        Step("GET", ALL, token="wrong"),
        Step("PUT", ALL, {}),
        Step("POST", ALL, ingress("d")),
    )


def test_writes_are_alike(both: tuple[Server, Server]) -> None:
    stale = {"metadata": {"resourceVersion": "1"}}
    compare(
        both,
        Step("POST", HERE, ingress("web", "www.example.test")),
        Step("POST", HERE, ingress("web", "www.example.test")),
        Step("POST", HERE, {**ingress("x"), "metadata": {"name": "x", "resourceVersion": "1"}}),
        Step("POST", HERE, {**ingress("x"), "kind": "Service"}),
        Step("POST", HERE, "{"),
        Step("GET", WEB),
        Step("GET", HERE + "/nothing"),
        Step("PATCH", f"{WEB}/status", status({"ip": "10.0.0.5"}), MERGE),
        Step("PATCH", f"{WEB}/status", status({"ip": "10.0.0.6"}, {}), STRATEGIC),
        Step("PATCH", WEB, status({"ip": "10.0.0.7"}), MERGE),
        Step("PATCH", WEB, {"metadata": {"labels": {"a": "b"}}}, MERGE),
        Step("PATCH", WEB, {"metadata": {"labels": {"a": "b"}}}, MERGE),
        Step("PATCH", WEB, stale, MERGE),
        Step("PATCH", WEB, [operation("/metadata/resourceVersion", "1")], JSON_PATCH),
        Step(
            "PATCH",
            WEB,
            [
                operation("/metadata/resourceVersion", "{rv:web}"),
                operation("/spec/rules/0/host", "b.example.test"),
            ],
            JSON_PATCH,
        ),
        Step("PATCH", WEB, [operation("/metadata/annotations", {"a.b/c": "d"})], JSON_PATCH),
        Step("PATCH", WEB, [{"op": "remove", "path": "/metadata/annotations/a.b~1c"}], JSON_PATCH),
        Step("PATCH", WEB, [{"op": "remove", "path": "/metadata/annotations/none"}], JSON_PATCH),
        Step("PATCH", WEB, [{"op": "test", "path": "/spec/rules/0/host", "value": "x"}], JSON_PATCH),
        Step("PATCH", WEB, [{"op": "remove", "path": "/spec/rules/0/host"}], JSON_PATCH),
        Step("PATCH", WEB, [operation("/spec/rules/7/host", "x.example.test")], JSON_PATCH),
        Step("PATCH", WEB, {"spec": {}}, "application/json"),
        Step("PATCH", WEB, "nonsense", MERGE),
        Step("PATCH", HERE + "/nothing", {"spec": {}}, MERGE),
        Step("PATCH", f"{WEB}/nothing", {"spec": {}}, MERGE),
        Step("GET", f"{WEB}/status"),
        Step("DELETE", WEB, {"preconditions": {"resourceVersion": "1"}}),
        Step("DELETE", WEB, {"preconditions": {"uid": "nope"}}),
        Step("DELETE", WEB),
        Step("DELETE", WEB),
        Step("POST", HERE, ingress("kept", finalizers=["example.test/wait"])),
        Step("DELETE", HERE + "/kept"),
        Step("GET", HERE + "/kept"),
        Step("PATCH", HERE + "/kept", {"metadata": {"finalizers": None}}, MERGE),
        Step("GET", HERE + "/kept"),
    )


def operation(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.5",
        "Upper.example.test",
        "a_b.example.test",
        "a.example.test.",
        "a.*.b",
        "*",
        "a:80",
        "ü.test",
        "-a.b",
    ],
)
def test_hosts_that_no_server_takes_are_refused_alike(both: tuple[Server, Server], host: str) -> None:
    compare(
        both,
        Step("POST", HERE, ingress("web", "www.example.test")),
        Step("PATCH", WEB, [operation("/spec/rules/0/host", host)], JSON_PATCH),
    )


def test_hosts_that_every_server_takes_are_taken_alike(both: tuple[Server, Server]) -> None:
    hosts = ["*.10.0.0.5.nip.example", "localhost", "1e100.test", f"{'a' * 64}.test", "a.10.0.0.5"]
    compare(both, Step("POST", HERE, ingress("web", *hosts)))


EVENT = {
    "metadata": {"name": "web.1", "namespace": "{ns}"},
    "eventTime": "2026-01-01T00:00:00.000000Z",
    "reportingController": "dnssync",
    "reportingInstance": "dnssync-1",
    "action": "Sync",
    "reason": "RecordReady",
    "note": "created",
    "type": "Normal",
    "regarding": {"kind": "Ingress", "namespace": "{ns}", "name": "web"},
}


def test_events_are_alike(both: tuple[Server, Server]) -> None:
    series = {"count": 2, "lastObservedTime": "2026-01-01T00:10:00.000000Z"}
    compare(
        both,
        Step("POST", EVENTS, EVENT),
        Step("PATCH", EVENTS + "/web.1", {"series": series}, MERGE),
        Step("PATCH", EVENTS + "/web.2", {"series": series}, MERGE),
        *(
            Step("POST", EVENTS, {**EVENT, "metadata": {"name": f"bad-{number}"}, **change})
            for number, change in enumerate(
                [
                    {"action": ""},
                    {"reason": ""},
                    {"reportingController": ""},
                    {"reportingInstance": ""},
                    {"type": "Loud"},
                    {"note": "x" * 1025},
                    {"eventTime": "2026-01-01T00:00:00Z"},
                    {"eventTime": None},
                    {"series": {**series, "count": 1}},
                    {"regarding": {"kind": "Ingress", "namespace": "elsewhere", "name": "web"}},
                ]
            )
        ),
    )


def test_watches_are_alike(both: tuple[Server, Server]) -> None:
    made = [Step("POST", HERE, ingress(name, f"{name}.example.test")) for name in ("a", "b")]
    compare(
        both,
        Step("GET", f"{HERE}?watch=1&timeoutSeconds=1"),
        *made,
        Step("GET", f"{HERE}?watch=1&timeoutSeconds=1"),
        Step("GET", f"{HERE}?watch=true&timeoutSeconds=1&resourceVersion=0&allowWatchBookmarks=true"),
        Step("PATCH", HERE + "/a", {"metadata": {"labels": {"x": "y"}}}, MERGE),
        Step("GET", f"{HERE}?watch=1&timeoutSeconds=1&resourceVersion={{rv:b}}"),
        Step("GET", f"{HERE}?watch=1&timeoutSeconds=1&resourceVersion={{rv:b}}&labelSelector=x%3Dy"),
        Step("PATCH", HERE + "/a", {"metadata": {"labels": {"x": "z"}}}, MERGE),
        Step("GET", f"{HERE}?watch=1&timeoutSeconds=1&resourceVersion={{rv:b}}&labelSelector=x%3Dy"),
        Step("DELETE", HERE + "/a"),
        Step("GET", f"{HERE}?watch=1&timeoutSeconds=1&resourceVersion={{rv:b}}"),
        Step("GET", f"{HERE}?watch=1&timeoutSeconds=1&resourceVersion=900000000"),
        Step("GET", f"{HERE}?watch=1&timeoutSeconds=1&resourceVersion=abc"),
        Step("GET", f"{HERE}?watch=1&timeoutSeconds=1&sendInitialEvents=true"),
        Step("GET", f"{HERE}/b?watch=1"),
    )


def test_refusals_for_want_of_a_right_are_alike(cluster: Cluster) -> None:
    real = cluster.server
    tls = ssl.create_default_context(cafile=str(real.authority.file))
    with KubeApi() as api:
        api.tokens = {"nobody": "nobody"}
        for verb in ("list", "watch", "get", "patch", "create"):
            api.forbidden |= {(verb, "ingresses"), (verb, "services"), (verb, "events")}
        double = Server(api.url, {"nobody": "nobody"}, cluster.namespace, None)
        steps = [
            Step("GET", ALL),
            Step("GET", f"{ALL}?watch=1"),
            Step("GET", HERE),
            Step("GET", WEB),
            Step("PATCH", WEB, {}, MERGE),
            Step("PATCH", f"{WEB}/status", {}, MERGE),
            Step("GET", "/api/v1/services"),
            Step("POST", EVENTS, EVENT),
        ]
        asked = [step._replace(token="nobody") for step in steps]
        compare((double, Server(real.url, real.tokens, cluster.namespace, tls)), *asked)
