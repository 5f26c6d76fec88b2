"""From a groove to drums: a transformer encoder over two bars of sixteenths, and its variational twin.

Source: Haki et al., "Real-time drum accompaniment using transformer architecture", AIMC 2022 (post-norm
encoder, sigmoid for hits and velocities, half a tanh for offsets), and GrooveTransformer (2023) for the
autoencoder. Not of the paper: the input's columns beyond the groove, and velocities and offsets as what is
left beside the groove's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

VOICES = 9
STEPS = 32
HALF = 0.5
NEVER = 1e-6  # a chance is no nearer to 0 or 1


class _Layer(nn.Module):
    """A post-norm encoder layer. `nn.TransformerEncoderLayer` takes half as long again to train on a CPU."""

    def __init__(self, width: int, ff: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.count = heads
        self.ask = nn.Linear(width, 3 * width)
        self.told = nn.Linear(width, width)
        self.inner = nn.Sequential(nn.Linear(width, ff), nn.ReLU(), nn.Linear(ff, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.drop = nn.Dropout(dropout)
        nn.init.xavier_uniform_(self.ask.weight)
        nn.init.zeros_(self.ask.bias)
        nn.init.zeros_(self.told.bias)

    def forward(self, x: Tensor) -> Tensor:
        asked = self.ask(x).unflatten(-1, (3 * self.count, -1)).transpose(-3, -2)
        query, key, value = asked.split(self.count, -3)
        told = functional.scaled_dot_product_attention(query, key, value).transpose(-3, -2)
        x = self.norms[0](x + self.drop(self.told(told.flatten(-2))))
        seen: Tensor = self.norms[1](x + self.drop(self.inner(x)))
        return seen


class _Layers(nn.Module):
    def __init__(self, width: int, ff: int, heads: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Layer(width, ff, heads, dropout) for _ in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class Heads(nn.Module):
    """What is struck, how hard, and when, of each step.

    Args:
        width: Of what comes in.
        residual: Velocities and offsets are the groove's and what a gate lets through besides; the loudest
            voice of a step has the groove's own, which a sum alone would never say exactly.
    """

    def __init__(self, width: int, *, residual: bool) -> None:
        super().__init__()
        self.residual = residual
        self.out = nn.Linear(width, (5 if residual else 3) * VOICES)
        self.trust = nn.Parameter(torch.ones(2, VOICES)) if residual else None

    def forward(self, h: Tensor, groove: Tensor) -> Tensor:
        """Return `(..., T, 27)`: hits as logits, velocities 0..1, offsets -0.5..0.5 sixteenths.

        Args:
            h: `(..., T, width)`.
            groove: `(..., T, 3)`, hit, velocity, offset in half sixteenths.
        """
        hits, velocities, offsets, *gates = self.out(h).split(VOICES, -1)
        if self.trust is None:
            return torch.cat([hits, velocities.sigmoid(), HALF * offsets.tanh()], -1)
        louder, later = gates[0].sigmoid() * velocities.tanh(), gates[1].sigmoid() * offsets.tanh()
        velocity = (groove[..., 1:2] * self.trust[0] + louder).clamp(0.0, 1.0)
        offset = (HALF * groove[..., 2:3] * self.trust[1] + HALF * later).clamp(-HALF, HALF)
        return torch.cat([hits, velocity, offset], -1)


class GrooveTransformer(nn.Module):
    """Two bars in, two bars out; every step sees all others.

    Args:
        inputs: Columns of the input; the first three are the groove.
        width: d, the model's own.
        ff: Of the layers' inner part.
        heads: Of attention.
        layers: How many.
        dropout: 0..1.
        residual: See `Heads`.
    """

    def __init__(
        self,
        inputs: int,
        *,
        width: int = 128,
        ff: int = 256,
        heads: int = 4,
        layers: int = 6,
        dropout: float = 0.15,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(inputs, width)
        self.places: Tensor
        self.register_buffer("places", places(width), persistent=False)
        self.drop = nn.Dropout(dropout)
        self.body = _Layers(width, ff, heads, layers, dropout)
        self.norm = nn.LayerNorm(width)
        self.heads = Heads(width, residual=residual)

    def forward(self, x: Tensor) -> Tensor:
        """Return `(..., 32, 27)` of `(..., 32, inputs)`: see `Heads`."""
        h = self.drop(torch.relu(self.embed(x)) + self.places)
        said: Tensor = self.heads(self.norm(self.body(h)), x[..., :3])
        return said


class Together(nn.Module):
    """Several transformers of one kind as one: the mean of their chances, velocities and offsets."""

    def __init__(self, nets: Sequence[GrooveTransformer]) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)

    def forward(self, x: Tensor) -> Tensor:
        """Return what each would, hits as logits, of their mean."""
        said = torch.stack([net(x) for net in self.nets])
        chances = said[..., :VOICES].sigmoid().mean(0).clamp(NEVER, 1 - NEVER)
        return torch.cat([torch.logit(chances), said[..., VOICES:].mean(0)], -1)


class GrooveVAE(nn.Module):
    """A groove to a point of a latent space, and from there to drums.

    Args:
        latent: Dimensions, z.
        wanted: Columns of what is asked for at each step: density, style and the like.
        width: d, the model's own.
        ff: Of the layers' inner part.
        heads: Of attention.
        layers: How many on each side.
        dropout: 0..1.
    """

    def __init__(
        self,
        *,
        latent: int = 32,
        wanted: int = 0,
        width: int = 128,
        ff: int = 256,
        heads: int = 4,
        layers: int = 3,
        dropout: float = 0.15,
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(3, width)
        self.places: Tensor
        self.register_buffer("places", places(width), persistent=False)
        self.drop = nn.Dropout(dropout)
        self.encoder = _Layers(width, ff, heads, layers, dropout)
        self.narrow = nn.Linear(width, 8)
        self.to_latent = nn.Linear(STEPS * 8, 2 * latent)
        self.from_latent = nn.Linear(latent, STEPS * 8)
        self.widen = nn.Linear(8 + wanted, width)
        self.decoder = _Layers(width, ff, heads, layers, dropout)
        self.norm = nn.LayerNorm(width)
        self.heads = Heads(width, residual=False)

    def encode(self, groove: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and logarithm of the variance, `(B, z)` each, of a groove `(B, 32, 3)`."""
        h = self.drop(torch.relu(self.embed(groove)) + self.places)
        flat = self.narrow(self.encoder(h)).reshape(-1, STEPS * 8)
        mean, spread = self.to_latent(flat).chunk(2, -1)
        return mean, spread.clamp(-8.0, 4.0)

    def decode(self, z: Tensor, wanted: Tensor) -> Tensor:
        """Return `(B, 32, 27)`, see `Heads`, of a point `(B, z)` and what is asked for, `(B, 32, wanted)`."""
        h = self.from_latent(z).reshape(-1, STEPS, 8)
        h = self.drop(torch.relu(self.widen(torch.cat([h, wanted], -1))) + self.places)
        h = self.norm(self.decoder(h))
        said: Tensor = self.heads(h, torch.zeros_like(h[..., :3]))
        return said

    def forward(self, groove: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return drums by a point drawn as the groove says, and mean and logarithm of the variance."""
        mean, spread = self.encode(groove)
        z = mean + torch.randn_like(mean) * (spread / 2).exp() if self.training else mean
        return self.decode(z, wanted), mean, spread


def places(width: int, steps: int = STEPS) -> Tensor:
    """Return the sinusoids that tell steps apart, `(steps, width)` (Vaswani et al. 2017)."""
    at = torch.arange(steps)[:, None]
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    table = torch.zeros(steps, width)
    table[:, 0::2], table[:, 1::2] = torch.sin(at * rate), torch.cos(at * rate)
    return table
