"""Performances that could have been: changes that keep microtiming honest.

Each says why it does not teach a lie. What nobody may do is move single notes, or borrow a drummer's offsets
for another's pattern: that would teach a feel that nobody has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pocket_core.grid import TWELFTHS
from pocket_export.duets import Grid, Limbs, quantise
from pocket_export.recordings import Performance

SLOWEST, FASTEST = 0.9, 1.1  # of the tempo
TIGHTEST, LOOSEST = 0.8, 1.25  # of the distances from the grid
BIAS_S = 0.008  # seconds; standard deviation of a constant displacement
VOICE_LOST, MUSICIAN_RESTS = 0.2, 0.3  # chances
LONGEST_REST = 8  # bars


@dataclass(frozen=True, slots=True)
class Variation:
    """What is changed of a whole performance."""

    tempo: float = 1.0  # factor
    looseness: float = 1.0  # factor of the distances from the grid, in seconds
    bias: float = 0.0  # seconds, positive is later


def chance_variation(chance: np.random.Generator) -> Variation:
    """Return a variation by chance, within the limits above."""
    return Variation(
        tempo=float(np.exp(chance.uniform(np.log(SLOWEST), np.log(FASTEST)))),
        looseness=float(np.exp(chance.uniform(np.log(TIGHTEST), np.log(LOOSEST)))),
        bias=float(chance.normal(0.0, BIAS_S)),
    )


def vary(performance: Performance, variation: Variation) -> Performance:
    """Return a performance a little faster or slower, looser or tighter, earlier or later, all notes alike.

    - Tempo: the notes keep their distances from the grid in seconds. Within a tenth the same drummer plays
      the same feel; farther we do not know, so farther we do not go.
    - Looseness: all distances grow or shrink together, so who is early stays early and swing stays swing; it
      is as if a steadier or a rougher drummer had played it.
    - Bias: everybody later together, as behind another latency or a click elsewhere. Musician and drums keep
      their distance, and offsets from one click say nothing of the next.
    """
    grid = quantise(performance.beats, performance.meter) / TWELFTHS
    bpm = performance.bpm * variation.tempo
    away = (performance.beats - grid) * variation.tempo * variation.looseness
    return _with(performance, grid + away + variation.bias * bpm / 60.0, bpm)


def without_voice(performance: Performance, musician: Limbs, chance: np.random.Generator) -> Performance:
    """Return a performance without one voice of the drums, by chance.

    A drum track often has fewer drums than a drummer. What is left was played by that drummer, and what is
    gone is neither heard nor a target.
    """
    drums = [voice for voice in np.unique(performance.voices).tolist() if voice not in musician]
    if len(drums) < 2:
        return performance
    return _keep(performance, performance.voices != chance.choice(drums))


def with_rests(performance: Performance, musician: Limbs, chance: np.random.Generator) -> Performance:
    """Return a performance in which the musician now and then rests for some bars, the drums going on.

    Musicians do. The drummer played on with those limbs, but nobody is told what is gone: the drums in the
    rest are to be played as this drummer did play them.
    """
    bars = np.floor(performance.beats / performance.meter.bar_beats).astype(np.int64)
    if not len(bars):
        return performance
    resting = np.zeros(len(bars), np.bool_)
    bar = int(chance.integers(0, LONGEST_REST))
    while bar <= bars[-1]:
        long = int(chance.integers(1, LONGEST_REST + 1))
        resting |= (bars >= bar) & (bars < bar + long)
        bar += long + int(chance.integers(2, 3 * LONGEST_REST))
    return _keep(performance, ~(resting & np.isin(performance.voices, list(musician))))


def excerpt(performance: Performance, bar: int, bars: int) -> Performance:
    """Return some bars as if there were nothing else, the first of them at the start."""
    long = performance.meter.bar_beats
    grid = quantise(performance.beats, performance.meter) / TWELFTHS
    part = _keep(performance, (grid >= bar * long - 1e-9) & (grid < (bar + bars) * long - 1e-9))
    return _with(part, part.beats - bar * long, part.bpm)


def loudest_in_cells(performance: Performance) -> Performance:
    """Return the loudest stroke of each drum and nearest sixteenth, the first of equals, and no other.

    That is what BENCHMARKS' Humanise asks for (after Gillick et al. 2019): of a flam the main stroke.
    """
    cells = quantise(performance.beats, performance.meter, Grid.SIXTEENTHS)
    order = np.lexsort((-performance.velocities, performance.voices, cells))  # stable
    _, first = np.unique(np.stack((cells, performance.voices))[:, order], axis=1, return_index=True)
    return _keep(performance, np.sort(order[first]))


def bars_of(performance: Performance) -> int:
    """Return how many bars a performance has."""
    return int(performance.beats[-1] // performance.meter.bar_beats) + 1 if len(performance.beats) else 0


def _with(performance: Performance, beats: NDArray[np.float64], bpm: float) -> Performance:
    order = np.argsort(beats, kind="stable")
    return _keep(replace(performance, beats=beats, bpm=bpm), order)


def _keep(performance: Performance, which: NDArray[np.bool_] | NDArray[np.int64]) -> Performance:
    names = ("beats", "voices", "notes", "velocities")
    return replace(performance, **{name: getattr(performance, name)[which] for name in names})
