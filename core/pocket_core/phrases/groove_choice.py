"""From chances to what is struck: the likeliest, or drawn so that each voice comes as often as is likely."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import A_BAR

HALF_BAR = A_BAR // 2
TOGETHER = 0.4  # correlation of a voice's luck within half a bar: a rare voice comes in a run, not as crumbs
HABIT = 0.6  # correlation of luck with what is usual: so bars are as alike as drummers' are (validation)
BOLDER = 0.25  # how much wider luck becomes from a temperature of 1 to 2
RARELY = 1e-6  # a chance is no nearer to 0 or 1

Array = NDArray[np.float32]


def inclined(
    chances: Array,
    thresholds: Array,
    temperature: float,
    chance: np.random.Generator,
    usual: Array | None = None,
) -> Array:
    """Return how much each cell is for a stroke, `float32[T, V]`, as a logit; from 0 on it is struck.

    At a temperature of 0 what reaches its threshold is struck; at 1 a cell is struck as often as its chance
    says, so that a voice that never reaches its threshold still comes as often as learnt. Between them both
    are mixed; beyond 1 the improbable gets likelier.

    Args:
        chances: `float32[T, V]`, 0..1.
        thresholds: `float32[V]`, 0..1.
        temperature: 0..2.
        chance: What is drawn from.
        usual: See `luck`.
    """
    strict = 1.0 - min(temperature, 1.0)
    wide = min(temperature, 1.0) + BOLDER * max(temperature - 1.0, 0.0)
    leans: Array = logit(chances) - strict * logit(thresholds) + wide * luck(chances.shape, chance, usual)
    return leans.astype(np.float32)


def luck(shape: tuple[int, ...], chance: np.random.Generator, usual: Array | None = None) -> Array:
    """Return logistic noise, `float32[T, V]`, that is alike for a voice within half a bar, and as usual.

    A Gaussian copula; from normal to logistic as Page 1977, off by less than .0002 of a chance.

    Args:
        shape: Steps and voices.
        chance: What is drawn from.
        usual: Normal noise, `float32[T, V]`, that its owner draws once and keeps: a drummer's habits, so that
            what chance has put at a place of the bar is likely there again; None: there are none.
    """
    steps, voices = shape
    run = chance.standard_normal((-(-steps // HALF_BAR), voices)).repeat(HALF_BAR, 0)[:steps]
    normal = sqrt(TOGETHER) * run + sqrt(1 - TOGETHER) * chance.standard_normal((steps, voices))
    if usual is not None:
        normal = sqrt(HABIT) * usual + sqrt(1 - HABIT) * normal
    logistic: Array = (sqrt(8 / pi) * normal * (1 + 0.044715 * normal**2)).astype(np.float32)
    return logistic


def logit(chances: Array) -> Array:
    """Return the logarithm of the odds of chances, 0..1."""
    safe = np.clip(chances, RARELY, 1 - RARELY)
    odds: Array = np.log(safe / (1 - safe)).astype(np.float32)
    return odds
