"""What a model should have said in a take: equations (1) and (2) of the paper, and two more ways.

All is in seconds and against the score; positive is late. What counts is the forecast, never what late
commit, `amount` or the limits made of it: what sounded would hide what the model got wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pocket_core.types import Seconds

FEWEST = 16  # meetings in a take; with fewer nothing is learnt from it
STRAY = 4.0  # deviations from the median, by the MAD, beyond which a meeting is an accident
LOOSEST = Seconds(0.020)  # an asynchrony up to this is never one
NORMAL = 1.4826  # standard deviations in a MAD, where errors are normal
LOST = 0.25  # share of accidents in a window above which the musician was lost there
LOST_SD = Seconds(0.035)  # deviation of a window above which they were
WINDOW = 32  # meetings
BEFORE = 4  # meetings at the same place, and as many behind, that one is compared with
NOTHING = 1e-9  # seconds; a deviation below is zero

Offsets = NDArray[np.float64]  # (N,) seconds


class Style(StrEnum):
    """Which targets."""

    FOLLOW = "follow"  # where the musician was
    VARIANCE = "variance"  # the paper's


@dataclass(frozen=True, slots=True)
class Rule:
    """How targets are made of a take."""

    style: Style = Style.FOLLOW
    a: float = 1.0  # weight of `diff`
    b: float | None = 1.0  # weight of what has come of it; None, "B off": only the mean is taken out
    floor: Seconds = Seconds(0.005)  # of sigma_y_hat, which every round of regression shrinks
    beyond: bool = False  # let A and B aim beyond where the musician was


@dataclass(frozen=True, slots=True)
class TakeTargets:
    """What a take teaches."""

    wanted: Offsets  # (N,) what the model should have said
    bias: Seconds  # how late the musician is on the whole: kept apart where `wanted` has no mean


def variance(forecast: Offsets, diff: Offsets, rule: Rule, *, first: bool = False) -> TakeTargets:
    """Return the paper's targets (Burloiu 2020, equations 1 and 2).

        d = y_hat + A diff / (sigma_diff / sigma_y_hat)
        y = B (d - mu_d) / (sigma_d / sigma_y_hat)          or, with B off, d - mu_d

    Both scale by deviations, whatever is left to learn: with A = 3 or B = 4 a model that does as it is told
    overshoots, and then turns about. So unless the rule says otherwise a target lies between what was said
    and where the musician was, both without their means: A and B say how far it goes, never past the end.

    Args:
        forecast: y_hat of each timestep that the musician met.
        diff: The musician's onset - (nominal + forecast).
        rule: A, B and the floor of sigma_y_hat.
        first: Nothing has been learnt of this song: sigma_y_hat is at least sigma_diff, or a straight take
            would shrink all it is to learn.

    Returns:
        Targets without a mean. The bias is the musician's own: the mean of forecast + diff.
    """
    if not len(forecast):
        return TakeTargets(np.zeros(0), Seconds(0.0))
    of_diff = float(diff.std())
    of_forecast = max(float(forecast.std()), rule.floor, of_diff if first else 0.0)
    scale = of_forecast / of_diff if of_diff > NOTHING else 1.0  # a diff that never changes has only a mean
    cumulated = forecast + rule.a * scale * diff
    wanted = cumulated - cumulated.mean()
    of_cumulated = float(wanted.std())
    if rule.b is not None:
        wanted = wanted * (rule.b * of_forecast / of_cumulated) if of_cumulated > NOTHING else 0.0 * wanted
    musician = forecast + diff
    if not rule.beyond:
        said, there = forecast - forecast.mean(), musician - musician.mean()
        wanted = np.clip(wanted, np.minimum(said, there), np.maximum(said, there))
    return TakeTargets(wanted, Seconds(float(musician.mean())))


def follow(forecast: Offsets, diff: Offsets) -> TakeTargets:
    """Return the musician's own offsets, their bias within."""
    return TakeTargets(forecast + diff, Seconds(0.0))


def make_targets(forecast: Offsets, diff: Offsets, rule: Rule, *, first: bool = False) -> TakeTargets:
    """Return a take's targets by its song's rule; arguments as of `variance`."""
    if rule.style is Style.VARIANCE:
        return variance(forecast, diff, rule, first=first)
    return follow(forecast, diff)


def sound(offsets: Offsets, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which meetings teach anything: not the accidents, nor where the musician was lost.

    Whoever swings is late at every other place, and that is no accident: what counts is how far an onset lies
    from what the musician did at this place of the bar around then. Beyond `STRAY` deviations, as the median
    absolute deviation has them, and beyond `LOOSEST` it is one. A window with too many of them, or too loose
    as a whole, is left out: whoever has lost the place plays something, but not to this.

    Args:
        offsets: The musician's onset - nominal, in order of playing.
        places: Of the same, twelfths of a quarter note from the bar line.
    """
    apart = np.empty(len(offsets))
    for place in np.unique(places):
        at = np.flatnonzero(places == place)
        here = offsets[at]
        apart[at] = [
            value - np.median(here[max(n - BEFORE, 0) : n + BEFORE + 1]) for n, value in enumerate(here)
        ]
    keep = np.ones(len(offsets), np.bool_)
    for start in range(0, len(offsets), WINDOW):
        part = slice(start, start + WINDOW)
        around = apart[max(start - WINDOW // 4, 0) : start + WINDOW + WINDOW // 4]
        deviation = NORMAL * float(np.median(np.abs(around)))
        strays = np.abs(apart[part]) > max(STRAY * deviation, LOOSEST)
        lost = strays.mean() > LOST or deviation > LOST_SD
        keep[part] = False if lost else ~strays
    return keep
