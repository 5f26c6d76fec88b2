from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pocket_core.predict import OUTPUTS, ZeroPredictor
from pocket_core.types import Seconds
from pocket_core.voices import VOICES
from pocket_export.dataset import lessons
from pocket_export.duets import CYMBALS, NOBODY
from pocket_export.evaluate import Follow, predict, score
from pocket_export.lesson import Lesson
from pocket_export.publish import publish
from pocket_export.step_through import Figures, Played, figures, step_through
from pocket_export.training import Epoch, Origin, Recipe, Training
from pocket_models.follower import Follower
from pocket_models.lstm import PocketLSTM
from pocket_models.network import Network
from pocket_models.seq2seq import Seq2Seq
from pocketd.model import OnnxPredictor, load_predictor
from tests.export.performances import loose, played

CHANCE, VELOCITY = OUTPUTS.index("chance"), OUTPUTS.index(f"velocity {VOICES[0]}")
MODELS: dict[str, Callable[[], Network]] = {
    "follower": lambda: Follower(hidden=12, wide=8),
    "lstm": lambda: PocketLSTM(hidden=8),
    "seq2seq": lambda: Seq2Seq(hidden=8, reading=4),
}


def duets() -> list[Lesson]:
    return lessons([loose(seed, bars=5) for seed in range(3)], CYMBALS)


def talkative(name: str) -> Network:
    """Return a network that says more than its template."""
    torch.manual_seed(1)
    net = MODELS[name]()
    torch.nn.init.normal_(net.get_parameter("head.weight"), std=0.3)
    return net.eval()


def published(net: Network, name: str, folder: Path) -> OnnxPredictor:
    epoch = Epoch(1, 1.0, Follow(9.0, 12.0, 11.0, 10), 9.0, 1.0)
    path = publish(Training(net, Recipe(), Origin(model=name), [epoch]), duets(), folder)
    predictor = load_predictor(path, Seconds(math.inf))
    assert isinstance(predictor, OnnxPredictor)
    return predictor


def nothing(count: int) -> None:
    """Watch nothing."""


@pytest.mark.parametrize("name", MODELS)
def test_a_model_step_by_step_says_what_its_network_says(name: str, tmp_path: Path) -> None:
    net = talkative(name)
    predictor = published(net, name, tmp_path)
    wanted = {lesson.source.fingerprint: (lesson, said) for lesson, said in predict(net, duets())}

    for lesson in duets():
        found = step_through(predictor, lesson, nothing)

        row, said = wanted[lesson.source.fingerprint]
        said = said[row.drums]
        np.testing.assert_allclose(found.offsets, said[:, 0], atol=1e-6)
        if net.outputs == 1:
            assert (found.chances, found.velocities) == (None, None)
        else:
            assert found.chances is not None
            assert found.velocities is not None
            np.testing.assert_allclose(found.chances, said[:, CHANCE], atol=1e-5)
            np.testing.assert_allclose(
                found.velocities, said[:, VELOCITY : VELOCITY + len(VOICES)], atol=1e-5
            )
    assert predictor.faults == 0


def test_every_step_is_told(tmp_path: Path) -> None:
    steps: list[int] = []
    (lesson, *_) = duets()

    step_through(published(talkative("follower"), "follower", tmp_path), lesson, steps.append)

    assert sum(steps) == len(lesson)


def test_no_model_is_the_grid() -> None:
    (lesson, *_) = duets()

    found = step_through(ZeroPredictor(), lesson, nothing)

    assert found.lesson.drums.all()
    assert not found.offsets.any()
    assert (found.chances, found.velocities) == (None, None)


def test_the_figures_are_those_that_choose_weights() -> None:
    made = duets()
    said = {id(lesson): np.linspace(-0.01, 0.01, len(lesson), dtype=np.float32) for lesson in made}

    found = figures([Played(one.deaf(), said[id(one)][one.drums].astype(np.float64)) for one in made])

    wanted = score((lesson, said[id(lesson)]) for lesson in made)
    assert found.steps == wanted.steps
    assert found.mae_ms == pytest.approx(wanted.mae_ms, rel=1e-5)
    assert found.sd_ms == pytest.approx(wanted.sd_ms, rel=1e-5)
    assert found.drummer_mae_ms == pytest.approx(wanted.drummer_mae_ms, rel=1e-5)


def two_files() -> list[Lesson]:
    """Kicks on 1 and 2 with hats 10 and 20 ms late; in the other file both 30 ms early, and a kick alone."""
    first = played((0.0, 0), (1.0, 0), (0.02, 2), (1.04, 2), velocities=(127, 50, 64, 50))
    second = played((1.0, 0), (2.0, 0), (3.0, 0), (0.94, 2), (1.94, 2), velocities=(50, 127, 50, 127, 127))
    return lessons([first, second], CYMBALS)


def test_each_files_mean_error_is_no_error_of_the_centred_figure() -> None:
    found = figures([Played(lesson, np.zeros(len(lesson))) for lesson in two_files()])

    assert (found.files, found.steps) == (2, 4)
    assert found.mae_ms == pytest.approx((10 + 20 + 30 + 30) / 4)
    assert found.sd_ms == pytest.approx(np.std([10, 20, -30, -30]))
    assert found.centred_mae_ms == pytest.approx((5 + 5 + 0 + 0) / 4)
    assert found.drummer_mae_ms == pytest.approx(0.0, abs=1e-4)


def test_chance_velocities_and_strokes_are_held_against_what_was_played() -> None:
    first, second = two_files()
    hard = np.full((len(first), 9), 0.5)
    one = Played(first, np.zeros(2), np.array([0.9, 0.2]), hard)
    velocities, strokes = (known.astype(np.float64) for known in (second.velocities, second.strokes))
    two = Played(second, np.zeros(3), np.array([0.6, 0.51, 0.49]), velocities, strokes + 0.002)

    found = figures([one, two])

    assert found.chance_accuracy == pytest.approx(4 / 5)
    assert found.stroke_mae_ms == pytest.approx(2.0)  # of the second alone: the first says nothing of them
    assert found.velocity_mse == pytest.approx(((1 - 0.5) ** 2 + (64 / 127 - 0.5) ** 2) / 5, rel=1e-5)


def test_of_a_musician_who_never_meets_the_drums_nothing_is_said() -> None:
    (solo,) = lessons([played((0.02, 0), (1.02, 0))], NOBODY)

    found = figures([Played(solo, np.zeros(2))])

    assert found == Figures(1, 0, None, None, None, pytest.approx(10.0), None, None, None)  # type: ignore[arg-type]
