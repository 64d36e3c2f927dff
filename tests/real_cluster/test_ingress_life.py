"""DNS follows an Ingress of a real cluster through its whole life."""

from tests.real_cluster.conftest import ZONE, Cluster
from tests.real_cluster.objects import ingress, status
from tests.waiting import wait_for

BATCH = "ChangeResourceRecordSets"
LIST = "ListResourceRecordSets"


def test_records_follow_an_ingress_from_its_first_address_to_its_end(cluster: Cluster) -> None:
    with cluster.dnssync("--events-emit=RecordReady", "--events-emit=RecordDeleted") as process:
        process.wait_until_ready()
        cluster.create(ingress("web", f"www.{ZONE}"))
        cluster.address("web", "10.0.0.5")
        cluster.expect("www", ["10.0.0.5"])
        cluster.address("web", "10.0.0.6", "2001:db8::6")
        cluster.expect("www", ["10.0.0.6"])
        cluster.expect("www", ["2001:db8::6"], "AAAA")
        cluster.server.ask("PUT", f"{cluster.path}/web", renamed(cluster.get("web"), f"shop.{ZONE}"))
        cluster.expect("shop", ["10.0.0.6"])
        cluster.expect("www", None)
        wait_for(lambda: "RecordDeleted" in cluster.events("web"), "the Event of the old name's end")
        assert cluster.events("web")[0] == "RecordReady"
        told = cluster.server.kubectl("describe", "ingress", "web", f"--namespace={cluster.namespace}")
        assert f"deleted www.{ZONE} A" in told
        cluster.delete("web")
        cluster.expect("shop", None)
        assert cluster.cloud.sets(cluster.zone) == [], "no marker stays either"
        assert process.health() == {"status": "ok", "reasons": []}


def renamed(item: dict, host: str) -> dict:
    item["spec"]["rules"][0]["host"] = host
    return item


def test_one_changed_status_among_5000_is_one_request_and_no_list(cluster: Cluster) -> None:
    count = 5000
    cluster.server.fill(
        cluster.path, (ingress(f"app-{number:04}", f"app-{number:04}.{ZONE}") for number in range(count))
    )
    already = len(cluster.server.requests("list", "ingresses"))
    with cluster.dnssync() as process:
        process.wait_until_ready()
        pages = cluster.server.requests("list", "ingresses")[already:]
        assert [page["requestURI"].count("continue=") for page in pages] == [0, *[1] * 9]
        before = cluster.cloud.counts.copy()
        cluster.address("app-2500", "10.0.0.5")
        cluster.expect("app-2500", ["10.0.0.5"])
        cluster.address("app-2500", "10.0.0.6")
        cluster.expect("app-2500", ["10.0.0.6"])
        assert cluster.cloud.counts[BATCH] - before[BATCH] == 2
        assert cluster.cloud.counts[LIST] == before[LIST]
        assert len(cluster.server.requests("list", "ingresses")) == already + len(pages)


def test_finalizers_keep_the_records_until_the_object_is_gone(cluster: Cluster) -> None:
    with cluster.dnssync() as process:
        process.wait_until_ready()
        cluster.create(ingress("web", f"www.{ZONE}", finalizers=["example.test/wait"]), "10.0.0.5")
        cluster.expect("www", ["10.0.0.5"])
        cluster.delete("web")
        cluster.address("web", "10.0.0.6")
        cluster.expect("www", ["10.0.0.6"])
        cluster.patch("web", {"metadata": {"finalizers": None}})
        cluster.expect("www", None)


def test_odd_entries_of_a_status_are_read_as_far_as_they_go(cluster: Cluster) -> None:
    with cluster.dnssync() as process:
        process.wait_until_ready()
        cluster.create(ingress("web", f"www.{ZONE}"))
        odd = status({}, {"ip": "2001:DB8::ABCD"}, {"ip": "10.0.0.5"}, {"ip": "10.0.0.5"})
        cluster.write_status("web", odd)
        cluster.expect("www", ["2001:DB8::ABCD"], "AAAA")
        cluster.expect("www", ["10.0.0.5"])
        cluster.create(ingress("both", f"both.{ZONE}"))
        cluster.write_status("both", status({"ip": "10.0.0.7", "hostname": "lb.example.net"}))
        cluster.expect("both", ["10.0.0.7"])
        cluster.create(ingress("empty", f"empty.{ZONE}"))
        cluster.write_status("empty", status({}))
        cluster.create(ingress("last", f"last.{ZONE}"), "10.0.0.9")
        cluster.expect("last", ["10.0.0.9"])
        assert cluster.values("empty") is None


def test_a_label_that_kubernetes_takes_and_dns_does_not_spoils_nothing_else(cluster: Cluster) -> None:
    long = "a" * 64
    with cluster.dnssync() as process:
        process.wait_until_ready()
        cluster.create(ingress("web", f"{long}.{ZONE}", f"www.{ZONE}"), "10.0.0.5")
        cluster.expect("www", ["10.0.0.5"])
        process.wait_for_log(f"{long}.* 63 are allowed.*ingress/{cluster.namespace}/web")
        assert cluster.values(long) is None


def test_a_namespace_that_is_being_deleted_takes_its_records_along(cluster: Cluster) -> None:
    flags = ("--events-emit=RecordReady", "--events-emit=RecordDeleted")
    with cluster.dnssync(*flags) as process:
        process.wait_until_ready()
        cluster.create(ingress("web", f"www.{ZONE}"), "10.0.0.5")
        cluster.expect("www", ["10.0.0.5"])
        wait_for(lambda: cluster.events("web"), "the first Event")
        cluster.server.ask("DELETE", f"/api/v1/namespaces/{cluster.namespace}")
        cluster.address("web", "10.0.0.6")
        cluster.expect("www", ["10.0.0.6"])
        refused = process.wait_for_log("Events cannot be written")
        assert "being terminated" in refused["message"]
        assert "no right is missing" in refused["message"]
        cluster.delete("web")
        cluster.expect("www", None)
