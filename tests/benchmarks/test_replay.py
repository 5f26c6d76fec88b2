"""Logged takes played again; rolypoly_take.csv was made by hand, see tests/daemon/test_rolypoly_csv.py."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from benchmarks.logged_takes import EXPERIMENTS, FOLDER, SWING, TRIPLETS, Logged, read_logged
from benchmarks.replay import Replayed, as_a_night_reads, manner, with_drums
from benchmarks.studio import ORIGIN, STEADY, Track, perform

from pocket_core.predict import ZeroPredictor
from pocket_core.tempo import MeterMap, TempoChange, TempoMap
from pocket_core.testing import FixedPredictor
from pocket_core.types import Beats
from tests.export.night.journals import step

TABLE = Path(__file__).parents[1] / "daemon" / "rolypoly_take.csv"


@pytest.fixture
def logged(tmp_path: Path) -> Logged:
    """A bar of 4/4 at 60 BPM and one of 3/4 at 120."""
    there = tmp_path / FOLDER / "made" / "1.csv"
    there.parent.mkdir(parents=True)
    there.write_bytes(TABLE.read_bytes())
    return read_logged(tmp_path, "made/1")


def test_the_engine_hears_the_score_that_was_logged_through_tempo_and_meter(logged: Logged) -> None:
    records = perform(logged.track, logged.onsets, ZeroPredictor(), STEADY)

    assert [(r.bar, r.voices) for r in records] == [(s.bar, s.voices) for s in logged.steps]
    assert [r.beat for r in records] == pytest.approx([s.beat for s in logged.steps])
    assert [r.nominal_s - ORIGIN for r in records] == pytest.approx([s.nominal_s for s in logged.steps])


def test_other_drums_leave_the_guitarist_where_he_was(logged: Logged) -> None:
    drums = perform(logged.track, logged.onsets, FixedPredictor(0.016), STEADY)

    steps = with_drums(logged, drums)

    assert [s.human_s for s in steps] == [s.human_s for s in logged.steps]
    assert [s.forecast_ms for s in steps] == pytest.approx([16.0] * 6)
    # the second hit: 37 ms late, drums 16 ms
    assert steps[1].diff_ms == pytest.approx(37 - steps[1].played_ms)


def test_a_night_reads_what_the_other_drums_said(logged: Logged) -> None:
    steps = with_drums(logged, perform(logged.track, logged.onsets, FixedPredictor(0.016), STEADY))

    duets = as_a_night_reads(Replayed(logged, steps))

    assert np.concatenate([duet.forecast for duet in duets]) == pytest.approx(np.full(6, 0.016), abs=1e-6)
    assert duets[0].duet.meets[1] == pytest.approx(0.037, abs=1e-4)


def test_how_a_musician_plays_is_told_apart() -> None:
    chance, count = np.random.default_rng(1), 4000
    places = np.arange(count) % 8
    feel = np.array([10.0, -10.0] * 4)
    drift = 6.0 * np.sqrt(2.0) * np.sin(np.arange(count) / 40)

    told = manner(places, feel[places] + drift + chance.normal(0.0, 15.0, count))

    assert told == pytest.approx((10.0, np.hypot(6.0, 15.0 / 4), 15.0 * np.sqrt(15 / 16)), rel=0.08)


def of(*beats: float) -> Logged:
    """Return a bar with hits at these beats."""
    tempo = TempoMap([TempoChange(Beats(0.0), 120.0)])
    return Logged(Track((), tempo, MeterMap()), (), [step(n, n / 8, 1, beat) for n, beat in enumerate(beats)])


def test_off_beats_swing_and_beats_stay() -> None:
    moved, stays = of(1.0, 1.5, 2.0, 2.25, 4.5).places(SWING)

    assert moved.tolist() == [False, True, False, False, True]
    assert stays.tolist() == [True, False, True, False, False]


def test_triplets_are_of_half_bars_with_these_three_hits_alone() -> None:
    moved, stays = of(1.0, 1.75, 2.5, 3.0, 3.75, 4.0, 4.5).places(TRIPLETS)

    assert moved.tolist() == [False, True, True, False, False, False, False]
    assert stays.tolist() == [True, False, False, False, False, False, False]


@pytest.mark.data
@pytest.mark.parametrize("name", [take for each in EXPERIMENTS[:4] for take in each.takes[:1]])
def test_every_logged_timestep_is_one_of_the_engine_s(name: str) -> None:
    data = Path(os.environ.get("POCKETD_DATA", "../shared/data"))
    if not (data / FOLDER).exists():
        pytest.skip(f"no {data / FOLDER}; point POCKETD_DATA at the recordings")
    take = read_logged(data, name)

    records = perform(take.track, take.onsets, ZeroPredictor(), STEADY)

    assert len(records) == len(take.steps)
    apart = [r.nominal_s - ORIGIN - s.nominal_s for r, s in zip(records, take.steps, strict=True)]
    assert np.abs(apart).max() < 0.001
