"""A Dask cluster on this machine: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from distributed import Client

LOOK_EVERY = 0.05  # seconds
LONGEST = 60.0  # seconds that a process may take to come up


@dataclass(frozen=True, slots=True)
class Cluster:
    """What runs."""

    address: str
    folder: Path
    processes: list[subprocess.Popen[bytes]]  # the scheduler's, and one a worker

    def add_worker(self) -> subprocess.Popen[bytes]:
        """Start one more worker with one thread; it comes when it comes."""
        words = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(self.folder)]
        self.processes.append(_start("worker", self.address, *words))
        return self.processes[-1]

    def wait(self, workers: int = 1) -> None:
        """Wait until there are so many workers."""
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(workers, LONGEST)

    def tasks(self) -> int:
        """Return how many tasks the scheduler knows of."""
        with Client(self.address, set_as_default=False) as client:
            count: int = client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))
            return count


@contextmanager
def dask_cluster(folder: Path, *, failures: int = 3) -> Iterator[Cluster]:
    """Run a scheduler, without a worker yet.

    Args:
        folder: For what it writes.
        failures: So many workers may die of a task before it is given up.
    """
    told = folder / "scheduler.json"
    words = [
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--no-show",
        "--scheduler-file",
        str(told),
    ]
    scheduler = _start("scheduler", *words, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=str(failures))
    running = [scheduler]
    try:
        yield Cluster(_address(told), folder, running)
    finally:
        for process in running:
            process.kill()
            process.wait()


def _start(what: str, *words: str, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{what}", *words],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _address(told: Path) -> str:
    until = time.monotonic() + LONGEST
    while not (told.exists() and told.read_text().endswith("}")):
        if time.monotonic() > until:
            raise TimeoutError("the scheduler did not come up")
        time.sleep(LOOK_EVERY)
    address: str = json.loads(told.read_text())["address"]
    return address
