"""Two players made out of one: some of a drummer's limbs are the musician, the rest the quantised drums.

The first split is BENCHMARKS' Follow; the others show a network more kinds of partner.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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

LOUDEST = 127


class Grid(StrEnum):
    """What the drums are quantised to."""

    NEAREST = "nearest"  # sixteenths or sextuplets, whichever is nearer: BENCHMARKS' Follow
    SIXTEENTHS = "sixteenths"  # as most DAW tracks are: whoever swings over them leaves their grid


@dataclass(frozen=True, slots=True)
class Duet:
    """A quantised drum part and who plays to it; times in seconds from the start of the song."""

    source: Performance
    musician: Limbs
    grid: Grid
    twelfths: NDArray[np.int64]  # (T,) where each timestep is, in twelfths of a quarter note, rising
    voices: NDArray[np.bool_]  # (T, 9) what is struck there
    own: NDArray[np.float64]  # (T,) offset of the drummer's first onset there, before quantising
    meets: NDArray[np.float64]  # (T,) offset of the musician's first onset at that grid position, or NaN
    hit_steps: NDArray[np.int64]  # (N,) the timestep of each drum note
    hit_notes: NDArray[np.int64]  # (N,) 0..127
    hit_velocities: NDArray[np.int64]  # (N,) 1..127
    strokes: NDArray[np.float64]  # (T, 9) offset of each voice's first stroke there, or NaN
    velocities: NDArray[np.float64]  # (T, 9) of the loudest stroke, 0..1; 0 where the voice is not struck
    onsets: NDArray[np.float64]  # (M,) the musician, unquantised, rising
    onset_velocities: NDArray[np.float64]  # (M,) 0..1

    @property
    def pace(self) -> float:
        """Seconds a quarter note."""
        return 60.0 / self.source.bpm

    @property
    def nominal(self) -> NDArray[np.float64]:
        """When the score puts each timestep."""
        return self.twelfths / TWELFTHS * self.pace


def quantise(beats: NDArray[np.float64], meter: Meter, grid: Grid = Grid.NEAREST) -> NDArray[np.int64]:
    """Return the nearest grid positions, in twelfths of a quarter note: `grid.nearest_grid` of many at once.

    Args:
        beats: Positions in quarter notes from the start of the song, where a bar of `meter` begins.
        meter: Of the whole song; its bar is a whole number of twelfths.
        grid: What to.
    """
    bars = np.floor(beats / meter.bar_beats + 1e-9)
    in_bar = np.maximum(beats - bars * meter.bar_beats, 0.0)
    fourth, sixth = np.rint(in_bar * 4), np.rint(in_bar * 6)
    sixer = np.abs(in_bar - sixth / 6) < np.abs(in_bar - fourth / 4)
    if grid is Grid.SIXTEENTHS:
        sixer[:] = False
    in_twelfths = np.where(sixer, sixth * 2, fourth * 3) + np.rint(bars * meter.bar_beats * TWELFTHS)
    return np.asarray(in_twelfths, np.int64)


def chance_limbs(performance: Performance, chance: np.random.Generator) -> Limbs:
    """Return some of the voices that a performance uses, not all; NOBODY where it has only one."""
    used = np.unique(performance.voices)
    if len(used) < 2:
        return NOBODY
    return frozenset(chance.permutation(used)[: chance.integers(1, len(used))].tolist())


def make_duet(performance: Performance, musician: Limbs, grid: Grid = Grid.NEAREST) -> Duet:
    """Split a drummer in two; the parts together are every note of the performance, and none is in both.

    Args:
        performance: Who plays.
        musician: The voices that are the musician's.
        grid: What the drums are quantised to. The musician's onsets belong to the nearest grid all the same.
    """
    of_musician = np.isin(performance.voices, list(musician))
    of_drums = ~of_musician
    pace = 60.0 / performance.bpm
    beats, voice = performance.beats[of_drums], performance.voices[of_drums]
    places = quantise(beats, performance.meter, grid)
    offsets = (beats - places / TWELFTHS) * pace
    twelfths, first, steps = np.unique(places, return_index=True, return_inverse=True)

    shape = (len(twelfths), len(VOICES))
    strokes, velocities = np.full(shape, np.nan), np.zeros(shape)
    np.fmin.at(strokes, (steps, voice), offsets)  # the first stroke
    np.maximum.at(velocities, (steps, voice), performance.velocities[of_drums] / LOUDEST)
    onsets = performance.beats[of_musician]
    theirs = quantise(onsets, performance.meter)
    meets = np.full(len(twelfths), np.nan)
    met, onset = np.unique(theirs, return_index=True)
    both, at, of = np.intersect1d(twelfths, met, return_indices=True)
    if both.size:
        meets[at] = ((onsets - theirs / TWELFTHS) * pace)[onset[of]]
    return Duet(
        source=performance,
        musician=musician,
        grid=grid,
        twelfths=twelfths,
        voices=~np.isnan(strokes),
        own=offsets[first],
        meets=meets,
        hit_steps=steps,
        hit_notes=performance.notes[of_drums],
        hit_velocities=performance.velocities[of_drums],
        strokes=strokes,
        velocities=velocities,
        onsets=onsets * pace,
        onset_velocities=performance.velocities[of_musician] / LOUDEST,
    )
