"""What the model sees at a timestep, as words and as a vector.

Version 2. First the paper's inputs (Burloiu 2020), which DESIGN lists, with what the musician's onsets say
where no drum is near; then the place in more detail, the portrait of the musician (`portrait`), and what is
known of the drummer whom the drums shall be like (`habits`). A network takes the columns that it was made
for. A change here changes `VERSION`, and every model is refused until it is exported again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core import habits, portrait
from pocket_core.tempo import BarPosition
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES

VERSION = 2

#: One name a column, in order.
COLUMNS: tuple[str, ...] = (
    *VOICES,  # 1 where struck
    "since previous",  # seconds, at most 2
    "to next",  # seconds, at most 2; 0 while not known
    "to next known",  # 1 or 0
    "tempo",  # log2(bpm / 120)
    "meter beats",  # numerator / 4
    "meter unit",  # 4 / denominator
    "bar sin",
    "bar cos",
    "beat sin",
    "beat cos",
    "half beat sin",
    "half beat cos",
    "diff",  # tenths of a second; positive: the musician is later
    "diff age",  # beats / 4, at most 1; 1 where there is none
    "diff fresh",  # 1 if it is of the timestep just before
    "groove",  # the template's expectation here, tenths of a second
    "heard",  # the musician's newest onset against its place in the score, tenths of a second
    "heard age",  # beats / 4, at most 1; 1 where there is none
    "beats since previous",  # / 4, at most 1
    "half bar sin",
    "half bar cos",
    "third of a beat sin",
    "third of a beat cos",
    "sixteenth sin",
    "sixteenth cos",
    *portrait.COLUMNS,
    *habits.COLUMNS,
)
#: The columns that are offsets, in tenths of a second.
OFFSETS: tuple[str, ...] = ("diff", "groove", "heard", *portrait.OFFSETS, *habits.OFFSETS)
PAPER = COLUMNS.index("beats since previous")  # so many columns are the paper's, and what is heard
WIDTH = len(COLUMNS)

DIFF = COLUMNS.index("diff")
DIFF_AGE = COLUMNS.index("diff age")
DIFF_FRESH = COLUMNS.index("diff fresh")
GROOVE = COLUMNS.index("groove")
HEARD = COLUMNS.index("heard")
HEARD_AGE = COLUMNS.index("heard age")
PORTRAIT = COLUMNS.index(portrait.COLUMNS[0])
HABITS = COLUMNS.index(habits.COLUMNS[0])

OFFSET_SCALE = 10.0  # offsets enter the vector in tenths of a second
LONGEST = 2.0  # seconds; gaps are clipped there
OLDEST = Beats(4.0)  # ages are clipped there


@dataclass(frozen=True, slots=True)
class Context:
    """Everything known about a timestep when its offset is decided."""

    voices: tuple[int, ...]  # indices into VOICES, rising; none where the musician plays alone
    since_previous: Seconds | None  # None: first timestep of the take
    to_next: Seconds | None  # None: not known yet
    bpm: float
    place: BarPosition
    diff: Seconds | None  # newest known, of an earlier timestep
    diff_age: Beats | None  # since that timestep
    diff_fresh: bool  # that timestep is the one just before
    groove: Seconds  # the template's expectation, 0 while it has heard nothing
    heard: Seconds | None  # newest onset against its place in the score, with a drum or without
    heard_age: Beats | None
    beats_since_previous: Beats | None
    portrait: tuple[float, ...]  # `Portrait.look`
    habits: tuple[float, ...]  # `Habits.look`


def vector(context: Context) -> NDArray[np.float32]:
    """Return the features of a timestep, `float32[WIDTH]`: the columns of `COLUMNS`."""
    place = context.place
    bar = 2 * math.pi * place.in_bar / place.meter.bar_beats
    beat = 2 * math.pi * (place.in_bar % 1.0)
    x = np.zeros(WIDTH, np.float32)
    x[list(context.voices)] = 1.0
    x[9:DIFF] = (
        _gap(context.since_previous, LONGEST),
        _gap(context.to_next, 0.0),
        context.to_next is not None,
        math.log2(context.bpm / 120.0),
        place.meter.numerator / 4,
        4 / place.meter.denominator,
        math.sin(bar),
        math.cos(bar),
        math.sin(beat),
        math.cos(beat),
        math.sin(2 * beat),
        math.cos(2 * beat),
    )
    x[DIFF:PAPER] = (
        OFFSET_SCALE * (context.diff or 0.0),
        _age(context.diff_age),
        context.diff_fresh,
        OFFSET_SCALE * context.groove,
        OFFSET_SCALE * (context.heard or 0.0),
        _age(context.heard_age),
    )
    x[PAPER:PORTRAIT] = (
        _age(context.beats_since_previous),
        math.sin(2 * bar),
        math.cos(2 * bar),
        math.sin(3 * beat),
        math.cos(3 * beat),
        math.sin(4 * beat),
        math.cos(4 * beat),
    )
    x[PORTRAIT:HABITS] = context.portrait
    x[HABITS:] = context.habits
    return x


def _gap(seconds: Seconds | None, unknown: float) -> float:
    return unknown if seconds is None else min(max(seconds, 0.0), LONGEST)


def _age(beats: Beats | None) -> float:
    return 1.0 if beats is None else min(max(beats, 0.0), OLDEST) / OLDEST
