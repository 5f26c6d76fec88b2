"""Distil: how many MIDI files a second a core reads for patterns, beside pretty_midi, and in what memory.

Both read the same files for the same: channel 10, 4/4, sixteenths, 14 instruments, patterns that repeat. The
whole distiller is the command itself, over copies of the collection: what its processes took of all cores,
and the peak of the largest, as the system says when they have ended. Two readers beside one tell what a core
more is worth, on a machine that has two to spare.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from benchmarks.options import parser_of
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_core.phrases.patterns import BIT_OF_NOTE
from pocket_export.sources.patterns.collection import collect
from pocket_export.sources.patterns.reading import Drums, Part, patterns_in, read_drums
from pocket_export.sources.patterns.table import read_tsv

RIVAL = "pretty_midi"
LAPS = 3  # over the collection, for files per second; the fastest counts
COPIES = (1, 4, 16, 64)
PROCESSES = (1, 2)
COLUMNS = (
    Column("files", "files", 0),
    Column("patterns", "patterns", 0),
    Column("seconds", "s", 2),
    Column("core_seconds", "core s", 2),
    Column("files_per_second_core", "files/s/core", 0),
    Column("files_per_second", "files/s", 0),
    Column("peak_mib", "peak MiB", 1),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    options = _options(arguments)
    folder = options.data / "multitrack_midi"
    sections = [
        Section("reading, one core", list(_reading(folder))),
        Section("pocketd patterns distil --processes 1, copies of the collection", list(_copies(folder))),
        Section(f"{COPIES[-1]} copies", list(_processes(folder))),
    ]
    report = Report(
        "distil",
        f"{len(collect([folder]))} multi-track MIDI files (freedoom, openmsx), read to measure only",
        "none",
        options.seed,
        COLUMNS,
        sections,
        [
            "core s: of all processes together, their start too; files/s/core: files by core s.",
            "peak: of the largest process, which is that which writes the table.",
        ],
    )
    console = screen()
    report.print(console)
    if options.json is not None:
        report.write(options.json)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, data="multitrack_midi", seed="of nothing: it is deterministic")
    return parser.parse_args(arguments)


def _reading(folder: Path) -> Iterator[Row]:
    paths = [Path(path) for path in collect([folder]).paths]
    yield _timed("ours, symusic", paths, read_drums)
    if importlib.util.find_spec(RIVAL) is None:
        yield Row(f"a loop with {RIVAL}", note=f"{RIVAL} is not installed: pip install {RIVAL}")
    else:
        yield _timed(f"a loop with {RIVAL}", paths, _by_rival)


def _timed(name: str, paths: Sequence[Path], read: Callable[[Path], Drums]) -> Row:
    fastest, found = float("inf"), 0
    for _ in range(LAPS):
        began, found = perf_counter(), 0
        for path in paths:
            found += len(patterns_in(read(path)))
        fastest = min(fastest, perf_counter() - began)
    figures = {"files": len(paths), "patterns": found, "seconds": fastest}
    return Row(name, {**figures, "files_per_second_core": len(paths) / fastest})


def _by_rival(path: Path) -> Drums:
    """Return a file's drums as `read_drums` does, by the rival."""
    import pretty_midi  # type: ignore[import-not-found,unused-ignore]

    score: Any = pretty_midi.PrettyMIDI(str(path))
    notes = [note for track in score.instruments if track.is_drum for note in track.notes]
    struck = np.array([(note.start, note.pitch) for note in notes]).reshape(-1, 2)
    changes = score.time_signature_changes
    places = _ticks(score, np.concatenate([struck[:, 0], [change.time for change in changes]]))
    ticks = np.column_stack([places[: len(notes)], struck[:, 1].astype(np.int64)])
    ticks = ticks[np.argsort(ticks[:, 0], kind="stable")]
    at = places[len(notes) :].tolist()
    said = [(tick, s.numerator, s.denominator) for tick, s in zip(at, changes, strict=True)]
    if not said or said[0][0] > 0:
        said.insert(0, (0, 4, 4))
    ends = [*(time for time, _, _ in said[1:]), np.iinfo(np.int64).max]
    parts = []
    for (begin, above, below), end in zip(said, ends, strict=True):
        some = ticks[(ticks[:, 0] >= begin) & (ticks[:, 0] < end)]
        bits = BIT_OF_NOTE[some[:, 1]].astype(np.int64)
        steps = (8 * (some[:, 0] - begin) + score.resolution) // (2 * score.resolution)
        if (above, below) == (4, 4) and (bits >= 0).any():
            parts.append(Part(steps[bits >= 0], bits[bits >= 0]))
    return Drums(len(notes), tuple(parts))


def _ticks(score: Any, seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return times as ticks, all at once: one by one, as the rival has it, would cost it half its speed."""
    times, tempi = score.get_tempo_changes()
    a_second = tempi / 60 * score.resolution
    begins = np.concatenate([[0.0], np.cumsum(np.diff(times) * a_second[:-1])])
    part = np.maximum(np.searchsorted(times, seconds, "right") - 1, 0)
    ticks: NDArray[np.int64] = np.round(begins[part] + (seconds - times[part]) * a_second[part]).astype(
        np.int64
    )
    return ticks


def _copies(folder: Path) -> Iterator[Row]:
    for copies in COPIES:
        yield _command(folder, copies, 1, f"{copies} times")


def _processes(folder: Path) -> Iterator[Row]:
    for processes in PROCESSES:
        yield _command(folder, COPIES[-1], processes, f"{processes} reading")


def _command(folder: Path, copies: int, processes: int, name: str) -> Row:
    with tempfile.TemporaryDirectory() as place:
        first = Path(place, "midi", "0")
        shutil.copytree(folder, first)
        for n in range(1, copies):  # by name alone: they are on the disk once
            shutil.copytree(first, first.with_name(str(n)), copy_function=os.link)
        out = Path(place, "patterns.tsv")
        words = [str(first.parent), "--processes", str(processes), "--out", str(out)]
        began = perf_counter()
        running = subprocess.Popen(
            [sys.executable, "-m", "pocketd", "patterns", "distil", *words], stdout=subprocess.DEVNULL
        )
        _, status, used = os.wait4(running.pid, 0)
        seconds = perf_counter() - began
        running.returncode = os.waitstatus_to_exitcode(status)
        if running.returncode:
            raise subprocess.CalledProcessError(running.returncode, running.args)
        files, patterns = len(collect([first.parent])), len(read_tsv(out))
    core = used.ru_utime + used.ru_stime
    unit = 2**20 if sys.platform == "darwin" else 2**10  # there in bytes, elsewhere in KiB
    figures = {"files": files, "patterns": patterns, "seconds": seconds, "core_seconds": core}
    speed = {"files_per_second_core": files / core, "files_per_second": files / seconds}
    return Row(name, {**figures, **speed, "peak_mib": used.ru_maxrss / unit})


if __name__ == "__main__":
    sys.exit(main())
