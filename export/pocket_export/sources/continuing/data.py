"""Recordings as tracks of symbols: beats in 4/4, on sixteenths, as Magenta's pipeline cuts them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import COUNT, cells_of
from pocket_core.phrases.phrase import SIXTEENTH
from pocket_core.phrases.step_features import Setting
from pocket_core.phrases.steps import BITS, Steps, steps_of_cells, symbols_of, tracks_of
from pocket_core.tempo import Meter
from pocket_export.recordings import Performance

ROCK = "rock"
DROPPED = 0.2  # of the tracks lose a voice
SWAPPED = 0.3  # play two voices for each other, for each pair
SWAPS = ((2, 8), (2, 3), (4, 5), (5, 6), (7, 8))  # pairs of voices that play each other's part


@dataclass(frozen=True, slots=True)
class Track:
    """A stretch of a recording."""

    file: str
    setting: Setting
    steps: Steps  # the first is the first of a bar


def tracks(performances: Iterable[Performance], style: str | None = None) -> list[Track]:
    """Return the tracks of at least seven bars of beats in 4/4, in order.

    Args:
        performances: Of which fills and other meters are left out.
        style: The main style, such as rock; None: all.
    """
    found = list[Track]()
    for played in performances:
        if played.beat_type != "beat" or played.meter != Meter(4, 4) or not len(played.beats):
            continue
        main = played.style.partition("/")[0]
        if style is not None and main != style:
            continue
        length = int(played.beats[-1] / SIXTEENTH) + 2
        whole = steps_of_cells(cells_of(played.beats, played.voices, played.velocities, length))
        found += [Track(played.name, Setting(played.bpm, main), steps) for steps in tracks_of(whole)]
    return found


def one_drum_tracks(whole: Iterable[Track]) -> list[Track]:
    """Return tracks as one drum, struck or not."""
    return [replace(track, steps=track.steps.one_drum()) for track in whole]


def varied(track: Track, chance: np.random.Generator) -> Track:
    """Return a track as another kit would play it: voices swapped, one left out, or no style named."""
    order = np.arange(COUNT)
    for a, b in SWAPS:
        if chance.random() < SWAPPED / len(SWAPS):
            order[[a, b]] = order[[b, a]]
    velocities: NDArray[np.float32] = (track.steps.velocities * BITS[track.steps.symbols])[:, order]
    if chance.random() < DROPPED:
        left = velocities.copy()
        left[:, int(chance.integers(1, COUNT))] = 0.0
        velocities = left if left.any() else velocities
    setting = track.setting
    if chance.random() < 0.5:
        setting = replace(setting, style=None)
    setting = replace(setting, bpm=setting.bpm * float(np.exp(chance.normal(0.0, 0.1))))
    return Track(track.file, setting, Steps(symbols_of((velocities > 0).astype(np.float32)), velocities))
