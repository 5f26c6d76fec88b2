from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pocket_core.grid import TWELFTHS
from pocket_core.tempo import Meter
from pocket_export.augment import (
    FASTEST,
    LONGEST_REST,
    LOOSEST,
    SLOWEST,
    TIGHTEST,
    Variation,
    bars_of,
    chance_variation,
    excerpt,
    loudest_in_cells,
    vary,
    with_rests,
    without_voice,
)
from pocket_export.duets import CYMBALS, NOBODY, Grid, Limbs, quantise
from pocket_export.recordings import Performance
from tests.export.performances import loose, played

seeds = st.integers(0, 1000)
meters = st.sampled_from([Meter(), Meter(3, 4), Meter(6, 8), Meter(5, 8)])
performances = st.builds(
    loose, seeds, bpm=st.floats(60.0, 200.0), meter=meters, spread=st.floats(0.0, 0.02), bars=st.just(4)
)


def grid_of(performance: Performance) -> NDArray[np.float64]:
    return quantise(performance.beats, performance.meter) / TWELFTHS


def offsets(performance: Performance) -> NDArray[np.float64]:
    """How late each note is against its grid position, seconds."""
    return (performance.beats - grid_of(performance)) * 60.0 / performance.bpm


def notes_of(performance: Performance) -> list[tuple[int, int, int]]:
    columns = (performance.voices, performance.notes, performance.velocities)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


@given(performances)
def test_no_variation_changes_nothing(performance: Performance) -> None:
    same = vary(performance, Variation())

    assert same.bpm == performance.bpm
    np.testing.assert_allclose(same.beats, performance.beats, atol=1e-12)
    np.testing.assert_array_equal(same.voices, performance.voices)


# Little enough that no note is nearer to another grid position than before: those are 1/12 of a beat apart.
small = st.builds(loose, seeds, bpm=st.just(60.0), spread=st.just(0.002), bars=st.just(4))


@given(small, st.floats(SLOWEST, FASTEST))
def test_another_tempo_leaves_the_distances_from_the_grid_in_seconds(
    performance: Performance, tempo: float
) -> None:
    faster = vary(performance, Variation(tempo=tempo))

    assert faster.bpm == pytest.approx(performance.bpm * tempo)
    np.testing.assert_allclose(grid_of(faster), grid_of(performance), atol=1e-9)
    np.testing.assert_allclose(offsets(faster), offsets(performance), atol=1e-9)


@given(small, st.floats(TIGHTEST, LOOSEST))
def test_looseness_scales_every_distance_alike(performance: Performance, factor: float) -> None:
    looser = vary(performance, Variation(looseness=factor))

    np.testing.assert_allclose(grid_of(looser), grid_of(performance), atol=1e-9)
    np.testing.assert_allclose(offsets(looser), factor * offsets(performance), atol=1e-9)


@given(performances, st.floats(-0.03, 0.03))
def test_bias_moves_musician_and_drums_by_the_same_time(performance: Performance, bias: float) -> None:
    later = vary(performance, Variation(bias=bias))

    moved = (later.beats - performance.beats) * 60.0 / performance.bpm
    np.testing.assert_allclose(moved, bias, atol=1e-9)
    np.testing.assert_array_equal(later.voices, performance.voices)


@given(performances, seeds)
def test_a_variation_keeps_every_note_and_its_loudness(performance: Performance, seed: int) -> None:
    varied = vary(performance, chance_variation(np.random.default_rng(seed)))

    assert notes_of(varied) == notes_of(performance)
    assert (np.diff(varied.beats) >= 0).all()
    kept = ("name", "drummer", "style", "beat_type", "split", "meter")
    assert all(getattr(varied, name) == getattr(performance, name) for name in kept)


@given(seeds)
def test_variations_by_chance_stay_within_their_limits(seed: int) -> None:
    variation = chance_variation(np.random.default_rng(seed))

    assert SLOWEST <= variation.tempo <= FASTEST
    assert TIGHTEST <= variation.looseness <= LOOSEST
    assert variation == chance_variation(np.random.default_rng(seed))


def rows(performance: Performance) -> list[tuple[float, int, int, int]]:
    columns = (performance.beats, performance.voices, performance.notes, performance.velocities)
    return list(zip(*(column.tolist() for column in columns), strict=True))


limbs = st.frozensets(st.integers(0, 8), min_size=1, max_size=6)


