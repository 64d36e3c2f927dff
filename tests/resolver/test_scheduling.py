"""Who answers comes before who computes, where the system can be told so."""

import os
import threading
from collections.abc import Callable

import pytest

from resolver.serving.scheduling import ask_for_short_slices, give_way


def in_a_thread_of_its_own(action: Callable[[], tuple[int, int]]) -> tuple[int, int]:
    """What a thread asks of the scheduler ends with it."""
    given: list[tuple[int, int]] = []
    thread = threading.Thread(target=lambda: given.append(action()))
    thread.start()
    thread.join()
    return given[0]


def test_niceness_and_policy_stay() -> None:
    def ask() -> tuple[int, int]:
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, 3)
        ask_for_short_slices()
        return os.getpriority(os.PRIO_PROCESS, thread), os.sched_getscheduler(0)

    assert in_a_thread_of_its_own(ask) == (3, os.SCHED_OTHER)


def test_another_policy_is_left_alone() -> None:
    def ask() -> tuple[bool, int]:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        return ask_for_short_slices(), os.sched_getscheduler(0)

    assert in_a_thread_of_its_own(ask) == (False, os.SCHED_BATCH)


def test_who_gives_way_is_nicer_alone() -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def ask() -> tuple[int, int]:
        give_way()
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), os.sched_getscheduler(0)

    assert in_a_thread_of_its_own(ask) == (min(before + 10, 19), os.SCHED_OTHER)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_a_sandbox_that_forbids_it_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setpriority", forbid)
    give_way()
