"""Distilling a collection: the same table however it is read, and what is wrong is named."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
import pytest

from pocket_core.errors import DataError
from pocket_export.night.task import Task, Unread
from pocket_export.sources.patterns.batches import Answer
from pocket_export.sources.patterns.collection import collect
from pocket_export.sources.patterns.distil import Distilling, distil
from pocket_export.sources.patterns.genres import genre_of
from pocket_export.sources.patterns.repeats import chunks, near_repeats, repeats
from pocket_export.sources.patterns.table import read_tsv
from tests.export.sources.patterns.midi_files import ROCK, TOMS, midi


def one_by_one(tasks: Sequence[Task[Answer]]) -> Generator[tuple[str, Answer | Unread]]:
    for task in tasks:
        yield task.take, task.do()


def backwards(tasks: Sequence[Task[Answer]]) -> Generator[tuple[str, Answer | Unread]]:
    yield from one_by_one(list(reversed(tasks)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "midi"
    for name, content in {
        "rock/a.mid": midi(ROCK * 3),
        "rock/turned.mid": midi((ROCK[16:] + ROCK[:16]) * 4),
        "jazz/b.mid": midi(TOMS * 3),
        "twice.mid": midi(ROCK * 2),
        "waltz.mid": midi(TOMS * 3, meter=3),
        "broken.mid": b"MThd and no more",
    }.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


def test_what_repeats_three_times_is_in_the_table_once_under_all_rotations(folder: Path) -> None:
    order = Distilling(collect([folder]), folder.parent / "p.tsv", batch=1)

    outcome = distil(order, one_by_one, lambda _: None)

    lines = read_tsv(order.out)
    assert [(x.pattern, x.genre, x.source, x.times) for x in lines] == [
        (TOMS, "jazz", "midi/jazz/b.mid", 3),
        (ROCK, "rock", "midi/rock/a.mid", 7),
    ]
    assert (outcome.files, outcome.bad, outcome.other_meter) == (6, 1, 1)


def test_a_file_that_cannot_be_read_is_named_beside_the_table(folder: Path) -> None:
    order = Distilling(collect([folder]), folder.parent / "p.tsv")

    distil(order, one_by_one, lambda _: None)

    (line,) = order.bad.read_text("utf-8").splitlines()
    assert line.startswith("midi/broken.mid\t")


def test_in_whatever_order_batches_come_back_the_table_is_the_same(folder: Path) -> None:
    tables = []
    for name, read, batch in (("a", one_by_one, 1), ("b", backwards, 1), ("c", one_by_one, 4)):
        order = Distilling(collect([folder]), folder.parent / name, batch=batch)
        distil(order, read, lambda _: None)
        tables.append(order.out.read_bytes())

    assert tables[0] == tables[1] == tables[2]


def test_a_run_that_was_killed_goes_on_after_its_last_batch(folder: Path) -> None:
    def killed(tasks: Sequence[Task[Answer]]) -> Generator[tuple[str, Answer | Unread]]:
        yield from one_by_one(tasks[:3])
        raise KeyboardInterrupt

    whole = Distilling(collect([folder]), folder.parent / "whole", batch=1)
    distil(whole, one_by_one, lambda _: None)
    order = Distilling(collect([folder]), folder.parent / "p", batch=1, resume=True)
    with pytest.raises(KeyboardInterrupt):
        distil(order, killed, lambda _: None)
    with order.journal.open("ab") as file:
        file.write(b'["4", {"fil')  # what a kill leaves in the middle of a line

    outcome = distil(order, one_by_one, lambda _: None)

    assert outcome.resumed == 3
    assert order.out.read_bytes() == whole.out.read_bytes()
    assert not order.journal.exists()


def test_a_journal_of_another_collection_is_refused(folder: Path) -> None:
    order = Distilling(collect([folder]), folder.parent / "p", resume=True)
    order.journal.write_bytes(b'{"format": 1}\n')

    with pytest.raises(DataError, match="another collection"):
        distil(order, one_by_one, lambda _: None)


def test_a_long_pause_cuts_and_a_chunk_begins_at_its_bar_line() -> None:
    steps, bits = np.array([2, 3, 40, 41]), np.array([0, 1, 0, 0])

    found = [chunk.tolist() for chunk in chunks(steps, bits)]

    assert found == [[0, 0, 1, 2, *[0] * 12], [0] * 8 + [1, 1] + [0] * 6]


def test_twice_is_no_repeat_and_three_times_is() -> None:
    assert repeats(np.array(ROCK * 2)) == []
    assert [(each.pattern, each.laps) for each in repeats(np.array(ROCK * 3))] == [(ROCK, 3)]


def test_near_repeats_are_what_two_of_three_strike() -> None:
    played = np.array(ROCK * 3)
    played[5] |= 2  # one ghost note in the first time

    (found,) = near_repeats(played, tolerance=1)

    assert found.pattern == ROCK
    assert near_repeats(played, tolerance=0) == []


def test_a_files_own_name_says_its_genre_before_its_folders() -> None:
    assert genre_of("jazz/funky drummer.mid") == "funk"
    assert genre_of("hip hop/a.mid") == "hiphop"
    assert genre_of("x/y.mid") == "unknown"
