from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pocket_core.phrases.hvo import A_BAR, COUNT, Cells, no_cells
from pocket_core.phrases.measures import (
    KEYS,
    MEASURES,
    likeness,
    measured,
    profile,
    repeats,
    syncopation,
    weights,
)

COUNTED = ("hits", "syncopation", "time")  # beyond their highest they are told as it


def drums(*strokes: tuple[int, int, float, float], bars: int = 1) -> Cells:
    """Return cells of strokes: step, voice, velocity and offset."""
    cells = no_cells(bars * A_BAR)
    for step, voice, velocity, offset in strokes:
        cells.hits[step, voice] = 1.0
        cells.velocities[step, voice] = velocity
        cells.offsets[step, voice] = offset
    return cells


def rock(bars: int) -> Cells:
    """Return kick on one and three, snare on two and four, hats in eighths."""
    strokes = []
    for bar in range(0, bars * A_BAR, A_BAR):
        strokes += [
            (bar, 0, 0.8, 0.0),
            (bar + 8, 0, 0.8, 0.0),
            (bar + 4, 1, 0.9, 0.1),
            (bar + 12, 1, 0.9, 0.1),
        ]
        strokes += [(bar + step, 2, 0.5, -0.1) for step in range(0, A_BAR, 2)]
    return drums(*strokes, bars=bars)


def of(cells: Cells, key: str) -> np.ndarray:
    return measured(cells)[:, KEYS.index(key)]


def test_a_rock_bar_is_counted() -> None:
    row = dict(zip(KEYS, measured(rock(1))[0], strict=True))

    assert (row["hits"], row["instruments"], row["density"]) == (12, 3, 8)
    assert (row["kicks"], row["snares"], row["time"], row["backbeat"]) == (2, 2, 8, 2)
    assert row["syncopation"] == 0
    assert row["velocity"] == pytest.approx((2 * 0.8 + 2 * 0.9 + 8 * 0.5) / 12)
    assert row["offset"] == pytest.approx((2 * 0.1 - 8 * 0.1) / 12)
    assert row["offset_sd"] == pytest.approx(np.std([0.0, 0.0, 0.1, 0.1, *[-0.1] * 8]))
    assert np.isnan(row["lag_1"])


def test_the_sixteenths_weigh_as_in_the_paper() -> None:
    assert weights().tolist() == [0, -4, -3, -4, -2, -4, -3, -4, -1, -4, -3, -4, -2, -4, -3, -4]


def test_a_stroke_before_a_silent_heavier_sixteenth_is_syncopated_by_the_difference() -> None:
    struck = np.zeros(2 * A_BAR, bool)
    struck[[0, 6, 12, 15]] = True  # the last before a silent first of the next bar

    found = syncopation(struck)

    # 6 before a silent middle: -1 - -3; 12 before silent lighter ones; 15 before the silent first: 0 - -4
    assert np.flatnonzero(found).tolist() == [6, 15]
    assert found[[6, 15]].tolist() == [2, 4]


def test_bars_are_alike_by_the_strokes_that_both_have() -> None:
    hits = np.zeros((3, A_BAR, COUNT), bool)
    hits[0, [0, 4], 0] = hits[1, [0, 8], 0] = hits[2, [0, 4], 0] = True

    assert likeness(hits, 1)[1:] == pytest.approx([1 / 3, 1 / 3])
    assert likeness(hits, 2)[2] == 1.0
    assert np.isnan(likeness(hits, 4)).all()


def test_a_bar_that_was_played_before_is_a_repeated_one() -> None:
    hits = np.zeros((4, A_BAR, COUNT), bool)
    hits[0, 0, 0] = hits[2, 0, 0] = hits[1, 1, 0] = hits[3, 2, 0] = True

    assert repeats(hits)[1:].tolist() == [0.0, 1.0, 0.0]


def test_silence_has_no_velocity_and_is_no_fault() -> None:
    row = dict(zip(KEYS, measured(no_cells(2 * A_BAR))[1], strict=True))

    assert row["hits"] == row["density"] == 0
    assert np.isnan(row["velocity"])
    assert row["lag_1"] == row["repeated"] == 1


def test_a_profile_is_the_mean_over_the_bars_that_strike() -> None:
    cells = drums((4, 1, 0.5, 0.2), (A_BAR + 4, 1, 0.7, 0.0), (8, 0, 0.9, 0.0), bars=2)

    found = profile(cells)

    assert found.share[1, 4] == 1.0
    assert found.share[0, 8] == 0.5
    assert found.velocities[1, 4] == pytest.approx(0.6)
    assert found.offsets[1, 4] == pytest.approx(0.1)
    assert np.isnan(found.velocities[2, 0])


@given(arrays(bool, (3, A_BAR, COUNT)), st.integers(1, 4))
def test_any_bars_have_every_measure_within_its_range(hits: np.ndarray, lag: int) -> None:
    flat = hits.reshape(-1, COUNT).astype(np.float32)

    table = measured(Cells(flat, flat * 0.5, flat * 0.25))

    assert table.shape == (3, len(MEASURES))
    for n, measure in enumerate(MEASURES):
        known = table[:, n][~np.isnan(table[:, n])]
        assert (known >= measure.low - 1e-6).all()
        assert measure.key in COUNTED or (known <= measure.high + 1e-6).all()
    assert table[:, 0].tolist() == hits.sum((1, 2)).tolist()
