"""A training's figures for TensorBoard: `tensorboard --logdir DIR`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from pocket_export.training import Epoch

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TrainLog:
    """Writes scalars, each over the number of updates so far.

    Args:
        folder: Of this training; a training that goes on adds to what is there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: SummaryWriter | None = None

    def begin(self, updates: int) -> None:
        """Start behind so many updates; whatever an earlier run wrote of later ones is void."""
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(self._folder), purge_step=updates + 1 if updates else None)

    def update(self, updates: int, *, loss: float, rate: float, norm: float) -> None:
        """Tell of one update.

        Args:
            updates: Its number, from 1.
            loss: Mean, of the chunk it learnt from.
            rate: Of learning.
            norm: Of the gradient, before it was clipped.
        """
        self._add(updates, {"update/loss": loss, "update/rate": rate, "update/gradient norm": norm})

    def epoch(self, updates: int, epoch: Epoch) -> None:
        """Tell of one epoch that ended with this update."""
        said = epoch.validation
        figures = {
            "epoch/number": float(epoch.number),
            "epoch/loss": epoch.loss,
            "epoch/seconds": epoch.seconds,
            "validation/mae_ms": said.mae_ms,
            "validation/sd_ms": said.sd_ms,
            "validation/drummer_mae_ms": said.drummer_mae_ms,
        }
        self._add(updates, {name: value for name, value in figures.items() if not math.isnan(value)})
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()

    def _add(self, updates: int, figures: dict[str, float]) -> None:
        if self._writer is not None:
            for name, value in figures.items():
                self._writer.add_scalar(name, value, updates)
