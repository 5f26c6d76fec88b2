"""What is known of the drummer whom the drums shall be like: where and how hard each drum is played.

The habits come from a performance: earlier bars of the same file, or another recording that the user names.
They are means over each drum's places, from the finest (this drum at this sixteenth of the bar) to the
coarsest (everything), each shrunk towards the next coarser one as BENCHMARKS' "history" does with two.
Whoever knows no drummer has `UNKNOWN`: zeros.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pocket_core.grid import TWELFTHS
from pocket_core.voices import VOICES

BEAT = TWELFTHS
FIRST_VELOCITY = 0.55  # expected of a drummer of whom nothing is known; BENCHMARKS' "history"
PRIOR = 4.0  # strokes that the coarser mean counts for in the first pair of figures; BENCHMARKS' "history"
FINE = 2.0  # ... and in the others
BEAT_KEEPS = 0.97  # of the coarser means, a bar
NEWEST_KEEPS = 0.75  # of a place's own newest strokes, a stroke
BAR_KEEPS = 0.6  # of the surprises of the last bars, a bar
TENTHS = 10.0
CENTRE = 0.5  # velocities are told from here

_PER_VOICE = (
    "offset",  # tenths of a second; the mean at this place, shrunk to that of all
    "velocity",  # less a half
    "known",  # strokes at this place n / (n + 4)
    "offset last",  # from here on less "offset"
    "offset of the voice",
    "offset of the beat's place",
    "offset of the place",
    "offset of late",
    "offset in steps",
    "velocity last",  # less "velocity"
    "velocity of the voice",
    "velocity of the beat's place",
    "velocity of late",
    "surprise",  # how far off these means the voice has been in the last bars, tenths of a second
)
_OVERALL = ("offset of all", "velocity of all", "strokes", "surprise of all", "velocity surprise of all")

#: One name a figure; those of a voice are 0 where it is not struck.
COLUMNS: tuple[str, ...] = (
    *(f"habit {what} {voice}" for what in _PER_VOICE for voice in VOICES),
    *(f"habit {what}" for what in _OVERALL),
)
WIDTH = len(COLUMNS)
KINDS = len(_PER_VOICE)
#: The figures that are offsets, in tenths of a second.
OFFSETS: tuple[str, ...] = tuple(
    name for name in COLUMNS if name.startswith(("habit offset", "habit surprise"))
)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A drum as somebody played it."""

    twelfth: int  # grid position within the bar, twelfths of a quarter note
    voice: int  # index into VOICES
    offset: float  # seconds from that position, positive is late
    velocity: float  # 0..1


@cache
def _nobody() -> tuple[float, ...]:
    return (0.0,) * WIDTH


