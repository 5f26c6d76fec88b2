"""Have a generator go on from real tracks, to see whether its drums settle as the real ones do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pocket_core.phrases.generator import Knobs
from pocket_core.phrases.hvo import A_BAR
from pocket_core.phrases.steps import Steps
from pocket_export.sources.continuing.data import Track
from pocketd.generators.speaker import Speaker, Way

PRIMER_BARS = 4
SAMPLE_BARS = 16


def real(tracks: Sequence[Track]) -> list[Steps]:
    """Return what the drummers played after the primer, 16 bars at most."""
    begin = PRIMER_BARS * A_BAR
    return [track.steps.cut(begin, begin + SAMPLE_BARS * A_BAR) for track in tracks]


def sampled(
    speaker: Speaker, tracks: Sequence[Track], temperature: float, seed: int, *, one_drum: bool = False
) -> list[Steps]:
    """Return what a model plays after the first four bars of each track, 16 bars of each.

    Args:
        speaker: The model.
        tracks: Real ones, whose tempo and style it is told.
        temperature: As of `Knobs`.
        seed: Of chance.
        one_drum: The tracks are of one drum.
    """
    found = []
    for number, track in enumerate(tracks):
        way = Way(
            Knobs(temperature=temperature),
            track.setting,
            np.random.default_rng((seed, number)),
            one_drum=one_drum,
        )
        primer = track.steps.cut(0, PRIMER_BARS * A_BAR)
        found.append(speaker.go_on(primer, 0, SAMPLE_BARS * A_BAR, way))
    return found
