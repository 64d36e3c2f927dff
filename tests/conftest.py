"""What every test run loads: the summary of the conformance runner."""

pytest_plugins = ["tests.conformance.summary"]
