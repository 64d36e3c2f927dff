"""The API double answers as a real API server does: what tests are built on is tested itself."""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.doubles.kube import Kind, KubeApi, ingress

ROOT = "/apis/networking.k8s.io/v1"
SHOP = f"{ROOT}/namespaces/shop/ingresses"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/shop/leases"
WIDGET = Kind("example.test", "v1", "widgets", "Widget", builtin=False, generation=True)

Answer = tuple[int, Any]


class Client:
    """A bare HTTP client."""

    def __init__(self, url: str) -> None:
        self._pool = urllib3.PoolManager(retries=False)
        self._url = url

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Answer:
        data = None if body is None else json.dumps(body)
        response = self._pool.request(method, self._url + path, body=data, headers={"Content-Type": kind})
        text = response.data.decode()
        is_json = response.headers["Content-Type"] == "application/json"
        return response.status, json.loads(text) if is_json else text

    def watch(self, path: str) -> Iterator[dict[str, Any]]:
        response = self._pool.request("GET", self._url + path, preload_content=False, timeout=5)
        assert response.status == 200
        for line in b"".join(response.stream(1024)).splitlines():
            yield json.loads(line)

    def close(self) -> None:
        self._pool.clear()


@pytest.fixture
def client(api: KubeApi) -> Iterator[Client]:
    client = Client(api.url)
    yield client
    client.close()


def make(client: Client, name: str, **fields: Any) -> dict[str, Any]:
    code, made = client.ask("POST", SHOP, ingress(name, namespace="shop", **fields))
    assert code == 201, made
    return dict(made)


def test_a_new_object_gets_what_the_server_adds(client: Client) -> None:
    made = make(client, "a", addresses=["10.0.0.1"])
    assert (made["kind"], made["apiVersion"]) == ("Ingress", "networking.k8s.io/v1")
    assert made["metadata"]["generation"] == 1
    assert made["status"] == {"loadBalancer": {}}
    assert {"uid", "resourceVersion", "creationTimestamp"} <= made["metadata"].keys()
    code, error = client.ask("POST", SHOP, ingress("a", namespace="shop"))
    assert (code, error["reason"]) == (409, "AlreadyExists")
    assert error["message"] == 'ingresses.networking.k8s.io "a" already exists'


def test_a_generated_name_has_five_more_characters(client: Client) -> None:
    item = ingress("x", namespace="shop")
    item["metadata"] = {"generateName": "gen-"}
    assert len(client.ask("POST", SHOP, item)[1]["metadata"]["name"]) == 9


def test_a_dry_run_leaves_nothing(client: Client) -> None:
    assert client.ask("POST", SHOP + "?dryRun=All", ingress("a", namespace="shop"))[0] == 201
    assert client.ask("GET", SHOP + "/a")[0] == 404


def test_status_and_spec_are_kept_apart(client: Client) -> None:
    made = make(client, "a")
    status = {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}
    patch = {"status": status, "spec": {"ingressClassName": "other"}}
    kind = "application/merge-patch+json"
    code, after = client.ask("PATCH", SHOP + "/a/status", patch, kind)
    assert (code, after["status"]) == (200, status)
    assert after["spec"] == made["spec"]
    assert after["metadata"]["generation"] == 1
    _, after = client.ask("PATCH", SHOP + "/a", patch | {"status": {}}, kind)
    assert after["status"] == status
    assert after["metadata"]["generation"] == 2


