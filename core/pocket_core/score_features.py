"""What is known of a timestep from the score alone, for a network that reads all of it beforehand.

First the columns of `features` in which no performance has a part. The next timestep is always known, so no
column says whether it is; before the first and after the last is a gap of `LONGEST`. Then what is struck at
fixed distances, earlier and later: a recurrent network would have to count its way there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.features import COLUMNS, DIFF, LONGEST, OLDEST, PAPER, PORTRAIT
from pocket_core.grid import TWELFTHS
from pocket_core.tempo import MeterMap, TempoMap
from pocket_core.types import Beats
from pocket_core.voices import VOICES

#: Sixteenths: two bars, every one of the nearest and then the beats.
_DISTANCES = (*range(1, 11), 12, 14, 16, 20, 24, 28, 32)
DISTANCES = (*(-distance for distance in reversed(_DISTANCES)), *_DISTANCES)

#: The columns that `features` has too.
OWN_COLUMNS: tuple[str, ...] = tuple(
    name for name in (*COLUMNS[:DIFF], *COLUMNS[PAPER:PORTRAIT]) if name != "to next known"
)
OWN_WIDTH = len(OWN_COLUMNS)
SCORE_COLUMNS: tuple[str, ...] = (
    *OWN_COLUMNS,
    *(f"{voice} {distance:+d}" for distance in DISTANCES for voice in VOICES),  # 1 where struck
)
SCORE_WIDTH = len(SCORE_COLUMNS)
TO_NEXT = SCORE_COLUMNS.index("to next")


@dataclass(frozen=True, slots=True)
class ScoreStep:
    """What the score has at one position."""

    beat: Beats
    voices: tuple[int, ...]  # indices into VOICES


@dataclass(frozen=True, slots=True)
class Repeat:
    """A stretch of the song that is played over and over."""

    entered: Beats  # where it begins
    left: Beats  # where it goes back, beyond `entered`

    @property
    def length(self) -> Beats:
        """Quarter notes from pass to pass."""
        return Beats(self.left - self.entered)


def score_rows(
    steps: Sequence[ScoreStep], tempo: TempoMap, meters: MeterMap, repeat: Repeat | None = None
) -> NDArray[np.float32]:
    """Return what a network may know of a score, `float32[T, SCORE_WIDTH]`: the columns of `SCORE_COLUMNS`.

    Args:
        steps: At rising beats.
        tempo: Of the song.
        meters: Of the song.
        repeat: They are one pass of this, all within it: the last is followed by the first.

    Raises:
        ValueError: Beats that do not rise.
    """
    rows = np.zeros((len(steps), SCORE_WIDTH), np.float32)
    if not steps:
        return rows
    for row, step in zip(rows, steps, strict=True):
        row[list(step.voices)] = 1.0
    beats = np.array([step.beat for step in steps], np.float64)
    if (np.diff(beats) <= 0).any():
        raise ValueError("the timesteps of a score must be at rising beats")
    times = np.array([tempo.seconds_at(step.beat) for step in steps], np.float64)
    places = [meters.position(step.beat) for step in steps]
    beats_apart, apart = _gaps(beats), _gaps(times)
    if repeat is not None:
        beats_apart[[0, -1]] = repeat.left - beats[-1] + beats[0] - repeat.entered
        around = tempo.seconds_at(repeat.left) - tempo.seconds_at(repeat.entered)
        apart[[0, -1]] = around - (times[-1] - times[0])
    in_bar = np.array([place.in_bar for place in places])
    bar = 2 * math.pi * in_bar / np.array([place.meter.bar_beats for place in places])
    beat = 2 * math.pi * (in_bar % 1.0)
    columns = (
        np.minimum(apart[:-1], LONGEST),
        np.minimum(apart[1:], LONGEST),
        np.log2(np.array([tempo.bpm_at(step.beat) for step in steps]) / 120.0),
        np.array([place.meter.numerator / 4 for place in places]),
        np.array([4 / place.meter.denominator for place in places]),
        *_turn(bar),
        *_turn(beat),
        *_turn(2 * beat),
        np.minimum(beats_apart[:-1], OLDEST) / OLDEST,
        *_turn(2 * bar),
        *_turn(3 * beat),
        *_turn(4 * beat),
    )
    rows[:, len(VOICES) : OWN_WIDTH] = np.stack(columns, 1)
    rows[:, OWN_WIDTH:] = surroundings(beats, rows[:, : len(VOICES)], repeat)
    return rows


def surroundings(
    beats: NDArray[np.float64], struck: NDArray[np.float32], repeat: Repeat | None = None
) -> NDArray[np.float32]:
    """Return what is struck at `DISTANCES` from each timestep, to the nearest twelfth of a quarter note.

    Args:
        beats: Where the timesteps are, rising.
        struck: `float32[T, 9]`, 1 where a voice is struck.
        repeat: They are one pass of this.

    Returns:
        `float32[T, distances * 9]`, the voices of one distance together.
    """
    places = np.rint(beats * TWELFTHS).astype(np.int64)
    sought = places[:, None] + np.array(DISTANCES) * (TWELFTHS // 4)
    if repeat is not None and (around := round(repeat.length * TWELFTHS)) > 0:
        places, sought = places % around, sought % around
    known, which = np.unique(places, return_inverse=True)
    voices = np.zeros((len(known) + 1, struck.shape[1]), np.float32)  # nothing behind the last
    np.maximum.at(voices, which, struck)
    at = np.searchsorted(known, sought)
    at[known[np.minimum(at, len(known) - 1)] != sought] = len(known)
    return np.asarray(voices[at].reshape(len(beats), -1), np.float32)


def _gaps(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distances between neighbours, float64[T + 1]; infinity at both ends."""
    return np.concatenate(([math.inf], np.diff(positions), [math.inf]))


def _turn(angle: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.sin(angle), np.cos(angle)
