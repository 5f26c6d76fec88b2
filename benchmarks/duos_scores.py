"""How far two players are apart, and how much one of them corrects a beat: BENCHMARKS' "Duos".

All series are `float64[B]`, a beat each, in seconds, NaN where a player did not play it. The asynchrony at a
beat is other - self. The correction is the slope of a least-squares line: own interval after the beat, less
the mean of the eight before, on the asynchrony at the beat. Each recording has a constant of its own, for
nobody knows the trigger latencies; pooled, every recording is taken about its own means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SPAN = 8  # intervals that the mean is of
RESAMPLES = 2_000
LOW, HIGH = 2.5, 97.5  # percent: a 95 % interval
WITH_INTERVAL = ("sd_less_human_ms", "correction", "own_correction", "human_correction")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """What one recording adds to the figures: sums about its own means, in s and s squared."""

    steps: int  # beats that both played
    spread: float  # sum of squares of the asynchrony
    xx: float  # over the beats that the correction is fitted to: the same again
    xy: float  # ... of its products with the own interval after it, less the mean of those before
    xy_line: float  # ... and with the same of the beat line


@dataclass(frozen=True, slots=True)
class Pair:
    """One recording, with the engine at the drums and with the drummer; the same beats in both."""

    played: Moments
    human: Moments


def moments(own: Floats, other: Floats, line: Floats) -> Moments:
    """Return a recording's sums; `line` is where the beats would be without what `own` adds."""
    asynchrony = other - own
    both = asynchrony[np.isfinite(asynchrony)]
    x, y, y_line = asynchrony[SPAN:-1], interval_change(own), interval_change(line)
    fitted = np.isfinite(x + y + y_line)
    x, y, y_line = _centred(x[fitted]), _centred(y[fitted]), _centred(y_line[fitted])
    return Moments(
        int(both.size), float((_centred(both) ** 2).sum()), *(float(x @ z) for z in (x, y, y_line))
    )


def interval_change(own: Floats) -> Floats:
    """Return the interval after each beat less the mean of the eight before it, for beats 8 to B - 2."""
    return own[SPAN + 1 :] - own[SPAN:-1] - (own[SPAN:-1] - own[: -SPAN - 1]) / SPAN


def correction(recordings: Sequence[Moments]) -> float:
    """Return the pooled correction, share of an asynchrony a beat.

    Raises:
        ZeroDivisionError: No asynchrony varies.
    """
    return sum(m.xy for m in recordings) / sum(m.xx for m in recordings)


def change_correction(own: Floats, other: Floats) -> float:
    """Return one recording's correction as the literature of the duos fits it.

    The change of the own interval, on the change before it and on the asynchrony (Cheston, Cross and
    Harrison, Trade-offs in Coordination Strategies for Duet Jazz Performances, Music Perception 42, 2024).
    """
    change = own[2:] - 2 * own[1:-1] + own[:-2]  # of the interval after a beat against that before it
    x = np.stack([(other - own)[2:-1], change[:-1], np.ones(len(change) - 1)], axis=1)
    fitted = np.isfinite(x).all(axis=1) & np.isfinite(change[1:])
    return float(np.linalg.lstsq(x[fitted], change[1:][fitted], rcond=None)[0][0])


def figures(pairs: Sequence[Pair], seed: int) -> dict[str, float]:
    """Return a row's figures; 95 % bootstrap intervals are over recordings, of which every asynchrony varies.

    `own_correction` is the part of `correction` that the beat line does not make: the two add up.
    """
    table = np.array([(*_sums(pair.played), *_sums(pair.human)) for pair in pairs])
    drawn = np.random.default_rng(seed).integers(0, len(pairs), (RESAMPLES, len(pairs)))
    whole, draws = _derived(table.sum(axis=0)), _derived(table[drawn].sum(axis=1))
    found = {key: float(value) for key, value in whole.items()}
    for key in WITH_INTERVAL:
        found[f"{key}_low"], found[f"{key}_high"] = (float(x) for x in np.percentile(draws[key], (LOW, HIGH)))
    closer = [pair.played.spread < pair.human.spread for pair in pairs]
    return found | {"closer_share": float(np.mean(closer)), "steps": int(table[:, 0].sum())}


def _sums(m: Moments) -> tuple[float, ...]:
    return m.steps, m.spread, m.xx, m.xy, m.xy_line


def _derived(sums: Floats) -> dict[str, Floats]:
    """Return the figures of summed moments: `float64[..., 10]` to one `float64[...]` each."""
    steps, spread, xx, xy, xy_line, human_steps, human_spread, human_xx, human_xy, _ = np.moveaxis(
        sums, -1, 0
    )
    sd_ms = np.sqrt(spread / steps) * 1000
    human_sd_ms = np.sqrt(human_spread / human_steps) * 1000
    return {
        "sd_ms": sd_ms,
        "human_sd_ms": human_sd_ms,
        "sd_less_human_ms": sd_ms - human_sd_ms,
        "correction": xy / xx,
        "own_correction": (xy - xy_line) / xx,
        "human_correction": human_xy / human_xx,
    }


def _centred(values: Floats) -> Floats:
    return values - values.mean() if values.size else values
