"""The one training loop: seeded, resumable, stopped early on the validation split.

It runs in one process, or in several that share every batch (`pocket_export.parallel`).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from pocket_core.errors import DataError
from pocket_export import checkpoint as checkpoints
from pocket_export.evaluate import Batch, device_of, follow, gather
from pocket_export.lesson import Lesson
from pocket_export.losses import loss
from pocket_export.parallel import ALONE, Company
from pocket_export.reading import around
from pocket_export.roll_out import roll_out
from pocket_export.train_log import TrainLog
from pocket_export.training import Draw, Epoch, Origin, Recipe, Training, Watch
from pocket_models.network import Network

__all__ = ["Draw", "Epoch", "Origin", "Recipe", "Training", "Watch", "train"]

MOST_AT_ONCE = 256  # sequences


@dataclass(frozen=True, slots=True)
class _Share:
    """One process's part of a batch."""

    lessons: list[Lesson]  # longest first; fewer processes may have any
    longest: int  # steps of the whole batch's longest lesson


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some steps of a share."""

    total: Tensor | None  # summed loss; None: this process has no lesson that goes on so far
    weight: float
    steps: int  # of the drums


def train(
    net: Network,
    draw: Draw,
    validation: Sequence[Lesson],
    recipe: Recipe,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    watch: Watch,
    origin: Origin | None = None,
    company: Company = ALONE,
    log: TrainLog | None = None,
) -> Training:
    """Train a network and leave it with the weights that did best on the validation split, or with the last.

    The figure to make small is the validation MAE against the musician, or against the drummer where
    there is none. All chance is drawn from the seed and the number of the epoch, so that a training that
    was broken off and resumed goes on as if nothing had happened (in as many processes as before: each has
    its own dropout).

    Args:
        net: Changed in place, on the device that it is on.
        draw: Returns an epoch's lessons; asked by the first process alone.
        validation: Lessons never trained on; of the first process alone.
        recipe: How.
        checkpoint: Written whole after each epoch, by the first process.
        resume: Go on from `checkpoint`, if it is there.
        watch: Called often, and with each epoch that a resumed training has behind it.
        origin: What a checkpoint says of where the training comes from; the first process's counts.
        company: Who trains together.
        log: Of the first process.

    Raises:
        DataError: A checkpoint of another training, or one that cannot be read.
        CompanyError: Another process has gone.
    """
    training = Training(net, recipe, company.tell(origin or Origin()))
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    if resume and checkpoint is not None and (content := _content(checkpoint, company)):
        checkpoints.unpack(content, checkpoint).restore(training, optimiser)
        for epoch in training.history:
            watch(1.0, epoch)
    company.align(net)
    if log is not None:
        log.begin(training.updates)
    while not training.over:
        number = len(training.history) + 1
        chance = np.random.default_rng((recipe.seed, number))
        torch.manual_seed(int(chance.integers(2**31)) + company.rank)
        began = perf_counter()
        mean = _epoch(  # whose lessons are gone before the next are drawn: of ten hours they are much
            training,
            optimiser,
            _batches(draw(number), recipe, chance) if company.leads else [],
            watch,
            company=company,
            log=log,
        )
        epoch = company.tell(_judge(training, validation, mean, began) if company.leads else None)
        training.history.append(epoch)
        if recipe.keep_last or epoch.figure_ms < training.best_ms:
            training.best_ms, training.best = epoch.figure_ms, copy.deepcopy(net.state_dict())
        if checkpoint is not None and company.leads:
            checkpoints.write(checkpoint, training, optimiser)
        if log is not None:
            log.epoch(training.updates, epoch)
        watch(1.0, epoch)
    net.load_state_dict(training.best)
    return training


def _content(checkpoint: Path, company: Company) -> bytes | None:
    """Return what the first process has of a checkpoint, if anything; what is wrong with it all are told."""
    content: bytes | None = None
    fault: DataError | None = None
    if company.leads and checkpoint.exists():
        try:
            content = checkpoints.read(checkpoint)
        except DataError as error:
            fault = error
    content, fault = company.tell((content, fault))
    if fault is not None:
        raise fault
    return content


def _judge(training: Training, validation: Sequence[Lesson], mean: float, began: float) -> Epoch:
    result = follow(training.net, validation)
    figure = result.drummer_mae_ms if math.isnan(result.mae_ms) else result.mae_ms
    return Epoch(len(training.history) + 1, mean, result, figure, perf_counter() - began)


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


def _shares(lessons: Sequence[Lesson], net: Network, size: int) -> list[_Share]:
    """Return each process's part of a batch; all are about as long."""
    heard = lessons if net.hears else [lesson.deaf() for lesson in lessons]
    rows = sorted(heard, key=len, reverse=True)
    return [_Share(rows[rank::size], len(rows[0])) for rank in range(size)]


