"""Drums as symbols of sixteenths."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.phrases.hvo import cells_of_strokes, phrase_of_cells
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, Phrase, Stroke, phrase_of
from pocket_core.phrases.steps import (
    BITS,
    SNARE,
    SYMBOLS,
    Steps,
    cells_of_steps,
    counter,
    steps_of_cells,
    tracks_of,
)
from pocket_core.types import Beats


def _steps(*symbols: int) -> Steps:
    """Return symbols whose strokes are all of velocity 100."""
    return Steps(np.array(symbols, np.int64), BITS[list(symbols)] * np.float32(100 / 127))


def _phrase_of(steps: Steps) -> Phrase:
    return phrase_of_cells(cells_of_steps(steps), Kit())


def _steps_of(phrase: Phrase) -> Steps:
    return steps_of_cells(cells_of_strokes(phrase.strokes, Kit(), Beats(0.0), round(phrase.length * 4)))


def _struck(length: int, *struck: int) -> Steps:
    """Return a kick at some of so many steps."""
    return _steps(*(int(n in struck) for n in range(length)))


@given(
    st.lists(
        st.tuples(st.integers(0, SYMBOLS - 1), st.lists(st.integers(1, 127), min_size=9, max_size=9)),
        min_size=1,
        max_size=40,
    )
)
def test_symbols_that_become_a_phrase_come_back(rows: list[tuple[int, list[int]]]) -> None:
    symbols = np.array([symbol for symbol, _ in rows])
    velocities = np.array([loud for _, loud in rows], np.float32) / 127 * BITS[symbols]

    again = _steps_of(_phrase_of(Steps(symbols, velocities)))

    np.testing.assert_array_equal(again.symbols, symbols)
    np.testing.assert_allclose(again.velocities, velocities, atol=1e-6)


def test_kick_and_snare_at_once_are_one_symbol() -> None:
    strokes = [Stroke(Beats(1.0), 36, 90), Stroke(Beats(1.0), 38, 60)]

    steps = _steps_of(phrase_of(strokes, BAR))

    assert np.flatnonzero(steps.symbols).tolist() == [4]
    assert steps.symbols[4] == 0b11


def test_crash_is_general_midis_crash() -> None:
    phrase = _phrase_of(_steps(1 << 7))

    assert [stroke.note for stroke in phrase.strokes] == [49]


def test_counter_has_its_lowest_bit_first_and_comes_round_after_four_bars() -> None:
    rows = counter(np.array([0, 1, 32, 64]))

    assert rows.tolist() == [[-1] * 6, [1, -1, -1, -1, -1, -1], [-1, -1, -1, -1, -1, 1], [-1] * 6]


def test_track_begins_with_the_bar_of_its_first_stroke_and_ends_with_its_last() -> None:
    steps = _struck(200, 20, *range(28, 140, 8))

    tracks = tracks_of(steps)

    assert [len(track) for track in tracks] == [133 - 16]
    assert np.flatnonzero(tracks[0].symbols)[0] == 4


def test_fifteen_silent_steps_do_not_end_a_track_and_sixteen_do() -> None:
    before, after = range(0, 128, 8), range(0, 128, 8)

    whole = tracks_of(_struck(400, *before, *(136 + n for n in after)))
    in_two = tracks_of(_struck(400, *before, *(137 + n for n in after)))

    assert [len(track) for track in whole] == [257]
    assert [len(track) for track in in_two] == [121, 130]


def test_track_of_less_than_seven_bars_is_left_out() -> None:
    assert tracks_of(_struck(120, 0, 15, 30, 45, 60, 75, 90, 105, 110)) == []
    assert [len(t) for t in tracks_of(_struck(120, 0, 15, 30, 45, 60, 75, 90, 105, 111))] == [112]


def test_long_track_is_cut_off_after_512_steps() -> None:
    tracks = tracks_of(_struck(1000, *range(0, 1000, 4)))

    assert [len(track) for track in tracks] == [512]


def test_silence_has_no_tracks() -> None:
    assert tracks_of(_struck(300)) == []


def test_one_drum_is_struck_wherever_any_is_and_as_hard_as_the_hardest() -> None:
    strokes = [Stroke(Beats(0.0), 36, 40), Stroke(Beats(0.0), 42, 110)]
    one = _steps_of(phrase_of(strokes, BAR)).one_drum()

    assert one.symbols.tolist() == [SNARE] + [0] * 15
    assert round(float(one.velocities[0, 1]) * 127) == 110
    assert one.velocities[0].astype(bool).sum() == 1
