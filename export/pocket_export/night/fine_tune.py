"""A night's lesson: the champion learns on from the takes and, so that it does not forget, from Groove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pocket_export.ahead import Performances
from pocket_export.curriculum import validation_duets
from pocket_export.lesson import Lesson
from pocket_export.night.take_lessons import TakeLesson
from pocket_export.parallel import ALONE, Company
from pocket_export.schools import SCHOOLS, rehearsal
from pocket_export.train import Draw, Origin, Recipe, Training, Watch, train
from pocket_models.network import Network

EPOCHS = 8
RATE = 4e-4
LEAST_STEPS = 4_000  # of takes in an epoch; what is shorter is repeated
MOST_REPEATS = 16
REHEARSAL = 1.0  # steps of Groove to a step of takes, in each epoch
LEAST_REHEARSAL = 8_000  # steps
WATCHED = 8  # Groove files that show how far it forgets, epoch by epoch
STEPS_A_FILE = 450  # of Groove on average, once split in two


@dataclass(frozen=True, slots=True)
class Order:
    """What to learn from."""

    name: str  # of SCHOOLS
    takes: Sequence[TakeLesson]
    groove: Performances  # to rehearse; may be empty
    watched: Performances  # of another split
    recipe: Recipe
    rehearsal: float = REHEARSAL


def usual_recipe(name: str, *, epochs: int = EPOCHS, rate: float = RATE, seed: int = 1) -> Recipe:
    """Return how a network goes on learning: as it was trained, but gently and not for long."""
    return replace(
        SCHOOLS[name].recipe, epochs=epochs, patience=epochs, rate=rate, seed=seed, keep_last=True, batch=8
    )


def fine_tune(
    net: Network,
    order: Order,
    watch: Watch,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    origin: Origin | None = None,
    company: Company = ALONE,
) -> Training:
    """Train a network further, in place. Chance comes from the recipe's seed and the number of the epoch.

    Args:
        net: The champion's, as `read_back` returns it.
        order: What from.
        watch: Called often; what it raises ends the night's lesson, whose epochs lie in the checkpoint.
        checkpoint: As of `train.train`, likewise the rest.
    """
    return train(
        net,
        _drawing(order),
        _watched(order),
        order.recipe,
        checkpoint=checkpoint,
        resume=resume,
        watch=watch,
        origin=origin or Origin(model=order.name),
        company=company,
    )


def _drawing(order: Order) -> Draw:
    """Return what draws an epoch: every take, as often as few takes have to be, and some of Groove."""
    takes = [take.to_learn() for take in order.takes]
    steps = sum(map(len, takes))
    repeats = min(max(-(-LEAST_STEPS // max(steps, 1)), 1), MOST_REPEATS)
    school = SCHOOLS[order.name]
    files = round(max(order.rehearsal * steps * repeats, LEAST_REHEARSAL) / STEPS_A_FILE)

    def draw(number: int) -> list[Lesson]:
        chance = np.random.default_rng((order.recipe.seed, number, 1))
        chosen = chance.permutation(len(order.groove))[:files].tolist()
        groove = [order.groove[i] for i in sorted(chosen)] if order.rehearsal else []
        return [*takes * repeats, *rehearsal(school, groove, chance)]

    return draw


def _watched(order: Order) -> list[Lesson]:
    """Return a few duets of Groove, of those takes where there is none."""
    groove = [p for p in order.watched if p.in_follow][:WATCHED]
    return validation_duets(groove) if groove else [take.lesson for take in order.takes]
