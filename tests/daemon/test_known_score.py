from __future__ import annotations

from pathlib import Path

import mido
import pytest

from pocket_core.errors import MidiFileError
from pocket_core.score_features import ScoreStep
from pocket_core.settings import Settings
from pocket_core.tempo import MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES, VoiceMap
from pocketd.known_score import make_steps, of_part, place_of, read_known
from pocketd.midiscore import FileNote, MidiScore

KICK, SNARE, HAT = (VOICES.index(name) for name in ("kick", "snare", "closed hat"))
SNAP = Seconds(0.003)
TEMPO = TempoMap([TempoChange(Beats(0.0), 120.0)])


def part(*notes: tuple[float, int]) -> MidiScore:
    """Beat and note of each hit, at 120 BPM."""
    struck = tuple(
        FileNote(Beats(beat), Seconds(beat / 2), Seconds(0.05), 9, note, 100) for beat, note in notes
    )
    return MidiScore("part", struck, (), TEMPO, MeterMap(), 480)


def write(path: Path, notes: list[tuple[float, int]]) -> Path:
    """A MIDI file of drum hits at these beats, 480 ticks each."""
    file, track, now = mido.MidiFile(ticks_per_beat=480), mido.MidiTrack(), 0
    file.tracks.append(track)
    for beat, note in notes:
        tick = round(beat * 480)
        track.append(mido.Message("note_on", channel=9, note=note, velocity=90, time=tick - now))
        track.append(mido.Message("note_off", channel=9, note=note, time=0))
        now = tick
    file.save(path)
    return path


def test_what_is_struck_at_one_place_is_one_timestep() -> None:
    known = of_part(part((0.0, 36), (0.0, 42), (1.0, 38)), VoiceMap(), SNAP)

    assert known.steps == (ScoreStep(Beats(0.0), (KICK, HAT)), ScoreStep(Beats(1.0), (SNARE,)))


def test_a_hit_near_the_grid_is_the_grids_and_a_flam_stays_where_it_is() -> None:
    known = of_part(part((1.004, 36), (2.06, 38)), VoiceMap(), SNAP)  # 2 ms, 30 ms

    assert [step.beat for step in known.steps] == [1.0, 2.06]


def test_notes_outside_the_voice_map_are_no_part_of_it() -> None:
    assert of_part(part((0.0, 36), (1.0, 60)), VoiceMap(), SNAP).places == {0: (KICK,)}


def test_timesteps_come_in_order_whatever_the_order_they_were_struck_in() -> None:
    steps = make_steps([(Beats(2.0), (HAT,)), (Beats(0.5), (KICK,)), (Beats(2.0), (KICK,))])

    assert steps == (ScoreStep(Beats(0.5), (KICK,)), ScoreStep(Beats(2.0), (KICK, HAT)))


def test_twelfths_and_the_bar_lines_of_short_meters_are_places_of_their_own() -> None:
    positions = [0.0, 1 / 12, 1 / 6, 1 / 4, 1 / 3, 1 + 1 / 16, 1 + 3 / 32 - 1 / 96]

    assert [place_of(Beats(p)) for p in positions] == [0, 4, 8, 12, 16, 51, 52]


def test_a_loosely_played_file_is_quantised(tmp_path: Path) -> None:
    path = write(tmp_path / "loose.mid", [(0.03, 36), (0.97, 38), (2.04, 36), (3.02, 38)])

    known = read_known(path, Settings())

    assert known.places == {0: (KICK,), 48: (SNARE,), 96: (KICK,), 144: (SNARE,)}


def test_a_file_without_drums_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "bongos.mid", [(0.0, 60), (1.0, 61)])

    with pytest.raises(MidiFileError, match=r"bongos\.mid has no note on any of the nine drums"):
        read_known(path, Settings())


def test_a_file_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "long.mid", [(n / 4, 36) for n in range(20_001)])

    with pytest.raises(MidiFileError, match="has 20001 timesteps, at most 20000 are read"):
        read_known(path, Settings())
