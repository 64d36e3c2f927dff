"""The generator on a cluster, over real HTTP: conflicts, refusals, outages, quarrels, and what they cost."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from dnssync.backoff import Backoff
from dnssync.generation.patching import Operation
from dnssync.generation.subject import Subject
from dnssync.generation.writer import DryWriter, KubeWriter
from tests.doubles.kube.faults import RefuseWithStatus, Reset, Slow
from tests.generation.cluster import ASKED, DOMAIN, HOST, RECORD, hosts, ingress, recorded
from tests.generation.conftest import Live


def addressed(*ips: str) -> Callable[[dict[str, Any]], None]:
    def change(item: dict[str, Any]) -> None:
        item["status"] = {"loadBalancer": {"ingress": [{"ip": ip} for ip in ips]}}

    return change


class Meddling:
    """A writer before whose first write somebody else is quicker."""

    def __init__(self, live: Live, change: Callable[[dict[str, Any]], None]) -> None:
        self._live, self._change = live, change
        self._inner = KubeWriter(live.connection)
        self.writes = 0

    def write(self, subject: Subject, operations: Sequence[Operation]) -> bytes | None:
        self.writes += 1
        if self.writes == 1:
            self._live.edit(self._change, subject.ref.name)
        return self._inner.write(subject, operations)


def test_an_ingress_is_written_once_and_its_owner_told(live: Live) -> None:
    live.put(ingress("web", DOMAIN, ips=["10.0.0.5"], tls=[[DOMAIN]]))
    live.start()
    live.wait(lambda: live.reasons() == ["HostnameGenerated"])
    assert hosts(live.get()) == [HOST]
    assert live.get()["spec"]["rules"][0]["http"], "what the generator does not read must survive"
    live.edit(addressed("10.0.0.6"))
    live.wait(lambda: live.reasons() == ["HostnameGenerated", "HostnameChanged"])
    assert hosts(live.get()) == ["web-default-10-0-0-6.xip.test"]
    live.edit(addressed("10.0.0.7", "10.0.0.6"))
    live.edit(lambda item: item["metadata"].update(labels={"a": "b"}))
    live.put(ingress("last", ips=["10.0.0.8"], annotations=ASKED))
    live.wait(lambda: live.reasons()[2:] == ["HostnameGenerated"])
    assert live.patches() == 3
    assert [subject.ref.name for subject in live.probed] == ["web", "web", "last"]


def test_nobody_is_written_to_who_did_not_ask(live: Live) -> None:
    live.put(*(ingress(f"own-{index}", "own.example", ips=["10.0.0.5"]) for index in range(20)))
    live.put(ingress("web", ips=["10.0.0.5"], annotations=ASKED))
    live.start()
    live.wait(lambda: live.reasons())
    assert live.patches() == 1


def test_the_users_edit_between_read_and_patch_survives(live: Live) -> None:
    live.put(ingress("web", DOMAIN, "b.example", ips=["10.0.0.5"]))

    def edit(item: dict[str, Any]) -> None:
        item["spec"]["rules"] = [{"host": "new.example"}, *item["spec"]["rules"]]
        item["metadata"]["annotations"] = {"team": "shop"}

    writer = Meddling(live, edit)
    live.start(writer=writer)
    live.wait(lambda: live.reasons() == ["HostnameGenerated"])
    assert hosts(live.get()) == ["new.example", HOST, "b.example"]
    assert live.get()["metadata"]["annotations"]["team"] == "shop"
    assert writer.writes == 2


def test_a_user_who_takes_the_rule_over_in_between_keeps_it(live: Live) -> None:
    live.put(ingress("web", DOMAIN, ips=["10.0.0.5"]), ingress("end", ips=["10.0.0.6"], annotations=ASKED))
    live.start(writer=Meddling(live, lambda item: item["spec"]["rules"][0].update(host="mine.example")))
    live.wait(lambda: len(live.reasons()) >= 1)
    live.wait(lambda: hosts(live.get("end")) != [""])
    live.wait(lambda: live.patches() >= 2)
    changed = [name for name in ("web", "end") if "mine.example" in hosts(live.get(name))]
    assert len(changed) == 1
    assert recorded({"metadata": {"annotations": {}, **live.get(changed[0])["metadata"]}}) == []


def test_a_conflict_costs_one_request_and_is_settled_on_the_newer_object(live: Live) -> None:
    live.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    live.start(writer=Meddling(live, addressed("10.0.0.6")))
    live.wait(lambda: live.reasons() == ["HostnameGenerated"])
    assert hosts(live.get()) == ["web-default-10-0-0-6.xip.test"]
    assert live.patches() == 2


def test_an_object_that_is_deleted_in_between_is_no_error(live: Live) -> None:
    live.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    live.api.faults.add(RefuseWithStatus(404, "NotFound", 'ingresses "web" not found'), "patch", "ingresses")
    live.start()
    live.wait(lambda: live.patches() == 1)
    live.put(ingress("other", ips=["10.0.0.6"], annotations=ASKED))
    live.wait(lambda: live.reasons() == ["HostnameGenerated"])


def test_a_missing_right_is_told_with_what_to_do(live: Live) -> None:
    live.api.forbidden.add(("patch", "ingresses"))
    live.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    live.start()
    live.wait(lambda: live.reasons() == ["HostnameNotGenerated"])
    text = live.told[0][1].text
    assert 'verbs: ["patch"]' in text
    assert "ClusterRole" in text or "Role" in text


def test_an_overloaded_server_is_left_in_peace_for_as_long_as_it_wishes(live: Live) -> None:
    live.put(*(ingress(f"web-{index}", ips=["10.0.0.5"], annotations=ASKED) for index in range(5)))
    fault = RefuseWithStatus(429, "TooManyRequests", "storage is (re)initializing", retry_after=1)
    live.api.faults.add(fault, "patch", "ingresses")
    live.start()
    live.wait(lambda: len(live.reasons()) == 5)
    first, second = [request.at for request in live.api.seen("patch")][:2]
    assert second - first >= 1.0
    assert live.patches() == 6


def test_a_broken_connection_is_tried_again(live: Live) -> None:
    live.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    live.api.faults.add(Reset(), "patch", "ingresses")
    live.start()
    live.wait(lambda: live.reasons() == ["HostnameGenerated"])


def test_a_generator_that_was_killed_after_the_patch_finds_everything_in_the_annotation(live: Live) -> None:
    live.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    live.start()
    live.wait(lambda: live.patches() == 1)
    live.stop()
    live.wait(lambda: hosts(live.get()) == [HOST])
    live.edit(addressed("10.0.0.6"))
    live.start()
    live.wait(lambda: hosts(live.get()) == ["web-default-10-0-0-6.xip.test"])
    assert live.patches() == 2


def test_a_restart_writes_nothing(live: Live) -> None:
    live.put(*(ingress(f"web-{index}", ips=["10.0.0.5"], annotations=ASKED) for index in range(10)))
    live.start()
    live.wait(lambda: len(live.reasons()) == 10)
    live.stop()
    live.start()
    live.put(ingress("sign", ips=["10.0.0.6"], annotations=ASKED))
    live.wait(lambda: "sign" in dict(live.told))
    assert live.patches() == 11


def test_what_is_taken_back_or_deleted_is_asked_for_no_more(live: Live) -> None:
    live.put(*(ingress(name, ips=["10.0.0.5"], annotations=ASKED) for name in ("a", "b")))
    live.start()
    live.wait(lambda: len(live.probed) == 2)
    live.edit(lambda item: item["metadata"]["annotations"].pop("dnssync.io/generate-hostname"), "a")
    live.api.delete("default", "b")
    live.wait(lambda: {each.ref.name for each in live.probed if not each.record} == {"a", "b"})


def test_what_was_written_just_before_a_restart_is_told_again_as_the_same_event(live: Live) -> None:
    live.put(*(ingress(f"web-{index}", ips=["10.0.0.5"], annotations=ASKED) for index in range(10)))
    live.start()
    live.wait(lambda: len(live.told) == 10)
    live.stop()
    live.start()
    live.wait(lambda: len(live.told) == 20)
    assert sorted(live.told[:10]) == sorted(live.told[10:])
    assert all(note.occasion for _, note in live.told)
    live.wait(lambda: len(live.probed) == 20)


@pytest.mark.parametrize("since", ["2020-01-31T12:00:00.000+00:00", "", "yesterday"])
def test_what_was_written_long_before_a_restart_is_not_told_again(live: Live, since: str) -> None:
    live.put(ingress("web", ips=["10.0.0.5"], annotations=ASKED))
    live.start()
    live.wait(lambda: live.reasons() == ["HostnameGenerated"])
    live.stop()

    def age(item: dict[str, Any]) -> None:
        record = msgspec.json.decode(item["metadata"]["annotations"][RECORD])
        record["0"]["since"] = since
        item["metadata"]["annotations"][RECORD] = msgspec.json.encode(record).decode()

    live.edit(age)
    live.start()
    live.put(ingress("sign", ips=["10.0.0.6"], annotations=ASKED))
    live.wait(lambda: "sign" in dict(live.told))
    live.edit(addressed("10.0.0.7"), "sign")
    live.wait(lambda: "HostnameChanged" in live.reasons())
    assert [name for name, _ in live.told] == ["web", "sign", "sign"]
    assert live.patches() == 3


def test_nothing_is_written_before_all_is_read(live: Live) -> None:
    live.api.load(ingress(f"web-{index:03d}", ips=["10.0.0.5"], annotations=ASKED) for index in range(101))
    live.api.faults.add(Slow(0.0), "list", "ingresses")
    live.api.faults.add(Slow(0.5), "list", "ingresses")
    live.start()
    live.wait(lambda: live.patches() > 0)
    second_page = live.api.seen("list")[1]
    assert live.api.seen("patch")[0].at >= second_page.at + 0.5


def test_two_that_want_one_name_get_two(live: Live) -> None:
    live.put(
        ingress("a-b", ips=["10.0.0.5"], namespace="c", annotations=ASKED),
        ingress("a", ips=["10.0.0.5"], namespace="b-c", annotations=ASKED),
    )
    live.start()
    live.wait(lambda: len(live.reasons()) == 2)
    first, second = live.get("a-b", "c"), live.get("a", "b-c")
    assert hosts(first) != hosts(second)
    assert "a-b-c-10-0-0-5.xip.test" in hosts(first) + hosts(second)


def test_a_missing_address_is_told_after_the_grace_period_once(live: Live) -> None:
    live.put(ingress("web", annotations=ASKED), ingress("had", ips=["10.0.0.5"], annotations=ASKED))
    live.start(grace=0.3)
    live.wait(lambda: sorted(live.reasons()) == ["HostnameGenerated", "HostnameNotGenerated"])
    live.edit(addressed(), "had")
    live.wait(lambda: live.reasons().count("HostnameNotGenerated") == 2)
    assert "had-default-10-0-0-5.xip.test stays" in live.told[-1][1].text
    live.edit(addressed("10.0.0.7"))
    live.wait(lambda: live.reasons().count("HostnameGenerated") == 2)
    assert live.reasons().count("HostnameNotGenerated") == 2


def test_a_missing_address_is_not_worth_a_word_before_that(live: Live) -> None:
    live.put(ingress("late", annotations=ASKED))
    live.start(grace=60.0)
    live.put(ingress("sign", ips=["10.0.0.5"], annotations=ASKED))
    live.wait(lambda: live.reasons())
    live.put(ingress("next", ips=["10.0.0.6"], annotations=ASKED))
    live.wait(lambda: len(live.reasons()) == 2)
    assert live.reasons() == ["HostnameGenerated"] * 2


def test_an_address_that_is_back_within_the_grace_period_is_not_worth_a_word(live: Live) -> None:
    live.put(ingress("web", ips=["10.0.0.5"], annotations=ASKED))
    live.start(grace=0.5)
    live.wait(lambda: live.reasons() == ["HostnameGenerated"])
    live.edit(addressed())
    live.edit(addressed("10.0.0.5"))
    live.put(ingress("late", annotations=ASKED))
    live.wait(lambda: len(live.reasons()) == 2)
    assert live.told[-1][0] == "late"


def test_a_zone_that_turns_up_lets_a_host_name_be_used(live: Live) -> None:
    live.zones = None
    live.put(ingress("web", names=["lb.example.net"], annotations=ASKED))
    live.start()
    live.zones = []
    live.wait(lambda: live.reasons() == ["HostnameNotGenerated"])
    live.zones = [DOMAIN]
    live.wait(lambda: live.reasons()[1:] == ["HostnameGenerated"])
    assert hosts(live.get()) == ["web-default.xip.test"]


def test_a_tool_that_takes_the_host_back_is_not_fought_for_ever(live: Live) -> None:
    live.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    live.start()

    def undo(item: dict[str, Any]) -> None:
        item["spec"]["rules"][0]["host"] = DOMAIN

    for count in (1, 2, 3):
        live.wait(lambda count=count: live.patches() == count and hosts(live.get()) == [HOST], 20)
        live.edit(undo)
    assert live.patches() == 3
    assert live.reasons() == ["HostnameGenerated"]


def test_a_tool_that_goes_on_taking_the_host_back_is_told_of_once(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnssync.generation.retries.QUARREL", Backoff(first=0.01, cap=0.02))
    live.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    live.start()
    for count in range(1, 6):
        live.wait(lambda count=count: live.patches() == count and hosts(live.get()) == [HOST])
        live.edit(lambda item: item["spec"]["rules"][0].update(host=DOMAIN))
    live.wait(lambda: live.reasons() == ["HostnameGenerated", "HostnameNotGenerated"])
    assert "--hostname-mode annotate" in live.told[-1][1].text


def test_an_object_that_a_webhook_refuses_does_not_hold_up_the_others(live: Live) -> None:
    refusal = RefuseWithStatus(500, "InternalError", "failed calling webhook")
    live.api.faults.add(refusal, "patch", "ingresses")
    live.put(*(ingress(f"web-{index}", ips=["10.0.0.5"], annotations=ASKED) for index in range(5)))
    live.start()
    live.wait(lambda: sorted(live.reasons()) == ["HostnameGenerated"] * 4 + ["HostnameNotGenerated"])
    first, second = [request.at for request in live.api.seen("patch")][:2]
    assert second - first < 0.25
    assert "failed calling webhook" in next(
        n.text for _, n in live.told if n.reason == "HostnameNotGenerated"
    )


def test_annotate_mode_writes_the_annotation_and_nothing_else(live: Live) -> None:
    live.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    before = live.get()
    live.start(rewrite=False)
    live.wait(lambda: live.reasons() == ["HostnameGenerated"])
    after = live.get()
    assert after["spec"] == before["spec"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert recorded(after) == [HOST]


def test_a_dry_run_writes_nothing(live: Live) -> None:
    live.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    live.start(writer=DryWriter())
    live.edit(addressed("10.0.0.6"))
    live.wait(lambda: len(live.api.seen("watch")) == 1)
    assert live.patches() == 0
    assert hosts(live.get()) == [DOMAIN]


def test_many_changes_at_once_cost_one_write_each_in_fair_order_and_within_the_rate(live: Live) -> None:
    live.put(
        *(
            ingress(f"big-{index}", ips=["10.0.0.5"], annotations=ASKED, namespace="big")
            for index in range(150)
        )
    )
    live.put(
        *(
            ingress(f"small-{index}", ips=["10.0.0.5"], annotations=ASKED, namespace="small")
            for index in range(3)
        )
    )
    live.start(rate=100.0)
    live.wait(lambda: len(live.reasons()) == 153)
    seen = live.api.seen("patch")
    assert len(seen) == 153
    last_small = max(index for index, request in enumerate(seen) if "/small/" in request.path)
    assert last_small < 10
    assert seen[-1].at - seen[0].at >= 0.4


class Rival:
    """A second dnssync that is always a little faster: it has written the same already."""

    def __init__(self, live: Live) -> None:
        self._inner = KubeWriter(live.connection)

    def write(self, subject: Subject, operations: Sequence[Operation]) -> bytes | None:
        self._inner.write(subject, operations)
        return self._inner.write(subject, operations)


def test_who_always_comes_second_to_another_dnssync_does_not_complain(live: Live) -> None:
    live.put(ingress(ips=["10.0.0.5"], annotations=ASKED))
    live.start(writer=Rival(live))
    live.wait(lambda: hosts(live.get()) == [HOST])
    live.wait(lambda: live.patches() == 2)
    threading.Event().wait(0.2)  # The watch shows that nothing is left to do.
    live.edit(lambda item: item["metadata"]["annotations"].pop("dnssync.io/generate-hostname"))
    live.wait(lambda: hosts(live.get()) == [""])
    live.wait(lambda: live.patches() == 4)
    threading.Event().wait(0.2)
    assert live.reasons() == []
