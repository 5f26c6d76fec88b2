"""What the soak counts, for a soak that finds nothing must be one that would have found it."""

from __future__ import annotations

from itertools import chain

import pytest
from benchmarks.soak import VELOCITIES, Notes

from pocket_core.wire import note_off, note_on

HITS = 3 * VELOCITIES


def part() -> list[list[bytes]]:
    """Return hits in order, each with its note-off."""
    notes = [36 + n % 4 for n in range(HITS)]
    return [[note_on(9, note, 1 + n % VELOCITIES), note_off(9, note, 64)] for n, note in enumerate(notes)]


def counted(part: list[list[bytes]]) -> tuple[int, int, int, int]:
    notes = Notes()
    for message in chain.from_iterable(part):
        notes.hear(message)
    return HITS - notes.hits, notes.doubled, notes.stuck, notes.wrong_order


def test_a_whole_part_is_found_whole() -> None:
    found = counted(part())

    assert found == (0, 0, 0, 0)


@pytest.mark.parametrize("number", [0, 1, 126, 200, HITS - 1])
def test_a_lost_hit_is_counted_as_lost_alone(number: int) -> None:
    played = part()
    del played[number]

    found = counted(played)

    assert found == (1, 0, 0, 0)


def test_a_doubled_hit_is_counted() -> None:
    played = part()
    played.insert(130, played[129])

    found = counted(played)

    assert found == (-1, 1, 0, 0)


def test_hits_that_change_places_are_counted() -> None:
    played = part()
    played[130], played[131] = played[131], played[130]

    found = counted(played)

    assert found == (0, 0, 0, 1)


def test_a_note_that_does_not_end_is_counted() -> None:
    played = part()
    del played[-1][1]

    found = counted(played)

    assert found == (0, 0, 1, 0)
