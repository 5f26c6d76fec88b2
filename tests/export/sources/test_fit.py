"""Training of a source's network: what `Recipe.average` keeps, and going on where it broke off."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from pocket_export.sources.fit import Batches, Recipe, fit
from pocket_export.sources.order import Round

STEPS = 30


class Point(nn.Module):
    """A weight that is drawn to where chance says."""

    def __init__(self) -> None:
        super().__init__()
        self.at = nn.Parameter(torch.zeros(1))


def noisy(net: Point) -> Batches:
    def losses(_number: int, chance: torch.Generator) -> tuple[int, Iterable[Tensor]]:
        goals = torch.randn(STEPS, generator=chance) + 3.0
        return STEPS, ((net.at - goal).square().sum() for goal in goals)

    return losses


def learn(
    recipe: Recipe, checkpoint: Path | None = None, *, until: int = 99, resume: bool = False
) -> tuple[Point, list[float]]:
    net, judged = Point(), list[float]()

    def judge() -> tuple[float, str]:
        judged.append(net.at.item())
        return -float(len(judged)), "later is better"

    def watch(_share: float, done: Round | None) -> None:
        if done is not None and done.number == until:
            raise KeyboardInterrupt

    fit(net, noisy(net), judge, recipe, watch=watch, checkpoint=checkpoint, resume=resume)
    return net, judged


def test_the_mean_of_the_weights_is_judged_and_kept() -> None:
    net, judged = learn(Recipe(4, rate=0.3, average=0.9))
    own, _ = learn(Recipe(4, rate=0.3))

    assert net.at.item() == judged[-1]
    assert net.at.item() != own.at.item()


def test_the_gradient_goes_on_from_the_weights_themselves() -> None:
    seen = list[float]()

    def run(average: float) -> list[float]:
        net = Point()
        losses = noisy(net)

        def watched(number: int, chance: torch.Generator) -> tuple[int, Iterable[Tensor]]:
            seen.append(net.at.item())
            return losses(number, chance)

        fit(net, watched, lambda: (0.0, ""), Recipe(3, rate=0.3, average=average), watch=lambda *_: None)
        return [seen.pop() for _ in range(3)]

    assert run(0.9) == run(0.0)


def test_a_mean_wanders_less_than_what_it_is_of() -> None:
    _, own = learn(Recipe(40, rate=0.5))
    _, mean = learn(Recipe(40, rate=0.5, average=0.95))

    assert torch.tensor(mean[10:]).std() < torch.tensor(own[10:]).std()


def test_an_averaged_training_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    recipe, checkpoint = Recipe(5, rate=0.3, average=0.9), tmp_path / "held.pt"
    whole, _ = learn(recipe)
    with pytest.raises(KeyboardInterrupt):
        learn(recipe, checkpoint, until=3)

    again, _ = learn(recipe, checkpoint, resume=True)

    assert again.at.item() == whole.at.item()


def test_the_last_weights_are_the_mean_too() -> None:
    net, judged = learn(Recipe(3, rate=0.3, average=0.9, keep_last=True))

    assert net.at.item() == judged[-1]
