"""The table of the duos, and the real recordings."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from benchmarks.duos_engine import Run, play
from benchmarks.duos_rows import (
    GROUPS,
    LINE,
    Group,
    Seat,
    differing,
    group_rows,
    known_rows,
    likeness,
    pair,
    runs,
)
from benchmarks.duos_scores import Moments, Pair
from benchmarks.jazz import DUO_FILE, TRIO_FOLDER, Onset, duo, load_duos, load_trios
from benchmarks.jazz_line import BeatLine, nominals
from benchmarks.players import SIMPLE
from benchmarks.table import Row

from pocket_core.settings import Settings
from pocket_core.types import Seconds


@pytest.fixture(scope="session")
def jazz_folder() -> Path:
    folder = Path(os.environ.get("POCKETD_DATA", "../shared/data"))
    for part in (DUO_FILE, TRIO_FOLDER):
        if not (folder / part).exists():
            pytest.skip(f"no {part} in {folder}; point POCKETD_DATA at it")
    return folder


def seat(latency_ms: int) -> Seat:
    onsets = [Onset(Seconds(0.5 * n), 51, 90) for n in range(12)]
    it = duo("made up", latency_ms, onsets, onsets)
    return Seat(it, it.musicians[0])


def sums(xy: float, spread: float = 1.0) -> Moments:
    return Moments(steps=10, spread=spread, xx=1.0, xy=xy, xy_line=0.0)


def test_a_recording_belongs_to_the_group_of_its_latency_and_player() -> None:
    here = [group.name for group in GROUPS if group.has(seat(45))]

    assert [group.name for group in GROUPS] == [
        "duos 0 ms piano",
        "duos 23-180 ms piano",
        "trios piano",
        "trios bass",
    ]
    assert here == ["duos 23-180 ms piano"]


def test_a_model_is_run_at_amount_0_too_and_no_model_is_the_line() -> None:
    assert Run(0.0, late_commit=True) in runs("lstm")
    assert [run.name for run in runs("none")] == [
        "amount 0 late off",
        "amount 0.25 late on",
        "amount 1 late on",
    ]


def test_a_groups_first_row_is_the_drummers_own_and_the_others_are_the_engines() -> None:
    outcomes = {
        ("lstm", Run(0.25, late_commit=True)): [Pair(sums(0.3, 0.5), sums(0.2)), Pair(sums(9.0), sums(9.0))]
    }
    drummer, engine = group_rows(GROUPS[0], [seat(0), seat(90)], outcomes, seed=1)

    assert (drummer.name, drummer.figures["correction"]) == ("duos 0 ms piano drummer", 0.2)
    assert engine.name == "duos 0 ms piano lstm amount 0.25 late on"
    assert (engine.model, engine.late_commit, engine.transport_ms) == ("lstm", True, 1.5)
    assert {"sd_ms", "human_sd_ms", "correction", "human_correction", "amount"} <= engine.figures.keys()
    assert engine.figures["human_correction"] == 0.2
    assert engine.figures["closer_share"] == 1.0


def test_likeness_counts_groups_and_calls_nothing_sure_whose_interval_holds_zero() -> None:
    def row(group: str, c: float, less: float, low: float, high: float) -> Row:
        found = {"correction": c, "sd_less_human_ms": less}
        found |= {"sd_less_human_ms_low": low, "sd_less_human_ms_high": high}
        return Row(f"{group} lstm amount 1 late on", found, "lstm")

    drummers = [Row(f"{group.name} drummer") for group in GROUPS]
    engine = [
        row(GROUPS[0].name, 0.2, -1.0, -2.0, -0.5),
        row(GROUPS[1].name, 0.05, -1.0, -2.0, 0.5),
        row(GROUPS[2].name, 0.36, 1.0, 0.5, 2.0),
        row(GROUPS[3].name, 0.1, 1.0, -0.5, 2.0),
    ]
    (line,) = likeness([list(rows) for rows in zip(drummers, engine, strict=True)])

    assert line.name == "lstm amount 1 late on"
    assert (line.corrects, line.closer, line.surely_closer, line.surely_farther) == (2, 2, 1, 1)


def test_a_known_figure_that_is_not_met_is_named() -> None:
    met = Row("drummer", {"change_correction": 0.228}, known={"change_correction": 0.22})
    missed = Row("pianist", {"change_correction": 0.85}, known={"change_correction": 0.90})

    assert differing([met, missed]) == ["pianist: change_correction is 0.850, known is 0.90"]


@pytest.mark.data
def test_the_known_corrections_of_drummer_and_pianist_reproduce(jazz_folder: Path) -> None:
    rows = known_rows([Seat(it, it.musicians[0]) for it in load_duos(jazz_folder)])

    assert differing(rows) == []
    assert rows[0].figures["correction"] == pytest.approx(0.23, abs=0.005)


@pytest.mark.data
def test_every_recording_is_read_and_its_beats_are_numbered_as_annotated(jazz_folder: Path) -> None:
    duos, trios = load_duos(jazz_folder), load_trios(jazz_folder)

    assert (len(duos), len(trios)) == (104, 17)
    for it in trios:
        line = BeatLine()
        assert [line.hear(Seconds(at)) for at in it.beats] == list(range(len(it.beats)))


@pytest.mark.data
def test_the_engine_plays_a_real_trio_on_its_beat_line_and_adds_no_correction_at_amount_0(
    jazz_folder: Path,
) -> None:
    it = next(it for it in load_trios(jazz_folder) if "gloriasstep" in it.name)
    place = Seat(it, it.musicians[1])
    played = play(it, place.musician, SIMPLE["template"](), LINE)
    line = nominals(it.beats, it.first, Settings().drums_lead)
    found = pair(place, played)

    assert found.played.steps == found.human.steps == 65
    assert np.nanmax(np.abs(played.drums - line)) < 1e-6
    assert found.played.xy == pytest.approx(found.played.xy_line)
    assert Group("trios", "bass").has(place)
