"""A Groove archive of a few made-up files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import mido
import numpy as np
from benchmarks.duets import ARCHIVE, TICKS

HEADER = "drummer,beat_type,time_signature,bpm,split,midi_filename"


def line(name: str, split: str, kind: str = "beat", meter: str = "4-4", bpm: str = "125") -> str:
    """Return a row of `info.csv`; the drummer is the file's folder."""
    return ",".join((name.partition("/")[0], kind, meter, bpm, split, name))


def archive(folder: Path, *lines: str, bars: Mapping[str, int] | None = None, leave_out: str = "") -> None:
    """Write the archive; each file has 4 bars, or as many as `bars` has for its stem."""
    with zipfile.ZipFile(folder / ARCHIVE, "w") as whole:
        whole.writestr("groove/info.csv", "\n".join((HEADER, *lines)))
        for seed, name in enumerate(row.rpartition(",")[2] for row in lines):
            stem = Path(name).stem
            if stem != leave_out:
                whole.writestr(f"groove/{name}", _song((bars or {}).get(stem, 4), seed))


def _song(bars: int, seed: int) -> bytes:
    """Return kick, snare and hat, played by chance up to 10 ticks late."""
    draw = np.random.default_rng(seed)
    track = mido.MidiTrack()
    now = 0
    for step in range(0, 16 * bars, 2):
        at = step * TICKS // 4 + int(draw.integers(0, 10))
        for number in (42,) if step % 4 else (36 if step % 8 == 0 else 38, 42):
            velocity = int(draw.integers(20, 127))
            track.append(mido.Message("note_on", channel=9, note=number, velocity=velocity, time=at - now))
            now = at
    song = mido.MidiFile(ticks_per_beat=TICKS, tracks=[track])
    written = io.BytesIO()
    song.save(file=written)
    return written.getvalue()
