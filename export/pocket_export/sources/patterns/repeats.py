"""What of a drum part repeats: patterns of 32 steps, three times in a row or more.

A pattern repeats three times in a row where each of 64 steps, one behind the other, is what stands 32 steps
later. So a part is compared with itself, once, moved by a pattern's length; source: Tikhonov, who does the
same by hashing. People who play do not repeat themselves exactly: with a tolerance, each two of the three
have to differ in no more than so many cells, and the pattern is what two of three strike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.patterns import BITS, STEPS, Pattern, canonical, varied

A_BAR = 16  # steps
LONG_PAUSE = 16  # steps without a stroke, a bar, after which a part begins anew
LAPS = 3  # times in a row


@dataclass(frozen=True, slots=True)
class Repeated:
    """A pattern of a part."""

    pattern: Pattern  # from a bar line on
    laps: int  # times in a row, >= 3; where a part plays it twice, both together


def chunks(
    steps: NDArray[np.int64], bits: NDArray[np.int64], pause: int = LONG_PAUSE
) -> Iterator[NDArray[np.int64]]:
    """Yield a part's chunks, cut at long pauses, each from the bar line before its first stroke.

    Args:
        steps: `int64[N]`, sixteenths from a bar line, rising.
        bits: `int64[N]`, of each stroke, 0..13.
        pause: Steps.

    Yields:
        `int64[T]`: what is struck at each step.
    """
    if not len(steps):
        return
    cuts = np.flatnonzero(np.diff(steps) > pause) + 1
    for some, which in zip(np.split(steps, cuts), np.split(bits, cuts), strict=True):
        first = int(some[0]) // A_BAR * A_BAR
        chunk = np.zeros(-(-(int(some[-1]) - first + 1) // A_BAR) * A_BAR, np.int64)
        np.bitwise_or.at(chunk, some - first, np.int64(1) << which)
        yield chunk


def repeats(chunk: NDArray[np.int64]) -> list[Repeated]:
    """Return the patterns of a chunk that repeat exactly, in order: varied ones, one of all rotations.

    Args:
        chunk: `int64[T]` from a bar line on.
    """
    same = chunk[:-STEPS] == chunk[STEPS:]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]])))
    found: dict[Pattern, Repeated] = {}
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        length = end - begin + STEPS  # of all that goes in circles
        if length < LAPS * STEPS:
            continue
        bar = -(-begin // A_BAR) * A_BAR  # within the run, that is longer than a bar
        _note(found, tuple(chunk[bar : bar + STEPS].tolist()), length // STEPS)
    return list(found.values())


def near_repeats(chunk: NDArray[np.int64], tolerance: int) -> list[Repeated]:
    """Return the patterns that repeat from a bar line on but for some cells: what two of three strike.

    Once one is found the search goes on behind its three times, as long as the same goes on.

    Args:
        chunk: `int64[T]` from a bar line on.
        tolerance: Cells that each two of the three times may differ in.
    """
    cells = chunk[:, None] >> np.arange(BITS) & 1
    found: dict[Pattern, Repeated] = {}
    bar = 0
    while bar + LAPS * STEPS <= len(chunk):
        one, two, three = (cells[bar + n * STEPS : bar + (n + 1) * STEPS] for n in range(LAPS))
        if max((one != two).sum(), (two != three).sum(), (one != three).sum()) > tolerance:
            bar += A_BAR
            continue
        most = one + two + three >= 2  # of three
        laps = LAPS
        while (bar + (laps + 1) * STEPS <= len(chunk)) and (
            (cells[bar + laps * STEPS : bar + (laps + 1) * STEPS] != most).sum() <= tolerance
        ):
            laps += 1
        _note(found, tuple((most << np.arange(BITS)).sum(1).tolist()), laps)
        bar += laps * STEPS
    return list(found.values())


def _note(found: dict[Pattern, Repeated], pattern: Pattern, laps: int) -> None:
    if not varied(pattern):
        return
    known = canonical(pattern)
    before = found.get(known)
    found[known] = Repeated(pattern, laps) if before is None else Repeated(before.pattern, before.laps + laps)
