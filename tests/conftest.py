"""What every test run loads: the summary of the conformance runner, and patience on slow machines."""

from hypothesis import settings

pytest_plugins = ["tests.conformance.summary"]

# A busy machine is no failure; pytest-timeout still ends what hangs.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
