"""The Groove MIDI Dataset (Gillick et al. 2019, CC BY 4.0), read from its archive or from a folder.

Layout of the official download: `groove/info.csv`, one row a file, and the MIDI files it names.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_data_path

from pocket_core.errors import ConfigError, DataError
from pocket_core.tempo import Meter
from pocket_core.voices import VoiceMap
from pocket_export.groove_cache import cache_file, recall, remember
from pocket_export.recordings import SPLITS, Groove, Performance

__all__ = ["ARCHIVE", "LICENCE", "SPLITS", "TITLE", "Groove", "Performance", "find_data", "load"]

ARCHIVE = "groove-v1.0.0-midionly.zip"
LICENCE = "CC BY 4.0, Gillick et al. 2019"
TITLE = "Groove MIDI Dataset v1.0.0"
COLUMNS = ("drummer", "style", "bpm", "beat_type", "time_signature", "midi_filename", "split")
VARIABLE = "POCKETD_DATA"
SHARED = Path("../shared/data")  # where the Makefile looks, too
FETCH = "`pocketd data fetch groove` downloads it"
LARGEST = 1 << 26  # bytes, unpacked; the data set has 5 million
FASTEST_BPM = 1000.0
#: What reading a file that is damaged, or not as it should be, may raise.
UNREADABLE = (
    KeyError,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    csv.Error,
    zlib.error,
    zipfile.BadZipFile,
)
UNITS, MOST_UNITS = (1, 2, 4, 8, 16, 32, 64), 64  # note values that a meter may count in, and how many


def find_data(given: Path | None = None) -> Path:
    """Return where the data set lies: an archive, or a folder with info.csv.

    Looks at what is given, and nowhere else; without it at $POCKETD_DATA, in ../shared/data, and where
    `pocketd data fetch groove` puts it.

    Raises:
        DataError: It is not there, or nowhere.
    """
    if given is not None:
        return locate(given)
    named = os.environ.get(VARIABLE)
    places = [*([Path(named)] if named else []), SHARED, data_folder()]
    for place in places:
        if inside := _inside(place):
            return inside
    looked = ", ".join(map(str, places))
    raise DataError(f"no {TITLE} in {looked}; {FETCH}, or say with --data where it is")


def data_folder() -> Path:
    """Return where this user's data sets are, whether or not it exists.

    Raises:
        ConfigError: The user has no home folder.
    """
    place = user_data_path("pocketd", appauthor=False) / "data"
    if not place.is_absolute():
        raise ConfigError("this user has no home folder for data sets; name a folder with --out")
    return place


def load(source: Path, *, most: int | None = None, cache: Path | None = None) -> Groove:
    """Read the data set, an archive from the cache where it holds it.

    Files are parsed one after the other: symusic took 36 ms for all 1,150, as long on two threads, and
    with two processes 100 ms.

    Args:
        source: The archive; a folder with info.csv; or a folder that holds either.
        most: Keep at most so many files of each split, for a smoke run.
        cache: The file to keep an archive's recordings in; else this user's.

    Raises:
        DataError: Nothing there, not the archive, no info.csv, or a file that cannot be read.
    """
    place = locate(source)
    groove = _load_folder(place) if place.is_dir() else _load_archive(place, cache or cache_file())
    if most is None:
        return groove
    return replace(groove, performances=tuple(p for name in SPLITS for p in groove.split(name)[:most]))


def locate(source: Path) -> Path:
    """Return the archive, or the folder with info.csv, that a path means.

    Raises:
        DataError: There is none.
    """
    if not source.exists():
        raise DataError(
            f"no data set at {source}; pass the official {ARCHIVE} or its folder with --data: {FETCH}"
        )
    if inside := _inside(source):
        return inside
    raise DataError(f"{source} holds neither info.csv nor {ARCHIVE}; pass the data set with --data: {FETCH}")


def contents_sha256(place: Path) -> str:
    """Return what is equal however the data set is packed: SHA-256 of info.csv and the files in its order.

    Args:
        place: As `locate` returns it.

    Raises:
        DataError: Not the archive, no info.csv, or a file that cannot be read.
    """
    return _unpack(place).contents


def file_sha256(path: Path) -> str:
    """Return a file's SHA-256, in hex.

    Raises:
        DataError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(
            f"cannot read {path}: {error.strerror}; make it readable or choose another"
        ) from error


@dataclass(frozen=True, slots=True)
class _Files:
    """The data set's files as bytes."""

    contents: str
    rows: list[dict[str, str]]  # of info.csv
    midi: list[bytes]  # a row's


def _inside(place: Path) -> Path | None:
    if place.is_file():
        return place
    for inside in (place, place / "groove"):
        if (inside / "info.csv").is_file():
            return inside
    return place / ARCHIVE if (place / ARCHIVE).is_file() else None


