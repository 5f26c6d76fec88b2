"""The words of a training: how to train, what an epoch came to, and where one stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from pocket_export.evaluate import Follow
from pocket_export.lesson import Lesson
from pocket_export.losses import Weights
from pocket_models.network import Network

EPOCHS = 20


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. The defaults are those of the models that ship (docs/decisions/0004-training.md)."""

    epochs: int = EPOCHS
    patience: int = 8  # epochs without a better validation figure
    batch: int = 32  # sequences, of all processes together
    chunk: int = 64  # timesteps between updates; the state is carried over, the gradient is not
    rate: float = 1.5e-3  # AdamW, falling to 0 along a cosine
    decay: float = 0.01
    clip: float = 1.0  # of the gradient's norm
    dropout: float = 0.1
    unread: float = 0.1  # share of the sequences whose score is not known to a network that reads it
    weights: Weights = field(default_factory=Weights)
    bfloat16: bool = True  # products of the pass with gradient; all else is float32
    seed: int = 1
    keep_last: bool = False  # leave the last weights, not those that did best on validation


@dataclass(frozen=True, slots=True)
class Epoch:
    """What an epoch came to."""

    number: int  # from 1
    loss: float
    validation: Follow
    figure_ms: float  # what is made small
    seconds: float


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a training comes from, as the card of its model shall quote it."""

    model: str = ""  # of `pocket_export.schools.SCHOOLS`
    command: str = ""
    commit: str = ""  # of the code
    data: str = ""  # in words
    data_sha256: str = ""
    contents_sha256: str = ""
    most: int = 0  # files of each split at most; 0: all
    without: str = ""  # the drummer who was left out; empty: nobody


@dataclass(slots=True)
class Training:
    """A training under way: everything that a checkpoint holds beside the optimiser."""

    net: Network
    recipe: Recipe
    origin: Origin = field(default_factory=Origin)
    history: list[Epoch] = field(default_factory=list)
    updates: int = 0
    best: dict[str, Tensor] = field(default_factory=dict)  # the weights with the best validation figure
    best_ms: float = math.inf

    @property
    def over(self) -> bool:
        """Whether the last epoch is done or nothing has improved for too long."""
        done = len(self.history)
        if done >= self.recipe.epochs:
            return True
        stale = done - min((e.number for e in self.history if e.figure_ms <= self.best_ms), default=done)
        return stale >= self.recipe.patience

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return sum(epoch.seconds for epoch in self.history)


Draw = Callable[[int], Sequence[Lesson]]  # from the number of an epoch to what it learns from
Watch = Callable[[float, Epoch | None], None]  # told the share of the epoch that is done, and its end
