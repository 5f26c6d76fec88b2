"""The bars of the Groove MIDI Dataset as BeatGen counts them, and the ways to divide them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.errors import DataError
from pocket_core.phrases.bar_grid import energy, grids
from pocket_export.recordings import Performance

FOUR_FOUR = "4-4.mid"  # the end of a file's name in 4/4, by which BeatGen chooses
LAST = 2170  # bars of its validation: the last tenth, in order of the files

#: Drummers left out of all training: to choose by, and to judge by.
VALIDATION_DRUMMERS = ("drummer4", "drummer6", "drummer7")
TEST_DRUMMERS = ("drummer3", "drummer5", "drummer10")


@dataclass(frozen=True, slots=True)
class BarSet:
    """Bars with where they come from."""

    bars: NDArray[np.float32]  # (N, 64, 22)
    files: NDArray[np.int64]  # (N,) the number of each bar's file
    names: tuple[str, ...]  # of the files

    def __len__(self) -> int:
        """Return how many bars there are."""
        return len(self.bars)

    @property
    def energy(self) -> float:
        """What silence is off by, on the mean of all bars."""
        return float(energy(self.bars).mean()) if len(self) else 0.0

    def rows(self, rows: NDArray[np.bool_] | slice) -> BarSet:
        """Return some of the bars."""
        return BarSet(self.bars[rows], self.files[rows], self.names)


def bar_set(performances: Sequence[Performance]) -> BarSet:
    """Return the bars of all recordings in 4/4, beats and fills, in order.

    Raises:
        DataError: There are none.
    """
    chosen = [p for p in performances if p.name.endswith(FOUR_FOUR)]
    made = [grids(p.beats, p.notes, p.velocities) for p in chosen]
    if not sum(map(len, made)):
        raise DataError("no recording is in 4/4; is the data set whole?")
    files = np.concatenate([np.full(len(bars), n) for n, bars in enumerate(made)])
    return BarSet(np.concatenate(made), files, tuple(p.name for p in chosen))


def of_drummers(performances: Sequence[Performance], drummers: Collection[str]) -> list[Performance]:
    """Return what some drummers play."""
    return [p for p in performances if p.drummer in drummers]


def without(performances: Sequence[Performance], drummers: Collection[str]) -> list[Performance]:
    """Return what all others play."""
    return [p for p in performances if p.drummer not in drummers]


def by_file_order(bars: BarSet, last: int = LAST) -> tuple[BarSet, BarSet]:
    """Return BeatGen's own division: all but the last bars, and the last, which are its validation.

    It took the files as its system listed them, which nobody knows any more; here they are in order of the
    names.
    """
    order = np.argsort(np.array(bars.names, dtype=str)[bars.files], kind="stable")
    bars = BarSet(bars.bars[order], bars.files[order], bars.names)
    return bars.rows(slice(0, -last)), bars.rows(slice(-last, None))
