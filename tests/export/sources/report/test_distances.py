from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pocket_core.phrases.hvo import A_BAR, no_cells
from pocket_core.phrases.measures import KEYS, MEASURES
from pocket_export.sources.report.distances import (
    Table,
    apart,
    by_step,
    histogram,
    mean_step,
    table_of,
    yang_lerch,
)
from pocket_export.sources.report.material import Song


def table(hits: list[int], *, files: int = 4) -> Table:
    """Return bars of so many strokes, everything else alike."""
    values = np.zeros((len(hits), len(MEASURES)))
    values[:, 0] = hits
    return Table(np.arange(len(hits)) % files, values)


def song(name: str, velocity: float, offset: float) -> Song:
    cells = no_cells(2 * A_BAR)
    for step in (0, 8, 16, 24):
        cells.hits[step, 0] = 1.0
        cells.velocities[step, 0] = velocity
        cells.offsets[step, 0] = offset
    return Song(name, "rock", cells)


def test_a_set_is_no_distance_from_itself() -> None:
    same = table([8, 12, 12, 16, 20, 8, 12, 16])

    found = apart(same, same, seed=1)

    assert found.overall.value == pytest.approx(1.0)
    assert found.by[0].overlap.value == pytest.approx(1.0)
    assert found.by[0].wasserstein.value == pytest.approx(0.0)
    assert found.overall.low <= 1.0 <= found.overall.high


def test_a_set_moved_by_four_strokes_is_four_strokes_away() -> None:
    found = apart(table([8, 12, 16, 20]), table([12, 16, 20, 24]), seed=1)

    assert found.by[0].wasserstein.value == pytest.approx(4.0)
    assert found.by[0].overlap.value == pytest.approx(0.75)
    assert found.by[0].in_sd == pytest.approx(4.0 / np.std([8, 12, 16, 20]))
    assert found.groups["notes"].value == pytest.approx((7 + 0.75) / 8)
    assert found.groups["form"].value == pytest.approx(1.0)


def test_an_interval_is_wider_where_bars_come_from_fewer_files() -> None:
    chance = np.random.default_rng(1)
    hits = chance.integers(4, 24, 32).tolist()
    values = sorted(hits)

    many = apart(table(values, files=32), table(values[::-1], files=32), seed=1)
    grouped = Table(np.arange(32) // 8, table(values).values)
    few = apart(grouped, grouped, seed=1)

    assert few.by[0].overlap.low < many.by[0].overlap.low


def test_songs_as_far_apart_as_the_references_own_share_the_whole_area() -> None:
    chance = np.random.default_rng(1)
    real, alike, other = chance.normal(0, 1, 80), chance.normal(0, 1, 80), chance.normal(6, 1, 80)

    near, far = yang_lerch(real, alike), yang_lerch(real, other)

    assert near[0] < 0.1
    assert near[1] > 0.9
    assert far[0] > 1
    assert far[1] < 0.2


def test_two_songs_have_no_distances_to_compare() -> None:
    assert np.isnan(yang_lerch(np.array([1.0, 2.0]), np.array([1.0]))).all()


def test_each_sixteenth_is_compared_by_itself() -> None:
    real = [song("a", 0.8, 0.1).cells]
    louder, later = [song("b", 0.3, 0.1).cells], [song("c", 0.8, -0.3).cells]

    assert by_step(real, louder, velocity=True)[[0, 8]].tolist() == [0.0, 0.0]
    assert by_step(real, louder, velocity=False)[[0, 8]].tolist() == [1.0, 1.0]
    assert by_step(real, later, velocity=False)[0] == 0.0
    assert np.isnan(by_step(real, later, velocity=True)[1])
    assert mean_step(by_step(real, real, velocity=True), real) == pytest.approx(1.0)


def test_songs_of_one_file_are_drawn_together() -> None:
    found = table_of([song("a", 0.8, 0.0), song("b", 0.8, 0.0), song("a", 0.5, 0.0)])

    assert found.song_of.tolist() == [0, 0, 1, 1, 0, 0]


@given(arrays(np.float64, (12, len(MEASURES)), elements=st.floats(-3, 90)))
def test_any_values_have_a_place_in_the_histogram(values: np.ndarray) -> None:
    bars = Table(np.arange(12) % 3, values)

    for number in range(len(KEYS)):
        shares, edges = histogram(bars, number)
        assert shares.sum() == pytest.approx(1.0)
        assert len(edges) == len(shares) + 1


def test_a_silent_set_is_far_and_no_fault() -> None:
    silent = [Song("s", "rock", no_cells(4 * A_BAR))]
    real = [song("a", 0.8, 0.0), song("b", 0.7, 0.1)]

    found = apart(table_of(real), table_of(silent), seed=1)

    assert found.by[0].overlap.value == 0.0
    assert np.isnan(found.by[KEYS.index("velocity")].overlap.value)
    assert np.isnan(found.groups["feel"].value)
    assert found.overall.value < 0.7