def _load_archive(place: Path, cache: Path) -> Groove:
    sha256 = file_sha256(place)
    known = recall(sha256, cache)
    if known is not None:
        return known
    files = _unpack(place)
    groove = Groove(sha256, files.contents, _parsed(files, place))
    remember(groove, cache)
    return groove


def _load_folder(place: Path) -> Groove:
    files = _unpack(place)
    return Groove(files.contents, files.contents, _parsed(files, place))


def _unpack(place: Path) -> _Files:
    with _opened(place) as read:
        room = LARGEST

        def take(name: str) -> bytes:
            nonlocal room
            content = read(name, room)
            room -= len(content)
            if room < 0:
                raise ValueError(f"there are more than {LARGEST >> 20} MiB up to here, unpacked")
            return content

        with _blaming("info.csv", place):
            info = take("info.csv").replace(b"\r\n", b"\n")  # as some unpackers and repositories leave it
            rows = list(csv.DictReader(io.StringIO(info.decode()), restval=""))
        missing = [name for name in COLUMNS if not rows or name not in rows[0]]
        if missing:
            raise DataError(f"info.csv in {place} lacks {', '.join(missing)}; pass the official {ARCHIVE}")
        contents, midi = hashlib.sha256(info), []
        for row in rows:
            with _blaming(row["midi_filename"], place):
                midi.append(take(row["midi_filename"]))
            contents.update(midi[-1])
    return _Files(contents.hexdigest(), rows, midi)


@contextmanager
def _opened(place: Path) -> Iterator[Callable[[str, int], bytes]]:
    """Give what reads a file of the data set by its name in info.csv, and no more than a byte too many."""
    if place.is_dir():
        yield lambda name, most: _bytes_of(place, name, most)
        return
    try:
        with zipfile.ZipFile(place) as archive:
            inside = [name for name in archive.namelist() if name.endswith("info.csv")]
            if not inside:
                raise DataError(f"{place} has no info.csv inside; pass the official {ARCHIVE}")
            root = min(inside, key=len)[: -len("info.csv")]

            def read(name: str, most: int) -> bytes:
                with archive.open(root + name) as file:
                    return file.read(most + 1)

            yield read
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(f"{place} is not a zip archive ({error}); pass the official {ARCHIVE}") from error


def _bytes_of(folder: Path, name: str, most: int) -> bytes:
    path = folder / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError("it lies outside")
    if path.exists() and not path.is_file():
        raise ValueError("it is no file")
    with path.open("rb") as file:
        return file.read(most + 1)


@contextmanager
def _blaming(name: str, place: Path) -> Iterator[None]:
    """Name the file that something is wrong with."""
    try:
        yield
    except UNREADABLE as error:
        raise DataError(f"{name} in {place} cannot be read ({error}); fetch the data set again") from error


def _parsed(files: _Files, place: Path) -> tuple[Performance, ...]:
    try:
        from symusic import Score
    except ImportError as error:
        raise DataError("reading a data set takes symusic: pip install -e '.[train]'") from error
    voices = VoiceMap()
    voice_of = np.array([-1 if (v := voices.index(note)) is None else v for note in range(128)])
    performances = []
    for row, content in zip(files.rows, files.midi, strict=True):
        with _blaming(row["midi_filename"], place):
            performances.append(_performance(row, Score.from_midi(content), voice_of))
    return tuple(performances)


def _performance(row: dict[str, str], score: Any, voice_of: NDArray[np.int64]) -> Performance:
    meter, bpm = _meter(row["time_signature"]), float(row["bpm"])
    if not 0.0 < bpm <= FASTEST_BPM:
        raise ValueError(f"info.csv has it at {bpm:g} BPM")
    columns = [track.notes.numpy() for track in score.tracks]
    ticks, notes, velocities = (
        np.concatenate([c[name].astype(np.int64) for c in columns]) if columns else np.zeros(0, np.int64)
        for name in ("time", "pitch", "velocity")
    )
    voices = voice_of[notes]
    order = np.argsort(ticks, kind="stable")
    order = order[voices[order] >= 0]
    return Performance(
        name=row["midi_filename"],
        drummer=row["drummer"],
        style=row["style"],
        beat_type=row["beat_type"],
        split=row["split"],
        bpm=bpm,
        meter=meter,
        beats=ticks[order] / score.ticks_per_quarter,
        voices=voices[order],
        notes=notes[order],
        velocities=velocities[order],
        duration_s=float(row.get("duration") or 0.0),
    )


def _meter(said: str) -> Meter:
    numerator, denominator = map(int, said.split("-"))
    if not 1 <= numerator <= MOST_UNITS or denominator not in UNITS:
        raise ValueError(f"info.csv has it in {said}")
    return Meter(numerator, denominator)
