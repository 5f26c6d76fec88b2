"""Let the loop's thread run before others: SCHED_FIFO where the user may, else by RealtimeKit.

It stays below JACK's own threads, and passes nothing on to the threads and processes that it starts.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

log = logging.getLogger(__name__)

RTKIT = ("org.freedesktop.RealtimeKit1", "/org/freedesktop/RealtimeKit1", "org.freedesktop.RealtimeKit1")
RTKIT_MOST = 20  # the highest priority that RealtimeKit gives, unless its administrator says otherwise
RUNS_ON_US = 100_000  # longest run without a pause; RealtimeKit asks for a limit of at most 200 ms
PATIENCE = 3.0  # seconds for the system's bus


def hurry(priority: int) -> str:
    """Give the calling thread a real-time priority.

    Args:
        priority: Of SCHED_FIFO, 1..99.

    Returns:
        Why it could not be, and what to do about it; empty: it has one.
    """
    if not hasattr(os, "sched_setscheduler"):  # macOS keeps time for whoever wakes often; Windows likewise
        return ""
    if _fifo(priority) or _rtkit(min(priority, RTKIT_MOST)):
        return ""
    return (
        "no real-time priority, so hits may be late where the machine is busy; let this user have it: "
        "join the group that your system has for it (audio, realtime), log in anew, or install rtkit"
    )


def is_hurried() -> bool:
    """Say whether the calling thread has a real-time priority."""
    return hasattr(os, "sched_getscheduler") and _policy() in (os.SCHED_FIFO, os.SCHED_RR)


def _policy() -> int:
    return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK


def _fifo(priority: int) -> bool:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except (PermissionError, ValueError):
        return False
    return True


def _rtkit(priority: int) -> bool:
    """Ask RealtimeKit over the system's bus (its README: org.freedesktop.RealtimeKit1)."""
    if sys.platform != "linux":
        return False
    import resource

    resource.setrlimit(resource.RLIMIT_RTTIME, (RUNS_ON_US, 2 * RUNS_ON_US))
    signal.signal(signal.SIGXCPU, _calm)  # a loop that never pauses would be killed next
    process, thread = os.getpid(), threading.get_native_id()
    call = ("MakeThreadRealtimeWithPID", "ttu", str(process), str(thread), str(priority))
    try:
        done = subprocess.run(
            ["busctl", "call", "--system", *RTKIT, *call], capture_output=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and is_hurried()


def _calm(*_: object) -> None:
    """Give the priority back, as RealtimeKit asks of a loop that never pauses; it ends who does not."""
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
        log.warning("busy for 0.1 s without a pause: the real-time priority is given back until a restart")
