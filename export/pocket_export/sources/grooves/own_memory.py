"""What a model makes of recordings in a row, hearing itself: the memory that it has live.

Scheduled sampling (Bengio et al. 2015) for what is remembered: trained on drummers' bars alone a model takes
what its memory lacks for what never comes, and what it does not play itself is lacking.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from pocket_core.phrases.groove_choice import in_turns, inclined, luck
from pocket_core.phrases.groove_features import MEMORY_STEPS, STEPS, Asked, feature_rows
from pocket_core.phrases.hvo import A_BAR, COUNT, Cells, cells_from, flattened
from pocket_export.sources.grooves.lessons import Habits, answers
from pocket_export.sources.grooves.parts import part_to
from pocket_export.sources.grooves.windows import Recording

SHARE = 0.2  # of the recordings, in an epoch
LONGEST = 48  # bars
BOLDEST = 1.3  # temperature, of a recording; the least is 0
FROM_BEFORE = 0.4  # of the recordings are answered as live, from the groove of two bars before

Array = NDArray[np.float32]


def own_drums(
    net: torch.nn.Module, of: Sequence[Recording], thresholds: Array, chance: np.random.Generator
) -> dict[str, Cells]:
    """Return what a model makes of some recordings' grooves from their first bar on, by their names.

    Args:
        net: To logits of hits, velocities and offsets, as `lessons.answers` takes it.
        of: The recordings that some are drawn of.
        thresholds: Of each voice, `float32[9]`.
        chance: Of which recordings, how bold each is, and what is struck.
    """
    drawn = [r for r in of if chance.random() < SHARE]
    length = {r.name: min(r.bars - 2, LONGEST) for r in drawn}  # no memory holds the last two bars
    made = {r.name: np.zeros((max(length[r.name], 0) * A_BAR, 3 * COUNT), np.float32) for r in drawn}
    bold = {r.name: float(chance.uniform(0, BOLDEST)) for r in drawn}
    parts = {r.name: _answered(r, chance) for r in drawn}
    live = {r.name: bool(chance.random() < FROM_BEFORE) for r in drawn}
    for bar in range(max(length.values(), default=0)):
        there = [r for r in drawn if bar < length[r.name]]
        x = np.stack([_seen(r, bar, made[r.name], parts[r.name], live=live[r.name]) for r in there])
        lucky = np.stack([luck((STEPS, COUNT), chance) for _ in there])
        warm = np.array([bold[r.name] for r in there], np.float32)[:, None, None]
        lean = partial(inclined, thresholds=thresholds, temperature=warm, lucky=lucky)
        said, leans = in_turns(partial(answers, net), x, lean)
        hits = (leans >= 0).astype(np.float32)
        rows = np.concatenate([hits, said[..., COUNT:] * np.tile(hits, 2)], 2)[:, :A_BAR]
        for recording, played in zip(there, rows, strict=True):
            made[recording.name][bar * A_BAR : (bar + 1) * A_BAR] = played
    return {name: cells_from(rows) for name, rows in made.items()}


def _answered(recording: Recording, chance: np.random.Generator) -> tuple[Array, bool]:
    """Return what is answered, `float32[T, 3]`, with silence of a memory's length before, and whether a
    musician plays it; else it is the drums' own groove.
    """
    musician = bool(chance.random() < Habits().musician)
    groove = part_to(recording.cells, chance) if musician else flattened(recording.cells)
    return np.concatenate([np.zeros((MEMORY_STEPS, 3), np.float32), groove]), musician


def _seen(recording: Recording, bar: int, made: Array, answered: tuple[Array, bool], *, live: bool) -> Array:
    begin = bar * A_BAR
    ahead = live and begin >= STEPS
    at = MEMORY_STEPS + begin - STEPS * ahead
    groove, musician = answered
    asked = Asked(recording.bpm, bar, from_before=ahead, musician=musician)
    past = cells_from(made).cut(begin - MEMORY_STEPS, begin)
    heard = groove[begin : begin + MEMORY_STEPS]
    return feature_rows(groove[at : at + STEPS], past, min(begin, MEMORY_STEPS), asked, heard)
