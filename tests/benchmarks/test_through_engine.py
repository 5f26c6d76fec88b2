"""The engine as the benchmark drives it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.duets import Duet, Note, Step, take_apart
from benchmarks.players import SIMPLE
from benchmarks.through_engine import ORIGIN, Run, errors, play

from pocket_core.types import Beats
from pocketd.known_score import KnownScore

KICK, SNARE, HAT = 36, 38, 42
MS = 1 / 500  # quarter notes at 120 BPM


def duet(offsets_ms: list[float]) -> Duet:
    """Kick and hat together on each beat; the kick as written, the hat off by so much."""
    notes = []
    for beat, offset in enumerate(offsets_ms, start=1):
        notes += [Note(Beats(beat), KICK, 90), Note(Beats(beat + offset * MS), HAT, 80)]
    return take_apart("made up", 1, 120.0, sorted(notes, key=lambda n: n.beat))


def test_every_drum_timestep_has_its_record_also_where_the_drums_played_a_flam() -> None:
    flam = [Note(Beats(1.0), SNARE, 40), Note(Beats(1.02), SNARE, 90), Note(Beats(2.0), KICK, 90)]
    played = take_apart("made up", 1, 120.0, flam)
    records = play(played, SIMPLE["none"](), Run())

    assert [r.nominal_s for r in records] == pytest.approx([ORIGIN + 0.5, ORIGIN + 1.0])


def test_the_drum_track_is_what_a_model_reads_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[KnownScore] = []
    monkeypatch.setattr("benchmarks.through_engine.tell_score", lambda _, score: told.append(score))
    played = [Note(Beats(1.02), KICK, 90), Note(Beats(1.0), SNARE, 40), Note(Beats(2.0), HAT, 90)]

    play(take_apart("made up", 1, 90.0, [*played, Note(Beats(2.49), KICK, 90)]), SIMPLE["none"](), Run())

    [score] = told
    assert [(step.beat, step.voices) for step in score.steps] == [(1.0, (0, 1)), (2.5, (0,))]
    assert score.tempo.seconds_at(Beats(3.0)) == pytest.approx(2.0)


def test_with_no_model_the_error_is_the_offset_itself() -> None:
    played = duet([10.0, -20.0, 30.0])
    found = errors(played, play(played, SIMPLE["none"](), Run()), committed=False)

    assert found.human_ms == pytest.approx(np.array([10.0, -20.0, 30.0]))


def test_late_commit_leaves_the_transport_after_an_early_onset() -> None:
    played = duet([-20.0])
    found = errors(played, play(played, SIMPLE["none"](), Run(1.5)), committed=True)

    assert found.human_ms == pytest.approx(np.array([-1.5]))


def test_an_onset_later_than_its_hit_finds_it_gone() -> None:
    played = duet([40.0])
    found = errors(played, play(played, SIMPLE["none"](), Run(1.5)), committed=True)

    assert found.human_ms == pytest.approx(np.array([40.0]))


@pytest.mark.parametrize("moved_ms", [-15.0, 25.0])
@pytest.mark.parametrize("model", ["template", "eager"])
def test_a_forecast_never_knows_the_onset_of_its_own_timestep(model: str, moved_ms: float) -> None:
    offsets = [5.0, 12.0, 8.0, 9.0, 3.0, 7.0]
    here = duet(offsets)
    there = duet([*offsets[:3], moved_ms, *offsets[4:]])
    first = play(here, SIMPLE[model](), Run())
    second = play(there, SIMPLE[model](), Run())

    assert [r.forecast_ms for r in first[:4]] == pytest.approx([r.forecast_ms for r in second[:4]])
    assert first[4].forecast_ms != pytest.approx(second[4].forecast_ms)


def test_a_timestep_without_its_record_is_refused() -> None:
    played = duet([0.0, 0.0])
    records = play(played, SIMPLE["none"](), Run())

    with pytest.raises(RuntimeError, match="played 1 timesteps, the file has 2"):
        errors(played, records[:1], committed=False)


def test_a_record_elsewhere_than_its_timestep_is_refused() -> None:
    played = duet([0.0, 0.0])
    records = play(played, SIMPLE["none"](), Run())
    elsewhere = replace(played, steps=(Step(12, 0.0, 0.0), Step(27, 0.0, 0.0)))

    with pytest.raises(RuntimeError, match=r"a timestep at 2\.0+ s, the file at 2\.125"):
        errors(elsewhere, records, committed=False)
