"""Train an autoencoder of bars, chosen by how much of the energy of other bars it gives back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pocket_export.sources.bars.data import BarSet
from pocket_export.sources.bars.figures import back, divergence, explained
from pocket_export.sources.bars.lessons import BATCH, Weights, batches, loss_of, varied
from pocket_export.sources.fit import Fitting, Recipe, fit
from pocket_export.sources.order import Watch
from pocket_models.bar_vae import BarVAE, BeatGen, PocketBars


@dataclass(frozen=True, slots=True)
class Kind:
    """An autoencoder and how it is trained."""

    latent: int
    kl: float
    ours: bool = True  # else BeatGen's
    epochs: int = 40
    rate: float = 1e-3
    batch: int = BATCH
    width: int = 192  # of ours

    @property
    def name(self) -> str:
        """What it is called in tables and caches."""
        return f"{'ours' if self.ours else 'beatgen'} z {self.latent} kl {self.kl:g}"

    def build(self) -> BarVAE:
        """Return the network, its weights by torch's chance."""
        return PocketBars(self.latent, self.width) if self.ours else BeatGen(self.latent)


def train_bars(
    kind: Kind,
    train: BarSet,
    chosen_by: BarSet,
    *,
    seed: int,
    watch: Watch,
    checkpoint: Path | None = None,
    resume: bool = False,
    identity: str = "",
) -> tuple[BarVAE, Fitting]:
    """Train one; it has the weights that did best on `chosen_by`.

    Raises:
        DataError: The checkpoint is of another training.
    """
    torch.manual_seed(seed)
    net = kind.build()
    loss = loss_of(net, Weights(kind.kl))

    def losses(number: int, chance: torch.Generator) -> tuple[int, Iterable[Tensor]]:
        bars = train.bars
        if kind.ours:  # the published one learnt from bars as they are
            bars = varied(bars, np.random.default_rng((seed, number)))
        return -(-len(bars) // kind.batch), (loss(x) for x in batches(bars, chance, kind.batch))

    def judge() -> tuple[float, str]:
        there = back(net, chosen_by)
        found = explained(chosen_by, there.expected)
        return found.sse, f"{found.share:.3f} of the energy explained, {divergence(net, chosen_by):.1f} nats"

    fitting = fit(
        net,
        losses,
        judge,
        Recipe(kind.epochs, rate=kind.rate, decay=0.01 if kind.ours else 0.0, seed=seed),
        watch=watch,
        checkpoint=checkpoint,
        resume=resume,
        identity=f"{kind} {identity}",
    )
    return net, fitting
