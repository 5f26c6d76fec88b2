"""Train a space of patterns: plain (AE), variational (VAE) or adversarial (ACAI)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from pocket_export.sources.fit import Fitting, Recipe, fit
from pocket_export.sources.order import Watch
from pocket_models.pattern_space import HIDDEN, LATENT, Adversarial, Critic, PatternSpace, mixed

Array = NDArray[np.float32]

BATCH = 128
CRITIC_WEIGHT = 0.5  # source: Berthelot et al. 2018, lambda
SHARP = 0.2  # source: the same, gamma
PULL = 1e-4  # of the codes' square, so that a space without a prior keeps its size


@dataclass(frozen=True, slots=True)
class Kind:
    """A space and how it is trained."""

    way: Literal["ae", "vae", "acai"]
    epochs: int = 60
    latent: int = LATENT
    hidden: tuple[int, ...] = HIDDEN
    kl: float = 1.0  # of a variational one: nats beside nats of the cells
    critic: float = CRITIC_WEIGHT  # of an adversarial one: how much the critic counts beside the cells
    rate: float = 2e-3

    @property
    def name(self) -> str:
        """What it is called in tables and caches."""
        shape = "-".join(map(str, (*self.hidden, self.latent)))
        weight = {"ae": "", "vae": f" kl {self.kl:g}", "acai": f" critic {self.critic:g}"}[self.way]
        return f"{self.way.upper()} {shape}{weight}"


def train_space(
    kind: Kind,
    train: Array,
    chosen_by: Array,
    *,
    seed: int,
    watch: Watch,
    checkpoint: Path | None = None,
    resume: bool = False,
    identity: str = "",
) -> tuple[PatternSpace, Fitting]:
    """Train one; a plain or variational one has the weights that did best, an adversarial one the last.

    The figure of an epoch is the cross entropy of the cells of `chosen_by`, in nats a pattern, by the codes'
    means. What is between patterns does not show in it, so it does not choose among an adversarial one's.

    Args:
        kind: Which.
        train: `float32[N, 448]`.
        chosen_by: Likewise, of other files.
        seed: Decides the weights.
        watch: Told how far it is.
        checkpoint: See `fit`.
        resume: See `fit`.
        identity: Of the data.

    Raises:
        DataError: The checkpoint is of another training.
    """
    torch.manual_seed(seed)
    space = PatternSpace(kind.latent, kind.hidden, variational=kind.way == "vae")
    nn.init.constant_(space.decoder[-1].bias, -3.0)  # type: ignore[arg-type]  # most cells are silent
    net: nn.Module = space
    loss: Callable[[Tensor], Tensor]
    if kind.way == "acai":
        net = both = Adversarial(space, Critic(kind.hidden))
        loss = _adversarial(both, kind.critic)
    elif kind.way == "vae":
        loss = _variational(space, kind.kl)
    else:
        loss = _plain(space)
    real, judged = torch.from_numpy(train), torch.from_numpy(chosen_by)

    def losses(_number: int, chance: torch.Generator) -> tuple[int, Iterable[Tensor]]:
        order = torch.randperm(len(real), generator=chance)
        starts = range(0, len(real), BATCH)
        return len(starts), (loss(real[order[n : n + BATCH]]) for n in starts)

    def judge() -> tuple[float, str]:
        logits = space.decode(space.encode(judged))
        off = float(_cross_entropy(logits, judged))
        return off, f"{off:.2f} nats a pattern"

    fitting = fit(
        net,
        losses,
        judge,
        Recipe(kind.epochs, rate=kind.rate, decay=0.0, clip=10.0, seed=seed, keep_last=kind.way == "acai"),
        watch=watch,
        checkpoint=checkpoint,
        resume=resume,
        identity=f"{kind} {identity}",
    )
    return space, fitting


def _cross_entropy(logits: Tensor, cells: Tensor) -> Tensor:
    """Return nats a pattern."""
    return functional.binary_cross_entropy_with_logits(logits, cells, reduction="sum") / len(cells)


def _plain(space: PatternSpace) -> Callable[[Tensor], Tensor]:
    def loss(cells: Tensor) -> Tensor:
        codes = space.encode(cells)
        return _cross_entropy(space.decode(codes), cells) + PULL * codes.square().sum(1).mean()

    return loss


def _variational(space: PatternSpace, weight: float) -> Callable[[Tensor], Tensor]:
    def loss(cells: Tensor) -> Tensor:
        mean, spread = space.gaussian(cells)
        drawn = mean + torch.randn_like(mean) * (spread / 2).exp()
        kl = 0.5 * (spread.exp() + mean**2 - spread - 1).sum(1).mean()
        return _cross_entropy(space.decode(drawn), cells) + weight * kl

    return loss


def _adversarial(both: Adversarial, weight: float) -> Callable[[Tensor], Tensor]:
    """Return what is off for both at once: neither's part moves the other's weights.

    The cells' error is a sum here and a mean in the paper, so the critic's is times as many cells.
    """
    space, critic = both.space, both.critic

    def loss(cells: Tensor) -> Tensor:
        codes = space.encode(cells)
        logits = space.decode(codes)
        alpha = 0.5 * torch.rand(len(cells))
        between = space.decode(mixed(codes, alpha, torch.randperm(len(cells)))).sigmoid()
        fooled = critic.held(between).square().mean()
        guessed = (critic(between.detach()) - alpha).square().mean()
        sharp = critic(torch.lerp(logits.sigmoid().detach(), cells, SHARP)).square().mean()
        size = cells.shape[1]
        plain = _cross_entropy(logits, cells) + PULL * codes.square().sum(1).mean()
        whole: Tensor = plain + size * weight * fooled + size * (guessed + sharp)
        return whole

    return loss
