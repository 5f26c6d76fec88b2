"""What the groove transformer sees of two bars: the groove, what was played before, and what is asked for.

Drums are decided in turns (`TURNS`), each by what the voices of the turns before strike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import A_BAR, COUNT, Cells, flattened
from pocket_core.phrases.styles import STYLES
from pocket_core.voices import VOICES

STEPS = 32  # two bars
MEMORY_BARS = 8  # that are remembered
MEMORY_STEPS = MEMORY_BARS * A_BAR
FULL = 64.0  # hits of two bars that count as a density of 1
OFFSET_SCALE = 2.0  # offsets in half sixteenths, -1..1
USUAL_BPM, BPM_SCALE = 120.0, 60.0
CYCLES = (4, 8)  # bars of a phrase

GROOVE = slice(0, 3)  # hit, velocity, offset
LAST = slice(3, 3 + 3 * COUNT)  # the same step two bars before
USUAL = slice(LAST.stop, LAST.stop + 3 * COUNT)  # mean of the same place of the bar in memory
LAST_GROOVE = slice(USUAL.stop, USUAL.stop + 3)
USUAL_GROOVE = slice(LAST_GROOVE.stop, LAST_GROOVE.stop + 3)
SHARES = slice(USUAL_GROOVE.stop, USUAL_GROOVE.stop + COUNT)  # how much of memory each voice plays
KNOWN = USUAL_GROOVE.stop + COUNT  # how much of memory there is, 0..1
FROM_BEFORE = KNOWN + 1  # 1: the groove is that of two bars before, as nobody knows the future
TEMPO = KNOWN + 2
PHASES = slice(KNOWN + 3, KNOWN + 3 + 2 * len(CYCLES))  # where in a phrase of so many bars
DENSITY = slice(PHASES.stop, PHASES.stop + 2)  # 1 and how many hits are wanted, or 0 and 0
STYLE = slice(DENSITY.stop, DENSITY.stop + len(STYLES))
MUSICIAN = STYLE.stop  # 1: a musician's part, 0: the drums' own groove
DECIDED = slice(MUSICIAN + 1, MUSICIAN + 1 + 2 * COUNT)  # of each voice: 1 where it is, and what it strikes
WIDTH = DECIDED.stop
VELOCITIES = [
    GROOVE.start + 1,
    *range(LAST.start + COUNT, LAST.start + 2 * COUNT),
    *range(USUAL.start + COUNT, USUAL.start + 2 * COUNT),
    LAST_GROOVE.start + 1,
    USUAL_GROOVE.start + 1,
]
REMEMBERED = slice(LAST.start, KNOWN + 1)  # all that is of memory
VERSION = 2

#: Voices that are decided together, in order: what one turn strikes tells the next what fits.
TURNS = tuple(
    tuple(VOICES.index(voice) for voice in turn)
    for turn in (
        ("kick", "closed hat"),
        ("snare", "open hat", "ride"),
        ("low tom", "mid tom", "high tom", "crash"),
    )
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for besides the groove."""

    bpm: float = USUAL_BPM
    bar: int = 0  # of the song, that the window begins with, from 0
    density: float | None = None  # hits of two bars / 64; None: as it comes
    style: str | None = None  # of STYLES; None: any
    from_before: bool = False  # the groove is that of two bars before
    musician: bool = False  # the groove is a part that somebody plays, not the drums' own


def feature_rows(
    groove: NDArray[np.float32],
    past: Cells,
    known: int,
    asked: Asked,
    heard: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Return the network's input, `float32[STEPS, WIDTH]`.

    Args:
        groove: `float32[STEPS, 3]`, hit, velocity 0..1 and offset in sixteenths.
        past: What was played in the `MEMORY_STEPS` before the window; silence where nothing was.
        known: How many of its newest steps there were, 0..MEMORY_STEPS; none: it remembers nothing.
        asked: The rest.
        heard: The groove that `past` answered, `float32[MEMORY_STEPS, 3]`; None: that which is in it.
    """
    x = np.zeros((STEPS, WIDTH), np.float32)
    x[:, GROOVE] = scaled(groove)
    x[:, FROM_BEFORE] = asked.from_before
    x[:, MUSICIAN] = asked.musician
    x[:, TEMPO] = (asked.bpm - USUAL_BPM) / BPM_SCALE
    bars = asked.bar + np.arange(STEPS) // A_BAR
    for n, cycle in enumerate(CYCLES):
        angle = 2 * np.pi * (bars % cycle) / cycle
        x[:, PHASES.start + 2 * n], x[:, PHASES.start + 2 * n + 1] = np.sin(angle), np.cos(angle)
    if asked.density is not None:
        x[:, DENSITY] = (1.0, asked.density)
    if asked.style in STYLES:
        x[:, STYLE.start + STYLES.index(asked.style)] = 1.0
    if known > 0:
        _remember(x, past, known, flattened(past) if heard is None else heard)
    return x


def decide(x: NDArray[np.float32], voices: Sequence[int], struck: NDArray[np.float32]) -> None:
    """Write into inputs, `float32[..., STEPS, WIDTH]`, what voices strike, `[..., STEPS, 9]`, 0 or 1."""
    decided = x[..., DECIDED]
    for voice in voices:
        decided[..., voice] = 1.0
        decided[..., COUNT + voice] = struck[..., voice]


def _remember(x: NDArray[np.float32], past: Cells, known: int, flat: NDArray[np.float32]) -> None:
    before = past.array
    x[:, LAST] = scaled(before[-STEPS:])
    x[:, LAST_GROOVE] = scaled(flat[-STEPS:])
    bars = np.ceil(known / A_BAR)
    usual = _usual(before, COUNT, bars)
    x[:, USUAL] = np.tile(usual, (STEPS // A_BAR, 1))
    x[:, USUAL_GROOVE] = np.tile(_usual(flat, 1, bars), (STEPS // A_BAR, 1))
    x[:, SHARES] = past.hits.sum(0) / known * 4
    x[:, KNOWN] = known / MEMORY_STEPS


def _usual(rows: NDArray[np.float32], count: int, bars: float) -> NDArray[np.float32]:
    """Return of each place in the bar how often it is struck, and its mean velocity and offset."""
    by_bar = rows.reshape(-1, A_BAR, rows.shape[1])
    hits = by_bar[..., :count].sum(0)
    struck = np.maximum(hits, 1.0)
    return np.concatenate(
        [
            hits / bars,
            by_bar[..., count : 2 * count].sum(0) / struck,
            OFFSET_SCALE * by_bar[..., 2 * count :].sum(0) / struck,
        ],
        1,
    ).astype(np.float32)


def scaled(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return hits, velocities and offsets, a third of the columns each, as a network takes them."""
    wide = rows.copy()
    wide[:, 2 * (rows.shape[1] // 3) :] *= OFFSET_SCALE
    return wide
