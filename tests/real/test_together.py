"""A night on two processes, as torchrun starts them: it makes way, and it outlives who dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import typer
from typer.testing import CliRunner

from pocket_export.night import judge
from pocket_export.night.command import retrain
from pocket_export.night.order import unfinished
from pocketd.champion import Nights
from tests.export.archives import archive
from tests.export.night.partners import song, take

pytestmark = [pytest.mark.real, pytest.mark.skipif(os.name != "posix", reason="torchrun's gloo wants Linux")]

APP = typer.Typer()
APP.command()(retrain)
LOOK_EVERY = 0.02  # seconds
LONGEST = 120.0  # seconds that anything here may take
STILL = 1.0  # seconds


def wait_for(what: Callable[[], bool], run: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + LONGEST
    while not what():
        assert time.monotonic() < until
        assert run.poll() is None, "torchrun has ended"
        time.sleep(LOOK_EVERY)


@contextmanager
def night(words: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command; whatever happens, nothing of it is left."""
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as run:
        try:
            yield run
        finally:
            if run.poll() is None:
                for process in psutil.Process(run.pid).children(recursive=True):
                    process.kill()
                run.kill()


def busy(processes: list[psutil.Process]) -> float:
    """Return how long the processes have computed, seconds of a core."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def test_a_night_on_two_processes_makes_way_and_whoever_is_killed_costs_no_epoch_that_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    nights = Nights(tmp_path / "home" / "pocketd" / "nights")
    take(tmp_path / "takes", of=song(24))
    words = ["--takes", str(tmp_path / "takes"), "--data", str(archive(tmp_path / "groove.zip"))]
    words += ["--epochs", "4", "--no-promote", "--threads", "1", "--json"]
    starts = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    with night([*starts, "-m", "pocketd", "retrain", *words]) as run:
        wait_for(lambda: any(nights.root.glob("*/*.checkpoint.pt")), run)

        playing = nights.hold_playing()
        assert playing is not None
        with playing:
            time.sleep(STILL)
            family = psutil.Process(run.pid).children(recursive=True)
            both = [one for one in family if "RANK" in one.environ()]
            before = busy(both)
            time.sleep(STILL)
            computed = busy(both) - before
            next(one for one in both if one.environ()["RANK"] == "1").kill()
        code = run.wait(LONGEST)

    (folder,) = unfinished(nights)
    monkeypatch.setattr(judge, "STEPS", 5)
    result = CliRunner().invoke(APP, words)
    assert len(both) == 2
    assert computed < 0.2
    assert code != 0
    assert not nights.pointer.exists()
    said = json.loads(result.stdout)
    assert said["night"] == folder.name
    assert [epoch["epoch"] for epoch in said["epochs"]] == [1, 2, 3, 4]
