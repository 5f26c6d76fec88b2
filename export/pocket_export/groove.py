"""The Groove MIDI Dataset (Gillick et al. 2019, CC BY 4.0), read from its archive or from a folder.

Layout of the official download: `groove/info.csv`, one row a file, and the MIDI files it names.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import symusic
from numpy.typing import NDArray

from pocket_core.errors import DataError
from pocket_core.tempo import Meter
from pocket_core.voices import VoiceMap

ARCHIVE = "groove-v1.0.0-midionly.zip"
LICENCE = "CC BY 4.0, Gillick et al. 2019"
TITLE = "Groove MIDI Dataset v1.0.0"
COLUMNS = ("drummer", "style", "bpm", "beat_type", "time_signature", "midi_filename", "split")
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Performance:
    """One recording of one drummer, notes in order of time; notes outside the nine voices are left out."""

    name: str  # of the MIDI file, as in info.csv
    drummer: str
    style: str
    beat_type: str  # "beat" or "fill"
    split: str  # "train", "validation" or "test": Magenta's
    bpm: float
    meter: Meter
    beats: NDArray[np.float64]  # (N,) quarter notes from the start, rising
    voices: NDArray[np.int64]  # (N,) indices into VOICES
    notes: NDArray[np.int64]  # (N,) 0..127
    velocities: NDArray[np.int64]  # (N,) 1..127

    @property
    def in_follow(self) -> bool:
        """Whether BENCHMARKS' Follow uses it: a beat, 4/4, more than 50 notes in the nine voices."""
        return self.beat_type == "beat" and self.meter == Meter(4, 4) and len(self.beats) > 50


@dataclass(frozen=True, slots=True)
class Groove:
    """The data set."""

    sha256: str  # of the archive; of a folder: of info.csv and the MIDI files in its order
    performances: tuple[Performance, ...]  # in order of info.csv

    def split(self, name: str) -> tuple[Performance, ...]:
        """Return the performances of a split."""
        return tuple(p for p in self.performances if p.split == name)


def load(source: Path, *, most: int | None = None) -> Groove:
    """Read the data set.

    Args:
        source: The archive; a folder with info.csv; or a folder that holds either.
        most: Read at most so many files of each split, for a smoke run.

    Raises:
        DataError: Nothing there, not the archive, no info.csv, or a file that cannot be read.
    """
    place = _locate(source)
    if place.is_dir():
        return _read_folder(place, most)
    try:
        with zipfile.ZipFile(place) as archive:
            inside = [name for name in archive.namelist() if name.endswith("info.csv")]
            if not inside:
                raise DataError(f"{place} has no info.csv inside; pass the official {ARCHIVE}")
            root = min(inside, key=len)[: -len("info.csv")]
            digest = hashlib.sha256(place.read_bytes()).hexdigest()
            return Groove(digest, _read(lambda name: archive.read(root + name), place, most))
    except zipfile.BadZipFile as error:
        raise DataError(f"{place} is not a zip archive ({error}); pass the official {ARCHIVE}") from error


def _locate(source: Path) -> Path:
    if not source.exists():
        raise DataError(f"no data set at {source}; pass the official {ARCHIVE} or its folder with --data")
    if source.is_file():
        return source
    for inside in (source, source / "groove", source / ARCHIVE):
        if inside.is_file() or (inside / "info.csv").is_file():
            return inside
    raise DataError(f"{source} holds neither info.csv nor {ARCHIVE}; pass the data set with --data")


def _read_folder(root: Path, most: int | None) -> Groove:
    digest = hashlib.sha256()

    def fetch(name: str) -> bytes:
        content = (root / name).read_bytes()
        digest.update(content)
        return content

    performances = _read(fetch, root, most)
    return Groove(digest.hexdigest(), performances)


def _read(fetch: Callable[[str], bytes], place: Path, most: int | None) -> tuple[Performance, ...]:
    rows = list(csv.DictReader(io.StringIO(fetch("info.csv").decode())))
    missing = [name for name in COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise DataError(f"info.csv in {place} lacks {', '.join(missing)}; pass the official {ARCHIVE}")
    if most is not None:
        rows = [row for split in SPLITS for row in [r for r in rows if r["split"] == split][:most]]
    voices = VoiceMap()
    performances = []
    for row in rows:
        try:
            performances.append(_performance(row, fetch(row["midi_filename"]), voices))
        except (KeyError, OSError, ValueError, RuntimeError) as error:
            name = row["midi_filename"]
            raise DataError(
                f"{name} in {place} cannot be read ({error}); fetch the data set again"
            ) from error
    return tuple(performances)


def _performance(row: dict[str, str], content: bytes, voices: VoiceMap) -> Performance:
    score = symusic.Score.from_midi(content)
    numerator, denominator = row["time_signature"].split("-")
    columns = [track.notes.numpy() for track in score.tracks]
    ticks, notes, velocities = (
        np.concatenate([c[name].astype(np.int64) for c in columns]) if columns else np.zeros(0, np.int64)
        for name in ("time", "pitch", "velocity")
    )
    voice = np.array([-1 if (v := voices.index(int(n))) is None else v for n in notes], np.int64)
    order = np.argsort(ticks, kind="stable")
    order = order[voice[order] >= 0]
    return Performance(
        name=row["midi_filename"],
        drummer=row["drummer"],
        style=row["style"],
        beat_type=row["beat_type"],
        split=row["split"],
        bpm=float(row["bpm"]),
        meter=Meter(int(numerator), int(denominator)),
        beats=ticks[order] / score.ticks_per_quarter,
        voices=voice[order],
        notes=notes[order],
        velocities=velocities[order],
    )
