"""A running `pocketd run`: how soon its ports are there, what it holds, what it does while nothing plays."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from benchmarks.outside import CLIENT
from pocket_core.types import Port
from pocketd.backends.jack_client import jack_module

PATIENCE = 20.0  # seconds for the daemon to come up, and to end
LOOK_EVERY = 0.002  # seconds
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Started:
    """A daemon that is ready; times in seconds from the start of the process."""

    process: psutil.Popen
    ports_open: float | None  # all four seen by another JACK client; None: nobody looked
    ready: float  # it says so: ports open, model loaded and warm


@contextmanager
def daemon(on_jack: bool, **settings: object) -> Iterator[Started]:
    """Run the daemon while the block lasts, on JACK or on the loopback back end.

    Args:
        on_jack: On the server that the environment names.
        settings: Keys of the config beyond what the benchmark sets.

    Raises:
        RuntimeError: It does not come up.
    """
    with tempfile.TemporaryDirectory(prefix="pocketd-bench-") as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(yaml.safe_dump({**_config(on_jack, folder), **settings}), "utf-8")
        watcher = _Watcher() if on_jack else None
        began = time.perf_counter()
        process = psutil.Popen(
            [sys.executable, "-m", "pocketd", "run", "--config", str(config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            opened = watcher.wait(process, began) if watcher else None
            line = process.stdout.readline()
            ready = time.perf_counter() - began
            if not line.startswith("ready"):
                raise RuntimeError(f"the daemon did not start: {(line + process.stderr.read()).strip()}")
            yield Started(process, opened, ready)
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdout, process.stderr):
                stream.close()
            if watcher:
                watcher.close()


def private_mib(process: psutil.Process) -> float:
    """Return the memory that would come free if the process ended (USS)."""
    return float(process.memory_full_info().uss / MIB)


def written_mib(process: psutil.Process) -> float:
    """Return the private memory that it has written to, whoever else has the same libraries."""
    rollup = Path(f"/proc/{process.pid}/smaps_rollup")
    if not rollup.exists():
        return private_mib(process)
    dirty = re.search(r"^Private_Dirty: +(\d+) kB", rollup.read_text(), re.MULTILINE)
    return float(dirty[1]) / 1024 if dirty else private_mib(process)


def family(process: psutil.Popen) -> list[psutil.Process]:
    """Return the real-time process and then those that it started."""
    return [psutil.Process(process.pid), *process.children(recursive=True)]


def cpu_share(processes: list[psutil.Process], seconds: float) -> float:
    """Return how much of one core the processes together use over some time."""
    before, began = _cpu(processes), time.perf_counter()
    time.sleep(seconds)
    return (_cpu(processes) - before) / (time.perf_counter() - began)


def _cpu(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return float(sum(t.user + t.system for t in times))


def _config(on_jack: bool, folder: str) -> Mapping[str, object]:
    return {
        "backend": "jack" if on_jack else "loopback",
        "client": CLIENT,
        "takes": {"folder": folder},
        "meter_display": "off",
    }


class _Watcher:
    """A JACK client that looks for the daemon's ports."""

    def __init__(self) -> None:
        self._client: Any = jack_module().Client(f"{CLIENT}-watch", no_start_server=True)

    def wait(self, process: psutil.Popen, began: float) -> float | None:
        """Return when all four ports were there, or None where the daemon ends or takes too long."""
        while (now := time.perf_counter() - began) < PATIENCE and process.poll() is None:
            if len(self._client.get_ports(f"^{CLIENT}:")) == len(Port):
                return now
            time.sleep(LOOK_EVERY)
        return None

    def close(self) -> None:
        self._client.close()
