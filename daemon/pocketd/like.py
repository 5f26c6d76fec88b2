"""A recorded drummer whom the drums shall be like: from a MIDI file to their habits."""

from __future__ import annotations

from pathlib import Path

from pocket_core.errors import MidiFileError
from pocket_core.grid import TWELFTHS, nearest_grid, twelfth_of_bar
from pocket_core.habits import Habits, Stroke
from pocket_core.types import Seconds
from pocket_core.voices import VoiceMap
from pocketd.midifile import read_score
from pocketd.midiscore import FileNote, MidiScore

LOUDEST = 127
LEAST_STROKES = 16  # fewer say nothing of a drummer
QUANTISED = Seconds(0.001)  # from the grid: as near as a file's ticks allow


def read_habits(path: Path, voices: VoiceMap) -> Habits:
    """Learn a drummer's habits from a recording that was played to a click.

    Raises:
        MidiFileError: It cannot be read, has hardly any drums in it, or is quantised.
    """
    drums = read_score(path).drum_part()
    habits = learn(drums, voices)
    if habits.strokes < LEAST_STROKES:
        raise MidiFileError(
            f"{path} has {habits.strokes} strokes on the nine drums, too few to learn a drummer from; "
            "choose a longer recording, played to a click and not quantised"
        )
    if all(abs(_offset(note, drums)) < QUANTISED for note in drums.notes):
        raise MidiFileError(
            f"{path} lies on the grid throughout, so nobody is to be learnt from it; "
            "choose a recording that is not quantised"
        )
    return habits


def learn(score: MidiScore, voices: VoiceMap) -> Habits:
    """Learn from every bar of a score, in order; its first meter says how long the bar is."""
    first = score.meters.position(score.notes[0].at_beat).meter
    habits = Habits(round(first.bar_beats * TWELFTHS))
    bars: dict[int, list[Stroke]] = {}
    seen: set[tuple[float, int]] = set()  # a flam counts once
    for note in score.notes:
        voice = voices.index(note.note)
        if voice is None:
            continue
        grid = nearest_grid(note.at_beat, score.meters)
        if (grid, voice) in seen:
            continue
        seen.add((grid, voice))
        place = score.meters.position(grid)
        stroke = Stroke(twelfth_of_bar(place), voice, _offset(note, score), note.velocity / LOUDEST)
        bars.setdefault(place.bar, []).append(stroke)
    for bar in sorted(bars):
        habits.learn(bars[bar])
    return habits


def _offset(note: FileNote, score: MidiScore) -> Seconds:
    return Seconds(note.at_s - score.tempo.seconds_at(nearest_grid(note.at_beat, score.meters)))
