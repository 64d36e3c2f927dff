"""A real ``dnssync`` process under test, its log and its health page."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from tests.ports import free_port
from tests.waiting import PATIENCE, wait_for


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without anything that would configure dnssync or a cloud client."""
    prefixes = ("DNSSYNC_", "EXTERNAL_DNS_", "AWS_", "GOOGLE_", "KUBE", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return kept | {"HOME": "/nonexistent", "PYTHONWARNINGS": "ignore"} | dict(extra or {})


class Dnssync:
    """``dnssync run`` with these flags, from entering the ``with`` block to leaving it."""

    def __init__(
        self,
        *flags: str,
        environment: Mapping[str, str] | None = None,
        command: str = "run",
        program: Sequence[str] = ("-m", "dnssync"),
    ) -> None:
        self._port = free_port()
        self._arguments = [sys.executable, *program, command, *flags]
        if command == "run":
            self._arguments += [f"--metrics-address=127.0.0.1:{self._port}", "--log-format=json"]
        self._environment = clean_environment(environment)
        self.log: list[dict[str, Any]] = []
        self._raw: list[str] = []

    def __enter__(self) -> "Dnssync":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is not None:
            print("".join(self._raw[-80:]), file=sys.stderr)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._arguments,
            env=self._environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it and wait; its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            code = self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        self._reader.join()
        assert self._process.stderr is not None
        self._process.stderr.close()
        return code

    def wait(self, seconds: float = PATIENCE) -> int:
        """Wait for it to end by itself; its exit code."""
        return self._process.wait(seconds)

    def wait_until_ready(self) -> None:
        """Wait for the first full sync."""
        wait_for(lambda: self.get("/readyz")[0] == 200, "ready: " + "".join(self._raw[-5:]))

    def wait_for_log(self, pattern: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """Wait for a log line whose message or fields match; that line."""
        wait_for(lambda: self.logged(pattern), f"a log line like {pattern!r}", seconds)
        return self.logged(pattern)[0]

    def logged(self, pattern: str) -> list[dict[str, Any]]:
        """The log lines that match."""
        return [line for line in list(self.log) if re.search(pattern, json.dumps(line))]

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page; 0 while nothing listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def health(self) -> dict[str, Any]:
        """The health page, decoded."""
        return json.loads(self.get("/healthz")[1] or "{}")

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = self.get("/metrics")[1].splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"{name}(\{{|\s)", line))

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self._raw.append(line)
            try:
                self.log.append(json.loads(line))
            except ValueError:
                self.log.append({"message": line.rstrip("\n")})


def run_cli(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """One command from start to end."""
    return subprocess.run(
        [sys.executable, "-m", "dnssync", *arguments],
        env=clean_environment(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def flags_for(zone: str, *more: str, owner: str = "me") -> Sequence[str]:
    """Flags for Route 53 with an owner and one domain."""
    return ["--provider=aws", f"--txt-owner-id={owner}", f"--domain-filter={zone}", *more]
