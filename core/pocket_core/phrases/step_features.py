"""What the language model of drums sees before each sixteenth: the steps around it in the bars before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.groove_features import BPM_SCALE, USUAL_BPM
from pocket_core.phrases.hvo import A_BAR, COUNT
from pocket_core.phrases.steps import BITS, COUNTER_BITS, counter
from pocket_core.phrases.styles import STYLES

VERSION = 1
MEMORY_BARS = 16  # that are remembered
MEMORY_STEPS = MEMORY_BARS * A_BAR
RECENT = (1, 2, 3, 4, 8, 12)  # steps before
AROUND = (15, 31)  # what came next, a bar and two bars before
POINTERS = (16, 32, 48, 64)  # the same place, one to four bars before
SEEN = (*RECENT, *AROUND, *POINTERS)
HEARD = (1, 16, 32)  # steps before, whose velocities are seen

LAGS = slice(0, len(SEEN) * COUNT)  # voices of each of `SEEN`, 0 or 1
POINTED = slice((len(SEEN) - len(POINTERS)) * COUNT, len(SEEN) * COUNT)  # those of `POINTERS` among them
KNOWN = slice(LAGS.stop, LAGS.stop + len(POINTERS))  # 1: there is such a step
USUAL = slice(KNOWN.stop, KNOWN.stop + COUNT)  # how often each voice is struck at this place of the bar
USUAL_NEXT = slice(USUAL.stop, USUAL.stop + COUNT)  # and at the place after it
COUNTER = slice(USUAL_NEXT.stop, USUAL_NEXT.stop + COUNTER_BITS)
PLACE = slice(COUNTER.stop, COUNTER.stop + A_BAR)  # of the bar, one of sixteen is 1
STYLE = slice(PLACE.stop, PLACE.stop + len(STYLES))  # one is 1, or none
TEMPO = STYLE.stop
WIDTH = TEMPO + 1
VELOCITIES = len(HEARD) * COUNT  # width of what `velocity_rows` returns


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known of the music besides its steps."""

    bpm: float = USUAL_BPM
    style: str | None = None  # of STYLES; None: any


def feature_rows(
    symbols: NDArray[np.int64], setting: Setting, *, position: int = 0, first: int = 0
) -> NDArray[np.float32]:
    """Return what is seen before each step, and before the one that comes next.

    Args:
        symbols: `int64[T]`, all that is known of the past.
        setting: The rest.
        position: Of the first symbol, in sixteenths from the beginning of a bar whose number 4 divides.
        first: The first step that a row is wanted of, 0..T.

    Returns:
        `float32[T + 1 - first, WIDTH]`; a row sees only what is before its step.
    """
    steps = np.arange(first, len(symbols) + 1)
    bits = np.concatenate([BITS[symbols], np.zeros((1, COUNT), np.float32)])  # the last row: nothing there
    x = np.zeros((len(steps), WIDTH), np.float32)
    x[:, LAGS] = _before(bits, steps, SEEN).reshape(len(steps), -1)
    x[:, KNOWN] = steps[:, None] >= np.array(POINTERS)
    bars = np.arange(1, MEMORY_BARS + 1) * A_BAR
    there = np.maximum((steps[:, None] >= bars).sum(1, keepdims=True), 1)
    x[:, USUAL] = _before(bits, steps, tuple(bars)).sum(1) / there
    x[:, USUAL_NEXT] = _before(bits, steps, tuple(bars - 1)).sum(1) / there
    places = position + steps
    x[:, COUNTER] = counter(places)
    x[np.arange(len(steps)), PLACE.start + places % A_BAR] = 1.0
    if setting.style in STYLES:
        x[:, STYLE.start + STYLES.index(setting.style)] = 1.0
    x[:, TEMPO] = (setting.bpm - USUAL_BPM) / BPM_SCALE
    return x


def velocity_rows(velocities: NDArray[np.float32], first: int = 0) -> NDArray[np.float32]:
    """Return the velocities of `HEARD` before each step, and before the next: `float32[T + 1 - first, 27]`.

    Args:
        velocities: `float32[T, 9]`, 0..1.
        first: The first step that a row is wanted of.
    """
    steps = np.arange(first, len(velocities) + 1)
    whole = np.concatenate([velocities, np.zeros((1, COUNT), np.float32)])
    return _before(whole, steps, HEARD).reshape(len(steps), -1)


def _before(
    rows: NDArray[np.float32], steps: NDArray[np.int64], lags: tuple[int, ...]
) -> NDArray[np.float32]:
    """Return the rows that lie so many steps before each, `float32[N, L, 9]`; 0 where there is none."""
    places = steps[:, None] - np.array(lags)
    there = (places >= 0)[..., None].astype(np.float32)
    return np.asarray(rows[np.maximum(places, 0)] * there)