@given(performances, limbs, seeds)
def test_a_lost_voice_is_one_of_the_drums_and_all_of_it(
    performance: Performance, musician: Limbs, seed: int
) -> None:
    rest = without_voice(performance, musician, np.random.default_rng(seed))

    lost = set(performance.voices.tolist()) - set(rest.voices.tolist())
    assert not lost & musician
    assert len(lost) == (len(set(performance.voices.tolist()) - musician) > 1)
    assert rows(rest) == [row for row in rows(performance) if row[1] not in lost]


def test_the_last_of_the_drums_is_never_lost() -> None:
    drummer = played((0, 0), (0.5, 2), (1, 0))

    assert without_voice(drummer, CYMBALS, np.random.default_rng(1)) is drummer


@given(performances, limbs, seeds)
def test_rests_take_the_musicians_notes_alone_and_whole_bars_of_them(
    performance: Performance, musician: Limbs, seed: int
) -> None:
    rested = with_rests(performance, musician, np.random.default_rng(seed))

    left, whole = rows(rested), rows(performance)
    gone = [row for row in whole if row not in left]
    bar = performance.meter.bar_beats
    assert left == [row for row in whole if row not in gone]
    assert {row[1] for row in gone} <= musician
    silent = {row[0] // bar for row in gone}
    assert not [row for row in left if row[1] in musician and row[0] // bar in silent]


def test_a_musician_rests_now_and_then_and_comes_back() -> None:
    drummer = played(*((float(beat), 0) for beat in range(400)), *((beat + 0.5, 2) for beat in range(400)))

    rested = with_rests(drummer, CYMBALS, np.random.default_rng(3))

    played_bars = set((rested.beats[rested.voices == 2] // 4).astype(int).tolist())
    runs = np.diff([-1, *sorted(played_bars), 100]) - 1
    assert 0 < len(played_bars) < 100
    assert runs.max() <= LONGEST_REST
    assert np.count_nonzero(runs) > 2


def test_nobody_rests_where_nobody_plays() -> None:
    drummer = loose(3)

    assert rows(with_rests(drummer, NOBODY, np.random.default_rng(1))) == rows(drummer)
    assert not len(with_rests(emptied(drummer), CYMBALS, np.random.default_rng(1)).beats)


def emptied(performance: Performance) -> Performance:
    none = {name: getattr(performance, name)[:0] for name in ("beats", "voices", "notes", "velocities")}
    return replace(performance, **none)


@given(performances, st.integers(0, 4), st.integers(1, 3))
def test_an_excerpt_is_those_bars_at_the_start_and_nothing_else(
    performance: Performance, bar: int, bars: int
) -> None:
    part = excerpt(performance, bar, bars)

    start, long = bar * performance.meter.bar_beats, bars * performance.meter.bar_beats
    grid = grid_of(performance)
    inside = (grid > start - 1e-6) & (grid < start + long - 1e-6)
    np.testing.assert_allclose(part.beats, performance.beats[inside] - start, atol=1e-9)
    np.testing.assert_array_equal(part.velocities, performance.velocities[inside])
    assert part.bpm == performance.bpm


def test_a_note_just_ahead_of_the_bar_line_belongs_to_the_bar_behind_it() -> None:
    drummer = played((0, 0), (3.98, 1), (7.98, 2))

    assert excerpt(drummer, 1, 1).beats.tolist() == pytest.approx([-0.02])


def test_bars_are_counted_up_to_the_last_note() -> None:
    assert bars_of(played((0, 0), (11.5, 0))) == 3
    assert bars_of(played((0, 0), (3, 0), meter=Meter(3, 4))) == 2
    assert bars_of(emptied(played((0, 0)))) == 0


def test_of_a_flam_the_main_stroke_stays() -> None:
    # a soft stroke just before a loud one, a kick with them, and two equals
    flam = played((0.98, 1), (1.01, 1), (1.02, 0), (2.0, 1), (2.05, 1), velocities=(20, 90, 10, 50, 50))

    left = loudest_in_cells(flam)

    assert list(zip(left.beats.tolist(), left.velocities.tolist(), strict=True)) == [
        (1.01, 90),
        (1.02, 10),
        (2.0, 50),
    ]


@given(performances)
def test_a_cell_keeps_one_stroke(performance: Performance) -> None:
    left = loudest_in_cells(performance)

    cells = quantise(left.beats, left.meter, Grid.SIXTEENTHS)
    assert len({*zip(cells.tolist(), left.voices.tolist(), strict=True)}) == len(left.beats)
    assert (np.diff(left.beats) >= 0).all()
