from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pocket_core.phrases.hvo import cells_of_strokes, phrase_of_cells
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import Phrase, Stroke
from pocket_core.phrases.steps import (
    BITS,
    Steps,
    cells_of_steps,
    counter,
    steps_of_cells,
    symbols_of,
    tracks_of,
)
from pocket_core.types import Beats

BAR = 16


def _steps(symbols: list[int]) -> Steps:
    array = np.array(symbols)
    return Steps(array, BITS[array] * np.float32(100 / 127))


def _phrase_of(steps: Steps) -> Phrase:
    return phrase_of_cells(cells_of_steps(steps), Kit())


def _steps_of(phrase: Phrase) -> Steps:
    return steps_of_cells(cells_of_strokes(phrase.strokes, Kit(), Beats(0.0), round(phrase.length * 4)))


@st.composite
def steps(draw: st.DrawFn) -> Steps:
    symbols = np.array(draw(st.lists(st.integers(0, 511), min_size=1, max_size=40)))
    loud = draw(arrays.arrays(np.int64, (len(symbols), 9), elements=st.integers(1, 127)))
    return Steps(symbols, (BITS[symbols] * loud / 127).astype(np.float32))


@given(steps())
def test_steps_come_back_from_a_phrase_as_they_were(played: Steps) -> None:
    back = _steps_of(_phrase_of(played))

    assert np.array_equal(back.symbols, played.symbols)
    assert np.allclose(back.velocities, played.velocities)


@given(steps())
def test_steps_come_back_from_cells_as_they_were(played: Steps) -> None:
    back = steps_of_cells(cells_of_steps(played))

    assert np.array_equal(back.symbols, played.symbols)
    assert np.array_equal(back.velocities, played.velocities)


def test_voice_v_is_bit_v_of_a_symbol() -> None:
    hits = np.zeros((2, 9), np.float32)
    hits[0, [0, 2]] = 1.0  # kick and closed hat
    hits[1, 8] = 1.0  # ride

    assert symbols_of(hits).tolist() == [0b101, 0b1_0000_0000]


def test_the_louder_of_two_notes_of_a_voice_stays() -> None:
    rim = Stroke(Beats(0.0), 37, 90)
    snare = Stroke(Beats(0.0), 38, 40)

    played = _steps_of(Phrase((rim, snare), Beats(4.0)))

    assert played.symbols.tolist() == [2, *[0] * 15]
    assert played.velocities[0, 1] == np.float32(90 / 127)


def test_the_counter_counts_in_bits() -> None:
    assert counter(np.array([0, 1, 6, 63, 64])).tolist() == [
        [-1] * 6,
        [1, -1, -1, -1, -1, -1],
        [-1, 1, 1, -1, -1, -1],
        [1] * 6,
        [-1] * 6,
    ]


def test_a_track_begins_with_the_bar_of_its_first_stroke_and_ends_with_its_last() -> None:
    whole = _steps([0] * 20 + [1] + [0, 0, 0, 2] * 28 + [0] * 9)

    (track,) = tracks_of(whole)

    assert track.symbols.tolist() == whole.symbols.tolist()[16:133]


def test_a_bar_of_silence_ends_a_track() -> None:
    seven = [1, 0, 0, 1] * 28  # ends with a stroke
    whole = _steps([*seven, *[0] * BAR, *seven])

    assert [len(track) for track in tracks_of(whole)] == [112, 112]


def test_a_shorter_silence_does_not() -> None:
    seven = [1, 0, 0, 1] * 28
    whole = _steps([*seven, *[0] * (BAR - 1), *seven])

    assert [len(track) for track in tracks_of(whole)] == [239]


def test_a_track_of_less_than_seven_bars_is_left_out() -> None:
    assert tracks_of(_steps([1] * 111)) == []


def test_a_long_track_is_cut_at_512_steps() -> None:
    assert [len(track) for track in tracks_of(_steps([1] * 700))] == [512]


def test_silence_has_no_tracks() -> None:
    assert tracks_of(_steps([0] * 200)) == []


def test_one_drum_is_the_snare_as_hard_as_the_hardest() -> None:
    loud = np.zeros((2, 9), np.float32)
    loud[0, [0, 8]] = 0.3, 0.8

    one = Steps(np.array([0b1_0000_0001, 0]), loud).one_drum()

    assert one.symbols.tolist() == [2, 0]
    assert one.velocities[0].tolist() == [0, np.float32(0.8), 0, 0, 0, 0, 0, 0, 0]
