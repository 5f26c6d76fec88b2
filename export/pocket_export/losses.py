"""What training makes small: the distance of what a network says from what was played."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy, huber_loss

from pocket_core.predict import OUTPUTS, PAPER_OUTPUTS
from pocket_core.voices import VOICES

MS = 1000.0
SCALE_MS = 10.0  # an error of this size counts as about 1

_N = len(VOICES)
_EXPECTED, _SPREAD, _CHANCE, _OWN = (OUTPUTS.index(n) for n in ("expected", "spread", "chance", "own"))
_VOICING = OUTPUTS.index(f"offset {VOICES[0]}")


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of the loss counts; chosen on validation (docs/decisions/0009-follower.md)."""

    own: float = 0.5  # the paper's loss: a timestep where the drummer's own offset is the target
    alone: float = 0.5  # an onset without a drum
    meeting: float = 1.0
    drummer: float = 1.0  # the drummer's own first stroke
    voices: float = 0.5  # each stroke
    velocity: float = 5.0  # squared error of each stroke
    spread: float = 0.3
    chance: float = 0.5
    huber_ms: float = 4.0  # errors beyond this count by their size, not their square


@dataclass(frozen=True, slots=True)
class Targets:
    """What was played, a row a step. NaN never gets in: where nothing is known, the masks say so."""

    drums: Tensor  # bool (B, T): a timestep of the drums, to be learnt from
    meets: Tensor  # float32 (B, T) seconds
    met: Tensor  # bool (B, T): `meets` is known
    own: Tensor  # float32 (B, T) seconds
    played: Tensor  # bool (B, T): `own` is known
    strokes: Tensor  # float32 (B, T, 9) seconds
    struck: Tensor  # bool (B, T, 9)
    velocities: Tensor  # float32 (B, T, 9)

    def part(self, rows: int, steps: slice) -> Targets:
        """Return the first sequences' targets of some steps."""
        return Targets(*(getattr(self, name)[:rows, steps] for name in self.__slots__))


def loss(said: Tensor, targets: Targets, weights: Weights) -> tuple[Tensor, Tensor]:
    """Return the summed loss and the sum of the weights of its main parts, both scalars.

    Args:
        said: float32 (B, T, outputs), as `pocket_models.network.Network` says it.
        targets: Of the same steps.
        weights: What counts how much.
    """
    both = (targets.drums & targets.met).float()
    if said.shape[-1] == PAPER_OUTPUTS:
        target = torch.where(targets.met, targets.meets, targets.own)
        weight = both + weights.own * (targets.played & ~targets.met).float()
        return (_huber(said[..., 0], target, weights) * weight).sum(), weight.sum()
    drums, struck = targets.drums.float(), targets.struck.float()
    hears = both + weights.alone * (targets.met & ~targets.drums).float()
    expected = said[..., _EXPECTED]
    musician = weights.meeting * _huber(expected, targets.meets, weights)
    musician = musician + weights.spread * _laplace(
        expected, targets.meets, said[..., _SPREAD], MS / SCALE_MS
    )
    chance = binary_cross_entropy(
        said[..., _CHANCE].clamp(1e-6, 1 - 1e-6), targets.met.float(), reduction="none"
    )
    drummer = weights.drummer * _huber(said[..., _OWN], targets.own, weights) * targets.played.float()
    drummer = drummer + weights.chance * chance
    offsets, strays, hard, hard_strays = (
        said[..., _VOICING + n * _N : _VOICING + (n + 1) * _N] for n in range(4)
    )
    voices = weights.voices * _huber(offsets, targets.strokes, weights)
    voices = voices + weights.voices * weights.spread * _laplace(
        offsets, targets.strokes, strays, MS / SCALE_MS
    )
    voices = voices + weights.velocity * (hard - targets.velocities).square()
    voices = voices + weights.voices * weights.spread * _laplace(hard, targets.velocities, hard_strays, 10.0)
    total = (musician * hears).sum() + (drummer * drums).sum() + (voices * struck).sum()
    return total, hears.sum() + drums.sum()


def _huber(said: Tensor, target: Tensor, weights: Weights) -> Tensor:
    """Return the error in tens of ms, squared where small."""
    delta = weights.huber_ms
    return huber_loss(said * MS, target * MS, reduction="none", delta=delta) / (delta * SCALE_MS)


def _laplace(said: Tensor, target: Tensor, spread: Tensor, unit: float) -> Tensor:
    """Return the negative log likelihood of the target, Laplace distributed; it teaches only the spread."""
    return (said.detach() - target).abs() / spread + torch.log(spread * unit)
