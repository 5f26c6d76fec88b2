"""Put a loosely played drum track on the grid, for the effect expects a quantised one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pocket_core.grid import nearest_grid
from pocket_core.types import Beats, Seconds
from pocketd.midiscore import FileNote, MidiScore

ON_GRID_SHARE = 0.8  # of the hits: such a track is quantised, and what is off the grid means to be
CHORD = Seconds(0.010)  # hits this close behind the first of them move together


@dataclass(frozen=True, slots=True)
class Quantised:
    """A drum track that the effect can use, and what was done to it."""

    score: MidiScore
    changed: bool  # it was not quantised
    moved: int  # hits that were off the grid
    merged: int  # hits that met the same note at their new place and went with it


def quantise(drums: MidiScore, tolerance: Seconds) -> Quantised:
    """Move every hit to its nearest grid position, unless the track is quantised already.

    It is if at least 80 % of its hits are within `tolerance` of the grid: then flams, rolls and whatever
    else is off the grid stay where they are. Else hits within 10 ms of each other go to one position, that of
    their mean, a note keeps its length, and of two hits of one note at one position the louder stays
    (docs/decisions/0005-render.md).
    """
    off = [_distance(note.at_beat, drums) > tolerance for note in drums.notes]
    if off.count(False) >= ON_GRID_SHARE * len(off):
        return Quantised(drums, changed=False, moved=0, merged=0)
    placed: dict[tuple[Beats, int, int], FileNote] = {}
    for chord in _chords(drums):
        beat = nearest_grid(Beats(sum(n.at_beat for n in chord) / len(chord)), drums.meters)
        for note in chord:
            key = (beat, note.channel, note.note)
            if key not in placed or placed[key].velocity < note.velocity:
                placed[key] = replace(note, at_beat=beat, at_s=drums.tempo.seconds_at(beat))
    notes = tuple(sorted(placed.values(), key=lambda n: n.at_s))
    return Quantised(replace(drums, notes=notes), True, off.count(True), len(off) - len(notes))


def _distance(beat: Beats, drums: MidiScore) -> Seconds:
    grid = nearest_grid(beat, drums.meters)
    return Seconds(abs(drums.tempo.seconds_at(beat) - drums.tempo.seconds_at(grid)))


def _chords(drums: MidiScore) -> Iterator[list[FileNote]]:
    chord: list[FileNote] = []
    for note in drums.notes:
        if chord and note.at_s - chord[0].at_s > CHORD:
            yield chord
            chord = []
        chord.append(note)
    if chord:
        yield chord
