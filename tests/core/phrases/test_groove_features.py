from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from pocket_core.phrases.groove_features import (
    DECIDED,
    DENSITY,
    FROM_BEFORE,
    GROOVE,
    KNOWN,
    LAST,
    LAST_GROOVE,
    MEMORY_STEPS,
    MUSICIAN,
    PHASES,
    REMEMBERED,
    SHARES,
    STEPS,
    STYLE,
    USUAL,
    WIDTH,
    Asked,
    decide,
    feature_rows,
)
from pocket_core.phrases.hvo import A_BAR, COUNT, Cells, no_cells
from pocket_core.phrases.styles import STYLES

SILENCE = np.zeros((STEPS, 3), np.float32)


def backbeat() -> Cells:
    """Return eight bars with a snare, late by a tenth of a sixteenth, at the second quarter of each."""
    made = no_cells(MEMORY_STEPS)
    made.hits[4::A_BAR, 1], made.velocities[4::A_BAR, 1], made.offsets[4::A_BAR, 1] = 1.0, 0.8, 0.1
    return made


def test_the_groove_stands_first_with_offsets_in_half_sixteenths() -> None:
    groove = SILENCE.copy()
    groove[3] = (1.0, 0.7, -0.25)

    x = feature_rows(groove, no_cells(MEMORY_STEPS), 0, Asked())

    assert x.shape == (STEPS, WIDTH)
    assert_allclose(x[3, GROOVE], (1.0, 0.7, -0.5))


def test_with_no_memory_all_its_columns_are_zero_whatever_was_played() -> None:
    x = feature_rows(SILENCE, backbeat(), 0, Asked())

    assert not x[:, REMEMBERED].any()


def test_memory_tells_the_same_step_of_two_bars_before() -> None:
    x = feature_rows(SILENCE, backbeat(), MEMORY_STEPS, Asked())

    snare = x[:, LAST].reshape(STEPS, 3, COUNT)[:, :, 1]
    assert_allclose(snare[4], (1.0, 0.8, 0.2), atol=1e-6)
    assert_array_equal(np.flatnonzero(snare[:, 0]), (4, 20))


def test_memory_tells_what_is_usual_at_a_place_of_the_bar() -> None:
    past = backbeat()
    past.hits[: 4 * A_BAR], past.velocities[: 4 * A_BAR], past.offsets[: 4 * A_BAR] = 0.0, 0.0, 0.0

    x = feature_rows(SILENCE, past, MEMORY_STEPS, Asked())

    often, loud, late = x[4, USUAL].reshape(3, COUNT)[:, 1]
    assert_allclose((often, loud, late), (0.5, 0.8, 0.2), atol=1e-6)  # in four bars of eight


def test_of_a_short_memory_only_the_bars_that_there_were_are_averaged() -> None:
    past = backbeat()
    past.hits[: 7 * A_BAR] = 0.0

    x = feature_rows(SILENCE, past, A_BAR, Asked())

    assert x[4, USUAL][1] == 1.0
    assert_allclose(x[0, KNOWN], 1 / 8)
    assert_allclose(x[0, SHARES][1], 4 / A_BAR)


def test_the_groove_that_was_answered_may_be_told_apart_from_the_drums() -> None:
    heard = np.zeros((MEMORY_STEPS, 3), np.float32)
    heard[-1] = (1.0, 0.5, 0.25)

    x = feature_rows(SILENCE, backbeat(), MEMORY_STEPS, Asked(), heard)

    assert_allclose(x[-1, LAST_GROOVE], (1.0, 0.5, 0.5))
    assert not x[4, LAST_GROOVE].any()


def test_every_eighth_bar_is_at_the_same_place_of_a_phrase() -> None:
    first, fourth, eighth = (
        feature_rows(SILENCE, no_cells(MEMORY_STEPS), 0, Asked(bar=bar))[:, PHASES] for bar in (0, 4, 8)
    )

    assert_allclose(first, eighth, atol=1e-6)
    assert np.abs(first - fourth).max() > 1


def test_what_is_not_asked_for_leaves_its_columns_zero() -> None:
    x = feature_rows(SILENCE, no_cells(MEMORY_STEPS), 0, Asked(style="of nobody"))

    assert not x[:, DENSITY].any()
    assert not x[:, STYLE].any()
    assert not x[:, FROM_BEFORE].any()


def test_style_and_density_are_told_at_every_step() -> None:
    x = feature_rows(SILENCE, no_cells(MEMORY_STEPS), 0, Asked(style="funk", density=0.6, from_before=True))

    assert_array_equal(x[:, STYLE].argmax(1), STYLES.index("funk"))
    assert_allclose(x[:, DENSITY], np.tile((1.0, 0.6), (STEPS, 1)))
    assert x[:, FROM_BEFORE].all()


def test_a_musicians_part_is_marked() -> None:
    both = [feature_rows(SILENCE, no_cells(MEMORY_STEPS), 0, Asked(musician=said)) for said in (False, True)]

    assert [set(x[:, MUSICIAN].tolist()) for x in both] == [{0.0}, {1.0}]


def test_what_is_decided_is_told_from_what_is_not_struck() -> None:
    x = feature_rows(SILENCE, no_cells(MEMORY_STEPS), 0, Asked())
    struck = np.zeros((STEPS, COUNT), np.float32)
    struck[4::8, 1], struck[:, 2] = 1.0, 1.0

    decide(x, (0, 1), struck)

    said, hits = x[:, DECIDED][:, :COUNT], x[:, DECIDED][:, COUNT:]
    assert said.sum(0).tolist() == [STEPS, STEPS, *[0] * (COUNT - 2)]
    assert_array_equal(hits[:, :2], struck[:, :2])
    assert not hits[:, 2:].any()
