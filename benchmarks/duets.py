"""Two players made out of one: the hands of a Groove drummer are the musician, the rest the drum track.

The protocol is BENCHMARKS' "Follow". The archive is the Groove MIDI Dataset v1.0.0, MIDI only (Gillick et
al. 2019, CC BY 4.0): one track and one tempo a file, 480 ticks a beat.
"""

from __future__ import annotations

import csv
import io
import math
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import mido

from pocket_core.errors import DataError
from pocket_core.grid import TWELFTHS, nearest_twelfth
from pocket_core.types import Beats
from pocket_core.voices import VOICES, VoiceMap

ARCHIVE = "groove-v1.0.0-midionly.zip"
TICKS = 480  # to the quarter note, in every file
LEAST_NOTES = 50  # a file counts if it has more than this many notes in the nine voices
BAR = 4 * TWELFTHS  # twelfths of a quarter note to a 4/4 bar
HANDS = frozenset(VOICES.index(name) for name in ("closed hat", "open hat", "crash", "ride"))


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it was played."""

    beat: Beats  # quarter notes from the start of the file
    note: int  # 0..127
    velocity: int  # 1..127


@dataclass(frozen=True, slots=True)
class Step:
    """A grid position where either part has a note. Offsets in ms from the grid, positive is late."""

    twelfth: int  # twelfths of a quarter note from the start of the file
    human_ms: float | None  # first onset of the musician here (`h`)
    drums_ms: float | None  # first onset of the drum track here, as played (`k`)

    @property
    def in_bar(self) -> int:
        """Return the position in the 4/4 bar, 0..47."""
        return self.twelfth % BAR


@dataclass(frozen=True, slots=True)
class Duet:
    """One file, taken apart."""

    name: str
    drummer: int
    bpm: float
    human: tuple[Note, ...]  # the hands, as played, in order
    drums: tuple[Note, ...]  # the rest, as played, in order
    steps: tuple[Step, ...]  # rising

    @property
    def ms_per_beat(self) -> float:
        """Length of a quarter note."""
        return 60_000 / self.bpm


def grid_twelfth(beat: Beats) -> int:
    """Return the grid position nearest to a place in a 4/4 file, twelfths of a quarter note from its start.

    Computed in float64 from the start of the file, not from the bar line: 0.1 % of the Groove onsets lie
    exactly between two positions, and the known figures (9,005 timesteps) have them where this sum, rounded
    as it is, puts them.
    """
    return nearest_twelfth(beat)


def take_apart(name: str, drummer: int, bpm: float, notes: Iterable[Note]) -> Duet:
    """Make a duet of a drummer's notes, which come in order of time; notes outside the nine voices go."""
    voices = VoiceMap()
    human: list[Note] = []
    drums: list[Note] = []
    first_human: dict[int, float] = {}
    first_drum: dict[int, float] = {}
    for note in notes:
        voice = voices.index(note.note)
        if voice is None:
            continue
        part, first = (human, first_human) if voice in HANDS else (drums, first_drum)
        part.append(note)
        twelfth = grid_twelfth(note.beat)
        first.setdefault(twelfth, (note.beat - twelfth / TWELFTHS) * 60_000 / bpm)
    steps = tuple(
        Step(twelfth, first_human.get(twelfth), first_drum.get(twelfth))
        for twelfth in sorted(first_human.keys() | first_drum.keys())
    )
    return Duet(name, drummer, bpm, tuple(human), tuple(drums), steps)


def load(folder: Path, split: str) -> list[Duet]:
    """Read the duets of a split, in the order of `info.csv`.

    Raises:
        DataError: The archive is missing, is damaged, or has no such split.
    """
    path = folder / ARCHIVE
    try:
        with zipfile.ZipFile(path) as archive:
            table = io.StringIO(archive.read("groove/info.csv").decode("utf-8"))
            wanted = [line for line in csv.DictReader(table) if _counts(line, split)]
            duets = [_read(archive, line) for line in wanted]
    except FileNotFoundError:
        raise DataError(
            f"no Groove archive at {path}; name the folder that holds {ARCHIVE} with --data"
        ) from None
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"the Groove archive at {path} cannot be read ({error}); fetch it again") from error
    kept = [duet for duet in duets if len(duet.human) + len(duet.drums) > LEAST_NOTES]
    if not kept:
        raise DataError(
            f"{path} has no 4/4 beats in split {split!r}; the splits are train, validation and test"
        )
    return kept


def _counts(line: Mapping[str, str], split: str) -> bool:
    return line["split"] == split and line["beat_type"] == "beat" and line["time_signature"] == "4-4"


def _read(archive: zipfile.ZipFile, line: Mapping[str, str]) -> Duet:
    name = line["midi_filename"]
    song = mido.MidiFile(file=io.BytesIO(archive.read(f"groove/{name}")))
    if song.ticks_per_beat != TICKS:
        raise ValueError(f"{name} has {song.ticks_per_beat} ticks a beat, not {TICKS}")
    ticks = 0
    notes = []
    for message in mido.merge_tracks(song.tracks):
        ticks += message.time
        if message.type == "note_on" and message.velocity > 0:
            notes.append(Note(Beats(ticks / TICKS), message.note, message.velocity))
    bpm = float(line["bpm"])
    if not (math.isfinite(bpm) and bpm > 0):
        raise ValueError(f"{name} is said to have {line['bpm']} BPM")
    return take_apart(name, int(line["drummer"].removeprefix("drummer")), bpm, notes)
