"""Drums as hits, velocities and offsets on a grid of sixteenths; and as one voice: the groove.

The representation of Gillick et al. 2019 and of Haki's groove transformers: a cell is a sixteenth of a
voice and holds its loudest note; the offset is the note's distance from the sixteenth, as a share of it,
positive is late. A groove is the loudest of all voices at each sixteenth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.generator import Onset
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import SIXTEENTH, Phrase, Stroke, phrase_of
from pocket_core.types import Beats
from pocket_core.voices import VOICES

A_BAR = 16  # sixteenths
HALF = 0.5  # of a sixteenth; no offset is larger
COUNT = len(VOICES)


@dataclass(frozen=True, slots=True)
class Cells:
    """Drums on the grid; velocities and offsets are 0 where nothing is struck."""

    hits: NDArray[np.float32]  # (T, 9), 0 or 1
    velocities: NDArray[np.float32]  # (T, 9), 0..1
    offsets: NDArray[np.float32]  # (T, 9), sixteenths, -0.5..0.5

    def __len__(self) -> int:
        """Return how many steps there are."""
        return len(self.hits)

    @property
    def array(self) -> NDArray[np.float32]:
        """All three side by side, `float32[T, 27]`."""
        return np.concatenate([self.hits, self.velocities, self.offsets], 1)

    def cut(self, begin: int, end: int) -> Cells:
        """Return the steps from one to before another, with nothing where there are none."""
        return Cells(*(_cut(rows, begin, end) for rows in (self.hits, self.velocities, self.offsets)))


def cells_from(array: NDArray[np.float32]) -> Cells:
    """Return an array, `float32[T, 27]`, as cells."""
    return Cells(array[:, :COUNT], array[:, COUNT : 2 * COUNT], array[:, 2 * COUNT :])


def no_cells(steps: int) -> Cells:
    """Return silence."""
    return cells_from(np.zeros((steps, 3 * COUNT), np.float32))


def cells_of(
    beats: NDArray[np.float64], voices: NDArray[np.int64], velocities: NDArray[np.int64], steps: int
) -> Cells:
    """Put notes on the grid.

    Args:
        beats: `float64[N]`, quarter notes from the first step.
        voices: `int64[N]`, 0..8.
        velocities: `int64[N]`, 1..127.
        steps: How many sixteenths; notes that are nearest to others are left out.
    """
    places = np.floor(beats / SIXTEENTH + HALF).astype(np.int64)
    inside = np.flatnonzero((places >= 0) & (places < steps))
    order = inside[np.argsort(velocities[inside], kind="stable")]  # the loudest is written last
    cells = no_cells(steps)
    at = (places[order], voices[order])
    cells.hits[at] = 1.0
    cells.velocities[at] = velocities[order] / 127
    cells.offsets[at] = beats[order] / SIXTEENTH - places[order]
    return cells


def cells_of_strokes(strokes: Iterable[Stroke], kit: Kit, begin: Beats, steps: int) -> Cells:
    """Put strokes on the grid, from a position on; a note that the kit does not know is left out."""
    loudest: dict[tuple[int, int], Stroke] = {}
    for stroke in strokes:
        place = round((stroke.beat - begin) / SIXTEENTH)
        voice = kit.voice(stroke.note) if 0 <= place < steps else None
        if voice is None:
            continue
        there = loudest.get((place, voice))
        if there is None or there.velocity < stroke.velocity:
            loudest[place, voice] = stroke
    cells = no_cells(steps)
    if loudest:
        places, voices = np.array(list(loudest)).T
        exact = np.array([(s.beat + s.offset - begin) / SIXTEENTH for s in loudest.values()]) - places
        cells.hits[places, voices] = 1.0
        cells.velocities[places, voices] = np.array([s.velocity for s in loudest.values()]) / 127
        cells.offsets[places, voices] = np.clip(exact, -HALF, HALF)
    return cells


def phrase_of_cells(cells: Cells, kit: Kit) -> Phrase:
    """Return cells as a phrase; the softest stroke has velocity 1."""
    strokes = [
        Stroke(
            Beats(step * SIXTEENTH),
            kit.notes[voice],
            min(max(round(float(cells.velocities[step, voice]) * 127), 1), 127),
            Beats(float(cells.offsets[step, voice]) * SIXTEENTH),
        )
        for step, voice in np.argwhere(cells.hits > HALF).tolist()
    ]
    return phrase_of(strokes, Beats(len(cells) * SIXTEENTH))


def flattened(cells: Cells) -> NDArray[np.float32]:
    """Return the groove of drums, `float32[T, 3]`: hit, velocity and offset of each step's loudest."""
    loudest = cells.velocities.argmax(1)
    rows = np.arange(len(cells))
    hit = cells.hits.max(1, initial=0.0)
    return np.stack([hit, cells.velocities[rows, loudest], cells.offsets[rows, loudest] * hit], 1)


def groove_of(onsets: Sequence[Onset], begin: Beats, steps: int) -> NDArray[np.float32]:
    """Return the groove of onsets from a position on, `float32[T, 3]`; the loudest of a step counts."""
    groove = np.zeros((steps, 3), np.float32)
    exact = (np.array([onset.beat for onset in onsets]) - begin) / SIXTEENTH
    places = np.floor(exact + HALF).astype(np.int64)
    velocities = np.array([onset.velocity for onset in onsets], np.int64)
    inside = np.flatnonzero((places >= 0) & (places < steps) & (velocities > 0))[::-1]
    order = inside[np.argsort(velocities[inside], kind="stable")]
    at = places[order]  # the loudest is written last, and of those the first
    groove[at] = np.stack([np.ones(len(at)), velocities[order] / 127, exact[order] - at], 1)
    return groove


def _cut(rows: NDArray[np.float32], begin: int, end: int) -> NDArray[np.float32]:
    cut = np.zeros((end - begin, rows.shape[1]), np.float32)
    first, last = max(begin, 0), min(end, len(rows))
    if first < last:
        cut[first - begin : last - begin] = rows[first:last]
    return cut
