from __future__ import annotations

import os
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
