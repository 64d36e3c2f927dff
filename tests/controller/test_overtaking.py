"""Events overtake a full pass, whatever that is busy with."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from dnssync.controller.deleting import DeletionGate
from dnssync.controller.inbox import Inbox, ResyncDue, Stop
from dnssync.controller.loop import Controller, LoopOptions
from dnssync.controller.planning import Planner
from dnssync.controller.remote import Remote
from dnssync.controller.report import Reporter
from dnssync.controller.wants import Wants
from dnssync.deletions import DeletionLimits
from dnssync.endpoints import Endpoint
from dnssync.metrics import Metrics
from dnssync.objects import ObjectClaims, ObjectRef
from dnssync.ownership import NoopRegistry, ZoneContent
from dnssync.plan import PlanRules
from dnssync.providers.inmemory import InMemoryProvider
from tests.waiting import wait_for

ZONE = "example.test"


class SlowBooks(NoopRegistry):
    """Takes as long to sort out a zone, from the second time on, as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.may_go_on = threading.Event()

    def read(self, raw: Iterable[Endpoint], zone_name: str = "") -> ZoneContent:
        self.reads += 1
        if self.reads > 1:
            assert self.may_go_on.wait(60)
        return super().read(raw, zone_name)


@contextmanager
def running(inbox: Inbox, provider: InMemoryProvider, books: NoopRegistry) -> Iterator[Controller]:
    reporter = Reporter(Metrics("test"), "")
    with ThreadPoolExecutor(2) as executor:
        controller = Controller(
            Remote(inbox, executor, provider, books),
            Wants({"ingress": "ingress"}, 0.0, reporter),
            Planner(provider, books, PlanRules(), list),
            DeletionGate(DeletionLimits()),
            reporter=reporter,
            options=LoopOptions(settle=0.001),
        )
        thread = threading.Thread(target=controller.run, daemon=True)
        thread.start()
        try:
            yield controller
        finally:
            inbox.put(Stop())
            thread.join(20)


def claims(name: str) -> ObjectClaims:
    wanted = Endpoint(f"{name}.{ZONE}", "A", ("10.0.0.1",))
    return ObjectClaims(ObjectRef("ingress", "default", name), (wanted,))


def test_an_event_is_not_held_up_by_a_resync_that_takes_long_to_sort_out_a_zone() -> None:
    inbox, provider, books = Inbox(), InMemoryProvider([ZONE]), SlowBooks()
    zone = provider.zones()[0]
    with running(inbox, provider, books) as controller:
        inbox.listed("ingress", frozenset())
        wait_for(lambda: controller.status.synced, "the first sync")
        inbox.put(ResyncDue())
        wait_for(lambda: books.reads == 2, "the resync")
        inbox.seen("ingress", claims("web"))
        try:
            wait_for(lambda: provider.records(zone), "the record, while the resync goes on", seconds=10)
        finally:
            books.may_go_on.set()
        wait_for(lambda: controller.status.pending == 0, "the end of the resync")
    assert [record.dns_name for record in provider.records(zone)] == [f"web.{ZONE}"]
