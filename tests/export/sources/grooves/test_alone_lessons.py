from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.testing import assert_array_equal

from pocket_core.phrases.groove_features import GROOVE, REMEMBERED
from pocket_core.phrases.hvo import A_BAR, COUNT, HALF, cells_from, flattened
from pocket_export.sources.grooves.alone_lessons import Varied, draw_alone
from pocket_export.sources.grooves.lessons import targets
from pocket_export.sources.grooves.windows import View, recordings, shown, windows
from tests.export.performances import loose

AS_IT_WAS = Varied(
    paired=0,
    swapped=0,
    louder=0,
    faster=0,
    missing=0,
    uneven=0,
    loose=0,
    style=0,
    density=0,
)
WINDOWS = windows(recordings([loose(1, bars=12), loose(2, bars=6)]))


def test_with_nothing_varied_windows_are_shown_as_they_were_played() -> None:
    x, y = draw_alone(WINDOWS, AS_IT_WAS, np.random.default_rng(1))

    assert_array_equal(y, targets(WINDOWS))
    assert_array_equal(x[5], shown(WINDOWS[5], View(remembers=False)))


def test_the_groove_is_that_of_the_varied_drums() -> None:
    x, y = draw_alone(WINDOWS, Varied(), np.random.default_rng(1))

    for rows, drums in zip(x, y, strict=True):
        hit, velocity, _ = flattened(cells_from(drums)).T
        assert_array_equal(rows[:, GROOVE.start], hit)
        assert_array_equal(rows[:, GROOVE.start + 1], velocity)


def test_nothing_is_remembered() -> None:
    x, _ = draw_alone(WINDOWS, Varied(), np.random.default_rng(1))

    assert not x[..., REMEMBERED].any()


def test_varied_drums_are_drums() -> None:
    _, y = draw_alone(WINDOWS, Varied(missing=0.3, uneven=0.5, loose=0.3), np.random.default_rng(1))
    hits, velocities, offsets = np.split(y, 3, -1)

    assert set(np.unique(hits)) == {0.0, 1.0}
    assert velocities.max() <= 1.0
    assert np.abs(offsets).max() <= HALF
    assert not velocities[hits == 0].any()
    assert not offsets[hits == 0].any()
    assert hits.sum() < targets(WINDOWS)[..., :COUNT].sum()


def test_bars_come_in_pairs_that_were_never_played() -> None:
    [recording] = recordings([loose(1, bars=12)])
    found = windows([recording])
    bars = [recording.cells.cut(n * A_BAR, (n + 1) * A_BAR).array for n in range(recording.bars)]

    _, y = draw_alone(found, replace(AS_IT_WAS, paired=1.0), np.random.default_rng(1))

    seconds = [next(n for n, bar in enumerate(bars) if (bar == rows[A_BAR:]).all()) for rows in y]
    assert all((rows[:A_BAR] == bars[n]).all() for n, rows in enumerate(y))
    assert sum(second == n + 1 for n, second in enumerate(seconds)) < len(seconds) / 2
