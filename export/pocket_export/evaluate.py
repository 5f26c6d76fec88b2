"""How close a network's forecasts come, by the rules of BENCHMARKS' Follow, without the engine.

For early stopping on the validation split; what a model card says of the test split comes from the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pocket_export.dataset import Lesson
from pocket_models.lstm import PocketLSTM, roll_out

AT_ONCE = 64  # sequences


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
    link: Tensor  # int64 (B, T)
    human: Tensor  # float32 (B, T), 0 where unknown: no link points there
    target: Tensor  # float32 (B, T) seconds
    weight: Tensor  # float32 (B, T), 0 in the padding
    lengths: tuple[int, ...]

    def alive(self, at: int) -> int:
        """Return how many sequences are longer than `at`."""
        return sum(length > at for length in self.lengths)

    def hears(self) -> bool:
        """Whether any `diff` is ever known."""
        return bool((self.link >= 0).any())


def gather(lessons: Sequence[Lesson], *, own_weight: float = 1.0) -> Batch:
    """Put lessons side by side.

    The target is the musician's offset at that grid position, else the drummer's own, of another weight.
    """
    rows = sorted(lessons, key=len, reverse=True)

    def pad(values: Iterable[NDArray[np.float32]], fill: float = 0.0) -> Tensor:
        return nn.utils.rnn.pad_sequence([torch.from_numpy(v) for v in values], True, fill)

    met = [~np.isnan(row.meets) for row in rows]
    return Batch(
        x=pad(row.x for row in rows),
        link=pad((row.link.astype(np.float32) for row in rows), -1.0).long(),
        human=pad(np.nan_to_num(row.human) for row in rows),
        target=pad(np.where(m, row.meets, row.own) for m, row in zip(met, rows, strict=True)),
        weight=pad(np.where(m, 1.0, own_weight).astype(np.float32) for m in met),
        lengths=tuple(map(len, rows)),
    )


@torch.no_grad()
def forecast(net: PocketLSTM, lessons: Sequence[Lesson]) -> Iterator[tuple[Lesson, NDArray[np.float32]]]:
    """Yield each lesson with the network's own forecasts for it in seconds, `float32[T]`, as played live."""
    net.eval()
    order = sorted(lessons, key=len, reverse=True)
    for start in range(0, len(order), AT_ONCE):
        rows = order[start : start + AT_ONCE]
        batch = gather(rows)
        forecasts = torch.zeros_like(batch.target)
        if batch.hears():
            step_by_step(net, batch, forecasts)
        else:
            forecasts, _ = net(batch.x)
        for row, values in zip(rows, forecasts, strict=True):
            yield row, values[: len(row)].numpy()


def step_by_step(net: PocketLSTM, batch: Batch, forecasts: Tensor) -> None:
    """Roll a whole batch out, filling `forecasts`; sequences that have ended are dropped on the way."""
    chunk, state = 64, net.initial_state(len(batch.lengths))
    for start in range(0, batch.lengths[0], chunk):
        n = batch.alive(start)
        x, link = (column[:n, start : start + chunk] for column in (batch.x, batch.link))
        state = (state[0][:, :n], state[1][:, :n])
        human, said = batch.human[:n], forecasts[:n]
        _, state = roll_out(net, x, link, state, human=human, forecasts=said, start=start)


def follow(net: PocketLSTM, lessons: Sequence[Lesson]) -> Follow:
    """Score a network on lessons."""
    return score((lesson, f) for lesson, f in forecast(net, lessons))


def score(forecasts: Iterable[tuple[Lesson, NDArray[np.float32]]]) -> Follow:
    """Score forecasts in seconds."""
    pairs = list(forecasts)
    human = np.concatenate([lesson.meets - f for lesson, f in pairs]) * 1000.0
    own = np.concatenate([lesson.own - f for lesson, f in pairs]) * 1000.0
    human = human[~np.isnan(human)]
    both = len(human) > 0
    return Follow(
        mae_ms=float(np.abs(human).mean()) if both else float("nan"),
        sd_ms=float(human.std()) if both else float("nan"),
        drummer_mae_ms=float(np.abs(own).mean()),
        steps=len(human),
    )
