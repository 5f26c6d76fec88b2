"""Grooves to begin with and to fall back on: some that ship, and any MIDI file of the user's.

What ships is two bars of each style of the Groove MIDI Dataset, chosen by `pocket_export.sources.presets`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from pocket_core.errors import ConfigError, MidiFileError, ModelError
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, SAME, Phrase, Stroke, phrase_of
from pocket_core.phrases.styles import STYLES
from pocket_core.types import Beats
from pocket_core.voices import VOICES
from pocketd.generators.graphs import generator_folder
from pocketd.midifile import read_score
from pocketd.midiscore import MidiScore
from pocketd.model_shelf import first_problem
from pocketd.onnxfile import read_bytes

FILE = "presets.json"
LARGEST = 2**20  # bytes
MOSTLY = 0.5  # of the notes of a file without channel 10 have to be drums
LONGEST = Beats(64.0)  # of a file so much is read


class _Preset(BaseModel):
    name: str = Field(pattern=r"^[a-z-]{1,40}$")
    length: float = Field(gt=0, le=64)
    strokes: list[tuple[float, int, int, float]]  # beat, voice 0..8, velocity 1..127, offset in beats


class _Shelf(BaseModel):
    format: int = Field(ge=1, le=1)
    licence: str
    presets: list[_Preset]


@dataclass(frozen=True, slots=True)
class Preset:
    """A groove with a name."""

    name: str
    strokes: tuple[tuple[Beats, int, int, Beats], ...]  # beat, voice, velocity, offset
    length: Beats

    def phrase(self, kit: Kit) -> Phrase:
        """Return it on a kit."""
        struck = (Stroke(beat, kit.notes[voice], vel, off) for beat, voice, vel, off in self.strokes)
        return phrase_of(struck, self.length)


@cache
def presets() -> tuple[Preset, ...]:
    """Return those that ship, in the order in which a controller counts them.

    Raises:
        ModelError: Their file is missing or damaged.
    """
    path = generator_folder() / FILE
    try:
        shelf = _Shelf.model_validate_json(read_bytes(path, LARGEST))
    except ValidationError as error:
        raise ModelError(f"{path}: {first_problem(error)}; install pocketd again") from None
    return tuple(
        Preset(
            p.name,
            tuple((Beats(beat), voice, velocity, Beats(late)) for beat, voice, velocity, late in p.strokes),
            Beats(p.length),
        )
        for p in shelf.presets
    )


def preset_names() -> Sequence[str]:
    """Return what the presets are called."""
    return [preset.name for preset in presets()]


def numbered(number: int, kit: Kit) -> Phrase:
    """Return a preset by its number; beyond the last one they begin again."""
    shelf = presets()
    return shelf[number % len(shelf)].phrase(kit)


def find_phrase(named: str, kit: Kit) -> Phrase:
    """Return what a preset's name or a MIDI file's path means.

    Raises:
        ConfigError: It is no preset's name, and no file.
        MidiFileError: The file cannot be read, has no drums in its first bars, or is not in 4/4.
    """
    shelf = {preset.name: preset for preset in presets()}
    if named.lower() in shelf:
        return shelf[named.lower()].phrase(kit)
    path = Path(named)
    if not path.suffix and not os.path.lexists(path):
        known = f"no preset is called {named[:80]!r}; there are {', '.join(shelf)}"
        if named.lower() in STYLES:
            raise ConfigError(
                f"{known}; as a style it is known: `--style {named.lower()}`, or generate.style"
            )
        raise ConfigError(f"{known}; a MIDI file is named by its path")
    return read_phrase(path, kit)


def read_phrase(path: Path, kit: Kit) -> Phrase:
    """Read the drums of a MIDI file as whole bars: hits at their nearest sixteenth, on the kit's notes.

    Raises:
        MidiFileError: It cannot be read, has no drums that the kit knows, seems to be a melody, or is not
            in 4/4.
    """
    whole = in_four(read_score(path), str(path), LONGEST)
    score = whole.drum_part()
    strokes = []
    for note in score.notes:
        voice = kit.voice(note.note)
        if voice is not None:
            beat = Beats(round(note.at_beat * 4) / 4)
            strokes.append(Stroke(beat, kit.notes[voice], note.velocity, Beats(note.at_beat - beat)))
    if not strokes:
        raise MidiFileError(
            f"{path} has no drums of the nine voices ({', '.join(VOICES)}); choose another file"
        )
    if not whole.has_drum_channel and len(strokes) < MOSTLY * len(score.notes):
        raise MidiFileError(
            f"{path} has nothing on channel 10, and only {len(strokes)} of its {len(score.notes)} notes are "
            "drums, so it seems to be a melody; choose a file of drums"
        )
    last = max(stroke.beat for stroke in strokes)
    phrase = phrase_of(strokes, Beats(min((last + SAME) // BAR * BAR + BAR, LONGEST)))
    if not phrase.strokes:
        raise MidiFileError(
            f"{path} has no drums in its first {LONGEST / BAR:g} bars, and no more is read; "
            "cut off what is before them"
        )
    return phrase


def in_four(score: MidiScore, name: str, until: float = inf) -> MidiScore:
    """Return a score whose bars are those of a source.

    Args:
        score: It.
        name: For the message.
        until: So many beats of it count.

    Raises:
        MidiFileError: It is not in 4/4 there.
    """
    for change in score.meters.changes:
        meter = change.meter
        if meter.bar_beats != BAR and change.beat < until:
            where = f" from beat {change.beat:g} on" if change.beat > 0 else ""
            raise MidiFileError(
                f"{name} is in {meter.numerator}/{meter.denominator}{where}; sources are told bars of 4/4, "
                "choose such a file"
            )
    return score
