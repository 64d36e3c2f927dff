"""Who comes first on a processor that is shared: who answers questions, before who computes beside it.

On Linux each thread has its own niceness, and with Linux 6.12 and later may ask for the length of its time
slices (sched_setattr(2), ``sched_runtime``): who asks for short ones gets the same share of the processor,
but sooner. Elsewhere, and where a sandbox forbids it, nothing happens.
"""

import contextlib
import ctypes
import os
import platform
import struct
import sys
import threading

# Added to the niceness: about a tenth of the share of a thread that answers.
_NICER = 10
# Nanoseconds, the least that Linux takes.
_SLICE = 100_000
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
# struct sched_attr: size, policy, flags, nice, priority, runtime, deadline, period.
_ATTRIBUTES = struct.Struct("=IIQiIQQQ")


def ask_for_short_slices() -> bool:
    """Ask for this thread, which keeps its policy and niceness; whether the system knows of it."""
    number = _SCHED_SETATTR.get(platform.machine())
    if sys.platform != "linux" or number is None or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    attributes = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, 0, nice, 0, _SLICE, 0, 0)
    return bool(ctypes.CDLL(None).syscall(number, 0, attributes, 0) == 0)


def give_way() -> None:
    """Let this thread, and those that it starts, take what those leave that answer questions."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICER)