def test_a_change_of_nothing_is_no_event(api: KubeApi, client: Client) -> None:
    made = make(client, "a")
    version = api.store.version
    for content_type in ("application/merge-patch+json", "application/strategic-merge-patch+json"):
        code, after = client.ask("PATCH", SHOP + "/a", {"metadata": {"labels": {}}}, content_type)
        assert code == 200
    code, after = client.ask("PUT", SHOP + "/a", after)
    assert code == 200
    _, again = client.ask("PUT", SHOP + "/a", after)
    assert again["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]
    assert api.store.version <= version + 1
    assert made["metadata"]["uid"] == again["metadata"]["uid"]


def test_a_stale_version_conflicts(client: Client) -> None:
    stale = make(client, "a")
    fresh = json.loads(json.dumps(stale))
    fresh["spec"]["ingressClassName"] = "other"
    assert client.ask("PUT", SHOP + "/a", fresh)[0] == 200
    code, error = client.ask("PUT", SHOP + "/a", stale)
    assert (code, error["reason"]) == (409, "Conflict")
    assert "the object has been modified" in error["message"]


def test_a_json_patch_is_applied_or_refused_whole(client: Client) -> None:
    make(client, "a")
    kind = "application/json-patch+json"
    right = [
        {"op": "test", "path": "/spec/ingressClassName", "value": "nginx"},
        {"op": "add", "path": "/metadata/annotations", "value": {"a/b": "1"}},
        {"op": "replace", "path": "/metadata/annotations/a~1b", "value": "2"},
    ]
    code, after = client.ask("PATCH", SHOP + "/a", right, kind)
    assert (code, after["metadata"]["annotations"]) == (200, {"a/b": "2"})
    wrong = [{"op": "test", "path": "/spec/ingressClassName", "value": "x"}]
    assert client.ask("PATCH", SHOP + "/a", wrong, kind)[0] == 422
    assert client.ask("PATCH", SHOP + "/a", {}, "application/json")[0] == 415


def test_finalizers_hold_an_object_back(client: Client) -> None:
    item = ingress("a", namespace="shop")
    item["metadata"]["finalizers"] = ["example.test/hold"]
    client.ask("POST", SHOP, item)
    code, marked = client.ask("DELETE", SHOP + "/a")
    assert code == 200
    assert marked["metadata"]["deletionTimestamp"]
    assert marked["metadata"]["generation"] == 2
    kind = "application/merge-patch+json"
    assert client.ask("PATCH", SHOP + "/a", {"metadata": {"finalizers": None}}, kind)[0] == 200
    assert client.ask("GET", SHOP + "/a")[0] == 404


def test_deleting_answers_with_a_success_and_minds_preconditions(client: Client) -> None:
    make(client, "a")
    code, error = client.ask("DELETE", SHOP + "/a", {"preconditions": {"uid": "nope"}})
    assert (code, error["reason"], error["details"]["kind"]) == (409, "Conflict", "Ingress")
    code, done = client.ask("DELETE", SHOP + "/a")
    assert (code, done["status"]) == (200, "Success")


def test_unknown_paths_are_refused_as_a_server_refuses_them(client: Client) -> None:
    assert client.ask("GET", "/apis/nope.test/v1/things") == (404, "404 page not found\n")
    code, error = client.ask("GET", f"{ROOT}/nopes")
    assert (code, error["message"]) == (404, "the server could not find the requested resource")
    assert client.ask("POST", SHOP + "/a", {})[0] == 405


def test_pages_show_one_snapshot(api: KubeApi, client: Client) -> None:
    for index in range(5):
        make(client, f"app-{index}")
    code, first = client.ask("GET", f"{ROOT}/ingresses?limit=2")
    assert code == 200
    assert first["metadata"]["remainingItemCount"] == 3
    assert "kind" not in first["items"][0]
    client.ask("DELETE", SHOP + "/app-4")
    make(client, "app-9")
    names, token = ["app-0", "app-1"], first["metadata"]["continue"]
    while token:
        _, page = client.ask("GET", f"{ROOT}/ingresses?limit=2&continue={token}")
        assert page["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
        names += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
    assert names == [f"app-{index}" for index in range(5)]
    api.store.forget()
    code, error = client.ask("GET", f"{ROOT}/ingresses?limit=2&continue={first['metadata']['continue']}")
    assert (code, error["reason"]) == (410, "Expired")
    _, rest = client.ask("GET", f"{ROOT}/ingresses?continue={error['metadata']['continue']}")
    assert [item["metadata"]["name"] for item in rest["items"]] == ["app-2", "app-3", "app-9"]


def test_list_options_are_checked(client: Client) -> None:
    make(client, "a")
    token = base64.urlsafe_b64encode(b"{}").decode()
    for query, code in (
        ("continue=%21", 400),
        (f"continue={token}", 400),
        ("resourceVersion=x", 400),
        ("resourceVersion=9999", 504),
        ("resourceVersionMatch=Exact", 422),
        ("resourceVersion=0&resourceVersionMatch=Exact", 422),
        ("fieldSelector=spec.ingressClassName%3Dx", 400),
        ("labelSelector=%3D%3D", 400),
    ):
        assert client.ask("GET", f"{ROOT}/ingresses?{query}")[0] == code, query
    assert len(client.ask("GET", f"{ROOT}/ingresses?resourceVersion=0&limit=0")[1]["items"]) == 1


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("labelSelector=team%3Dred", ["a"]),
        ("labelSelector=team!%3Dred", ["b", "c"]),
        ("labelSelector=team in (red,blue),tier", ["a"]),
        ("labelSelector=team notin (red)", ["b", "c"]),
        ("labelSelector=!team", ["c"]),
        ("fieldSelector=metadata.name%3Db", ["b"]),
        ("fieldSelector=metadata.namespace!%3Dshop", []),
    ],
)
def test_selectors(client: Client, selector: str, names: list[str]) -> None:
    make(client, "a", labels={"team": "red", "tier": "web"})
    make(client, "b", labels={"team": "blue"})
    make(client, "c")
    _, found = client.ask("GET", f"{ROOT}/ingresses?{selector.replace(' ', '%20')}")
    assert [item["metadata"]["name"] for item in found["items"]] == names


def test_a_watch_replays_from_its_version_and_ends_in_time(api: KubeApi, client: Client) -> None:
    make(client, "a")
    version = api.store.version
    make(client, "b")
    client.ask("DELETE", SHOP + "/a")
    started = time.monotonic()
    events = list(client.watch(f"{ROOT}/ingresses?watch=1&resourceVersion={version}&timeoutSeconds=1"))
    assert 0.9 < time.monotonic() - started < 20
    assert [(event["type"], event["object"]["metadata"]["name"]) for event in events] == [
        ("ADDED", "b"),
        ("DELETED", "a"),
    ]
    assert events[-1]["object"]["metadata"]["resourceVersion"] == str(api.store.version)


