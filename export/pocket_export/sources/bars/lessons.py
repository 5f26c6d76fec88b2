"""What bars' autoencoders learn from: bars varied so that no drummer is learnt by heart, and what is off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pocket_core.phrases.bar_grid import PLACE_OF
from pocket_models.bar_vae import BarVAE, BeatGen

BATCH = 128
AUDIENCE = 1024  # bars at once, where nothing is learnt
SWAPPED = 0.15  # chance that a limb's part is another bar's
LOUDER = 0.25  # how much louder or softer a whole bar may be
SHIFTED, TURNED = 0.3, 0.15  # chance that a bar is a 64th off, or begins on another beat

#: What one limb or tool plays: kick, snare, hats, toms, cymbals.
LIMBS = tuple(
    [PLACE_OF[note] for note in notes]
    for notes in (
        (36,),
        (37, 38, 40),
        (22, 26, 42, 44, 46),
        (43, 45, 47, 48, 50, 58),
        (49, 51, 52, 53, 55, 57, 59),
    )
)


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much beside the squared error of the whole bar."""

    kl: float  # BeatGen's report says 1, its code 0.1
    onset: float = 0.06  # of the cross entropy of what is struck, summed over a bar
    velocity: float = 1.0  # of the squared error of velocities where something is struck


def varied(bars: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    """Return bars with limbs of other bars, louder or softer, a 64th off, or begun on another beat."""
    x: NDArray[np.float32] = bars.copy()
    count = len(bars)
    other = bars[chance.permutation(count)]
    for limb in LIMBS:
        rows = np.flatnonzero(chance.random(count) < SWAPPED)[:, None]
        x[rows, :, limb] = other[rows, :, limb]
    loud = chance.uniform(1 - LOUDER, 1 + LOUDER, (count, 1, 1)).astype(np.float32)
    x = np.clip(x * loud, 0.0, 1.0).astype(np.float32)
    for share, shifts in ((SHIFTED, (-1, 1)), (TURNED, (16, 32, 48))):
        for row in np.flatnonzero(chance.random(count) < share):
            x[row] = np.roll(x[row], chance.choice(shifts), 0)
    return x


def batches(bars: NDArray[np.float32], chance: torch.Generator, size: int = BATCH) -> Iterable[Tensor]:
    """Yield bars in random order."""
    whole, order = torch.from_numpy(bars), torch.randperm(len(bars), generator=chance)
    return (whole[order[n : n + size]] for n in range(0, len(bars), size))


def loss_of(net: BarVAE, weights: Weights) -> Callable[[Tensor], Tensor]:
    """Return what is off in a batch, on the mean of its bars."""

    def loss(x: Tensor) -> Tensor:
        mean, spread = net.encode(x)
        z = net.drawn(mean, spread)
        kl = 0.5 * (spread.exp() + mean**2 - spread - 1).sum(1).mean()
        if isinstance(net, BeatGen):
            return ((net.expected(z) - x) ** 2).sum((1, 2)).mean() + weights.kl * kl
        logits, velocities = net.decode(z)
        hit = (x > 0).float()
        whole = ((logits.sigmoid() * velocities - x) ** 2).sum((1, 2)).mean()
        onset = functional.binary_cross_entropy_with_logits(logits, hit, reduction="none")
        harder = (hit * (velocities - x) ** 2).sum((1, 2)).mean()
        return whole + weights.onset * onset.sum((1, 2)).mean() + weights.velocity * harder + weights.kl * kl

    return loss
