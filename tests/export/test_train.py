from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pocket_core.errors import DataError
from pocket_export.dataset import lessons
from pocket_export.duets import CYMBALS, NOBODY
from pocket_export.evaluate import follow, forecast, score
from pocket_export.groove import load
from pocket_export.lesson import Lesson
from pocket_export.train import Epoch, Recipe, train
from pocket_export.train_log import TrainLog
from pocket_models.lstm import Anchor, PocketLSTM
from tests.export.archives import archive
from tests.export.test_train_log import scalars

Taught = tuple[list[Lesson], list[Lesson]]
RECIPE = Recipe(epochs=3, batch=2, chunk=24, rate=1e-2, bfloat16=False)


@pytest.fixture
def taught(tmp_path: Path) -> Taught:
    """Lessons to train on and to choose by."""
    groove = load(archive(tmp_path / "groove.zip"))
    return lessons(groove.split("train"), CYMBALS), lessons(groove.split("validation"), CYMBALS)


def tiny(seed: int = 1) -> PocketLSTM:
    torch.manual_seed(seed)
    return PocketLSTM(hidden=8, dropout=0.2)


def silent(share: float, epoch: Epoch | None) -> None:
    """Watch nothing."""


def learn(
    taught: Taught,
    recipe: Recipe,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> PocketLSTM:
    net = tiny()
    own, other = taught
    train(net, lambda number: own, other, recipe, watch=silent, checkpoint=checkpoint, resume=resume)
    return net


class PowerCutError(Exception):
    """The power went."""


def test_training_brings_the_forecasts_closer_to_the_musician(
    taught: Taught,
) -> None:
    before = follow(tiny(), taught[1])

    after = follow(learn(taught, Recipe(epochs=8, batch=2, chunk=24, rate=1e-2, bfloat16=False)), taught[1])

    assert after.mae_ms < before.mae_ms


def test_the_same_seed_gives_the_same_weights(taught: Taught) -> None:
    first = learn(taught, RECIPE).state_dict()

    second = learn(taught, RECIPE).state_dict()

    assert all(torch.equal(first[name], second[name]) for name in first)


def test_another_seed_gives_other_weights(taught: Taught) -> None:
    first = learn(taught, RECIPE).state_dict()

    second = learn(
        taught, Recipe(epochs=3, batch=2, chunk=24, rate=1e-2, bfloat16=False, seed=2)
    ).state_dict()

    assert not torch.equal(first["head.weight"], second["head.weight"])


def test_a_training_broken_off_and_resumed_is_the_training(taught: Taught, tmp_path: Path) -> None:
    def break_off(share: float, epoch: Epoch | None) -> None:
        if epoch is None and share > 0.5 and (tmp_path / "c.pt").exists():
            raise PowerCutError

    own, other = taught
    with pytest.raises(PowerCutError):
        train(tiny(), lambda number: own, other, RECIPE, watch=break_off, checkpoint=tmp_path / "c.pt")

    resumed = learn(taught, RECIPE, checkpoint=tmp_path / "c.pt", resume=True).state_dict()

    whole = learn(taught, RECIPE).state_dict()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_resumed_training_shows_what_it_has_behind_it(taught: Taught, tmp_path: Path) -> None:
    own, other = taught
    seen: list[Epoch] = []

    def watch(share: float, epoch: Epoch | None) -> None:
        if epoch is not None:
            seen.append(epoch)

    for resume in (False, True):
        training = train(
            tiny(),
            lambda number: own,
            other,
            RECIPE,
            watch=watch,
            checkpoint=tmp_path / "c.pt",
            resume=resume,
        )

    assert seen == [*training.history, *training.history]


def test_every_update_is_counted_and_logged(taught: Taught, tmp_path: Path) -> None:
    own, other = taught
    seen: list[float] = []
    log = TrainLog(tmp_path)

    training = train(tiny(), lambda number: own, other, RECIPE, watch=lambda s, e: seen.append(s), log=log)
    log.close()

    shown = scalars(tmp_path)
    assert training.updates == len(seen) - len(training.history)
    assert [step for step, _ in shown["update/loss"]] == list(range(1, training.updates + 1))
    assert [value for _, value in shown["epoch/number"]] == [1.0, 2.0, 3.0]
    assert shown["validation/mae_ms"][-1][1] == pytest.approx(training.history[-1].validation.mae_ms)
    rates = [value for _, value in shown["update/rate"]]
    assert max(rates) == pytest.approx(RECIPE.rate, rel=0.1)
    assert rates[-1] < 0.1 * RECIPE.rate


def test_a_checkpoint_of_another_recipe_is_refused(taught: Taught, tmp_path: Path) -> None:
    learn(taught, Recipe(epochs=1, batch=2), checkpoint=tmp_path / "c.pt")

    with pytest.raises(DataError, match="train without --resume"):
        learn(taught, RECIPE, checkpoint=tmp_path / "c.pt", resume=True)


def test_a_damaged_checkpoint_is_refused(taught: Taught, tmp_path: Path) -> None:
    (tmp_path / "c.pt").write_bytes(b"PK\x03\x04 and no more")

    with pytest.raises(DataError, match=r"c\.pt is damaged"):
        learn(taught, RECIPE, checkpoint=tmp_path / "c.pt", resume=True)


def test_training_stops_when_nothing_improves(taught: Taught) -> None:
    own, other = taught

    training = train(
        tiny(), lambda number: own, other, Recipe(epochs=9, rate=0.0, patience=2, batch=2), watch=silent
    )

    assert [epoch.number for epoch in training.history] == [1, 2, 3]


def test_the_network_is_left_with_its_best_weights(taught: Taught) -> None:
    own, other = taught
    net = tiny()

    training = train(net, lambda number: own, other, RECIPE, watch=silent)

    assert follow(net, other).mae_ms == min(epoch.figure_ms for epoch in training.history)


def test_solo_drums_are_judged_by_the_drummer(tmp_path: Path) -> None:
    solo = lessons(load(archive(tmp_path / "groove.zip")).split("train"), NOBODY)

    net = PocketLSTM(hidden=8, anchor=Anchor.GRID)
    training = train(net, lambda number: solo, solo, Recipe(epochs=1, batch=2), watch=silent)

    assert training.best_ms == training.history[0].validation.drummer_mae_ms


def test_forecasts_do_not_depend_on_who_is_beside(taught: Taught) -> None:
    net, own = tiny(), taught[0]

    together = {lesson.source.name: f for lesson, f in forecast(net, own)}

    for lesson in own:
        ((_, alone),) = forecast(net, [lesson])
        np.testing.assert_allclose(together[lesson.source.name], alone, atol=1e-6)


def test_score_is_mean_and_spread_of_the_musicians_offset(taught: Taught) -> None:
    (lesson,) = taught[1]

    result = score([(lesson, np.full(len(lesson), 0.005, np.float32))])

    met = lesson.meets[lesson.drums & ~np.isnan(lesson.meets)]
    assert result.steps == len(met)
    assert result.mae_ms == pytest.approx(1000 * np.abs(met - 0.005).mean(), rel=1e-5)
    assert result.sd_ms == pytest.approx(1000 * met.std(), rel=1e-5)
