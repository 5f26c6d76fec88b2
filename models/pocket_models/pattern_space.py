"""A latent space of drum patterns: fully connected 448-64-32-4 and back, plain, variational or adversarial.

Source of the shape: Tikhonov, "Drum Patterns from Latent Space". Source of the critic, which guesses how two
codes were mixed and so makes what is between patterns look like patterns: Berthelot et al. 2018,
"Understanding and Improving Interpolation in Autoencoders via an Adversarial Regularizer" (ACAI).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.func import functional_call

CELLS = 448  # 32 steps of 14 instruments
HIDDEN = (64, 32)
LATENT = 4


class PatternSpace(nn.Module):
    """Patterns to codes and back.

    Args:
        latent: Dimensions of a code.
        hidden: Widths on the way in; out they are the other way round.
        variational: Whether a pattern has a Gaussian of codes, of which `encode` says the mean.
    """

    def __init__(
        self, latent: int = LATENT, hidden: Sequence[int] = HIDDEN, *, variational: bool = False
    ) -> None:
        super().__init__()
        self.latent = latent
        self.variational = variational
        self.encoder = dense((CELLS, *hidden, latent * (2 if variational else 1)))
        self.decoder = dense((latent, *reversed(hidden), CELLS))

    def encode(self, cells: Tensor) -> Tensor:
        """Return codes, `(B, latent)`, of patterns, `(B, 448)`."""
        code: Tensor = self.encoder(cells)
        return code[:, : self.latent]

    def gaussian(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and logarithms of variances, `(B, latent)` each; of a variational space alone."""
        mean, spread = self.encoder(cells).chunk(2, 1)
        return mean, spread.clamp(-10.0, 6.0)

    def decode(self, codes: Tensor) -> Tensor:
        """Return logits of what is struck, `(B, 448)`."""
        logits: Tensor = self.decoder(codes)
        return logits


class Critic(nn.Module):
    """Guesses of cells, `(B, 448)`, by how much they were mixed: the nearer of two patterns has 1 - that.

    Args:
        hidden: Widths.
    """

    def __init__(self, hidden: Sequence[int] = HIDDEN) -> None:
        super().__init__()
        self.layers = dense((CELLS, *hidden, 1))

    def forward(self, cells: Tensor) -> Tensor:
        """Return the guess, `(B,)`."""
        guess: Tensor = self.layers(cells)
        return guess[:, 0]

    def held(self, cells: Tensor) -> Tensor:
        """Return the guess as if the critic could not learn from it: whoever made the cells does."""
        still = {name: value.detach() for name, value in self.named_parameters()}
        guess: Tensor = functional_call(self, still, (cells,))
        return guess


class Adversarial(nn.Module):
    """A space and its critic, which learn side by side.

    Args:
        space: Not a variational one.
        critic: Of the same cells.
    """

    def __init__(self, space: PatternSpace, critic: Critic) -> None:
        super().__init__()
        self.space = space
        self.critic = critic


def dense(widths: Sequence[int]) -> nn.Sequential:
    """Return fully connected layers with ReLU between them."""
    parts: list[nn.Module] = []
    for a, b in pairwise(widths):
        parts += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*parts[:-1])


def mixed(codes: Tensor, alpha: Tensor, order: Tensor) -> Tensor:
    """Return codes on the way to others.

    Args:
        codes: `(B, latent)`.
        alpha: `(B,)`, 0..0.5: how far.
        order: `(B,)`, which other each goes to.
    """
    return torch.lerp(codes, codes[order], alpha[:, None])
