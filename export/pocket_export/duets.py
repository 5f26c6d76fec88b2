"""Two players made out of one: some of a drummer's limbs are the musician, the rest the quantised drums.

The first split is BENCHMARKS' Follow; the others show a network more kinds of partner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.grid import TWELFTHS
from pocket_core.tempo import Meter
from pocket_core.voices import VOICES
from pocket_export.groove import Performance

Limbs = frozenset[int]  # indices into VOICES

CYMBALS: Limbs = frozenset(map(VOICES.index, ("closed hat", "open hat", "crash", "ride")))
SKINS: Limbs = frozenset(range(len(VOICES))) - CYMBALS
KICK: Limbs = frozenset({VOICES.index("kick")})
SNARE: Limbs = frozenset({VOICES.index("snare")})
NOBODY: Limbs = frozenset()


@dataclass(frozen=True, slots=True)
class Duet:
    """A quantised drum part and who plays to it; times in seconds from the start of the song."""

    source: Performance
    musician: Limbs
    twelfths: NDArray[np.int64]  # (T,) where each timestep is, in twelfths of a quarter note, rising
    voices: NDArray[np.bool_]  # (T, 9) what is struck there
    own: NDArray[np.float64]  # (T,) offset of the drummer's first onset there, before quantising
    meets: NDArray[np.float64]  # (T,) offset of the musician's first onset at that grid position, or NaN
    hit_steps: NDArray[np.int64]  # (N,) the timestep of each drum note
    hit_notes: NDArray[np.int64]  # (N,) 0..127
    hit_velocities: NDArray[np.int64]  # (N,) 1..127
    onsets: NDArray[np.float64]  # (M,) the musician, unquantised, rising

    @property
    def pace(self) -> float:
        """Seconds a quarter note."""
        return 60.0 / self.source.bpm

    @property
    def nominal(self) -> NDArray[np.float64]:
        """When the score puts each timestep."""
        return self.twelfths / TWELFTHS * self.pace


def quantise(beats: NDArray[np.float64], meter: Meter) -> NDArray[np.int64]:
    """Return the nearest grid positions, in twelfths of a quarter note: `grid.nearest_grid` of many at once.

    Args:
        beats: Positions in quarter notes from the start of the song, where a bar of `meter` begins.
        meter: Of the whole song; its bar is a whole number of twelfths.
    """
    bars = np.floor(beats / meter.bar_beats + 1e-9)
    in_bar = np.maximum(beats - bars * meter.bar_beats, 0.0)
    fourth, sixth = np.rint(in_bar * 4), np.rint(in_bar * 6)
    sixer = np.abs(in_bar - sixth / 6) < np.abs(in_bar - fourth / 4)
    in_twelfths = np.where(sixer, sixth * 2, fourth * 3) + np.rint(bars * meter.bar_beats * TWELFTHS)
    return np.asarray(in_twelfths, np.int64)


def chance_limbs(performance: Performance, chance: np.random.Generator) -> Limbs:
    """Return some of the voices that a performance uses, not all; NOBODY where it has only one."""
    used = np.unique(performance.voices)
    if len(used) < 2:
        return NOBODY
    return frozenset(chance.permutation(used)[: chance.integers(1, len(used))].tolist())


def make_duet(performance: Performance, musician: Limbs) -> Duet:
    """Split a drummer in two; the parts together are every note of the performance, and none is in both."""
    of_musician = np.isin(performance.voices, list(musician))
    of_drums = ~of_musician
    pace = 60.0 / performance.bpm
    grid = quantise(performance.beats, performance.meter)
    offsets = (performance.beats - grid / TWELFTHS) * pace

    twelfths, first, steps = np.unique(grid[of_drums], return_index=True, return_inverse=True)
    voices = np.zeros((len(twelfths), len(VOICES)), np.bool_)
    voices[steps, performance.voices[of_drums]] = True
    met, onset = np.unique(grid[of_musician], return_index=True)
    meets = np.full(len(twelfths), np.nan)
    both, at, of = np.intersect1d(twelfths, met, return_indices=True)
    if both.size:
        meets[at] = offsets[of_musician][onset[of]]
    return Duet(
        source=performance,
        musician=musician,
        twelfths=twelfths,
        voices=voices,
        own=offsets[of_drums][first],
        meets=meets,
        hit_steps=steps,
        hit_notes=performance.notes[of_drums],
        hit_velocities=performance.velocities[of_drums],
        onsets=performance.beats[of_musician] * pace,
    )
