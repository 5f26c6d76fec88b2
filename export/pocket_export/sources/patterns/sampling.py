"""Patterns by chance: points of the latent space, and what the decoder makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from pocket_core.phrases.patterns import BITS, STEPS, Pattern, patterns_of_cells
from pocket_export.needs import need
from pocket_models.pattern_space import PatternSpace

Array = NDArray[np.float32]

AT_ONCE = 4096
CALIBRATED_ON = 20_000  # samples
SELDOM = 1e-4  # an instrument that is struck less in a step is not struck at all
PARTS = 32  # of a mixture
ENOUGH = 64  # codes, for one of its parts
ROUND = 0.01  # of the codes' variance: no part of a mixture is narrower
EVEN_CHANCE = 0.0  # the logit of 0.5, the threshold of the published samples, as far as is known


class Source(Protocol):
    """Where points are drawn from."""

    def draw(self, count: int, chance: np.random.Generator) -> Array:
        """Return points, `float32[count, D]`."""


@dataclass(frozen=True, slots=True)
class Gaussian:
    """One cloud of points."""

    mean: Array  # (D,)
    root: Array  # (D, D), lower: the covariance is root @ root.T

    def draw(self, count: int, chance: np.random.Generator) -> Array:
        """Return points, `float32[count, D]`."""
        noise = chance.standard_normal((count, len(self.mean)))
        return (self.mean + noise @ self.root.T).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Mixture:
    """Many clouds."""

    weights: Array  # (K,), of the sum 1
    means: Array  # (K, D)
    roots: Array  # (K, D, D), lower: each covariance is root @ root.T

    def draw(self, count: int, chance: np.random.Generator) -> Array:
        """Return points, `float32[count, D]`."""
        weights = self.weights.astype(np.float64)
        part = chance.choice(len(weights), count, p=weights / weights.sum())
        noise = chance.standard_normal((count, self.means.shape[1]))
        points = self.means[part] + np.einsum("nij,nj->ni", self.roots[part], noise)
        return np.asarray(points, np.float32)


def prior(size: int) -> Gaussian:
    """Return the standard Gaussian."""
    return Gaussian(np.zeros(size, np.float32), np.eye(size, dtype=np.float32))


def fitted(codes: Array, *, each_alone: bool = False) -> Gaussian:
    """Return the Gaussian of codes, `float32[N, D]`.

    Args:
        codes: Two at least.
        each_alone: As published, each dimension by itself.
    """
    mean, size = codes.mean(0), codes.shape[1]
    if each_alone:
        root = np.diag(codes.std(0))
    else:
        root = np.linalg.cholesky(np.cov(codes.T).reshape(size, size) + 1e-9 * np.eye(size))
    return Gaussian(mean.astype(np.float32), root.astype(np.float32))


def mixture(codes: Array, seed: int, parts: int = PARTS) -> Mixture:
    """Return the mixture of Gaussians that fits codes, `float32[N, D]`.

    Args:
        codes: Two at least.
        seed: Of where the search begins.
        parts: At most so many, and one for each `ENOUGH` codes.

    Raises:
        TrainingMissingError: scikit-learn is not installed.
    """
    need("sklearn")
    from sklearn.mixture import GaussianMixture

    narrow = ROUND * float(codes.var(0).mean()) + 1e-6
    found = GaussianMixture(
        min(parts, max(len(codes) // ENOUGH, 1)),
        reg_covar=narrow,
        random_state=seed,
        max_iter=50,
        tol=1e-2,
    ).fit(codes)
    return Mixture(
        found.weights_.astype(np.float32),
        found.means_.astype(np.float32),
        np.linalg.cholesky(found.covariances_).astype(np.float32),
    )


def codes_of_cells(space: PatternSpace, cells: Array) -> Array:
    """Return where patterns lie, `float32[N, D]`."""
    with torch.no_grad():
        return np.asarray(space.encode(torch.from_numpy(cells)).numpy())


def logits_at(space: PatternSpace, codes: Array) -> Array:
    """Return what the decoder says at points, `float32[N, 448]`."""
    with torch.no_grad():
        parts = [
            space.decode(torch.from_numpy(codes[n : n + AT_ONCE])).numpy()
            for n in range(0, len(codes), AT_ONCE)
        ]
    return np.concatenate(parts)


def patterns_at(space: PatternSpace, codes: Array, thresholds: Array | float = EVEN_CHANCE) -> list[Pattern]:
    """Return patterns at points.

    Args:
        space: Decodes.
        codes: `float32[N, D]`.
        thresholds: Logits from which an instrument is struck: one, or `float32[14]`.
    """
    logits = logits_at(space, codes).reshape(-1, STEPS, BITS) - np.float32(thresholds)
    return patterns_of_cells(logits.reshape(len(codes), -1), 0.0)


def calibrated(space: PatternSpace, source: Source, cells: Array, seed: int) -> Array:
    """Return the logits over which samples strike each instrument as often as patterns do, `float32[14]`.

    Args:
        space: Decodes.
        source: Of the samples.
        cells: `float32[N, 448]`, of patterns that were learnt from.
        seed: Of the samples.
    """
    codes = source.draw(CALIBRATED_ON, np.random.default_rng((seed, 1)))
    logits = logits_at(space, codes).reshape(-1, STEPS, BITS)
    wanted = cells.reshape(-1, BITS).mean(0)
    found = np.full(BITS, 30.0)
    for bit in np.flatnonzero(wanted >= SELDOM).tolist():
        found[bit] = np.quantile(logits[..., bit], 1.0 - wanted[bit])
    return found.astype(np.float32)