class Habits:
    """A drummer's habits, learnt bar by bar.

    Args:
        bar: Length of the bar in twelfths of a quarter note; strokes elsewhere count modulo it.
    """

    def __init__(self, bar: int) -> None:
        voices = len(VOICES)
        self._bar = bar
        self._cells = np.zeros((bar, voices, 3))  # of each place: strokes, their offsets, their velocities
        self._late = np.zeros((bar, voices, 3))  # the same, forgetting
        self._last = np.zeros((bar, voices, 2))
        self._beats = np.zeros((BEAT, voices, 3))
        self._voices = np.zeros((voices, 3))
        self._places = np.zeros((bar, 3))
        self._surprise = np.zeros((voices, 2))  # strokes, how far they were off
        self._surprises = np.zeros(3)  # strokes, how far off in time, how far off in velocity
        self._total = np.zeros(3)
        self._told: NDArray[np.float64] | None = None  # float64[bar, voices, KINDS], of the present habits
        self._overall: tuple[float, ...] = ()

    @property
    def strokes(self) -> int:
        """How many strokes they are made of."""
        return int(self._total[0])

    def learn(self, strokes: Iterable[Stroke]) -> None:
        """Take in one bar as it was played."""
        steps = self._in_steps()
        self._surprise *= BAR_KEEPS
        self._surprises *= BAR_KEEPS
        for s in strokes:
            at, v = s.twelfth % self._bar, s.voice
            heard = np.array((1.0, s.offset, s.velocity))
            off, hard = heard[1:] - steps[at, v]
            self._surprise[v] += (1.0, off)
            self._surprises += (1.0, off, hard)
            self._cells[at, v] += heard
            self._late[at, v] = NEWEST_KEEPS * (self._late[at, v] + heard)
            self._last[at, v] = heard[1:]
            self._beats[at % BEAT, v] += heard
            self._voices[v] += heard
            self._places[at] += heard
            self._total += heard
        self._beats *= BEAT_KEEPS
        self._voices *= BEAT_KEEPS
        self._places *= BEAT_KEEPS
        self._told = None

    def look(self, twelfth: int, voices: Sequence[int]) -> tuple[float, ...]:
        """Return the figures of a place for the drums struck there, in the order of `COLUMNS`.

        Args:
            twelfth: Position within the bar, twelfths of a quarter note.
            voices: Indices of the drums struck.
        """
        if not self._total[0]:
            return _nobody()
        told = self._tell()
        figures = np.zeros((KINDS, len(VOICES)))
        at = list(voices)
        figures[:, at] = told[twelfth % self._bar, at].T
        return (*figures.ravel().tolist(), *self._overall)

    def anchor(self, twelfth: int, voice: int) -> tuple[float, float]:
        """Return the expected offset in seconds and velocity, 0..1: BENCHMARKS' "history"."""
        mean = self._mean()
        n, offset, velocity = self._cells[twelfth % self._bar, voice] + PRIOR * np.array((1.0, *mean))
        return float(offset / n), float(velocity / n)

    def _mean(self) -> NDArray[np.float64]:
        return self._total[1:] / self._total[0] if self._total[0] else np.array((0.0, FIRST_VELOCITY))

    def _in_steps(self) -> NDArray[np.float64]:
        """Return float64[bar, voices, 2]: each place's means, shrunk from coarse to fine."""
        of_voice = _shrunk(self._voices, self._mean(), FINE)
        of_beat = _shrunk(self._beats, of_voice, FINE)
        return _shrunk(self._cells, np.resize(of_beat, (self._bar, *of_beat.shape[1:])), FINE)

    def _tell(self) -> NDArray[np.float64]:
        if self._told is not None:
            return self._told
        mean = self._mean()
        coarse = _shrunk(self._cells, mean, PRIOR)
        of_voice = _shrunk(self._voices, mean, FINE)
        of_beat = _shrunk(self._beats, of_voice, FINE)
        of_beat = np.resize(of_beat, (self._bar, *of_beat.shape[1:]))
        steps = _shrunk(self._cells, of_beat, FINE)
        late = _shrunk(self._late, of_beat, 1.0)
        place = _shrunk(self._places, mean, FINE)[:, None]
        n = self._cells[..., :1]
        last = np.where(n > 0, self._last, steps)
        told = np.zeros((*n.shape[:2], KINDS))
        told[..., 0] = TENTHS * coarse[..., 0]
        told[..., 1] = coarse[..., 1] - CENTRE
        told[..., 2] = (n / (n + PRIOR))[..., 0]
        for i, other in enumerate((last, of_voice, of_beat, place, late, steps)):
            told[..., 3 + i] = TENTHS * (other[..., 0] - coarse[..., 0])
        for i, other in enumerate((last, of_voice, of_beat, late)):
            told[..., 9 + i] = other[..., 1] - coarse[..., 1]
        told[..., 13] = TENTHS * self._surprise[:, 1] / (self._surprise[:, 0] + FINE)
        strokes, off, hard = self._surprises
        self._overall = (
            TENTHS * float(mean[0]),
            float(mean[1]) - CENTRE,
            float(self._total[0] / (self._total[0] + 16.0)),
            TENTHS * float(off / (strokes + 3.0)),
            float(hard / (strokes + 3.0)),
        )
        self._told = told
        return told


UNKNOWN = Habits(4 * TWELFTHS)  # of nobody; nobody teaches it


def _shrunk(sums: NDArray[np.float64], towards: NDArray[np.float64], prior: float) -> NDArray[np.float64]:
    """Return means of (strokes, offsets, velocities) `[..., 3]`, shrunk to `[..., 2]` by some strokes."""
    return np.asarray((sums[..., 1:] + prior * towards) / (sums[..., :1] + prior))
