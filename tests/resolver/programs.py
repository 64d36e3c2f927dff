"""Programs of the operating system, without which a test is skipped."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest


def find(program: str) -> str:
    """Where the program is."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


def run(program: str, *arguments: str) -> str:
    """What the program writes; it has to succeed."""
    command = [find(program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def running(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The program in the folder until the block ends; what it writes is in ``log`` there."""
    program, *arguments = command
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([find(program), *arguments], stdout=log, stderr=log, cwd=folder)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
