"""A score that is known before it is played: of a MIDI file, or of the loop that the DAW repeats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pocket_core.errors import MidiFileError
from pocket_core.grid import nearest_grid
from pocket_core.score_features import Repeat, ScoreStep
from pocket_core.settings import Settings
from pocket_core.tempo import MeterMap, TempoMap
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VoiceMap
from pocketd.midifile import read_score
from pocketd.midiscore import MidiScore
from pocketd.quantise import quantise

MOST_STEPS = 20_000  # timesteps; more than an hour
PLACES = 48  # to a quarter note: twelfths, and the 64ths on which bars of some meters end


@dataclass(frozen=True, slots=True)
class KnownScore:
    """All timesteps of a song, or of one pass of a loop in it."""

    steps: tuple[ScoreStep, ...]  # at rising beats
    tempo: TempoMap
    meters: MeterMap
    repeat: Repeat | None = None  # they are one pass of this

    @property
    def places(self) -> dict[int, tuple[int, ...]]:
        """What is struck where; see `place_of`."""
        return {place_of(step.beat): step.voices for step in self.steps}


def place_of(beat: Beats) -> int:
    """Return the nearest of the places that a timestep may have, counted from the song's beginning."""
    return round(beat * PLACES)


def make_steps(struck: Iterable[tuple[Beats, Iterable[int]]]) -> tuple[ScoreStep, ...]:
    """Return the timesteps of what is struck, in any order; what is struck at one place is one timestep."""
    found: dict[int, tuple[Beats, set[int]]] = {}
    for beat, voices in struck:
        found.setdefault(place_of(beat), (beat, set()))[1].update(voices)
    return tuple(ScoreStep(beat, tuple(sorted(voices))) for _, (beat, voices) in sorted(found.items()))


def read_known(path: Path, settings: Settings) -> KnownScore:
    """Read the drums of a MIDI file, quantised where it is not.

    Raises:
        MidiFileError: It cannot be read, or has no drums or too many.
    """
    part = quantise(read_score(path).drum_part(), settings.snap).score
    known = of_part(part, settings.voices, settings.snap)
    if not known.steps:
        raise MidiFileError(f"{path} has no note on any of the nine drums; choose another file for `score:`")
    if len(known.steps) > MOST_STEPS:
        raise MidiFileError(
            f"{path} has {len(known.steps)} timesteps, at most {MOST_STEPS} are read; choose a shorter song"
        )
    return known


def of_part(drums: MidiScore, voices: VoiceMap, snap: Seconds) -> KnownScore:
    """Return the score of a drum part: its notes on the grid, or where they are if farther than `snap`."""
    struck = []
    for note in drums.notes:
        voice = voices.index(note.note)
        if voice is not None:
            grid = nearest_grid(note.at_beat, drums.meters)
            near = abs(drums.tempo.seconds_at(grid) - note.at_s) <= snap
            struck.append((grid if near else note.at_beat, (voice,)))
    return KnownScore(make_steps(struck), drums.tempo, drums.meters)
