from __future__ import annotations

import numpy as np
import pytest

from pocket_core.phrases.hvo import A_BAR, COUNT, Cells, cells_from, no_cells
from pocket_export.sources.report.material import Song
from pocket_export.sources.report.nearest import Library, judge


def chance_song(name: str, seed: int, *, bars: int = 8) -> Song:
    chance = np.random.default_rng(seed)
    hits = (chance.random((bars * A_BAR, COUNT)) < 0.12).astype(np.float32)
    velocities = (chance.integers(20, 120, hits.shape) / 127 * hits).astype(np.float32)
    return Song(name, "rock", Cells(hits, velocities, np.zeros_like(hits)))


LEARNT = [chance_song("learnt 1", 1), chance_song("learnt 2", 2)]
REAL = [chance_song("real", 3)]


def test_a_copied_bar_is_found_with_its_velocities_and_its_name() -> None:
    library = Library(LEARNT)

    near = library.nearest([Song("copy", "rock", LEARNT[1].cells.cut(3 * A_BAR, 4 * A_BAR))])

    assert near.strokes.tolist() == [0]
    assert near.velocities[0] == pytest.approx(0.0, abs=1e-6)
    assert near.copied.tolist() == [True]
    assert library.names[near.where[0]] == "learnt 2, bar 4"


def test_a_bar_with_other_velocities_has_the_same_strokes_and_is_not_copied() -> None:
    cells = LEARNT[0].cells.cut(0, A_BAR)
    louder = Cells(cells.hits, (cells.velocities * 0.9).astype(np.float32), cells.offsets)

    near = Library(LEARNT).nearest([Song("louder", "rock", louder)])

    assert near.strokes.tolist() == [0]
    assert near.copied.tolist() == [False]


def test_a_stroke_more_is_one_cell_away() -> None:
    array = LEARNT[0].cells.cut(0, A_BAR).array
    step, voice = np.argwhere(array[:, :COUNT] == 0)[0]
    array[step, voice], array[step, COUNT + voice] = 1.0, 0.5

    near = Library(LEARNT).nearest([Song("more", "rock", cells_from(array))])

    assert near.strokes.tolist() == [1]


def test_who_copies_is_guilty_and_who_does_not_is_not() -> None:
    library = Library(LEARNT)
    real = library.nearest(REAL)

    copied, other = (
        judge(library.nearest(LEARNT), real, 1),
        judge(library.nearest([chance_song("x", 9)]), real, 1),
    )

    assert copied.guilty
    assert copied.copied.value == copied.same.value == 1.0
    assert copied.percentile < 0.1
    assert not other.guilty
    assert other.same.value == 0.0
    assert 0.2 < other.percentile < 0.8


def test_silence_is_compared_with_nothing() -> None:
    library = Library(LEARNT)

    heart = judge(library.nearest([Song("silent", "rock", no_cells(2 * A_BAR))]), library.nearest(REAL), 1)

    assert np.isnan(heart.same.value)
    assert not heart.guilty
