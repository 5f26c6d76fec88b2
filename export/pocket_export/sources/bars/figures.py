"""How well bars come back from the latent space."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pocket_core.phrases.bar_grid import energy
from pocket_export.sources.bars.data import BarSet
from pocket_export.sources.bars.lessons import AUDIENCE
from pocket_models.bar_vae import BarVAE
from pocketd.generators.graphs import Graphs

Array = NDArray[np.float32]

THRESHOLDS = np.linspace(-4.0, 3.0, 141)  # logits that are tried
RESAMPLES = 2000
ENOUGH = 100  # strokes that tell how a pitch is played


@dataclass(frozen=True, slots=True)
class Back:
    """Bars that went through the latent space and back, by their means."""

    expected: Array  # (N, 64, 22)
    logits: Array  # (N, 64, 22), of what is struck
    velocities: Array  # (N, 64, 22)
    codes: Array  # (N, z)


@dataclass(frozen=True, slots=True)
class Explained:
    """How much of the energy comes back, 1 - squared error / energy."""

    share: float
    low: float  # of 95 %, by bootstrap over files
    high: float
    sse: float  # on the mean of all bars


@dataclass(frozen=True, slots=True)
class Notes:
    """What is struck, of what was."""

    ratio: float  # notes out / notes in
    f1: float
    silent: float  # share of the notes out whose velocity, times 127 and rounded down, is 0


def back(net: BarVAE, bars: BarSet) -> Back:
    """Send bars there and back."""
    net.eval()
    parts = list(_parts(net, bars.bars))
    expected, logits, velocities, codes = (np.concatenate([p[n] for p in parts]) for n in range(4))
    return Back(expected, logits, velocities, codes)


def divergence(net: BarVAE, bars: BarSet) -> float:
    """Return the Kullback-Leibler divergence of codes from the prior, nats, on the mean of all bars."""
    net.eval()
    with torch.no_grad():
        mean, spread = net.encode(torch.from_numpy(bars.bars))
    return float(0.5 * (spread.exp() + mean**2 - spread - 1).sum()) / max(len(bars), 1)


def back_by_graphs(graphs: Graphs, bars: BarSet) -> Back:
    """Send bars through exported graphs, as the daemon would."""
    codes = np.concatenate([graphs.run("encoder", bars=bar[None])["mean"] for bar in bars.bars])
    said = [graphs.run("decoder", z=code[None]) for code in codes]
    logits, velocities = (np.concatenate([one[name] for one in said]) for name in ("logits", "velocities"))
    return Back((velocities / (1 + np.exp(-logits))).astype(np.float32), logits, velocities, codes)


def explained(bars: BarSet, expected: Array, seed: int = 1) -> Explained:
    """Return how much of the energy of bars comes back, with an interval over files."""
    off = ((expected - bars.bars).astype(np.float64) ** 2).sum((1, 2))
    full = energy(bars.bars)
    numbers, place = np.unique(bars.files, return_inverse=True)
    off_by, full_by = np.bincount(place, off), np.bincount(place, full)
    drawn = np.random.default_rng(seed).integers(len(numbers), size=(RESAMPLES, len(numbers)))
    shares = 1 - off_by[drawn].sum(1) / full_by[drawn].sum(1)
    low, high = np.percentile(shares, (2.5, 97.5))
    return Explained(float(1 - off.sum() / full.sum()), float(low), float(high), float(off.mean()))


def best_threshold(bars: BarSet, logits: Array) -> float:
    """Return the logit over which as many notes are struck as there were."""
    wanted = int((bars.bars > 0).sum())
    counts = np.array([(logits >= t).sum() for t in THRESHOLDS])
    return float(THRESHOLDS[int(np.abs(counts - wanted).argmin())])


def notes(bars: BarSet, logits: Array, velocities: Array, threshold: float) -> Notes:
    """Return what is struck over a threshold."""
    real, said = bars.bars > 0, logits >= threshold
    both = (real & said).sum()
    silent = (said & (np.floor(velocities * 127) < 1)).sum()
    return Notes(
        float(said.sum() / max(real.sum(), 1)),
        float(2 * both / max(real.sum() + said.sum(), 1)),
        float(silent / max(said.sum(), 1)),
    )


def widening(bars: BarSet, logits: Array, velocities: Array, threshold: float) -> tuple[Array, Array]:
    """Return per pitch the mean of the velocities that come back, and by how much they are too near to it.

    What is least off by the square is too even: soft strokes come back louder than they were, and loud ones
    softer. The factor is that of the standard deviations of what was struck and comes back, 1 at least; of a
    pitch of fewer than `ENOUGH` such strokes it is that of all, and 1 where there are none.

    Args:
        bars: What was played.
        logits: What comes back, `float32[N, 64, 22]`.
        velocities: Likewise.
        threshold: What is struck.

    Returns:
        Means, 0..1, and factors, `float32[22]` each.
    """
    both = (bars.bars > 0) & (logits >= threshold)
    pitches = np.nonzero(both)[2]
    played, said = bars.bars[both], velocities[both]
    count = bars.bars.shape[2]
    if not len(said):
        return np.zeros(count, np.float32), np.ones(count, np.float32)
    means, factors = np.full(count, said.mean()), np.full(count, _wider(played, said))
    for pitch in np.flatnonzero(np.bincount(pitches, minlength=count) >= ENOUGH):
        those = pitches == pitch
        means[pitch], factors[pitch] = said[those].mean(), _wider(played[those], said[those])
    return means.astype(np.float32), factors.astype(np.float32)


def _wider(played: Array, said: Array) -> float:
    return max(float(played.std() / max(float(said.std()), 1e-6)), 1.0)


def principal(train: BarSet, components: int, bars: BarSet) -> Array:
    """Return bars as so many principal components of others give them back, `float32[N, 64, 22]`."""
    rows = train.bars.reshape(len(train), -1)
    mean = rows.mean(0)
    _, vectors = np.linalg.eigh(np.cov((rows - mean).T))
    kept = vectors[:, ::-1][:, :components].astype(np.float32)
    centred = bars.bars.reshape(len(bars), -1) - mean
    given: Array = (centred @ kept @ kept.T + mean).reshape(bars.bars.shape).astype(np.float32)
    return given


def _parts(net: BarVAE, bars: Array) -> Iterator[tuple[Array, Array, Array, Array]]:
    with torch.no_grad():
        for n in range(0, len(bars), AUDIENCE):
            x = torch.from_numpy(bars[n : n + AUDIENCE])
            mean, _ = net.encode(x)
            logits, velocities = net.decode(mean)
            yield net.expected(mean).numpy(), logits.numpy(), velocities.numpy(), mean.numpy()
