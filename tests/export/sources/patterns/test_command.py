"""`pocketd patterns distil` as somebody calls it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pocket_core.errors import ConfigError, DataError
from pocket_export.sources.patterns.command import app
from pocket_export.sources.patterns.table import read_tsv
from tests.commands import call, done
from tests.export.archives import archive
from tests.export.sources.patterns.midi_files import ROCK, TOMS, midi


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "midi"
    place.mkdir()
    (place / "funk.mid").write_bytes(midi(ROCK * 3))
    (place / "b.mid").write_bytes(midi(TOMS * 4))
    (place / "waltz.mid").write_bytes(midi(TOMS * 3, meter=3))
    (place / "broken.mid").write_bytes(b"MThd")
    return place


def test_it_writes_the_table_and_says_what_is_in_it(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.tsv"

    result = done(call(app, "distil", folder, "--out", out, "--processes", 1))

    assert result.output.splitlines() == [
        f"{out}: 2 patterns, 2 that repeat in 4 files",
        "  without drums: 0; drums, but not in 4/4: 1",
        f"  cannot be read: files 1, folders 0; {out}.bad names them",
    ]
    assert [(line.genre, line.times) for line in read_tsv(out)] == [("unknown", 4), ("funk", 3)]


def test_names_of_bad_files_go_where_nothing_is_bad_any_more(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.tsv"
    done(call(app, "distil", folder, "--out", out, "--processes", 1))
    (folder / "broken.mid").write_bytes(midi(ROCK * 3))

    done(call(app, "distil", folder, "--out", out, "--processes", 1))

    assert not out.with_name("p.tsv.bad").exists()


@pytest.mark.parametrize("words", [[], ["--repeats", "--tolerance", "200"]])
def test_recordings_add_what_is_in_them_alone(folder: Path, tmp_path: Path, words: list[str]) -> None:
    out, data = tmp_path / "p.tsv", archive(tmp_path / "groove.zip")

    result = done(call(app, "distil", folder, "--out", out, "--processes", 1, "--groove", data, *words))

    recorded = [line for line in read_tsv(out) if line.source.startswith("groove/")]
    way = "repeats" if words else "windows"
    assert f"  and {len(recorded)} of {way} in recordings" in result.output.splitlines()
    assert {line.genre for line in recorded} == {"rock"}
    assert all(line.times >= (3 if words else 1) for line in recorded)


def test_a_cluster_and_processes_of_this_machine_are_not_both_to_be_had(folder: Path) -> None:
    with pytest.raises(ConfigError, match="choose one"):
        done(call(app, "distil", folder, "--scheduler", "tcp://127.0.0.1:1", "--processes", 2))


def test_a_cluster_that_does_not_answer_leaves_no_table(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    from pocket_export.night.cluster import ClusterError

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(ClusterError, match="no Dask scheduler answers"):
            done(call(app, "distil", folder, "--scheduler", address, "--out", tmp_path / "p.tsv"))

    assert not (tmp_path / "p.tsv").exists()


def test_a_folder_without_a_midi_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no MIDI file"):
        done(call(app, "distil", tmp_path))


INTERRUPTED = """
import os, signal, sys
from pocket_export.sources.patterns import distil as work
from pocketd.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background a shell has it ignored

def reading(processes):
    def read(tasks):
        yield tasks[0].take, tasks[0].do()
        os.kill(os.getpid(), signal.SIGINT)
        yield tasks[1].take, tasks[1].do()
    return read

work.here = reading
sys.argv[0] = "pocketd"
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="is interrupted as a terminal does it")
def test_an_interrupt_says_how_it_goes_on(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.tsv"
    words = ["patterns", "distil", str(folder), "--batch", "1", "--out", str(out)]

    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, *words], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 128 + signal.SIGINT
    assert "The same command with --resume goes on" in ended.stderr
    again = done(call(app, *words[1:], "--resume", "--processes", 1))
    assert "  1 files had been read before" in again.output.splitlines()
