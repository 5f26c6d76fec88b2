"""A model as a humaniser: what it is told, and what becomes of what it says."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.humanise_models import ModelHumaniser
from benchmarks.humanise_scores import by_windows
from benchmarks.windows import Sheet, cut
from numpy.typing import NDArray

from pocket_core.features import COLUMNS, HABITS
from pocket_core.predict import Prediction, Predictor, State, Voicing, ZeroPredictor
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES
from pocketd.known_score import KnownScore

N = len(VOICES)


class Drummer(ZeroPredictor):
    """Plays voice v at v ms with velocity v / 10, give or take 5 ms; keeps all it was asked."""

    def __init__(self) -> None:
        self.asked: list[NDArray[np.float32]] = []

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        self.asked.append(x)
        offsets = tuple(v / 1000 for v in range(N))
        voicing = Voicing(offsets, (0.005,) * N, tuple(v / 10 for v in range(N)), (0.1,) * N)
        return Prediction(Seconds(0.1), None, voicing), state


def sheet(bars: int = 4) -> Sheet:
    """Kick (0) and hat (2) on every beat, 10 ms late."""
    steps = np.repeat(np.arange(0, bars * 16, 4), 2)
    voices = np.tile([0, 2], bars * 4)
    return Sheet("s", 1, 120.0, steps, voices, np.full(len(steps), 10.0), np.full(len(steps), 0.5))


def test_each_voice_is_played_where_and_how_hard_the_model_says() -> None:
    [played] = ModelHumaniser(Drummer()).history([sheet(2)])

    assert played.offsets_ms[:4].tolist() == pytest.approx([0, 2, 0, 2])
    assert played.velocities is not None
    assert played.velocities[:4].tolist() == pytest.approx([0.0, 0.2, 0.0, 0.2])


def test_what_is_written_is_what_a_model_reads_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[KnownScore] = []
    monkeypatch.setattr("benchmarks.humanise_models.tell_score", lambda _, score: told.append(score))
    written, humaniser = sheet(3), ModelHumaniser(Drummer())

    humaniser.history([written])
    humaniser.windows(cut(written))

    whole = [(float(beat), (0, 2)) for beat in range(12)]
    assert [[(s.beat, s.voices) for s in score.steps] for score in told] == [whole, whole[:8], whole[:8]]


def test_a_model_with_one_offset_plays_all_there_and_says_nothing_of_velocities() -> None:
    humaniser = ModelHumaniser(ZeroPredictor())
    [played] = humaniser.history([sheet(2)])

    assert not humaniser.speaks_of_voices
    assert played.velocities is None
    assert not played.offsets_ms.any()


def test_habits_are_of_the_bars_before_and_of_none_in_windows() -> None:
    known, alone = Drummer(), Drummer()
    whole = sheet(3)
    ModelHumaniser(known).history([whole])
    ModelHumaniser(alone).windows(cut(whole))

    column = COLUMNS.index("habit known kick")
    told = [float(x[column]) for x in known.asked]
    assert told == pytest.approx([0.0] * 4 + [1 / 5] * 4 + [2 / 6] * 4)
    assert not any(x[HABITS:].any() for x in alone.asked)


def test_sampled_it_strays_by_what_the_model_expects_of_a_drummer() -> None:
    whole = sheet(200)
    [played] = ModelHumaniser(Drummer(), expressive=1.0).history([whole])
    stray = played.offsets_ms[whole.voices == 2] - 2.0

    assert np.abs(stray).mean() == pytest.approx(5.0, rel=0.1)
    assert stray.mean() == pytest.approx(0.0, abs=0.6)


def test_the_same_windows_are_played_the_same_twice() -> None:
    windows = cut(sheet(4))
    first, second = (
        by_windows(sheet(4), ModelHumaniser(model, expressive=1.0).windows(windows))
        for model in (Drummer(), Drummer())
    )

    assert np.array_equal(first.played_ms, second.played_ms)


def test_a_model_as_the_daemon_has_it_fits() -> None:
    model: Predictor = Drummer()

    assert ModelHumaniser(model).speaks_of_voices
