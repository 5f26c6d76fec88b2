"""The models that ship: which network each is, what it learns from and by which recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from pocket_core.features import DIFF
from pocket_export.ahead import Chances, Performances, ahead
from pocket_export.curriculum import follower_chances, paper_chances, reader_chances, validation_duets
from pocket_export.dataset import lessons
from pocket_export.duets import CYMBALS, NOBODY
from pocket_export.lesson import Lesson
from pocket_export.losses import Weights
from pocket_export.train import Draw, Recipe
from pocket_models.follower import Follower
from pocket_models.lstm import Anchor, PocketLSTM
from pocket_models.network import Network
from pocket_models.seq2seq import Seq2Seq


@dataclass(frozen=True, slots=True)
class School:
    """How one model comes to be."""

    title: str
    build: Callable[[Recipe], Network]
    recipe: Recipe
    musician: bool = True  # it meets one
    cymbals: bool = True  # in every epoch, as they are: the cymbals' duets of BENCHMARKS' Follow
    chances: Chances | None = None  # what an epoch adds, other in each


def _deafened(recipe: Recipe) -> Network:
    net = PocketLSTM(anchor=Anchor.GRID, dropout=recipe.dropout)
    net.deafen()
    return net


SCHOOLS: Mapping[str, School] = {
    "follower": School(
        "The default: follows whoever plays and humanises where nobody does; trained on duets of each "
        "drummer's limbs and on solo drums.",
        lambda recipe: Follower(dropout=recipe.dropout),
        Recipe(epochs=48, chunk=96, rate=2e-3, dropout=0.3, weights=Weights(meeting=1.5), patience=12),
        cymbals=False,
        chances=follower_chances,
    ),
    "seq2seq": School(
        "The paper's Seq2Seq: it reads the whole score before it plays; trained on solo drums, and on duets "
        "of each drummer's limbs.",
        lambda recipe: Seq2Seq(dropout=recipe.dropout),
        Recipe(
            epochs=32,
            patience=32,
            batch=16,
            chunk=80,
            rate=2e-3,
            decay=0.02,
            dropout=0.3,
            unread=0.03,
            weights=Weights(voices=1.0, velocity=15.0, drummer=0.3, spread=0.1, chance=0.2),
        ),
        cymbals=False,
        chances=reader_chances,
    ),
    "lstm": School(
        "The paper's LSTM, trained on duets of each drummer's limbs; it predicts what the template leaves.",
        lambda recipe: PocketLSTM(anchor=Anchor.GROOVE, dropout=recipe.dropout),
        Recipe(epochs=30, patience=30, chunk=64, rate=1.5e-3, dropout=0.1),
        chances=paper_chances,
    ),
    "lstm-solo": School(
        "The paper's LSTM, trained as the paper did, on solo drums: it has met no musician and hears none.",
        _deafened,
        Recipe(epochs=20, chunk=64, rate=1.5e-3, dropout=0.1),
        musician=False,
    ),
}


def validation(school: School, performances: Performances) -> list[Lesson]:
    """Return the lessons that choose the weights."""
    if school.musician:
        return validation_duets(performances)
    return _deaf(lessons([p for p in performances if p.in_follow] or performances, NOBODY))


@contextmanager
def drawing(school: School, performances: Performances, seed: int) -> Iterator[Draw]:
    """Yield what draws the lessons of an epoch by its number; chance comes from the seed and the number."""
    always = _always(school, performances)
    if school.chances is None:
        yield lambda _: always
        return
    with ahead(school.chances, performances, seed) as chances:
        yield lambda number: [*always, *chances(number)]


def rehearsal(school: School, performances: Performances, chance: np.random.Generator) -> list[Lesson]:
    """Return an epoch's lessons of a few performances: of each kind that the school has."""
    by_chance = school.chances(performances, chance) if school.chances is not None else ()
    return [*_always(school, performances), *by_chance]


def _always(school: School, performances: Performances) -> list[Lesson]:
    """Return what is the same in each epoch."""
    if not school.musician:
        return _deaf(lessons(performances, NOBODY))
    return lessons(performances, CYMBALS) if school.cymbals else []


def _deaf(made: list[Lesson]) -> list[Lesson]:
    """Blank the columns that only a musician fills, ages included."""
    for lesson in made:
        lesson.x[:, DIFF:] = 0.0
    return made
