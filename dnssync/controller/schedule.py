"""What happens by the clock. A job only puts a message into the inbox, so no wake-up is lost."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec


class Job(msgspec.Struct, frozen=True):
    """Something to say every so many seconds; ``say`` must return at once."""

    name: str
    seconds: float
    say: Callable[[], None]


class Schedule:
    """Runs jobs until closed.

    APScheduler keeps the times; its own job queue would drop an event that comes while the job runs, which
    is why the work itself is not a job. Late jobs are run rather than skipped, missed ones once.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler

        self._scheduler: Any = BackgroundScheduler(timezone="UTC", daemon=True)
        for job in jobs:
            self._scheduler.add_job(
                job.say,
                "interval",
                seconds=job.seconds,
                id=job.name,
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        self._scheduler.start()

    def close(self) -> None:
        """Run nothing more."""
        self._scheduler.shutdown(wait=False)
