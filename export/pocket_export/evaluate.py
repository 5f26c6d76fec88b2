"""How close a network's forecasts come, by the rules of BENCHMARKS' Follow, without the engine.

For early stopping on the validation split; what a model card says of the test split comes from the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pocket_export.lesson import Lesson
from pocket_export.losses import Targets
from pocket_export.roll_out import roll_out
from pocket_models.network import Network

AT_ONCE, MOST_STEPS = 64, 32_768  # sequences, and their steps, of which each takes some kilobytes


@dataclass(frozen=True, slots=True)
class Follow:
    """Forecasts against musician and drummer, pooled over timesteps."""

    mae_ms: float  # |musician - forecast|; NaN where no musician met the drums
    sd_ms: float  # of the same, about its mean
    drummer_mae_ms: float  # |drummer's own offset - forecast|
    steps: int  # timesteps that have both parts

    def __str__(self) -> str:
        """Return one line for people."""
        drummer = f"drummer MAE {self.drummer_mae_ms:.2f} ms"
        return f"MAE {self.mae_ms:.2f}, SD {self.sd_ms:.2f}, {drummer}" if self.steps else drummer


@dataclass(frozen=True, slots=True)
class Batch:
    """Lessons side by side, longest first, padded to the longest."""

    x: Tensor  # float32 (B, T, F), `diff` is 0
    score: Tensor  # float32 (B, T, SCORE_WIDTH)
    link: Tensor  # int64 (B, T)
    human: Tensor  # float32 (B, T), 0 where unknown: no link points there
    targets: Targets
    lengths: tuple[int, ...]

    def alive(self, at: int) -> int:
        """Return how many sequences are longer than `at`."""
        return sum(length > at for length in self.lengths)

    def hears(self) -> bool:
        """Whether any `diff` is ever known."""
        return bool((self.link >= 0).any())

    def to(self, device: torch.device) -> Batch:
        """Return it on a device."""
        targets = Targets(*(getattr(self.targets, name).to(device) for name in Targets.__slots__))
        x, score, link, human = (part.to(device) for part in (self.x, self.score, self.link, self.human))
        return Batch(x, score, link, human, targets, self.lengths)

    def read(self, net: Network) -> Batch:
        """Return it with what the network makes of the whole scores behind the features."""
        return replace(self, x=torch.cat([self.x, net.encode(self.score, self.lengths)], -1))


def gather(lessons: Sequence[Lesson]) -> Batch:
    """Put lessons side by side."""
    rows = sorted(lessons, key=len, reverse=True)

    def pad(values: Iterable[NDArray[Any]], fill: float = 0.0) -> Tensor:
        return nn.utils.rnn.pad_sequence([torch.from_numpy(v) for v in values], True, fill)

    return Batch(
        x=pad(row.x for row in rows),
        score=pad(row.score for row in rows),
        link=pad((row.link.astype(np.int64) for row in rows), -1),
        human=pad(np.nan_to_num(row.human) for row in rows),
        targets=Targets(
            drums=pad((row.drums & _taught(row) for row in rows), False),
            meets=pad(np.nan_to_num(row.meets) for row in rows),
            met=pad((~np.isnan(row.meets) & _taught(row) for row in rows), False),
            own=pad(np.nan_to_num(row.own) for row in rows),
            played=pad((~np.isnan(row.own) for row in rows), False),
            strokes=pad(np.nan_to_num(row.strokes) for row in rows),
            struck=pad((~np.isnan(row.strokes) for row in rows), False),
            velocities=pad(row.velocities for row in rows),
        ),
        lengths=tuple(map(len, rows)),
    )


def _taught(row: Lesson) -> NDArray[np.bool_]:
    return np.ones(len(row), np.bool_) if row.taught is None else row.taught


def device_of(net: Network) -> torch.device:
    """Return where a network is."""
    return net.initial_state(1)[0].device


@torch.no_grad()
def predict(net: Network, lessons: Sequence[Lesson]) -> Iterator[tuple[Lesson, NDArray[np.float32]]]:
    """Yield each lesson with what the network says as it plays live, `float32[T, outputs]`.

    A network that does not hear gets, and comes with, the drums' timesteps alone.
    """
    net.eval()
    heard = lessons if net.hears else [lesson.deaf() for lesson in lessons]
    order = sorted(heard, key=len, reverse=True)
    start = 0
    while start < len(order):
        at_once = min(max(MOST_STEPS // max(len(order[start]), 1), 1), AT_ONCE)
        rows, start = order[start : start + at_once], start + at_once
        batch = gather(rows).to(device_of(net)).read(net)
        said = step_by_step(net, batch) if net.follows_itself else net.forward(batch.x)[0]
        for row, values in zip(rows, said, strict=True):
            yield row, values[: len(row)].cpu().numpy()


def step_by_step(net: Network, batch: Batch) -> Tensor:
    """Roll a whole batch out, (B, T, outputs); sequences that have ended are dropped on the way."""
    chunk, state = 64, net.initial_state(len(batch.lengths))
    said = batch.x.new_zeros((*batch.link.shape, net.outputs))
    for start in range(0, batch.lengths[0], chunk):
        n = batch.alive(start)
        x, link = (column[:n, start : start + chunk] for column in (batch.x, batch.link))
        state = tuple(part[:, :n] for part in state)
        _, state = roll_out(net, x, link, state, human=batch.human[:n], said=said[:n], start=start)
    return said


def forecast(net: Network, lessons: Sequence[Lesson]) -> Iterator[tuple[Lesson, NDArray[np.float32]]]:
    """Yield each lesson with the network's own forecasts for it in seconds, `float32[T]`, as played live."""
    for lesson, said in predict(net, lessons):
        yield lesson, said[:, 0]


def follow(net: Network, lessons: Sequence[Lesson]) -> Follow:
    """Score a network on lessons."""
    return score((lesson, f) for lesson, f in forecast(net, lessons))


def score(forecasts: Iterable[tuple[Lesson, NDArray[np.float32]]]) -> Follow:
    """Score forecasts in seconds."""
    pairs = list(forecasts)
    human = np.concatenate([(lesson.meets - f)[lesson.drums] for lesson, f in pairs]) * 1000.0
    own = np.concatenate([(lesson.own - f)[lesson.drums] for lesson, f in pairs]) * 1000.0
    human = human[~np.isnan(human)]
    both = len(human) > 0
    return Follow(
        mae_ms=float(np.abs(human).mean()) if both else float("nan"),
        sd_ms=float(human.std()) if both else float("nan"),
        drummer_mae_ms=float(np.abs(own).mean()),
        steps=len(human),
    )
