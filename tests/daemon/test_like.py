"""A recorded drummer, from a MIDI file to habits."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocket_core.errors import MidiFileError
from pocket_core.tempo import MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES, VoiceMap
from pocketd.like import learn, read_habits
from pocketd.midifile import write_score
from pocketd.midiscore import FileNote, MidiScore

KICK, SNARE, COWBELL = 36, 38, 56
TEMPO = TempoMap([TempoChange(Beats(0.0), 120.0)])


def drummer(*notes: tuple[float, int, int], late_s: float = 0.0) -> MidiScore:
    """Beat, note and velocity of each stroke, all late by as much."""
    return MidiScore(
        "drummer.mid",
        tuple(
            FileNote(Beats(b + 2 * late_s), Seconds(b / 2 + late_s), Seconds(0.05), 9, note, velocity)
            for b, note, velocity in sorted(notes)
        ),
        (),
        TEMPO,
        MeterMap(),
        480,
    )


def bars(count: int) -> list[tuple[float, int, int]]:
    """Kick on one and three, snare on two and four."""
    return [(4.0 * bar + b, (KICK, SNARE)[b % 2], 100) for bar in range(count) for b in range(4)]


def test_habits_are_where_and_how_hard_each_drum_was_played() -> None:
    habits = learn(drummer(*bars(50), late_s=0.010), VoiceMap())

    offset, velocity = habits.anchor(12, VOICES.index("snare"))
    assert offset == pytest.approx(0.010, abs=1e-6)
    assert velocity == pytest.approx(100 / 127, abs=1e-6)
    assert habits.strokes == 200


def test_notes_outside_the_nine_voices_say_nothing() -> None:
    assert learn(drummer((0.0, COWBELL, 90), (1.0, SNARE, 90)), VoiceMap()).strokes == 1


def test_a_flam_counts_once() -> None:
    assert learn(drummer((1.0, SNARE, 40), (1.03, SNARE, 110)), VoiceMap()).strokes == 1


def test_a_recording_without_drums_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "two.mid"
    score = drummer((0.0, KICK, 100), (1.0, SNARE, 100))
    write_score(path, score, score.stream(), "two")

    with pytest.raises(MidiFileError, match=r"two\.mid has 2 strokes .* choose a longer recording"):
        read_habits(path, VoiceMap())


def test_a_recording_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "long.mid"
    score = drummer(*bars(8), late_s=0.010)
    write_score(path, score, score.stream(), "long")

    assert read_habits(path, VoiceMap()).strokes == 32


def test_a_quantised_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "straight.mid"
    score = drummer(*bars(8))
    write_score(path, score, score.stream(), "straight")

    with pytest.raises(MidiFileError, match=r"straight\.mid lies on the grid throughout"):
        read_habits(path, VoiceMap())
