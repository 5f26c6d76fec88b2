"""Student's t: how likely a mean of few values is by luck.

Closed forms for whole degrees of freedom: Abramowitz and Stegun, Handbook of Mathematical Functions (1964),
26.7.3 and 26.7.4.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def chance_below(t: float, freedom: int) -> float:
    """Return the probability of a value below t, 0..1.

    Args:
        t: Any number, infinite ones too.
        freedom: Degrees of freedom, at least 1.
    """
    angle = math.atan(abs(t) / math.sqrt(freedom))
    cosine, odd = math.cos(angle), freedom % 2
    term, total = cosine if odd else 1.0, 0.0
    for n in range(2 + odd, freedom + 1, 2):
        total += term
        term *= cosine**2 * (n - 1) / n
    within = 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total
    return (1 + math.copysign(min(within, 1.0), t)) / 2


def quantile(share: float, freedom: int) -> float:
    """Return the t below which a share of all values lies; the reverse of `chance_below`.

    Args:
        share: From 0.5 up to 0.9999.
        freedom: Degrees of freedom, at least 1.
    """
    low, high = 0.0, 1e4
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if chance_below(middle, freedom) < share else (low, middle)
    return high


def standard_error(values: NDArray[np.float64]) -> float:
    """Return that of the mean of two values and more."""
    return float(values.std(ddof=1)) / math.sqrt(len(values))


def luck(mean: float, error: float, freedom: int) -> float:
    """Return how likely a mean as low as this is where the true one is 0 or more.

    Args:
        mean: Of values that are independent of each other; they need not be alike in spread.
        error: Its standard error, at least 0.
        freedom: Degrees of freedom of the error.
    """
    if error == 0.0:
        return 0.0 if mean < 0 else 1.0
    return chance_below(mean / error, freedom)
