"""A bar as 64 steps of 22 pitches, its values velocities 0..1: the representation of BeatGen.

Source: Sojak & Lindermeir, "BeatGen: A Variational Model For Generating Drum Grooves", and its code's order
of the pitches. A note goes to its nearest 64th, a half to the even one as `round` does, a bar being 1,920
ticks; of two notes in a cell the first stays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, SIXTEENTH, Phrase, Stroke, phrase_of
from pocket_core.types import Beats

STEPS = 64  # of a bar
#: The notes of a Roland TD-11 as the Groove MIDI Dataset has them, rising.
PITCHES = (22, 26, 36, 37, 38, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 55, 57, 58, 59)
PLACE_OF = {pitch: place for place, pitch in enumerate(PITCHES)}
A_SIXTEENTH = STEPS // 16
#: Pitches where General MIDI Level 1 has nothing (22, 26), or another instrument (Chinese cymbal, splash,
#: vibraslap): what is on them is played with the note of its voice.
ROLANDS_OWN = frozenset((22, 26, 52, 55, 58))


def grids(
    beats: NDArray[np.float64], notes: NDArray[np.int64], velocities: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the bars of a recording, `float32[B, 64, 22]`: as many as its last note needs.

    Args:
        beats: `float64[N]`, quarter notes from the start, rising.
        notes: `int64[N]`; those that are no pitch of `PITCHES` are left out.
        velocities: `int64[N]`, 1..127.
    """
    steps = np.round(beats * (STEPS / BAR)).astype(np.int64)
    bars = int(steps.max(initial=-1)) // STEPS + 1
    grid = np.zeros((bars * STEPS, len(PITCHES)), np.float32)
    for step, note, velocity in zip(steps.tolist(), notes.tolist(), velocities.tolist(), strict=True):
        place = PLACE_OF.get(note)
        if place is not None and grid[step, place] == 0:
            grid[step, place] = velocity / 127
    return grid.reshape(bars, STEPS, len(PITCHES))


def grid_of(phrase: Phrase, kit: Kit) -> NDArray[np.float32]:
    """Return the first bar of a phrase, `float32[64, 22]`; a note of another map goes by its voice."""
    grid = np.zeros((STEPS, len(PITCHES)), np.float32)
    for stroke in phrase.strokes:
        step = round((stroke.beat + stroke.offset) * (STEPS / BAR))
        place = _place(stroke.note, kit)
        if place is not None and stroke.beat < BAR and 0 <= max(step, 0) < STEPS:
            step = max(step, 0)
            grid[step, place] = max(grid[step, place], stroke.velocity / 127)
    return grid


def phrase_of_grid(grid: NDArray[np.float32], kit: Kit) -> Phrase:
    """Return a bar, `float32[64, 22]`, as a phrase; cells that are 0 are silent.

    A stroke is at its nearest sixteenth, what is left is its offset; of two of one note the louder stays.
    """
    strokes = []
    for step, place in np.argwhere(grid > 0).tolist():
        sixteenth = min((step + A_SIXTEENTH // 2) // A_SIXTEENTH, 15)
        beat = Beats(sixteenth * SIXTEENTH)
        offset = Beats((step - sixteenth * A_SIXTEENTH) * BAR / STEPS)
        velocity = min(max(round(float(grid[step, place]) * 127), 1), 127)
        strokes.append(Stroke(beat, _note(PITCHES[place], kit), velocity, offset))
    return phrase_of(strokes, BAR)


def energy(bars: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return of each bar the sum of its squared velocities, which silence is off by, `float64[B]`."""
    flat = bars.reshape(len(bars), -1).astype(np.float64)
    sums: NDArray[np.float64] = np.einsum("bi,bi->b", flat, flat)
    return sums


def _place(note: int, kit: Kit) -> int | None:
    """Return the column of a note; one that no Roland pad sends goes to its voice's own."""
    voice = kit.voice(note)
    if voice is None:
        return None
    if note in PLACE_OF and Kit().voice(note) == voice:
        return PLACE_OF[note]
    return PLACE_OF[Kit().notes[voice]]


def _note(pitch: int, kit: Kit) -> int:
    """Return what a pitch is played with: itself where General MIDI has that drum, else its voice's note."""
    voice = Kit().voice(pitch)
    if voice is None or (kit.notes[voice] == Kit().notes[voice] and pitch not in ROLANDS_OWN):
        return pitch
    return kit.notes[voice]
