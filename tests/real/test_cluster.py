"""A Dask cluster that reads takes: real processes, one of which is killed while it reads."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.dask_cluster import Cluster, dask_cluster

from pocket_export.night import cluster as reading
from pocket_export.night.cluster import ClusterError
from pocket_export.night.gather import Gathered, gather
from pocket_export.night.store import Folder
from tests.export.night.partners import song, take

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(os.name != "posix", reason="has a named pipe that nobody writes to"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of a client whose worker was killed
]

ENDLESS = "2026-11-20/120000"  # takes for ever to read, and as the oldest is read last


@pytest.fixture
def store(tmp_path: Path) -> Folder:
    """Return three takes, of the oldest of which the journal is held back."""
    for n in range(3):
        take(tmp_path / "takes", of=song(4), minutes=n, seed=n)
    found = Folder(tmp_path / "takes")
    found.journal(ENDLESS).rename(tmp_path / "held back")
    os.mkfifo(found.journal(ENDLESS))
    return found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Run a cluster with one worker."""
    with dask_cluster(tmp_path_factory.mktemp("cluster")) as running:
        running.add_worker()
        running.wait()
        yield running


class MakeWayError(Exception):
    """Somebody plays."""


def is_read(journal: Path) -> bool:
    """Say whether somebody waits for what this named pipe says; they wait on."""
    try:
        os.open(journal, os.O_WRONLY | os.O_NONBLOCK)  # stays open until this process ends
    except OSError:
        return False
    return True


def idle(share: float) -> None:
    pass


def names(found: Gathered) -> list[str]:
    return [duet.about.take[-6:] for duet in found.duets]


@pytest.mark.parametrize("failures", [3, 0], ids=["is read by another", "is named where it is given up"])
def test_a_take_whose_worker_is_killed(tmp_path: Path, store: Folder, failures: int) -> None:
    with dask_cluster(tmp_path, failures=failures) as running:
        first = running.add_worker()
        running.wait()

        def kill(share: float) -> None:
            if first.poll() is None and is_read(store.journal(ENDLESS)):
                shutil.move(tmp_path / "held back", store.journal(ENDLESS))
                first.kill()
                first.wait()
                running.add_worker()

        found = gather(store, store.takes(), kill, scheduler=running.address)

    unread = [part.take for part in found.unread]
    assert (names(found), unread) == (
        (["120000", "120100", "120200"], []) if failures else (["120100", "120200"], [ENDLESS])
    )


def test_a_scheduler_that_goes_is_told(tmp_path: Path, store: Folder) -> None:
    with dask_cluster(tmp_path) as running:
        running.add_worker()
        running.wait()

        def kill(share: float) -> None:
            if is_read(store.journal(ENDLESS)):
                running.processes[0].kill()

        with pytest.raises(ClusterError, match=f"the scheduler at {running.address} has gone"):
            gather(store, store.takes(), kill, scheduler=running.address)


def test_another_pocketd_on_a_worker_is_told(
    cluster: Cluster, store: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "__version__", "9.9")

    with pytest.raises(
        ClusterError, match=r"worker tcp://\S+ has pocketd 0\.\S+ on Python .*, here is pocketd 9\.9"
    ):
        gather(store, store.takes(), idle, scheduler=cluster.address)


def test_a_take_that_begins_takes_back_what_waits(cluster: Cluster, store: Folder) -> None:
    began: list[float] = []

    def look(share: float) -> None:
        if is_read(store.journal(ENDLESS)):
            began.append(time.monotonic())
            raise MakeWayError

    with pytest.raises(MakeWayError):
        gather(store, [*[ENDLESS] * 3, *store.takes()[1:]], look, scheduler=cluster.address)

    assert time.monotonic() - began[0] < 1.0
    assert cluster.tasks() == 0


def test_a_cluster_without_a_worker_is_told(tmp_path: Path, store: Folder) -> None:
    with (
        dask_cluster(tmp_path) as running,
        pytest.raises(ClusterError, match="has no worker; start `dask worker"),
    ):
        gather(store, store.takes(), idle, scheduler=running.address)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "studio"])
def test_a_scheduler_that_is_not_there_is_told(store: Folder, address: str) -> None:
    with pytest.raises(
        ClusterError, match=f"no Dask scheduler answers at {address} .*`dask scheduler` starts one"
    ):
        gather(store, store.takes(), idle, scheduler=address)
