from __future__ import annotations

import pytest

from pocket_core.tempo import Meter
from pocket_core.types import Beats, Seconds
from pocket_core.voices import ROLAND
from pocketd.desk_records import Generated
from pocketd.take_bars import PlayedBar
from pocketd.take_made import Made, counted, dots, in_words, used_voices

FOUR, WALTZ = Meter(4, 4), Meter(3, 4)


def piece(position: float, *notes: int, held: bool = False, source: str = "bars") -> Generated:
    """Return two beats of notes, one a beat."""
    strokes = tuple((Beats(float(n)), note, 90, Beats(0.0)) for n, note in enumerate(notes))
    return Generated(
        at=Seconds(0.0),
        source=source,
        held=held,
        position=Beats(position),
        length=Beats(2.0),
        strokes=strokes,
    )


def played(*numbers: int, meter: Meter = FOUR) -> list[PlayedBar]:
    return [PlayedBar(number, meter, ()) for number in numbers]


def test_strokes_lie_in_the_bar_and_place_where_they_were_played() -> None:
    found = dots([piece(0, 36, 38), piece(2, 42), piece(4, 49)], played(1, 2), ROLAND)

    assert [[(dot.at, dot.voice) for dot in row] for row in found] == [
        [(0.0, 0), (0.25, 1), (0.5, 2)],
        [(0.0, 7)],
    ]


def test_each_lap_of_a_loop_has_its_own_strokes() -> None:
    laps = [piece(position, 36 if lap == 0 else 38) for lap in range(3) for position in (0, 2)]

    found = dots(laps, played(1, 1, 1), ROLAND)

    assert [[dot.voice for dot in row] for row in found] == [[0, 0], [1, 1], [1, 1]]


def test_a_piece_of_a_bar_that_was_never_heard_costs_nothing_behind_it() -> None:
    found = dots([piece(0, 36), piece(40, 38), piece(4, 42)], played(1, 2), ROLAND)

    assert [[dot.voice for dot in row] for row in found] == [[0], [2]]


def test_in_three_four_a_bar_has_three_beats() -> None:
    found = dots([piece(0, 36, 38), piece(3, 42)], played(1, 2, meter=WALTZ), ROLAND)

    assert [dot.at for dot in found[0]] == pytest.approx([0.0, 1 / 3])
    assert [dot.voice for dot in found[1]] == [2]


def test_a_note_of_no_voice_is_not_drawn() -> None:
    found = dots([piece(0, 100, 36)], played(1), ROLAND)

    assert [dot.voice for dot in found[0]] == [0]


def test_who_made_how_much_is_told_in_order_of_first_use() -> None:
    pieces = [
        piece(0, source="plain", held=True),
        piece(2, source="groove"),
        piece(4, source="groove", held=True),
    ]

    made = counted(pieces)

    assert made == [Made("plain", 1, 1), Made("groove", 2, 1)]
    assert in_words(made) == "plain made 1 half bars, 1 held; groove made 2 half bars, 1 held"


def test_only_voices_that_sound_have_a_line() -> None:
    found = dots([piece(0, 51, 36)], played(1), ROLAND)

    assert used_voices(found) == [0, 8]