def test_a_watch_from_nowhere_begins_with_what_is_there(client: Client) -> None:
    make(client, "a")
    path = f"{ROOT}/ingresses?watch=1&allowWatchBookmarks=true&timeoutSeconds=1"
    added, end = client.watch(path)
    assert added["object"]["metadata"]["name"] == "a"
    assert end["type"] == "BOOKMARK"
    assert end["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_bookmarks_come_when_asked_for_and_only_above_the_start(api: KubeApi, client: Client) -> None:
    api.watches.bookmark_seconds = 0.3
    make(client, "a")
    path = f"{ROOT}/ingresses?watch=1&resourceVersion={api.store.version}&timeoutSeconds=1"
    assert list(client.watch(path + "&allowWatchBookmarks=true")) == []
    path = f"{ROOT}/ingresses?watch=1&resourceVersion={api.store.version - 1}&timeoutSeconds=1"
    kinds = [event["type"] for event in client.watch(path + "&allowWatchBookmarks=true")]
    assert kinds[0] == "ADDED"
    assert kinds[1:].count("BOOKMARK") == len(kinds) - 1 >= 2
    assert [event["type"] for event in client.watch(path)] == ["ADDED"]


def test_an_expired_version_is_one_error_line_in_a_good_answer(api: KubeApi, client: Client) -> None:
    make(client, "a")
    api.store.forget()
    (event,) = client.watch(f"{ROOT}/ingresses?watch=1&resourceVersion=1")
    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert client.ask("GET", f"{ROOT}/ingresses?watch=1&resourceVersion=x")[0] == 500
    assert client.ask("GET", f"{ROOT}/ingresses?watch=1&sendInitialEvents=true")[0] == 422


def test_leaving_a_selector_is_a_deletion_and_entering_an_addition(api: KubeApi, client: Client) -> None:
    make(client, "a", labels={"team": "red"})
    version = api.store.version
    kind = "application/merge-patch+json"
    client.ask("PATCH", SHOP + "/a", {"metadata": {"labels": {"team": "blue"}}}, kind)
    client.ask("PATCH", SHOP + "/a", {"metadata": {"labels": {"team": "red"}}}, kind)
    query = f"watch=1&resourceVersion={version}&timeoutSeconds=1&labelSelector=team%3Dred"
    left, entered = client.watch(f"{ROOT}/ingresses?{query}")
    assert (left["type"], left["object"]["metadata"]["labels"]) == ("DELETED", {"team": "red"})
    assert left["object"]["metadata"]["resourceVersion"] == str(version + 1)
    assert entered["type"] == "ADDED"


def test_leases_are_strict_about_time_and_version(client: Client) -> None:
    lease: dict[str, Any] = {"metadata": {"name": "leader"}, "spec": {"leaseDurationSeconds": 15}}
    lease["spec"]["renewTime"] = "2026-01-01T00:00:00Z"
    assert client.ask("POST", LEASES, lease)[0] == 400
    lease["spec"]["renewTime"] = "2026-01-01T00:00:00.000000Z"
    code, made = client.ask("POST", LEASES, lease)
    assert code == 201
    assert "generation" not in made["metadata"]
    assert client.ask("PUT", LEASES + "/leader", lease)[0] == 422
    made["spec"]["holderIdentity"] = "me"
    assert client.ask("PUT", LEASES + "/leader", made)[0] == 200
    assert client.ask("PUT", LEASES + "/leader", made)[0] == 409


def test_custom_resources_differ_in_small_ways(api: KubeApi, client: Client) -> None:
    path = "/apis/example.test/v1/namespaces/shop/widgets"
    assert client.ask("GET", path)[0] == 404
    api.serve(WIDGET)
    assert client.ask("GET", path)[1]["metadata"]["continue"] == ""
    client.ask("POST", path, {"metadata": {"name": "w"}, "spec": {"size": 1}})
    assert client.ask("GET", path)[1]["items"][0]["kind"] == "Widget"
    strategic = "application/strategic-merge-patch+json"
    assert client.ask("PATCH", path + "/w", {}, strategic)[0] == 415


def test_it_runs_alone_with_a_kubeconfig(tmp_path: Path) -> None:
    config = tmp_path / "config"
    command = [sys.executable, "-m", "tests.doubles.kube", "--ingresses", "3", "--token", "t"]
    with subprocess.Popen(
        [*command, "--write-kubeconfig", str(config)], stdout=subprocess.PIPE, text=True
    ) as it:
        assert it.stdout is not None
        url = it.stdout.readline().strip()
        try:
            from dnssync.kube import Connection, KubeOptions

            body = Connection(KubeOptions(kubeconfig=str(config))).get(f"{ROOT}/ingresses")
            assert len(json.loads(body)["items"]) == 3
            assert json.loads(config.read_text())["clusters"][0]["cluster"]["server"] == url
        finally:
            it.terminate()
        assert it.wait(10) == 0
