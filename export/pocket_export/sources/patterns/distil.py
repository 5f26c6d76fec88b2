"""From a collection of MIDI files to its patterns: read in batches through Dask, and written down.

However the batches are shared out, and in whatever order they come back, the table is the same. What is held
in memory is the files' names, and each different pattern once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pocket_export.night.readers import read_apart
from pocket_export.night.task import Task, Unread
from pocket_export.recordings import Performance
from pocket_export.sources.patterns.batches import SIZE, Answer, Batch, batches
from pocket_export.sources.patterns.collection import Collection, as_text
from pocket_export.sources.patterns.genres import genre_of
from pocket_export.sources.patterns.journal import Journal
from pocket_export.sources.patterns.recorded import TOLERANCE, Way, recorded
from pocket_export.sources.patterns.table import Distillate, to_tsv
from pocketd.wholefile import write_whole

Read = Callable[[Sequence[Task[Answer]]], Generator[tuple[str, Answer | Unread]]]
Watch = Callable[[int], None]  # told how many files are done, those of an earlier run too


@dataclass(frozen=True, slots=True)
class Distilling:
    """What to distil."""

    collection: Collection
    out: Path
    performances: tuple[Performance, ...] = ()
    way: Way = Way.WINDOWS  # how recordings yield patterns
    tolerance: int = TOLERANCE
    batch: int = SIZE  # files
    resume: bool = False

    @property
    def journal(self) -> Path:
        """Where what is done is written down."""
        return self.out.with_name(self.out.name + ".journal")

    @property
    def bad(self) -> Path:
        """Where files and folders are named that cannot be read: name, tab, why; a folder ends in a slash."""
        return self.out.with_name(self.out.name + ".bad")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    files: int
    bad: int
    without_drums: int
    other_meter: int
    from_files: int  # patterns of files that repeat
    from_recordings: int  # those that are in recordings alone
    resumed: int  # files that an earlier run had read
    closed: int  # folders that could not be looked into


def here(processes: int) -> Read:
    """Return what reads on this machine.

    Args:
        processes: How many at once.
    """
    return lambda tasks: read_apart(tasks, processes, _look)


def there(address: str) -> Read:
    """Return what reads on a Dask cluster that exists, whose workers find the files at the same paths.

    Args:
        address: The scheduler's.
    """

    def read(tasks: Sequence[Task[Answer]]) -> Generator[tuple[str, Answer | Unread]]:
        from pocket_export.night.cluster import read_on_cluster  # brings distributed, which few have

        return read_on_cluster(tasks, address, _look)

    return read


def distil(order: Distilling, read: Read, watch: Watch) -> Outcome:
    """Distil a collection.

    Args:
        order: What.
        read: By whom.
        watch: Called after each batch.

    Raises:
        DataError: The journal is damaged, or of another collection.
        ClusterError: The cluster cannot be used.
        PocketError: A file cannot be written.
    """
    names = order.collection.names
    journal = Journal(order.journal, names, order.batch)
    with _closing(journal):
        resumed = _read_all(order, journal, read, watch)
        whole, bad = Distillate(), list[tuple[int, str]]()
        files = without = other = 0
        for _, answer in journal.answers():
            files += answer.files
            without += answer.without_drums
            other += answer.other_meter
            bad += answer.bad
            for place, each in enumerate(answer.found):
                whole.add(each.pattern, each.file, place, each.laps)
        from_files = len(whole)
        played = list(recorded(order.performances, order.way, order.tolerance))
        for number, each_played in enumerate(played, len(names)):
            for place, found in enumerate(each_played.found):
                whole.add(found.pattern, number, place, found.laps)
        styles = [each_played.performance.style.split("/")[0] for each_played in played]
        sources = [*names, *(f"groove/{each_played.performance.name}" for each_played in played)]

        def genre(file: int) -> str:
            return genre_of(names[file]) if file < len(names) else styles[file - len(names)]

        write_whole(order.out, to_tsv(whole.lines(sources, genre)))
        closed = [(f"{name}/", why) for name, why in order.collection.closed]
        _write_bad(order.bad, [*((names[file], why) for file, why in sorted(bad)), *closed])
        journal.end(remove=True)
    return Outcome(files, len(bad), without, other, from_files, len(whole) - from_files, resumed, len(closed))


def _read_all(order: Distilling, journal: Journal, read: Read, watch: Watch) -> int:
    """Read what the journal does not have; return how many files it had."""
    known = journal.begin(resume=order.resume)
    parts = batches(order.collection.paths, order.batch)
    left = {batch.name: batch for batch in parts if batch.name not in known}
    resumed = done = len(order.collection) - sum(len(batch.paths) for batch in left.values())
    watch(done)
    for name, found in read([batch.task for batch in left.values()]):
        batch = left.pop(name)
        journal.write(batch, _one_by_one(batch, read) if isinstance(found, Unread) else found)
        done += len(batch.paths)
        watch(done)
    return resumed


def _one_by_one(batch: Batch, read: Read) -> Answer:
    """Read a batch that ended its reader, file by file; who ends one is bad, and the others are read."""
    singles = {single.name: single for single in batch.apart()}
    found = dict(read([single.task for single in singles.values()]))
    answers = [
        Answer(1, 0, 0, (), ((single.first, said.why),)) if isinstance(said, Unread) else said
        for single, said in ((single, found[name]) for name, single in singles.items())
    ]
    return Answer(
        sum(a.files for a in answers),
        sum(a.without_drums for a in answers),
        sum(a.other_meter for a in answers),
        tuple(each for a in answers for each in a.found),
        tuple(each for a in answers for each in a.bad),
    )


def _write_bad(path: Path, bad: Sequence[tuple[str, str]]) -> None:
    if bad:
        write_whole(path, "".join(f"{as_text(name)}\t{as_text(why)}\n" for name, why in bad).encode())
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _closing(journal: Journal) -> Generator[None]:
    try:
        yield
    finally:
        journal.end(remove=False)


def _look() -> None:
    """Nobody else has to be made way for."""
