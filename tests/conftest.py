"""What every test run loads: the conformance summary, patience on slow machines, no skipping in CI."""

import logging
import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

pytest_plugins = ["tests.conformance.summary"]

# A busy machine is no failure; pytest-timeout still ends what hangs.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command that runs within a test sets up the log; the tests after it find their own again."""
    loggers = [logging.getLogger(name) for name in (None, "dnssync", "resolver")]
    before = [(logger, logger.level, logger.handlers[:]) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers = handlers


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With DNSSYNC_NO_SKIP=1, as in CI, a test that skips itself fails: all that it could want is there."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("DNSSYNC_NO_SKIP") == "1":
        reason = call.excinfo.value if call.excinfo else "by a marker"
        report.outcome = "failed"
        report.longrepr = f"skipped although DNSSYNC_NO_SKIP=1 is set: {reason}"
    return report
