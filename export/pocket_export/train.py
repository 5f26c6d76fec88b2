"""The one training loop: seeded, resumable, stopped early on the validation split."""

from __future__ import annotations

import copy
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pocket_core.errors import DataError
from pocket_export.dataset import Lesson
from pocket_export.evaluate import Batch, Follow, follow, gather
from pocket_export.losses import Weights, loss
from pocket_export.roll_out import roll_out
from pocket_models.network import Network
from pocketd.wholefile import write_whole

EPOCHS = 20
MOST_AT_ONCE = 256  # sequences


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. The defaults are those of the models that ship (docs/decisions/0004-training.md)."""

    epochs: int = EPOCHS
    patience: int = 8  # epochs without a better validation figure
    batch: int = 32  # sequences
    chunk: int = 64  # timesteps between updates; the state is carried over, the gradient is not
    rate: float = 1.5e-3  # AdamW, falling to 0 along a cosine
    decay: float = 0.01
    clip: float = 1.0  # of the gradient's norm
    dropout: float = 0.1
    weights: Weights = field(default_factory=Weights)
    bfloat16: bool = True  # products of the pass with gradient; all else is float32
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Epoch:
    """What an epoch came to."""

    number: int  # from 1
    loss: float
    validation: Follow
    figure_ms: float  # what is made small
    seconds: float


@dataclass(slots=True)
class Training:
    """A training under way: everything that a checkpoint holds beside the optimiser."""

    net: Network
    recipe: Recipe
    history: list[Epoch] = field(default_factory=list)
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


Draw = Callable[[int], Sequence[Lesson]]  # from the number of an epoch to what it learns from
Watch = Callable[[float, Epoch | None], None]  # told the share of the epoch that is done, and its end


def train(
    net: Network,
    draw: Draw,
    validation: Sequence[Lesson],
    recipe: Recipe,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    watch: Watch,
) -> Training:
    """Train a network and leave it with the weights that did best on the validation split.

    The figure to make small is the validation MAE against the musician, or against the drummer where
    there is none. All chance is drawn from the seed and the number of the epoch, so that a training that
    was broken off and resumed goes on as if nothing had happened.

    Args:
        net: Changed in place.
        draw: Returns an epoch's lessons.
        validation: Lessons never trained on.
        recipe: How.
        checkpoint: Written whole after each epoch.
        resume: Go on from `checkpoint`, if it is there.
        watch: Called often.

    Raises:
        DataError: A checkpoint of another recipe, or one that cannot be read.
    """
    training = Training(net, recipe)
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    if resume and checkpoint is not None and checkpoint.exists():
        _restore(checkpoint, training, optimiser)
    while not training.over:
        number = len(training.history) + 1
        chance = np.random.default_rng((recipe.seed, number))
        torch.manual_seed(int(chance.integers(2**31)))
        began = perf_counter()
        mean = _epoch(training, optimiser, _batches(draw(number), recipe, chance), watch)
        result = follow(net, validation)
        figure = result.drummer_mae_ms if math.isnan(result.mae_ms) else result.mae_ms
        epoch = Epoch(number, mean, result, figure, perf_counter() - began)
        training.history.append(epoch)
        if figure < training.best_ms:
            training.best_ms, training.best = figure, copy.deepcopy(net.state_dict())
        if checkpoint is not None:
            _save(checkpoint, training, optimiser)
        watch(1.0, epoch)
    net.load_state_dict(training.best)
    return training


def _batches(lessons: Sequence[Lesson], recipe: Recipe, chance: np.random.Generator) -> list[list[Lesson]]:
    """Group lessons of about the same length, in an order left to chance; short ones in larger groups."""
    lengths = np.array([len(lesson) for lesson in lessons])
    order = np.argsort(lengths * np.exp(chance.normal(0.0, 0.1, len(lengths))))
    groups: list[list[Lesson]] = []
    at = 0
    while at < len(order):
        longest = int(lengths[order[at : at + recipe.batch]].max())
        size = max(recipe.batch, min(recipe.batch * recipe.chunk // max(longest, 1), MOST_AT_ONCE))
        groups.append([lessons[i] for i in order[at : at + size]])
        at += size
    return [groups[g] for g in chance.permutation(len(groups))]


def _epoch(
    training: Training, optimiser: torch.optim.Optimizer, batches: Sequence[Sequence[Lesson]], watch: Watch
) -> float:
    recipe, net = training.recipe, training.net
    steps = sum(int(lesson.drums.sum()) for batch in batches for lesson in batch)
    done, summed, weights = 0, 0.0, 0.0
    for lessons in batches:
        batch = gather(lessons if net.hears else [lesson.deaf() for lesson in lessons])
        for total, weight, count in _chunks(net, batch, recipe):
            progress = (len(training.history) + done / steps) / recipe.epochs
            for group in optimiser.param_groups:
                group["lr"] = recipe.rate * _schedule(progress)
            optimiser.zero_grad()
            (total / weight).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(net.parameters(), recipe.clip)
            optimiser.step()
            done, summed, weights = done + count, summed + total.item(), weights + weight
            watch(done / steps, None)
    return summed / weights


def _schedule(progress: float) -> float:
    """Return the share of the learning rate: a short warm-up, then a cosine to 0."""
    return min(progress / 0.02, 1.0) * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))


def _chunks(net: Network, batch: Batch, recipe: Recipe) -> Iterator[tuple[Tensor, float, int]]:
    """Yield each chunk's summed loss, the sum of its weights and its number of steps, where there are any."""
    said = batch.x.new_zeros((*batch.link.shape, net.outputs))
    state = rolled = net.initial_state(len(batch.lengths))
    for start in range(0, batch.lengths[0], recipe.chunk):
        n, part = batch.alive(start), slice(start, start + recipe.chunk)
        state, rolled = (tuple(s[:, :n].detach() for s in kept) for kept in (state, rolled))
        x = batch.x[:n, part]
        if net.follows_itself and batch.hears():
            link, human = batch.link[:n, part], batch.human[:n]
            x, rolled = roll_out(net, x, link, rolled, human=human, said=said[:n], start=start)
        net.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bfloat16):
            now, state = net.forward(x, state)
        targets = batch.targets.part(n, part)
        total, weight = loss(now.float(), targets, recipe.weights)
        if weight > 0:
            yield total, float(weight), int(targets.drums.sum())


def _save(path: Path, training: Training, optimiser: torch.optim.Optimizer) -> None:
    content = io.BytesIO()
    torch.save(
        {
            "recipe": asdict(training.recipe),
            "net": training.net.state_dict(),
            "optimiser": optimiser.state_dict(),
            "best": training.best,
            "best_ms": training.best_ms,
            "history": [asdict(epoch) for epoch in training.history],
        },
        content,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content.getvalue())


def _restore(path: Path, training: Training, optimiser: torch.optim.Optimizer) -> None:
    try:
        stored: dict[str, Any] = torch.load(path, weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError) as error:
        raise DataError(f"checkpoint {path} cannot be read ({error}); train without --resume") from error
    if stored["recipe"] != asdict(training.recipe):
        raise DataError(
            f"checkpoint {path} is of recipe {stored['recipe']}, asked is {asdict(training.recipe)}; "
            "train without --resume"
        )
    training.net.load_state_dict(stored["net"])
    optimiser.load_state_dict(stored["optimiser"])
    training.best, training.best_ms = stored["best"], stored["best_ms"]
    training.history = [
        Epoch(**{**epoch, "validation": Follow(**epoch["validation"])}) for epoch in stored["history"]
    ]
