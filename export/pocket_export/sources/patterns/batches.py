"""Some files of a collection at once: what a reader, here or on a cluster, is told, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dask.delayed import delayed

from pocket_core.errors import MidiFileError, one_line
from pocket_core.phrases.patterns import Pattern
from pocket_export.night.task import Task
from pocket_export.sources.patterns.collection import as_text
from pocket_export.sources.patterns.reading import patterns_in, read_drums

SIZE = 64  # files


@dataclass(frozen=True, slots=True)
class Distilled:
    """A pattern of a file."""

    file: int  # its number in the collection
    pattern: Pattern
    laps: int  # how often it stands there in a row, all rows together


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a batch."""

    files: int
    without_drums: int  # channel 10 is empty
    other_meter: int  # drums, and none of the 14 instruments in 4/4
    found: tuple[Distilled, ...]  # in order of file, and of where it stands in it
    bad: tuple[tuple[int, str], ...]  # files that cannot be read, and why


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that are read together."""

    first: int  # number of its first file
    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """What a reader calls it."""
        return str(self.first)

    @property
    def task(self) -> Task[Answer]:
        """Return it as what a reader does."""
        return Task(self.name, delayed(read_batch, pure=False)(self.first, self.paths))

    def apart(self) -> list[Batch]:
        """Return its files one by one, where one of them ends whoever reads it."""
        return [Batch(self.first + n, (path,)) for n, path in enumerate(self.paths)]


def batches(paths: Sequence[str], size: int = SIZE) -> list[Batch]:
    """Return a collection in batches."""
    return [Batch(n, tuple(paths[n : n + size])) for n in range(0, len(paths), size)]


def read_batch(first: int, paths: Sequence[str]) -> Answer:
    """Read files; whatever is wrong with one of them, the others are read."""
    without = other = 0
    found, bad = list[Distilled](), list[tuple[int, str]]()
    for file, path in enumerate(paths, first):
        try:
            drums = read_drums(Path(path))
            here = patterns_in(drums)
        except MidiFileError as error:
            bad.append((file, as_text(str(error))))
        except Exception as error:  # named, so that somebody can look at the file
            bad.append((file, as_text(f"{type(error).__name__}: {one_line(error)}")))
        else:
            without += not drums.strokes
            other += bool(drums.strokes) and not drums.parts
            found += [Distilled(file, each.pattern, each.laps) for each in here]
    return Answer(len(paths), without, other, tuple(found), tuple(bad))
