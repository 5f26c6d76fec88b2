"""Go on from what was played, sixteenth by sixteenth: a recurrent language model of drums.

After Magenta's Drum RNN, with velocities, and with where each stroke lies within its sixteenth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pocket_core.errors import ContractError
from pocket_core.phrases.feel import feel_of
from pocket_core.phrases.generator import Ask, Knobs
from pocket_core.phrases.hvo import A_BAR, Cells, cells_from, cells_of_strokes, no_cells, phrase_of_cells
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, SAME, SIXTEENTH, Phrase
from pocket_core.phrases.step_features import MEMORY_STEPS, Setting
from pocket_core.phrases.steps import (
    BITS,
    KICK,
    SNARE,
    Steps,
    cells_of_steps,
    joined_steps,
    steps_of_cells,
)
from pocket_core.types import Beats
from pocketd.generators.graphs import Graphs
from pocketd.generators.speaker import Speaker, Way

PRIMED = 4 * A_BAR  # steps that a start is repeated for before anything was played
STRETCH_BARS = 4  # that are said at once when many are wanted
FIRST_VELOCITY = 100 / 127  # of the stroke that begins from nothing


@dataclass(frozen=True, slots=True)
class _Past:
    cells: Cells
    position: int  # of its first step, sixteenths of the song

    @property
    def steps(self) -> Steps:
        return steps_of_cells(self.cells)


class Continuing:
    """The source `continue`. It goes by temperature, density and voices, and by the ask's tempo and style.

    What was played is gone on from, 16 bars of it at most; before it lies the start, repeated, if there is
    one. With neither it begins with a kick, as Magenta's does.

    Args:
        graphs: See `Speaker`.
        kit: Its notes.

    Raises:
        ContractError: The graphs are of another version, or their card does not say what this one needs.
    """

    name = "continue"

    def __init__(self, graphs: Graphs, kit: Kit) -> None:
        self._speaker = Speaker(graphs)
        self._kit = kit
        try:
            self._feel = feel_of(graphs.card.settings["feel"])
        except (KeyError, TypeError, ValueError) as error:
            raise ContractError(
                f"generator {graphs.card.name}: where its strokes lie is not said ({error}); "
                "run `pocketd pretrain` again"
            ) from None

    def phrase(self, ask: Ask) -> Phrase:
        """See `Generator.phrase`."""
        first = round(ask.begin / SIXTEENTH)
        count = max(int(np.ceil(ask.length / SIXTEENTH - SAME)), 1)
        way = Way(ask.knobs, Setting(ask.bpm, ask.style), ask.chance)
        said = self._said(self._past(ask, first), first, count, way)
        return phrase_of_cells(said, self._kit).filling(ask.length)

    def continue_from(
        self,
        primer: Phrase | None,
        bars: int,
        knobs: Knobs,
        seed: int,
        *,
        beam: int = 1,
        one_drum: bool = False,
        setting: Setting = Setting(),  # noqa: B008  # frozen
    ) -> Phrase:
        """Return what comes after a phrase, without it.

        Args:
            primer: Its last 16 bars count; None: a kick, that is then the first stroke of what is returned.
            bars: How many are wanted.
            knobs: How.
            seed: Of chance.
            beam: How many ways are kept open, > 0; the likeliest of each four bars wins.
            one_drum: Say only whether something is struck; all of it is snare, and the primer likewise.
            setting: Tempo and style.

        Raises:
            ModelError: The network fails.
        """
        past = None
        if primer is not None and primer.strokes:
            whole = max(-(-primer.length // BAR), 1) * A_BAR
            past = _Past(cells_of_strokes(primer.strokes, self._kit, Beats(0.0), int(whole)), 0)
        way = Way(knobs, setting, np.random.default_rng(seed), beam, one_drum)
        first = 0
        if past is not None:
            first = len(past.cells)
            past = _recent(replace(past, cells=_one_drum(past.cells)) if one_drum else past)
        said = list[Cells]()
        for at in range(0, bars, STRETCH_BARS):
            said.append(self._said(past, first, min(STRETCH_BARS, bars - at) * A_BAR, way))
            known = [said[-1]] if past is None else [past.cells, said[-1]]
            past = _recent(_Past(_joined(known), first + len(said[-1]) - sum(map(len, known))))
            first += len(said[-1])
        return phrase_of_cells(_joined(said), self._kit)

    def _said(self, past: _Past | None, first: int, count: int, way: Way) -> Cells:
        """Return what comes next; strokes stray from where they lie as far as the temperature lets them."""
        known = _Past(no_cells(0), first) if past is None else past
        said = self._steps(past, first, count, way)
        spread = min(way.knobs.temperature, 1.0)
        hits = BITS[said.symbols]
        return cells_of_steps(said, self._feel.play(known.cells, hits, known.position, way.chance, spread))

    def _steps(self, past: _Past | None, first: int, count: int, way: Way) -> Steps:
        if past is not None:
            return self._speaker.go_on(past.steps, past.position, count, way)
        began = _one_step(SNARE if way.one_drum else KICK)
        if count == 1:
            return began
        rest = self._speaker.go_on(began, first, count - 1, way)
        return joined_steps([began, rest])

    def _past(self, ask: Ask, first: int) -> _Past | None:
        """Return what was played before, with the start before it; None: nothing."""
        earliest = first - MEMORY_STEPS
        played = [s for s in ask.before if s.beat < ask.begin - SAME and s.beat / SIXTEENTH >= earliest - 0.5]
        known = [s for s in played if self._kit.voice(s.note) is not None]
        begin = first
        if known:
            begin = max(round(min(s.beat for s in known) / SIXTEENTH) // A_BAR * A_BAR, earliest)
        cells = cells_of_strokes(known, self._kit, Beats(begin * SIXTEENTH), first - begin)
        if ask.start is not None and ask.start.strokes and first - begin < PRIMED:
            before = begin // A_BAR * A_BAR - (PRIMED - (first - begin) // A_BAR * A_BAR)
            filled = ask.start.filling(Beats((begin - before) * SIXTEENTH))
            begun = cells_of_strokes(filled.strokes, self._kit, Beats(0.0), begin - before)
            cells, begin = _joined([begun, cells]), before
        return _Past(cells, begin) if len(cells) else None


def _one_step(symbol: int) -> Steps:
    """Return a single step."""
    return Steps(np.array([symbol]), BITS[[symbol]] * np.float32(FIRST_VELOCITY))


def _joined(parts: Sequence[Cells]) -> Cells:
    return cells_from(np.concatenate([part.array for part in parts]))


def _one_drum(cells: Cells) -> Cells:
    """Return one drum, the snare wherever anything is struck, and where the hardest of it lies."""
    steps = steps_of_cells(cells).one_drum()
    lies = cells.offsets[np.arange(len(cells)), cells.velocities.argmax(1)]
    return cells_of_steps(steps, lies[:, None])


def _recent(past: _Past) -> _Past:
    """Return the past without what is too old."""
    old = max(len(past.cells) - MEMORY_STEPS, 0)
    return _Past(past.cells.cut(old, len(past.cells)), past.position + old)
