"""The distiller as a command: killed, on a cluster, and over whatever a disk can hold."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from benchmarks.dask_cluster import dask_cluster
from dask.delayed import delayed

from pocket_export.night.readers import GONE
from pocket_export.night.task import Task, Unread
from pocket_export.sources.patterns.batches import Answer
from pocket_export.sources.patterns.collection import collect
from pocket_export.sources.patterns.distil import Distilling, distil, here
from pocket_export.sources.patterns.table import read_tsv
from tests.export.sources.patterns.midi_files import ROCK, TOMS, midi
from tests.real.conftest import need

pytestmark = pytest.mark.real

FILES = 120
LOOK_EVERY = 0.01  # seconds
LONGEST = 60.0  # seconds that a run may take
HUGE = 4 << 30  # bytes


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "pocketd", "patterns", "distil", *map(str, words)]


def run(*words: object, before: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, *command(*words)], capture_output=True, text=True, timeout=LONGEST, check=False
    )


def turned(number: int) -> tuple[int, ...]:
    """Return a beat that differs for every number under 256: where a tom is."""
    return tuple(step | 16 * (number >> n & 1) for n, step in enumerate(ROCK[:8])) + ROCK[8:]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return files that are all different, in folders of genres."""
    place = tmp_path / "midi"
    for n in range(FILES):
        path = place / ("rock", "jazz", "more")[n % 3] / f"{n:03}.mid"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(midi(turned(n) * (3 + n % 3)))
    return place


def in_journal(path: Path) -> list[int]:
    """Return the numbers of the files that whole lines of a journal are about."""
    whole = path.read_bytes().rpartition(b"\n")[0].splitlines()[1:]
    return [int(json.loads(line)[0]) for line in whole]


def end_by_force(run: subprocess.Popen[bytes], journal: Path, more: int) -> bool:
    """Kill a run, without a warning, once its journal has so many lines; return whether it still ran."""
    until = time.monotonic() + LONGEST
    while run.poll() is None and time.monotonic() < until:
        if journal.exists() and len(in_journal(journal)) >= more:
            break
        time.sleep(LOOK_EVERY)
    left = psutil.Process(run.pid).children(recursive=True) if run.poll() is None else []
    run.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(left, LONGEST)
    assert not alive  # whoever read has ended as well
    return run.wait() == -signal.SIGKILL


@pytest.mark.skipif(os.name != "posix", reason="ends a process as SIGKILL does")
def test_a_run_that_is_killed_twice_goes_on_and_reads_nothing_again(folder: Path, tmp_path: Path) -> None:
    words = (folder, "--batch", 1, "--processes", 2, "--resume", "--out")
    out, unbroken = tmp_path / "broken.tsv", tmp_path / "unbroken.tsv"
    journal = tmp_path / "broken.tsv.journal"
    assert run(*words, unbroken).returncode == 0
    killed = []
    for lines in (15, 45):
        with subprocess.Popen(command(*words, out), stdout=subprocess.DEVNULL) as running:
            killed.append(end_by_force(running, journal, lines))
    known = in_journal(journal)
    paths = collect([folder]).paths
    for number in known:
        Path(paths[number]).write_bytes(b"whoever reads this finds no MIDI file")

    again = run(*words, out)

    assert killed == [True, True]
    assert 45 <= len(known) < FILES
    assert again.returncode == 0, again.stderr
    assert f"{len(known):,} files had been read before" in again.stdout
    assert out.read_bytes() == unbroken.read_bytes()
    assert len(read_tsv(out)) == FILES
    assert not journal.exists()
    assert not out.with_name("broken.tsv.bad").exists()


def test_a_cluster_finds_what_this_machine_finds(folder: Path, tmp_path: Path) -> None:
    (folder / "rock" / "broken.mid").write_bytes(b"MThd")
    here, there = tmp_path / "here.tsv", tmp_path / "there.tsv"
    with dask_cluster(tmp_path) as running:
        running.add_worker()
        running.wait()

        found = run(folder, "--batch", 16, "--scheduler", running.address, "--out", there)

    assert run(folder, "--out", here).returncode == 0
    assert found.returncode == 0, found.stderr
    assert len(read_tsv(there)) == FILES
    assert there.read_bytes() == here.read_bytes()
    assert (tmp_path / "there.tsv.bad").read_bytes() == (tmp_path / "here.tsv.bad").read_bytes()


def test_a_worker_that_dies_of_a_file_costs_that_file_alone(folder: Path, tmp_path: Path) -> None:
    bomb = folder / "more" / "bomb.mid"
    bomb.write_bytes(midi(TOMS * 3))
    order = Distilling(collect([folder]), tmp_path / "p.tsv", batch=16)

    outcome = distil(order, dying, lambda _: None)

    assert (outcome.files, outcome.bad, outcome.from_files) == (FILES + 1, 1, FILES)
    assert order.bad.read_text("utf-8") == f"midi/more/bomb.mid\t{GONE}\n"


