"""Fair turns, the rate of writes, and when a refused object is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from dnssync.generation.reading import read_subject
from dnssync.generation.retries import Retries
from dnssync.generation.turns import Allowance, Turns
from dnssync.objects import ObjectRef
from tests.generation.cluster import ASKED, Cluster, ingress


def ref(namespace: str, name: str) -> ObjectRef:
    return ObjectRef("ingress", namespace, name)


def drain(turns: Turns, now: float = 0.0) -> list[str]:
    found = []
    while (each := turns.next(now)) is not None:
        found.append(f"{each.namespace}/{each.name}")
    return found


def test_a_small_namespace_does_not_wait_for_a_big_one() -> None:
    turns = Turns()
    for index in range(4):
        turns.add(ref("big", str(index)))
    turns.add(ref("small", "a"))
    assert drain(turns) == ["big/0", "small/a", "big/1", "big/2", "big/3"]


def test_an_object_that_changes_again_keeps_its_place() -> None:
    turns = Turns()
    for name in ("a", "b", "a"):
        turns.add(ref("n", name))
    assert drain(turns) == ["n/a", "n/b"]


def test_an_object_that_was_put_off_waits_and_is_not_hurried() -> None:
    turns = Turns()
    turns.add(ref("n", "a"), 5.0)
    turns.add(ref("n", "a"))
    assert turns.next(4.9) is None
    assert turns.deadline(1.0) == 5.0
    assert drain(turns, 5.0) == ["n/a"]
    assert turns.deadline(5.0) is None


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.sampled_from(["add", "drop", "later"]))
    )
)
def test_what_was_added_last_comes_out_once(actions: list[tuple[str, str, str]]) -> None:
    turns, wanted = Turns(), set()
    for namespace, name, action in actions:
        if action == "drop":
            turns.drop(ref(namespace, name))
            wanted.discard(f"{namespace}/{name}")
        else:
            turns.add(ref(namespace, name), 1.0 if action == "later" else 0.0)
            wanted.add(f"{namespace}/{name}")
    assert len(turns) == len(wanted)
    found = drain(turns, 2.0)
    assert len(found) == len(set(found))
    assert set(found) == wanted


@given(st.floats(1.0, 200.0), st.lists(st.floats(0.0, 0.5), min_size=1, max_size=200))
def test_no_more_writes_than_allowed_in_any_time(rate: float, pauses: list[float]) -> None:
    allowance, now, writes = Allowance(rate), 0.0, 0
    for pause in pauses:
        now += pause
        while allowance.wait(now) <= 0:
            allowance.take()
            writes += 1
    assert writes <= rate * (now + 1) + 1


def test_a_refused_version_is_not_written_again_but_a_newer_one_is() -> None:
    cluster, retries = Cluster(), Retries()
    item = ingress(ips=["10.0.0.5"], annotations=ASKED)
    decision = cluster.decide(item)
    assert decision is not None
    item["metadata"]["resourceVersion"] = "1"
    old = read_subject("ingress", item, cluster.options)
    item["metadata"]["resourceVersion"] = "2"
    new = read_subject("ingress", item, cluster.options)
    assert retries.failed(old, conflict=True, now=0.0, chance=0.5) < 0.1
    assert retries.wait(old, decision, 0.1) > 0
    assert retries.wait(new, decision, 0.1) == 0
    assert retries.wait(old, decision, 1000.0) == 0


def test_who_is_undone_again_and_again_writes_ever_more_seldom() -> None:
    cluster, retries = Cluster(), Retries()
    item = ingress(ips=["10.0.0.5"], annotations=ASKED)
    decision, subject = cluster.decide(item), read_subject("ingress", item, cluster.options)
    assert decision is not None
    assert [retries.wrote(subject, decision, float(at)) for at in range(4)] == [0, 1, 2, 3]
    assert retries.wait(subject, decision, 4.0) > 5.0
    other = cluster.decide(ingress(ips=["10.0.0.6"], annotations=ASKED))
    assert other is not None
    assert retries.wait(subject, other, 4.0) == 0
    assert retries.wrote(subject, decision, 5000.0) == 0
