"""Made-up drummers, note by note or by chance."""

from __future__ import annotations

import numpy as np

from pocket_core.tempo import Meter
from pocket_core.voices import ROLAND, VOICES
from pocket_export.recordings import Performance

IN_FOUR = Meter(4, 4)


def played(
    *notes: tuple[float, int],
    bpm: float = 120.0,
    meter: Meter = IN_FOUR,
    velocities: tuple[int, ...] = (),
) -> Performance:
    """Return a drummer, of (beat, voice); all notes are of velocity 100 where nothing else is said."""
    beats, voices = (np.array(column) for column in zip(*sorted(notes), strict=True))
    struck = np.array([ROLAND[VOICES[voice]][-1] for voice in voices])
    loud = np.array(velocities or (100,) * len(beats))
    return Performance("p.mid", "drummer1", "rock", "beat", "train", bpm, meter, beats, voices, struck, loud)


def loose(
    seed: int,
    *,
    bpm: float = 110.0,
    meter: Meter = IN_FOUR,
    spread: float = 0.012,
    bars: int = 8,
    density: float = 0.12,
) -> Performance:
    """Return bars of chance: sixteenths and triplets, some flams, loose by `spread` seconds, soft and loud.

    Args:
        seed: Of the chance.
        bpm: Tempo.
        meter: Of the whole.
        spread: Standard deviation of the offsets, seconds.
        bars: How many; the first beat of the first is silent.
        density: How likely each voice is struck at each place.
    """
    chance = np.random.default_rng(seed)
    notes = []
    for twelfth in range(12, round(bars * meter.bar_beats * 12)):
        if twelfth % 3 and twelfth % 2:
            continue
        for voice in range(9):
            if chance.random() < density:
                at = twelfth / 12 + chance.normal(0.0, spread) * bpm / 60
                notes += [(at, voice)] + [(at + 0.02, voice)] * (chance.random() < 0.1)
    loud = tuple(chance.integers(1, 128, len(notes)).tolist())
    return played(*notes, bpm=bpm, meter=meter, velocities=loud)
