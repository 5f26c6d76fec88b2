"""Where a take breaks: at a jump into a bar, at a new meter, and where the tempo has left for good.

A loop, or a jump by whole bars, goes on. So does a tempo that wavers; but a part has one tempo, by which a
model is told how fast it goes and how far the next hit is, so where the tempo of a bar or two is no longer
within 8 % either way of what it was, another part begins, at the place where it does. What a model
knows of the musician begins anew there, which costs less than a tempo that is wrong by a tenth for a song.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from pocket_core.grid import TWELFTHS
from pocket_core.records import TimestepRecord
from pocket_core.tempo import Meter
from pocket_export.duets import quantise

STRAIGHT = 0.25  # twelfths of a quarter note; a timestep further from the grid does not stand on it
UNROLLED = 0.5  # quarter notes by which a place may miss what the clock says, where the song goes on
WAVERS = 0.08  # share by which a tempo may be off its part's, either way; so may a long rest
REACH = 8  # neighbours on either side by which the tempo at a place is told
FASTEST, SLOWEST = 0.06, 6.0  # seconds a quarter note; what is beyond is a jump


@dataclass(frozen=True, slots=True)
class Part:
    """Timesteps between two breaks and where each stands in the song as it was played."""

    steps: Sequence[TimestepRecord]  # at rising times, at least one
    meter: Meter
    twelfths: NDArray[np.int64]  # (T,) of a quarter note; rising
    paces: NDArray[np.float64]  # (T,) seconds a quarter note from here on

    @property
    def nominal(self) -> NDArray[np.float64]:
        """When each timestep is, seconds on the take's clock; (T,)."""
        return np.array([step.nominal_s for step in self.steps])

    @property
    def pace(self) -> float:
        """Seconds a quarter note."""
        return float(np.median(self.paces[:-1] if len(self.paces) > 1 else self.paces))


def make_parts(steps: Sequence[TimestepRecord], meters: Sequence[Meter], usual: float) -> Iterator[Part]:
    """Yield the parts of a take; timesteps that stand on no grid are in none.

    Args:
        steps: In order of playing.
        meters: That of each.
        usual: Seconds a quarter note, where the timesteps do not tell.
    """
    both = zip(steps, meters, strict=True)
    for meter, run in groupby(both, key=lambda pair: pair[1]):
        yield from _of_one_meter([step for step, _ in run], meter, usual)


def _of_one_meter(steps: Sequence[TimestepRecord], meter: Meter, usual: float) -> Iterator[Part]:
    steps, beats = _on_grid(steps, meter)
    if not steps:
        return
    times = np.array([step.nominal_s for step in steps])
    paces = _paces(times, beats, usual)
    bar, unrolled = float(meter.bar_beats), 0.0
    kept, places = [0], [float(beats[0])]
    for i in range(1, len(steps)):
        expected = places[-1] + (times[i] - times[kept[-1]]) / paces[i - 1]
        if not _goes_on(places[-1], beats[i] + unrolled, expected):
            turned = bar * round((expected - beats[i]) / bar)
            if abs(beats[i] + turned - expected) > UNROLLED:
                yield from _of_one_tempo(steps, meter, kept, places, paces)
                kept, places, unrolled = [i], [float(beats[i])], 0.0
                continue
            unrolled = turned
        if beats[i] + unrolled > places[-1] + 1e-6 and times[i] > times[kept[-1]]:  # else a straggler
            kept.append(i)
            places.append(float(beats[i] + unrolled))
    yield from _of_one_tempo(steps, meter, kept, places, paces)


def _on_grid(
    steps: Sequence[TimestepRecord], meter: Meter
) -> tuple[list[TimestepRecord], NDArray[np.float64]]:
    """Return the timesteps that stand on the grid, and where: quarter notes from the song's start."""
    fit = [step for step in steps if step.beat < meter.numerator + 1]
    in_bar = np.array([(step.beat - 1.0) * 4 / meter.denominator for step in fit])
    lines = np.array([(step.bar - 1) * float(meter.bar_beats) for step in fit])
    places = quantise(in_bar, meter)
    good = np.abs(in_bar * TWELFTHS - places) <= STRAIGHT
    return [fit[i] for i in np.flatnonzero(good)], (lines + places / TWELFTHS)[good]


def _paces(times: NDArray[np.float64], beats: NDArray[np.float64], usual: float) -> NDArray[np.float64]:
    """Return the pace from each timestep on: the median of its neighbours', (T,).

    A median keeps the place where a tempo changes, and what jumps does not move it.
    """
    lasts, moves = np.diff(times), np.diff(beats)
    forward = moves > 1e-6
    found = np.where(forward, lasts, 0.0) / np.where(forward, moves, 1.0)
    told = np.flatnonzero((found >= FASTEST) & (found <= SLOWEST))
    if not len(told):
        return np.full(len(times), usual)
    padded = np.pad(found[told], REACH, constant_values=np.nan)
    around = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH + 1), axis=1)
    count = (~np.isnan(around)).sum(axis=1)  # what is not there is sorted to the end
    medians = around[np.arange(len(told)), (count - 1) // 2]
    nearest = np.searchsorted(told, np.arange(len(times))).clip(0, len(told) - 1)
    return np.asarray(medians[nearest], np.float64)


def _goes_on(last: float, place: float, expected: float) -> bool:
    """Say whether a song that goes on would be at a place by now."""
    return last < place and abs(place - expected) <= max(UNROLLED, WAVERS * (place - last))


def _of_one_tempo(
    steps: Sequence[TimestepRecord],
    meter: Meter,
    kept: Sequence[int],
    places: Sequence[float],
    paces: NDArray[np.float64],
) -> Iterator[Part]:
    """Yield the parts of a stretch without a jump."""
    first = 0
    least = most = paces[kept[0]]
    for i in range(1, len(kept) + 1):
        if i < len(kept) - 1:  # from the last one on there is nothing
            least, most = min(least, paces[kept[i]]), max(most, paces[kept[i]])
        if i == len(kept) or most > least * (1 + WAVERS) ** 2:
            chosen = slice(first, i)
            yield Part(
                [steps[n] for n in kept[chosen]],
                meter,
                np.rint(np.array(places[chosen]) * TWELFTHS).astype(np.int64),
                paces[kept[chosen]],
            )
            if i < len(kept):
                first, least, most = i, paces[kept[i]], paces[kept[i]]
