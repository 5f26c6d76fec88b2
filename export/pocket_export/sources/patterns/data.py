"""What a space of patterns is learnt from, chosen by and judged by: divided by file, never by pattern.

Recordings have the split of the Groove MIDI Dataset. A MIDI file's is by lot, of its name: a tenth of them
to choose by, a tenth to judge by.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pocket_core.errors import DataError, MidiFileError
from pocket_core.phrases.patterns import STEPS, cells_of_patterns, digest
from pocket_export.recordings import SPLITS, Groove
from pocket_export.sources.patterns.collection import collect
from pocket_export.sources.patterns.genres import genre_of
from pocket_export.sources.patterns.reading import patterns_in, read_drums
from pocket_export.sources.patterns.recorded import Way, recorded
from pocket_export.sources.patterns.table import Line

Splits = Mapping[str, "PatternSet"]
VARIABLE = "POCKETD_DATA"
SHARED = Path("../shared/data")
MULTITRACK = Path("multitrack_midi")
SHIPS = "freedoom"  # the one collection whose licence lets what is learnt from it ship
LICENCE = "BSD-3-Clause, the freedoom project"


@dataclass(frozen=True, slots=True)
class PatternSet:
    """Patterns with where they come from; one of each under all rotations."""

    patterns: NDArray[np.int64]  # (N, 32)
    genres: tuple[str, ...]
    names: tuple[str, ...]  # of the file that had it first
    times: tuple[int, ...]  # how often it is played

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.patterns)

    @property
    def cells(self) -> NDArray[np.float32]:
        """As what a network is told, `float32[N, 448]`."""
        return cells_of_patterns(self.patterns.tolist())

    @property
    def digests(self) -> frozenset[bytes]:
        """What they are known by, whatever step they begin at."""
        return frozenset(digest(row) for row in self.patterns.tolist())

    @property
    def lines(self) -> list[Line]:
        """As lines of a table."""
        columns = (self.patterns.tolist(), self.genres, self.names, self.times)
        return [Line(tuple(p), g, n, t) for p, g, n, t in zip(*columns, strict=True)]

    def rows(self, rows: Sequence[int] | NDArray[np.int64]) -> PatternSet:
        """Return some of them."""
        chosen = [int(row) for row in rows]
        return PatternSet(
            self.patterns[chosen],
            tuple(self.genres[n] for n in chosen),
            tuple(self.names[n] for n in chosen),
            tuple(self.times[n] for n in chosen),
        )


def pattern_set(lines: Iterable[Line]) -> PatternSet:
    """Return lines as a set: of the same under rotation the first stays, and counts for all."""
    first: dict[bytes, int] = {}
    kept, times = list[Line](), list[int]()
    for line in lines:
        place = first.setdefault(digest(line.pattern), len(kept))
        if place == len(kept):
            kept.append(line)
            times.append(0)
        times[place] += line.times
    patterns = np.array([line.pattern for line in kept], np.int64).reshape(-1, STEPS)
    return PatternSet(patterns, tuple(x.genre for x in kept), tuple(x.source for x in kept), tuple(times))


def find_multitrack(given: Path | None = None) -> Path | None:
    """Return the folder of MIDI files that patterns which ship are distilled from.

    Args:
        given: Looked at alone where it is given.

    Returns:
        None: There is none; recordings are all there is to learn from.

    Raises:
        DataError: What is given is no folder.
    """
    if given is not None:
        if not given.is_dir():
            raise DataError(f"{given} is no folder; name one with MIDI files")
        return given
    place = Path(os.environ.get(VARIABLE, SHARED)) / MULTITRACK / SHIPS
    return place if place.is_dir() else None


def splits(groove: Groove, multitrack: Path | None) -> Splits:
    """Return what there is of each of `SPLITS`.

    Within each, patterns that repeat in MIDI files are before those of recordings. A pattern may be in two
    splits: drummers play the same.

    Raises:
        DataError: There is nothing to learn from.
    """
    lines: dict[str, list[Line]] = {split: [] for split in SPLITS}
    for split, line in _of_files(multitrack):
        lines[split].append(line)
    for split in SPLITS:
        for played in recorded(groove.split(split), Way.WINDOWS):
            genre, name = played.performance.style.split("/")[0], f"groove/{played.performance.name}"
            lines[split] += [Line(found.pattern, genre, name, found.laps) for found in played.found]
    made = {split: pattern_set(lines[split]) for split in SPLITS}
    if not len(made["train"]):
        raise DataError("no pattern to learn from; is the data set whole? `pocketd data show` tells")
    return made


def contents(multitrack: Path | None) -> str:
    """Return the SHA-256 of all files of a folder, in their order; empty: there is no folder."""
    if multitrack is None:
        return ""
    found = hashlib.sha256()
    for path in collect([multitrack]).paths:
        found.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return found.hexdigest()


def split_of(name: str) -> str:
    """Return the split of a MIDI file."""
    place = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[0] % 10
    return {0: "validation", 1: "test"}.get(place, "train")


def _of_files(folder: Path | None) -> Iterable[tuple[str, Line]]:
    if folder is None:
        return
    collection = collect([folder])
    for path, name in zip(collection.paths, collection.names, strict=True):
        try:
            found = patterns_in(read_drums(Path(path)))
        except MidiFileError:  # `distil` names it
            continue
        for each in found:
            yield split_of(name), Line(each.pattern, genre_of(name), name, each.laps)
