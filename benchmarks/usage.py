"""What a process has used so far, as Linux tells it under /proc (proc_pid_stat(5), proc_pid_status(5))."""

import os
import re
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")


class Memory(NamedTuple):
    """Resident memory in bytes: at the moment, and the most that it ever was."""

    now: int
    peak: int


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads of a process, in user space and in the kernel."""
    # The name of the program stands in parentheses and may hold anything.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory(pid: int) -> Memory:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return Memory(_kilobytes(status, "VmRSS") * 1024, _kilobytes(status, "VmHWM") * 1024)


def _kilobytes(status: str, field: str) -> int:
    found = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found, f"Linux tells {field} of every process that has memory"
    return int(found.group(1))
