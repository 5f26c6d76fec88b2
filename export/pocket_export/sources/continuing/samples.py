"""Have a generator go on from real tracks, to see whether its drums settle as the real ones do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pocket_core.phrases.generator import Knobs
from pocket_core.phrases.hvo import A_BAR
from pocket_core.phrases.steps import Steps
from pocket_export.sources.continuing.data import Track
from pocket_export.sources.continuing.figures import Repeats, repeats
from pocketd.generators.speaker import Speaker, Way

PRIMER_BARS = 4
SAMPLE_BARS = 16
TRIED = (1.0, 1.5, 2.0, 3.0)  # times the odds that a bar is copied, as learnt
TIMES = 3  # that each is tried: few tracks make most of the repeats


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


def settled(
    speaker: Callable[[float], Speaker], tracks: Sequence[Track], seed: int
) -> tuple[float, Repeats, Repeats]:
    """Return at which of `TRIED` a model's bars come again most as the real ones do, how, and the real ones.

    What counts is how far apart the shares of bars are that are the bar before, and one of the four before.

    Args:
        speaker: A model for each of `TRIED`.
        tracks: Of the validation split, to go on from.
        seed: Of chance, the first of as many as `TIMES`.
    """
    wanted = repeats(real(tracks))
    tried = {
        more: repeats(
            [piece for n in range(TIMES) for piece in sampled(speaker(more), tracks, 1.0, seed + n)]
        )
        for more in TRIED
    }

    def apart(more: float) -> float:
        found = tried[more]
        return abs(found.exact - wanted.exact) + abs(found.exact_of_four - wanted.exact_of_four)

    best = min(TRIED, key=apart)
    return best, tried[best], wanted
