"""What the autoencoder of grooves learns: drums from a point of a latent space, and what is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pocket_core.phrases.groove_features import DENSITY, GROOVE, STYLE
from pocket_core.phrases.hvo import COUNT
from pocket_export.sources.grooves.lessons import AUDIENCE, Weights, loss
from pocket_models.groove_transformer import GrooveVAE

ASKED = [*range(DENSITY.start, DENSITY.stop), *range(STYLE.start, STYLE.stop)]  # columns of `wanted`


@dataclass(frozen=True, slots=True)
class Spread:
    """The weight of the KL divergence: it rises and falls so that the latent space stays in use."""

    most: float = 0.006  # a nat, beside the mean loss of a cell
    cycle: int = 4  # epochs

    def at(self, epoch: float) -> float:
        """Return the weight at a moment, in epochs from 0: a ramp over the first half of each cycle."""
        place = epoch % self.cycle / self.cycle
        return self.most * min(1.0, 2 * place + 0.05)


@dataclass(frozen=True, slots=True)
class Said:
    """What the autoencoder says of windows by the means of their codes."""

    drums: NDArray[np.float32]  # (N, 32, 27), hits as chances
    codes: NDArray[np.float32]  # (N, z)
    kl: float  # nats, on the mean


def split(x: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what a window shows, `float32[N, 32, WIDTH]`, as groove and what is asked for."""
    return np.ascontiguousarray(x[..., GROOVE]), np.ascontiguousarray(x[..., ASKED])


def vae_loss(net: GrooveVAE, x: Tensor, y: Tensor, *, weights: Weights, rare: Tensor, kl: float) -> Tensor:
    """Return how far drums by the grooves' codes are from what was played, and the codes from noise."""
    said, mean, spread = net(x[..., GROOVE], x[..., ASKED])
    divergence = 0.5 * (spread.exp() + mean**2 - spread - 1).sum(1).mean()
    whole: Tensor = loss(said, y, weights, rare) + kl * divergence
    return whole


def vae_answers(net: GrooveVAE, x: NDArray[np.float32]) -> Said:
    """Return what the autoencoder says of windows, in evaluation mode."""
    net.eval()
    drums, codes, kl = [], [], 0.0
    grooves, wanted = split(x)
    with torch.no_grad():
        for n in range(0, len(x), AUDIENCE):
            mean, spread = net.encode(torch.from_numpy(grooves[n : n + AUDIENCE]))
            said = net.decode(mean, torch.from_numpy(wanted[n : n + AUDIENCE])).numpy()
            said[..., :COUNT] = 1 / (1 + np.exp(-said[..., :COUNT]))
            drums.append(said)
            codes.append(mean.numpy())
            kl += float(0.5 * (spread.exp() + mean**2 - spread - 1).sum())
    return Said(np.concatenate(drums), np.concatenate(codes), kl / max(len(x), 1))
