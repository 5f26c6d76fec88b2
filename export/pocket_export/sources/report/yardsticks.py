"""Sources that nobody would ship: what a figure has to be read beside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pocket_core.phrases.generator import Ask, Generator
from pocket_core.phrases.hvo import A_BAR, COUNT, Cells, cells_from, phrase_of_cells
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, SIXTEENTH, Phrase, Stroke, phrase_of
from pocket_core.types import Beats
from pocket_export.sources.report.material import Song

LOUD, SOFT = 100, 70


class RockBeat:
    """Plays kick, snare and hats in eighths, always the same, on the grid."""

    name = "plain rock beat"

    def phrase(self, ask: Ask) -> Phrase:
        """See `Generator.phrase`."""
        notes = Kit().notes
        strokes = []
        for bar in range(int(np.ceil(ask.length / BAR))):
            begin = bar * BAR
            strokes += [Stroke(Beats(begin + n / 2), notes[2], SOFT) for n in range(8)]
            strokes += [Stroke(Beats(begin + n), notes[n % 2], LOUD) for n in range(4)]
        return phrase_of(strokes, ask.length)


class Start:
    """Repeats what it begins with: true to its genre, and without an idea."""

    name = "start repeated"

    def phrase(self, ask: Ask) -> Phrase:
        """See `Generator.phrase`."""
        start = ask.start or Phrase((), BAR)
        first = Beats(ask.begin % start.length)
        return start.filling(Beats(first + ask.length)).cut(first, Beats(first + ask.length))


class Copyist:
    """Plays bars of the training split, one after the other, as they are: what must be found out.

    Args:
        learnt: The training split.
    """

    name = "training copied"

    def __init__(self, learnt: Sequence[Song]) -> None:
        self._songs = learnt

    def phrase(self, ask: Ask) -> Phrase:
        """See `Generator.phrase`."""
        song = self._songs[int(np.random.default_rng(ask.seed).integers(len(self._songs)))]
        steps = round(ask.length / SIXTEENTH)
        places = (round(ask.begin / SIXTEENTH) + np.arange(steps)) % len(song.cells)
        return phrase_of_cells(cells_from(song.cells.array[places]), Kit())


class Chance:
    """Strikes each voice as often as drummers do, anywhere, at any velocity and offset of theirs.

    Args:
        learnt: The training split.
    """

    name = "chance"

    def __init__(self, learnt: Sequence[Song]) -> None:
        cells = np.concatenate([song.cells.array for song in learnt])
        struck = cells[:, :COUNT] > 0
        self._share = struck.mean(0)
        self._velocities = cells[:, COUNT : 2 * COUNT][struck]
        self._offsets = cells[:, 2 * COUNT :][struck]

    def phrase(self, ask: Ask) -> Phrase:
        """See `Generator.phrase`."""
        chance = ask.chance
        steps = round(ask.length / SIXTEENTH)
        hits = (chance.random((steps, COUNT)) < self._share).astype(np.float32)
        drawn = chance.integers(len(self._velocities), size=(2, steps, COUNT))
        cells = Cells(hits, self._velocities[drawn[0]] * hits, self._offsets[drawn[1]] * hits)
        return phrase_of_cells(cells, Kit())


def yardsticks(learnt: Sequence[Song]) -> tuple[Generator, ...]:
    """Return all of them."""
    long = [song for song in learnt if song.bars >= A_BAR] or list(learnt)
    return Start(), Copyist(long), RockBeat(), Chance(learnt)
