"""Variational autoencoders of single bars: BeatGen's, as its code has it, and ours, onset and velocity apart.

Source of the first: Sojak & Lindermeir, "BeatGen: A Variational Model For Generating Drum Grooves", whose
code has four convolutions (its report says three), and a decoder that ends in a ReLU.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise

import torch
from torch import Tensor, nn

STEPS, PITCHES = 64, 22
A_SIXTEENTH = 4  # steps
SIXTEENTHS = STEPS // A_SIXTEENTH
NARROW = 32  # of a sixteenth on its way to and from the latent space


class BarVAE(nn.Module, ABC):
    """What both have in common: a bar to a Gaussian of the latent space, and a point of it to a bar.

    Args:
        latent: Dimensions.
    """

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.latent = latent

    @abstractmethod
    def encode(self, bars: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and logarithm of the variance, `(B, latent)` each, of bars `(B, 64, 22)`."""

    @abstractmethod
    def decode(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return of points `(B, latent)` logits of what is struck, and velocities, `(B, 64, 22)` each."""

    def expected(self, z: Tensor) -> Tensor:
        """Return the bars that are least off by the square, `(B, 64, 22)`, to be compared with recordings."""
        logits, velocities = self.decode(z)
        return logits.sigmoid() * velocities

    def drawn(self, mean: Tensor, spread: Tensor) -> Tensor:
        """Return a point by chance while it learns, else the mean."""
        return mean + torch.randn_like(mean) * (spread / 2).exp() if self.training else mean


class BeatGen(BarVAE):
    """The published one: every value above 0 is meant to be a note."""

    def __init__(self, latent: int = 16) -> None:
        super().__init__(latent)
        widths = [PITCHES, 64, 128, 256, 512]
        self.encoder = nn.Sequential(
            *(part for a, b in pairwise(widths) for part in (nn.Conv1d(a, b, 3), nn.ReLU(), nn.MaxPool1d(2))),
            nn.Flatten(),
        )
        self.to_latent = nn.Linear(2 * widths[-1], 2 * latent)
        self.widen = nn.Sequential(nn.Linear(latent, 512), nn.ReLU())
        up = [part for _ in range(3) for part in (_up(), nn.Conv1d(128, 128, 3, padding=1), nn.ReLU())]
        self.decoder = nn.Sequential(*up, _up(), nn.Conv1d(128, PITCHES, 5, padding=2), nn.ReLU())

    def encode(self, bars: Tensor) -> tuple[Tensor, Tensor]:
        """See `BarVAE.encode`."""
        mean, spread = self.to_latent(self.encoder(bars.transpose(1, 2))).chunk(2, -1)
        return mean, spread

    def decode(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """See `BarVAE.decode`; it knows nothing of onsets, so a logit only says whether there is a value."""
        bars = self.expected(z)
        return (bars - 1e-6) * 1e4, bars

    def expected(self, z: Tensor) -> Tensor:
        """See `BarVAE.expected`."""
        wide = self.widen(z).reshape(-1, 4, 128).transpose(1, 2)
        bars: Tensor = self.decoder(wide).transpose(1, 2)
        return bars


class PocketBars(BarVAE):
    """Ours: a sixteenth is a token of 4 x 22 cells, and attends to the others; onset and velocity apart.

    Args:
        latent: Dimensions.
        width: Of a token within.
        layers: On each side.
        heads: Of attention.
        dropout: 0..1.
    """

    def __init__(
        self, latent: int = 64, width: int = 192, layers: int = 2, heads: int = 4, dropout: float = 0.1
    ) -> None:
        super().__init__(latent)
        cells = A_SIXTEENTH * PITCHES
        self.embed = nn.Linear(2 * cells, width)
        self.places = nn.Parameter(torch.randn(2, SIXTEENTHS, width) * 0.02)
        self.encoder = _layers(width, layers, heads, dropout)
        self.narrow = nn.Linear(width, NARROW)
        self.to_latent = nn.Linear(SIXTEENTHS * NARROW, 2 * latent)
        self.from_latent = nn.Sequential(
            nn.Linear(latent, SIXTEENTHS * NARROW), nn.GELU(), nn.Unflatten(1, (SIXTEENTHS, NARROW))
        )
        self.widen = nn.Linear(NARROW, width)
        self.decoder = _layers(width, layers, heads, dropout)
        self.out = nn.Linear(width, 2 * cells)
        nn.init.constant_(self.out.bias[:cells], -4.0)  # most cells are silent

    def encode(self, bars: Tensor) -> tuple[Tensor, Tensor]:
        """See `BarVAE.encode`."""
        tokens = bars.reshape(-1, SIXTEENTHS, A_SIXTEENTH * PITCHES)
        h = self.embed(torch.cat([(tokens > 0).to(tokens.dtype), tokens], -1)) + self.places[0]
        flat = self.narrow(self.encoder(h)).reshape(len(bars), -1)
        mean, spread = self.to_latent(flat).chunk(2, -1)
        return mean, spread.clamp(-10.0, 4.0)

    def decode(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """See `BarVAE.decode`."""
        h = self.widen(self.from_latent(z)) + self.places[1]
        logits, velocities = self.out(self.decoder(h)).chunk(2, -1)
        shape = (len(z), STEPS, PITCHES)
        return logits.reshape(shape), velocities.sigmoid().reshape(shape)


def _up() -> nn.Module:
    return nn.Upsample(scale_factor=2)


def _layers(width: int, layers: int, heads: int, dropout: float) -> nn.Module:
    return nn.Sequential(
        *(
            nn.TransformerEncoderLayer(
                width, heads, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
            )
            for _ in range(layers)
        ),
        nn.LayerNorm(width),
    )
