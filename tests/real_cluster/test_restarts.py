"""The API server dies, drains, forgets, and takes no token any more: DNS stays right."""

import threading
from collections.abc import Iterator

import pytest

from dnssync.kube import Connection, KubeOptions, KubeWatcher, WatchTiming
from tests.doubles.feeds import PlainSource, RecordingSink
from tests.real_cluster.conftest import ZONE, Cluster
from tests.real_cluster.objects import ingress
from tests.real_cluster.pods import Pod
from tests.real_cluster.server import RefusedRequest
from tests.waiting import wait_for


@pytest.fixture
def two(cluster: Cluster) -> Cluster:
    """A cluster with two Ingresses."""
    cluster.create(ingress("web", f"www.{ZONE}"), "10.0.0.5")
    cluster.create(ingress("shop", f"shop.{ZONE}"), "10.0.0.6")
    return cluster


def test_a_killed_server_costs_no_record_and_what_happened_meanwhile_is_caught_up(two: Cluster) -> None:
    with two.dnssync() as process:
        two.expect("www", ["10.0.0.5"])
        two.expect("shop", ["10.0.0.6"])
        two.server.kill_api()
        process.wait_for_log("cannot be reached|broke off")
        assert (two.values("www"), two.values("shop")) == (["10.0.0.5"], ["10.0.0.6"])
        two.server.start_api()
        two.address("web", "10.0.0.7")
        two.delete("shop")
        two.expect("www", ["10.0.0.7"], seconds=60)
        two.expect("shop", None)
        wait_for(lambda: process.health().get("status") == "ok", "it is well again")


def test_a_server_that_drains_is_left_for_the_next(two: Cluster) -> None:
    with two.dnssync() as process:
        two.expect("www", ["10.0.0.5"])
        process.wait_until_ready()
        draining = two.server.tell_api_to_end()
        two.server.start_api()
        two.address("web", "10.0.0.7")
        two.expect("www", ["10.0.0.7"], seconds=110)
        draining.kill()
        draining.wait(10)
        two.address("web", "10.0.0.8")
        two.expect("www", ["10.0.0.8"], seconds=60)


def test_a_store_that_dies_behind_the_server_costs_nothing(two: Cluster) -> None:
    with two.dnssync() as process:
        two.expect("www", ["10.0.0.5"])
        two.expect("shop", ["10.0.0.6"])
        process.wait_until_ready()
        two.server.kill_store()
        two.server.start_store()
        wait_for(lambda: writes(two, "10.0.0.7"), "the server takes writes again", 60)
        two.expect("www", ["10.0.0.7"], seconds=60)
        assert two.values("shop") == ["10.0.0.6"]


def writes(cluster: Cluster, address: str) -> bool:
    try:
        cluster.address("web", address)
    except (RefusedRequest, OSError):
        return False
    return True


@pytest.fixture
def account(cluster: Cluster) -> Iterator[str]:
    """A service account of the test's namespace that may read Ingresses everywhere."""
    server, namespace = cluster.server, cluster.namespace
    server.kubectl("create", f"--namespace={namespace}", "serviceaccount", "syncer")
    server.kubectl(
        "create", "clusterrole", namespace, "--verb=list,watch", "--resource=ingresses.networking.k8s.io"
    )
    bound = f"--serviceaccount={namespace}:syncer"
    server.kubectl("create", "clusterrolebinding", namespace, f"--clusterrole={namespace}", bound)
    yield "syncer"
    server.kubectl("delete", "clusterrole,clusterrolebinding", namespace)


def test_a_token_that_is_taken_no_longer_is_read_anew(two: Cluster, account: str) -> None:
    server, namespace = two.server, two.namespace
    pod = Pod(two, namespace, account)
    flags = ["--provider=aws", "--txt-owner-id=me", f"--domain-filter={ZONE}"]
    with pod.dnssync(*flags) as process:
        two.expect("www", ["10.0.0.5"])
        process.wait_until_ready()
        server.kubectl("delete", f"--namespace={namespace}", "serviceaccount", account)
        server.kubectl("create", f"--namespace={namespace}", "serviceaccount", account)
        server.kill_api()
        server.start_api()
        process.wait_for_log("credentials loaded anew are refused too", 60)
        pod.renew()
        two.address("web", "10.0.0.7")
        two.expect("www", ["10.0.0.7"], seconds=60)


def test_short_watches_lose_no_event_and_list_once(cluster: Cluster) -> None:
    sink = RecordingSink()
    connection = Connection(KubeOptions(kubeconfig=str(cluster.server.admin_kubeconfig)))
    timing = WatchTiming(lifetime=(1.0, 1.5))
    watcher = KubeWatcher(connection, PlainSource(), sink, namespace=cluster.namespace, timing=timing)
    stop = threading.Event()
    thread = threading.Thread(target=watcher.run, args=(stop,))
    thread.start()
    try:
        names = [f"web-{number}" for number in range(200)]
        for name in names:
            cluster.create(ingress(name, f"{name}.{ZONE}"), "10.0.0.5")
        wait_for(lambda: len(sink.present) == len(names), "all of them are seen")
        wait_for(lambda: watcher.status.watches >= 4, "a few watches")
        assert watcher.status.lists == 1
        assert watcher.status.error == ""
    finally:
        stop.set()
        thread.join()