def dying(tasks: Sequence[Task[Answer]]) -> Generator[tuple[str, Answer | Unread]]:
    """Read in processes that end of a bomb, as one does whom the system takes its memory."""
    return here(2)([replace(task, work=delayed(die_of_toms)(task.work)) for task in tasks])


def die_of_toms(answer: Answer) -> Answer:
    if any(each.pattern == TOMS for each in answer.found):
        os.kill(os.getpid(), signal.SIGKILL)
    return answer


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the system does not say how much a process took")
def test_twenty_times_as_many_files_take_no_more_memory(tmp_path: Path) -> None:
    for n in range(100):
        path = tmp_path / "few" / "0" / f"{n}.mid"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(midi([step for m in range(10) for step in turned(n + m) * 3]))
    for n in range(20):
        (tmp_path / "many" / str(n)).mkdir(parents=True)
        for path in (tmp_path / "few" / "0").iterdir():
            os.link(path, tmp_path / "many" / str(n) / path.name)

    few, many = (peak(tmp_path / name, "--out", tmp_path / f"{name}.tsv") for name in ("few", "many"))

    assert sum(line.times for line in read_tsv(tmp_path / "many.tsv")) >= 20 * 100 * 10 * 3
    assert many < few + 4  # with all answers held it is 7 MiB more


def peak(*words: object) -> float:
    """Return the most memory that one of a run's processes has had, in MiB."""
    running = subprocess.Popen(command(*words), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    assert running.returncode == 0
    return used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with two sound files, and whatever else may be in one."""
    place = tmp_path / "midi"
    (place / "folder.mid").mkdir(parents=True)
    (place / "folder.mid" / "sound.mid").write_bytes(midi(ROCK * 3))  # says no tempo, as all here
    Path(os.fsdecode(os.fsencode(place) + b"/caf\xe9.mid")).write_bytes(midi(TOMS * 3))
    (place / "truncated.mid").write_bytes(midi(ROCK * 3)[:200])
    (place / "empty.mid").write_bytes(b"")
    (place / "waltz.mid").write_bytes(midi(TOMS * 3, meter=3))
    (place / "loop.mid").symlink_to("other loop.mid")
    (place / "other loop.mid").symlink_to("loop.mid")
    (place / "around").symlink_to(place, target_is_directory=True)
    (place / "nowhere.mid").symlink_to("nothing.mid")
    with (place / "huge.mid").open("wb") as huge:
        huge.truncate(HUGE)
    (place / "zeros.mid").write_bytes(bytes(100_000))
    os.mkfifo(place / "pipe.mid")
    (place / "endless.mid").symlink_to("/dev/zero")
    (place / "locked.mid").write_bytes(midi(ROCK * 4))
    (place / "locked.mid").chmod(0)
    (place / "closed").mkdir()
    (place / "closed" / "unseen.mid").write_bytes(midi(ROCK * 4))
    (place / "closed").chmod(0)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place / "socket.mid"))
        yield place
    (place / "closed").chmod(0o700)


@pytest.mark.skipif(sys.platform != "linux", reason="has names and devices that only Linux has")
def test_whatever_a_folder_holds_is_counted_and_named_and_stops_nothing(
    hostile: Path, tmp_path: Path
) -> None:
    out = tmp_path / "p.tsv"
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:  # to whom nothing is locked, unless it gives that up
        need("setpriv")
        before = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")

    found = run(hostile, "--batch", 4, "--processes", 2, "--out", out, before=before)

    assert found.returncode == 0, found.stderr
    assert found.stderr == ""
    assert [(line.pattern, line.source) for line in read_tsv(out)] == [
        (TOMS, r"midi/caf\udce9.mid"),
        (ROCK, "midi/folder.mid/sound.mid"),
    ]
    bad = dict(line.split("\t") for line in out.with_name("p.tsv.bad").read_text("utf-8").splitlines())
    assert set(bad) == {
        "midi/closed/",
        *(f"midi/{name}.mid" for name in ("empty", "endless", "huge", "locked", "loop", "nowhere")),
        *(f"midi/{name}.mid" for name in ("other loop", "pipe", "socket", "truncated", "zeros")),
    }
    assert str(HUGE) in bad["midi/huge.mid"]
    assert bad["midi/locked.mid"] == bad["midi/closed/"] == "Permission denied"
    assert "pipe" in bad["midi/pipe.mid"]
    assert found.stdout.splitlines() == [
        f"{out}: 2 patterns, 2 that repeat in 14 files",
        "  without drums: 0; drums, but not in 4/4: 1",
        f"  cannot be read: files 11, folders 1; {out}.bad names them",
    ]
