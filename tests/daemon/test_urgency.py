from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pocketd import urgency

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setscheduler"), reason="no scheduler to ask here")


def in_a_thread(work: object) -> None:
    """Do what would else leave this process with a priority."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            assert callable(work)
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def test_a_thread_that_may_hurry_does_and_passes_it_on_to_none_that_it_starts() -> None:
    def work() -> None:
        if urgency.hurry(5):
            pytest.skip("this user may not")
        inherited: list[bool] = []
        child = threading.Thread(target=lambda: inherited.append(urgency.is_hurried()))
        child.start()
        child.join()

        assert urgency.is_hurried()
        assert inherited == [False]

    in_a_thread(work)


def test_who_may_not_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr(urgency, "_rtkit", lambda _: False)

    assert "join the group" in urgency.hurry(5)


def test_who_is_busy_for_too_long_gives_the_priority_back_though_a_thread_may_do_little_else() -> None:
    # as RealtimeKit leaves it, for a user who may not clear the flag
    script = (
        "import os, signal\n"
        "from pocketd.urgency import _calm, is_hurried\n"
        "os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(5))\n"
        "os.setgid(65534)\n"
        "os.setuid(65534)\n"
        "signal.signal(signal.SIGXCPU, _calm)\n"
        "before = is_hurried()\n"
        "os.kill(os.getpid(), signal.SIGXCPU)\n"
        "print(before, is_hurried())\n"
    )
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody who may not")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    if "PermissionError" in done.stderr and "sched_setscheduler" in done.stderr and "SCHED_RR" in done.stderr:
        pytest.skip("this user may not")

    assert done.stdout == "True False\n"
    assert "the real-time priority is given back" in done.stderr
