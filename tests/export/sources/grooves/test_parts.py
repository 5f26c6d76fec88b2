from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from pocket_core.phrases.hvo import A_BAR, Cells, flattened, no_cells
from pocket_export.sources.grooves.parts import part_to
from pocket_export.sources.grooves.windows import recordings
from tests.export.performances import loose

[RECORDING] = recordings([loose(1, bars=8)])


def parts(cells: Cells = RECORDING.cells, times: int = 200) -> np.ndarray:
    """Return many, `float32[times, T, 3]`."""
    chance = np.random.default_rng(1)
    return np.stack([part_to(cells, chance) for _ in range(times)])


def test_a_part_is_a_groove() -> None:
    found = parts()
    hits, velocities, offsets = found[..., 0], found[..., 1], found[..., 2]

    assert set(np.unique(hits)) == {0.0, 1.0}
    assert velocities.max() <= 1.0
    assert (velocities[hits > 0] > 0).all()
    assert np.abs(offsets).max() <= 0.5
    assert not velocities[hits == 0].any()
    assert not offsets[hits == 0].any()


def test_parts_share_some_of_the_onsets_and_have_others() -> None:
    hits, groove = parts()[..., 0] > 0, flattened(RECORDING.cells)[:, 0] > 0

    shared = (hits & groove).sum(1) / groove.sum()
    own = (hits & ~groove).sum(1)

    assert 0.2 < shared.mean() < 0.8
    assert shared.std() > 0.1
    assert (own == 0).any()
    assert (own > 4).any()


def test_some_are_on_the_grid_and_some_are_not() -> None:
    late = np.abs(parts()[..., 2]).max(1)

    assert 0.2 < (late == 0).mean() < 0.6


def test_places_of_its_own_come_in_every_bar() -> None:
    nothing = no_cells(8 * A_BAR)
    nothing.hits[0, 0], nothing.velocities[0, 0] = 1.0, 0.8

    hits = parts(nothing)[..., 0].reshape(200, 8, A_BAR)

    again = hits.mean(1)[:, 1:]
    assert (again[again > 0] > 0.5).mean() > 0.95


def test_to_silence_there_is_a_part_too() -> None:
    assert parts(no_cells(2 * A_BAR))[..., 0].any()


def test_the_same_chance_makes_the_same_part() -> None:
    one, other = (part_to(RECORDING.cells, np.random.default_rng(3)) for _ in range(2))

    assert_array_equal(one, other)
