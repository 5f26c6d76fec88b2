from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from pocket_core.phrases.generator import Onset
from pocket_core.phrases.hvo import (
    COUNT,
    Cells,
    cells_from,
    cells_of,
    cells_of_strokes,
    flattened,
    groove_of,
    no_cells,
    phrase_of_cells,
)
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import Stroke
from pocket_core.types import Beats
from pocket_core.voices import VOICES

KICK, SNARE, CRASH = VOICES.index("kick"), VOICES.index("snare"), VOICES.index("crash")


def cells(*struck: tuple[int, int, float, float], steps: int = 8) -> Cells:
    """Return cells of (step, voice, velocity, offset)."""
    made = no_cells(steps)
    for step, voice, velocity, offset in struck:
        made.hits[step, voice], made.velocities[step, voice] = 1.0, velocity
        made.offsets[step, voice] = offset
    return made


def of_notes(*notes: tuple[float, int, int], steps: int = 8) -> Cells:
    beats, voices, velocities = (np.array(column) for column in zip(*notes, strict=True))
    return cells_of(beats.astype(np.float64), voices, velocities, steps)


def test_a_note_behind_its_sixteenth_has_a_positive_offset() -> None:
    made = of_notes((0.25 + 0.05, SNARE, 127))

    assert_allclose(made.offsets[1, SNARE], 0.2, atol=1e-6)  # 0.05 beats are a fifth of a sixteenth


def test_of_two_notes_in_a_cell_the_loudest_stays_with_its_own_offset() -> None:
    made = of_notes((0.26, SNARE, 40), (0.24, SNARE, 120), (0.27, SNARE, 60))

    assert made.hits.sum() == 1
    assert_allclose(made.velocities[1, SNARE], 120 / 127)
    assert_allclose(made.offsets[1, SNARE], -0.04, atol=1e-6)


def test_half_way_between_two_sixteenths_a_note_is_the_later_ones_and_early() -> None:
    made = of_notes((0.125, KICK, 100))

    assert made.hits[1, KICK] == 1
    assert made.offsets[1, KICK] == -0.5


def test_notes_that_are_nearest_to_a_step_outside_are_left_out() -> None:
    made = of_notes((-0.2, KICK, 100), (1.9, KICK, 100))

    assert not made.array.any()


def test_a_note_a_little_before_the_first_step_belongs_to_it() -> None:
    made = of_notes((-0.1, KICK, 100))

    assert_allclose(made.offsets[0, KICK], -0.4, atol=1e-6)


def test_the_groove_is_the_loudest_voice_of_each_step() -> None:
    groove = flattened(cells((2, KICK, 0.5, 0.1), (2, SNARE, 0.9, -0.3), (2, CRASH, 0.2, 0.4)))

    assert_allclose(groove[2], (1.0, 0.9, -0.3), atol=1e-6)
    assert not np.delete(groove, 2, 0).any()


def test_a_musicians_onsets_make_a_groove_from_a_position_on() -> None:
    heard = (Onset(Beats(7.99), 90), Onset(Beats(8.51), 127), Onset(Beats(12.0), 80))

    groove = groove_of(heard, Beats(8.0), 8)

    assert_allclose(groove[0], (1.0, 90 / 127, -0.04), atol=1e-5)
    assert_allclose(groove[2], (1.0, 1.0, 0.04), atol=1e-5)
    assert groove[:, 0].sum() == 2


def test_of_a_chord_the_loudest_note_is_the_groove() -> None:
    groove = groove_of((Onset(Beats(1.02), 60), Onset(Beats(1.0), 100)), Beats(0.0), 8)

    assert_allclose(groove[4], (1.0, 100 / 127, 0.0), atol=1e-6)


def test_of_notes_as_loud_as_each_other_the_first_counts_and_of_silence_none() -> None:
    heard = (Onset(Beats(1.0), 60), Onset(Beats(1.02), 60), Onset(Beats(2.0), 0))

    groove = groove_of(heard, Beats(0.0), 16)

    assert_allclose(groove[4], (1.0, 60 / 127, 0.0), atol=1e-6)
    assert not np.delete(groove, 4, 0).any()


def test_of_strokes_in_one_cell_the_loudest_counts_and_of_those_as_loud_the_first() -> None:
    late = (0.0, 0.01, 0.02, 0.03)
    strokes = [Stroke(Beats(1.0), 36, v, Beats(o)) for v, o in zip((60, 90, 90, 50), late, strict=True)]

    made = cells_of_strokes(strokes, Kit(), Beats(0.0), 8)

    assert made.velocities[4, KICK] == pytest.approx(90 / 127)
    assert made.offsets[4, KICK] == pytest.approx(0.04)


def test_a_groove_of_nothing_is_silent() -> None:
    assert not groove_of((), Beats(4.0), 8).any()


def test_a_crash_is_played_as_a_crash() -> None:
    phrase = phrase_of_cells(cells((0, CRASH, 1.0, 0.0)), Kit())

    assert [(s.note, s.velocity) for s in phrase.strokes] == [(49, 127)]


def test_the_softest_stroke_still_sounds() -> None:
    phrase = phrase_of_cells(cells((0, KICK, 0.001, 0.0)), Kit())

    assert phrase.strokes[0].velocity == 1


def test_a_stroke_of_no_voice_is_no_cell() -> None:
    made = cells_of_strokes((Stroke(Beats(0.0), 99, 100),), Kit(), Beats(0.0), 8)

    assert not made.array.any()


def test_a_cut_beyond_the_end_is_silent_there() -> None:
    made = cells((7, KICK, 1.0, 0.0)).cut(6, 12)

    assert len(made) == 6
    assert made.hits[1, KICK] == 1
    assert made.hits.sum() == 1


struck = st.tuples(
    st.integers(0, 31),
    st.integers(0, COUNT - 1),
    st.integers(1, 127),
    st.floats(-0.484375, 0.484375, width=32),
)


@given(st.lists(struck, max_size=60, unique_by=lambda s: s[:2]), st.integers(0, 500))
def test_cells_come_back_from_the_phrase_they_make(hits: list[tuple[int, int, int, float]], bar: int) -> None:
    made = cells(*((step, voice, velocity / 127, late) for step, voice, velocity, late in hits), steps=32)

    begin = Beats(4.0 * bar)
    back = cells_of_strokes(phrase_of_cells(made, Kit()).at(begin), Kit(), begin, 32)

    assert_array_equal(back.hits, made.hits)
    assert_allclose(back.velocities, made.velocities, atol=1e-6)
    assert_allclose(back.offsets, made.offsets, atol=1e-4)


@given(st.lists(struck, max_size=60, unique_by=lambda s: s[:2]))
def test_a_groove_is_struck_where_any_voice_is_and_as_hard_as_the_hardest(
    hits: list[tuple[int, int, int, float]],
) -> None:
    made = cells(*((step, voice, velocity / 127, late) for step, voice, velocity, late in hits), steps=32)

    groove = flattened(made)

    assert_array_equal(groove[:, 0], made.hits.max(1))
    assert_array_equal(groove[:, 1], made.velocities.max(1))
    assert_array_equal(cells_from(made.array).array, made.array)