def _epoch(
    training: Training,
    optimiser: torch.optim.Optimizer,
    batches: Sequence[Sequence[Lesson]],
    watch: Watch,
    *,
    company: Company,
    log: TrainLog | None,
) -> float:
    """Learn from an epoch's batches and return the mean loss. Every process makes the same updates."""
    recipe, net = training.recipe, training.net
    mine = (len(batches), sum(int(lesson.drums.sum()) for batch in batches for lesson in batch))
    count, steps = company.tell(mine)
    done, summed, weights = 0, 0.0, 0.0
    for n in range(count):
        share = company.deal(_shares(batches[n], net, company.size) if company.leads else ())
        for chunk in _chunks(net, share, recipe):
            lost = 0.0 if chunk.total is None else chunk.total.item()
            lost, weight, here = company.total(lost, chunk.weight, chunk.steps)
            if weight <= 0:
                continue
            rate = recipe.rate * _schedule((len(training.history) + done / steps) / recipe.epochs)
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.zero_grad()
            if chunk.total is not None:
                (chunk.total / weight).backward()  # type: ignore[no-untyped-call]
            company.add_gradients(net)
            norm = torch.nn.utils.clip_grad_norm_(net.parameters(), recipe.clip)
            optimiser.step()
            training.updates += 1
            done, summed, weights = done + int(here), summed + lost, weights + weight
            if log is not None:
                log.update(training.updates, loss=lost / weight, rate=rate, norm=norm.item())
            watch(done / steps, None)
    return summed / weights


def _schedule(progress: float) -> float:
    """Return the share of the learning rate: a short warm-up, then a cosine to 0."""
    return min(progress / 0.02, 1.0) * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))


def _chunks(net: Network, share: _Share, recipe: Recipe) -> Iterator[_Chunk]:
    """Yield as many chunks as the whole batch has, be this process's part shorter or empty."""
    learnt = 0
    if share.lessons:
        for chunk in _learn(net, gather(share.lessons).to(device_of(net)), recipe):
            learnt += 1
            yield chunk
    for _ in range(learnt, -(-share.longest // recipe.chunk)):
        yield _Chunk(None, 0.0, 0)


@cache
def knows_bfloat16(device: str) -> bool:
    """Return whether a device multiplies in bfloat16: processors without AVX-512 have no LSTM in it."""
    try:
        with torch.autocast(device, torch.bfloat16):
            torch.nn.LSTM(2, 2, device=device)(torch.zeros(1, 1, 2, device=device))
    except RuntimeError:  # oneDNN has no primitive for it
        return False
    return True


def _learn(net: Network, batch: Batch, recipe: Recipe) -> Iterator[_Chunk]:
    """Run the network over a batch, chunk after chunk; the state is carried over, the gradient is not."""
    said = batch.x.new_zeros((*batch.link.shape, net.outputs))
    state = rolled = net.initial_state(len(batch.lengths))
    known = torch.rand(len(batch.lengths), 1, 1) >= recipe.unread if net.context else torch.ones(1)
    known = known.to(batch.x)
    halves = recipe.bfloat16 and knows_bfloat16(batch.x.device.type)
    for start in range(0, batch.lengths[0], recipe.chunk):
        n, part = batch.alive(start), slice(start, start + recipe.chunk)
        state, rolled = (tuple(s[:, :n].detach() for s in kept) for kept in (state, rolled))
        x = batch.x[:n, part]
        net.train()
        with torch.autocast(x.device.type, torch.bfloat16, enabled=halves):
            context = known[:n] * around(net, batch, start, start + x.shape[1])
        if net.follows_itself and batch.hears():
            link, human, read = batch.link[:n, part], batch.human[:n], torch.cat([x, context.detach()], -1)
            read, rolled = roll_out(net, read, link, rolled, human=human, said=said[:n], start=start)
            x = read[..., : x.shape[-1]]
        with torch.autocast(x.device.type, torch.bfloat16, enabled=halves):
            now, state = net.forward(torch.cat([x, context], -1), state)
        targets = batch.targets.part(n, part)
        total, weight = loss(now.float(), targets, recipe.weights)
        yield _Chunk(total, float(weight), int(targets.drums.sum()))
