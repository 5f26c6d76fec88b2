"""Patterns as 32 integers, and phrases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.phrases.kit import Kit
from pocket_core.phrases.pattern_velocities import contexts_of, velocities_of
from pocket_core.phrases.patterns import (
    BIT_OF_NOTE,
    BITS,
    NOTES,
    STEPS,
    UNHEARD,
    canonical,
    cells_of_patterns,
    digest,
    entropy,
    pattern_of,
    patterns_of_cells,
    phrase_of_pattern,
    varied,
)

HEARD = sum(1 << bit for bit in range(BITS) if bit != UNHEARD)
patterns = st.lists(st.integers(0, 2**BITS - 1), min_size=STEPS, max_size=STEPS).map(tuple)
heard = st.lists(st.integers(0, 2**BITS - 1).map(lambda n: n & HEARD), min_size=STEPS, max_size=STEPS).map(
    tuple
)


@given(heard)
def test_a_pattern_comes_back_out_of_its_phrase(steps: tuple[int, ...]) -> None:
    assert pattern_of(phrase_of_pattern(steps, Kit())) == steps


@given(patterns)
def test_a_pattern_comes_back_out_of_its_cells(steps: tuple[int, ...]) -> None:
    assert patterns_of_cells(cells_of_patterns([steps])) == [steps]


@given(patterns, st.integers(0, STEPS - 1))
def test_every_rotation_has_one_canonical_form(steps: tuple[int, ...], turn: int) -> None:
    turned = steps[turn:] + steps[:turn]

    assert canonical(turned) == canonical(steps) == min(steps[n:] + steps[:n] for n in range(STEPS))
    assert digest(turned) == digest(steps)


@pytest.mark.parametrize(
    ("note", "same"),
    [(35, 36), (37, 38), (40, 38), (43, 41), (47, 45), (50, 48), (44, 42), (57, 49), (52, 49)],
)
def test_a_note_counts_as_the_one_it_is_simplified_to(note: int, same: int) -> None:
    assert NOTES[int(BIT_OF_NOTE[note])] == same


@pytest.mark.parametrize(("note", "same"), [(59, 51), (53, 51), (55, 51), (22, 42), (26, 46), (58, 41)])
def test_a_ride_a_splash_and_rolands_notes_count_as_others(note: int, same: int) -> None:
    assert NOTES[int(BIT_OF_NOTE[note])] == same


def test_a_crash_is_a_crash() -> None:
    (stroke,) = phrase_of_pattern((1 << 7, *[0] * 31), Kit()).strokes

    assert stroke.note == 49


def test_entropy_is_of_how_often_each_step_occurs() -> None:
    assert entropy((7,) * 32) == 0.0
    assert entropy((1, 2) * 16) == pytest.approx(1.0)
    assert entropy(tuple(range(32))) == pytest.approx(math.log2(32))


def test_what_alternates_is_trivial_and_four_even_steps_are_not() -> None:
    assert not varied((5, 4) * 16)
    assert varied((5, 4, 6, 0) * 8)


def test_a_stroke_beside_another_of_its_kind_has_another_context_than_one_alone() -> None:
    struck = np.zeros((STEPS, BITS), bool)
    struck[[0, 1], 2] = struck[8, 2] = struck[8, 0] = True

    contexts = contexts_of(struck)

    assert contexts[0, 2] == 1
    assert contexts[8, 2] == 2
    assert contexts[8, 0] == 0


def test_velocities_stay_within_midi_however_far_chance_goes() -> None:
    means, spreads = np.full((16, BITS, 4), 120, np.float32), np.full(BITS, 50, np.float32)
    noise = np.random.default_rng(1).standard_normal((STEPS, BITS)) * 10

    found = velocities_of(np.ones((STEPS, BITS), bool), means, spreads, noise)

    assert found.min() == 1
    assert found.max() == 127
