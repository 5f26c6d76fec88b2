"""Patterns of drummers who were recorded: every two bars of their beats, or what they repeat, nearly.

Hardly anybody repeats two bars exactly three times: in all beats of the Groove MIDI Dataset in 4/4 there are
14 such patterns. So by default every window of two bars, from each bar line on, is a pattern, on its nearest
sixteenths; `Way.REPEATS` wants three in a row that are alike but for some cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pocket_core.phrases.patterns import BIT_OF_VOICE, STEPS, varied
from pocket_core.tempo import Meter
from pocket_export.recordings import Performance
from pocket_export.sources.patterns.repeats import A_BAR, Repeated, chunks, near_repeats

TOLERANCE = 8  # cells of 448: a hit in 4 beats, there or not


class Way(StrEnum):
    """How recordings yield patterns."""

    WINDOWS = "windows"
    REPEATS = "repeats"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a recording yields."""

    performance: Performance
    found: tuple[Repeated, ...]  # in order of bars; of windows `laps` is 1


def recorded(
    performances: Sequence[Performance], way: Way = Way.WINDOWS, tolerance: int = TOLERANCE
) -> Iterator[Recorded]:
    """Yield what the beats in 4/4 among recordings yield, in order; varied patterns alone.

    Args:
        performances: Of which fills and other meters are left out.
        way: How.
        tolerance: Cells that repeats may differ in.
    """
    voices = np.array(BIT_OF_VOICE)
    for performance in performances:
        if performance.beat_type != "beat" or performance.meter != Meter(4, 4):
            continue
        steps = np.floor(performance.beats * 4 + 0.5).astype(np.int64)
        order = np.argsort(steps, kind="stable")
        found = list[Repeated]()
        for chunk in chunks(steps[order], voices[performance.voices[order]]):
            if way is Way.REPEATS:
                found += near_repeats(chunk, tolerance)
                continue
            windows = (
                tuple(chunk[bar : bar + STEPS].tolist()) for bar in range(0, len(chunk) - STEPS + 1, A_BAR)
            )
            found += [Repeated(window, 1) for window in windows if varied(window)]
        yield Recorded(performance, tuple(found))
