"""The engine in the drummer's chair."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from benchmarks.duos_engine import Run, play
from benchmarks.duos_scores import correction, moments
from benchmarks.jazz import Floats, Onset, Performance, duo
from benchmarks.jazz_line import nominals
from benchmarks.players import SIMPLE

from pocket_core.settings import Settings
from pocket_core.types import Seconds

BEATS = 60
LEAD = Settings().drums_lead


def made_up(
    drums: Callable[[int], float] = lambda n: 0.0,
    piano: Callable[[int], float] = lambda n: 0.0,
    note: int = 51,
) -> Performance:
    """Play quarter notes at 120 BPM, each off by so many ms."""

    def part(off: Callable[[int], float]) -> list[Onset]:
        return [Onset(Seconds(1 + 0.5 * n + off(n) / 1000), note, 90) for n in range(BEATS)]

    return duo("made up", 0, part(drums), part(piano))


def wander(seed: int) -> Callable[[int], float]:
    noise = np.random.default_rng(seed).normal(0.0, 12.0, BEATS)
    return lambda n: float(noise[n])


def drums(it: Performance, model: str, run: Run) -> Floats:
    return play(it, it.musicians[0], SIMPLE[model](), run).drums


@pytest.mark.parametrize("model", ["none", "template", "eager"])
def test_at_amount_0_the_drums_are_the_beat_line(model: str) -> None:
    it = made_up(wander(1), wander(2))
    found = drums(it, model, Run(0.0, late_commit=True))

    assert found == pytest.approx(nominals(it.beats, 0, LEAD), nan_ok=True)
    assert np.isfinite(found[8:]).all()


def test_on_a_steady_clock_amount_0_corrects_nothing_and_amount_1_something() -> None:
    it = made_up(piano=wander(3))
    still, followed = (
        play(it, it.musicians[0], SIMPLE["template"](), Run(amount, late_commit=False))
        for amount in (0.0, 1.0)
    )
    other = it.musicians[0].times

    assert correction([moments(still.drums, other, still.line)]) == pytest.approx(0.0, abs=1e-6)
    assert correction([moments(followed.drums, other, followed.line)]) > 0.1


def test_the_drums_come_nearer_to_a_pianist_who_is_late() -> None:
    it = made_up(piano=lambda n: 20.0)
    found = drums(it, "template", Run(1.0, late_commit=False))

    assert 5.0 < (found[-1] - it.beats[-1]) * 1000 <= 20.0


def test_late_commit_leaves_just_after_an_early_onset() -> None:
    it = made_up(piano=lambda n: -30.0 if n == 40 else 0.0)
    found = drums(it, "none", Run(1.0, late_commit=True))

    assert (found[40] - it.beats[40]) * 1000 == pytest.approx(-28.5, abs=0.1)


@pytest.mark.parametrize("late_commit", [False, True])
@pytest.mark.parametrize("model", ["template", "eager"])
def test_nothing_that_is_played_later_changes_what_has_sounded(model: str, late_commit: bool) -> None:
    change = 30
    one, other = (
        made_up(wander(4), wander(5)),
        made_up(
            lambda n: wander(4)(n) if n < change else wander(6)(n),
            lambda n: wander(5)(n) if n < change else wander(7)(n),
        ),
    )
    first, second = (drums(it, model, Run(1.0, late_commit)) for it in (one, other))

    assert first[:change] == pytest.approx(second[:change], nan_ok=True)
    assert not np.allclose(first[change + 1 :], second[change + 1 :])


def test_a_beat_without_a_drum_has_no_hit() -> None:
    it = made_up()
    rest = duo("made up", 0, [o for n, o in enumerate(it.drums.onsets) if n != 20], it.musicians[0].onsets)
    found = drums(rest, "none", Run(1.0, late_commit=False))

    assert np.isnan(found[20])
    assert found[21] == pytest.approx(it.beats[21])


def test_a_drum_outside_the_nine_voices_is_a_timestep_too() -> None:
    found = drums(made_up(note=73), "none", Run(1.0, late_commit=False))

    assert np.isfinite(found[8:]).all()
