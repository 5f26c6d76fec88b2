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
from pocket_models.lstm import PocketLSTM, roll_out
from pocketd.wholefile import write_whole

MS = 1000.0
EPOCHS = 20


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
    own_weight: float = 0.5  # of a timestep where the drummer's own offset is the target
    huber_ms: float = 4.0  # errors beyond this count by their size, not their square
    bfloat16: bool = True  # products of the pass with gradient; all else is float32
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Epoch:
    """What an epoch came to."""

    number: int  # from 1
    loss_ms: float
    validation: Follow
    figure_ms: float  # what is made small
    seconds: float


@dataclass(slots=True)
class Training:
    """A training under way: everything that a checkpoint holds beside the optimiser."""

    net: PocketLSTM
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


Lessons = Callable[[np.random.Generator], Sequence[Lesson]]  # what to learn from in one epoch
Watch = Callable[[float, Epoch | None], None]  # told the share of the epoch that is done, and its end


def train(
    net: PocketLSTM,
    draw: Lessons,
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
        loss = _epoch(training, optimiser, _batches(draw(chance), recipe, chance), watch)
        result = follow(net, validation)
        figure = result.drummer_mae_ms if math.isnan(result.mae_ms) else result.mae_ms
        epoch = Epoch(number, loss, result, figure, perf_counter() - began)
        training.history.append(epoch)
        if figure < training.best_ms:
            training.best_ms, training.best = figure, copy.deepcopy(net.state_dict())
        if checkpoint is not None:
            _save(checkpoint, training, optimiser)
        watch(1.0, epoch)
    net.load_state_dict(training.best)
    return training


def _batches(lessons: Sequence[Lesson], recipe: Recipe, chance: np.random.Generator) -> list[list[Lesson]]:
    """Group lessons of about the same length, in an order left to chance."""
    lengths = np.array([len(lesson) for lesson in lessons])
    order = np.argsort(lengths * np.exp(chance.normal(0.0, 0.1, len(lengths))))
    groups = [order[i : i + recipe.batch] for i in range(0, len(order), recipe.batch)]
    return [[lessons[i] for i in groups[g]] for g in chance.permutation(len(groups))]


def _epoch(
    training: Training, optimiser: torch.optim.Optimizer, batches: Sequence[Sequence[Lesson]], watch: Watch
) -> float:
    recipe, net = training.recipe, training.net
    steps = sum(len(lesson) for batch in batches for lesson in batch)
    done, total, weights = 0, 0.0, 0.0
    for lessons in batches:
        batch = gather(lessons, own_weight=recipe.own_weight)
        for loss, weight, count in _chunks(net, batch, recipe):
            progress = (len(training.history) + done / steps) / recipe.epochs
            for group in optimiser.param_groups:
                group["lr"] = recipe.rate * _schedule(progress)
            optimiser.zero_grad()
            (loss / weight).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(net.parameters(), recipe.clip)
            optimiser.step()
            done, total, weights = done + count, total + loss.item(), weights + weight
            watch(done / steps, None)
    return total / weights


def _schedule(progress: float) -> float:
    """Return the share of the learning rate: a short warm-up, then a cosine to 0."""
    return min(progress / 0.02, 1.0) * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))


def _chunks(net: PocketLSTM, batch: Batch, recipe: Recipe) -> Iterator[tuple[Tensor, float, int]]:
    """Yield each chunk's summed loss in ms, the sum of its weights, and its number of timesteps."""
    forecasts = torch.zeros_like(batch.target)
    state = rolled = net.initial_state(len(batch.lengths))
    hears = batch.hears()
    for start in range(0, batch.lengths[0], recipe.chunk):
        n, part = batch.alive(start), slice(start, start + recipe.chunk)
        state, rolled = ((s[0][:, :n].detach(), s[1][:, :n].detach()) for s in (state, rolled))
        x = batch.x[:n, part]
        if hears:
            link, human, said = batch.link[:n, part], batch.human[:n], forecasts[:n]
            x, rolled = roll_out(net, x, link, rolled, human=human, forecasts=said, start=start)
        net.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bfloat16):
            offsets, state = net(x, state)
        weight = batch.weight[:n, part]
        error = torch.nn.functional.huber_loss(
            offsets.float() * MS, batch.target[:n, part] * MS, reduction="none", delta=recipe.huber_ms
        )
        count = int((weight > 0).sum())
        yield (error / recipe.huber_ms * weight).sum(), float(weight.sum()), count


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
