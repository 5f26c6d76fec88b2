"""How one drummer becomes two players."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.duets import Note, grid_twelfth, load, take_apart

from pocket_core.errors import DataError
from pocket_core.types import Beats

KICK, SNARE, HAT, RIDE, COWBELL = 36, 38, 42, 51, 56


def note(beat: float, number: int) -> Note:
    return Note(Beats(beat), number, 100)


def test_hands_on_cymbals_are_the_musician_and_the_rest_is_the_drum_track() -> None:
    duet = take_apart("made up", 1, 120, [note(0, KICK), note(0, RIDE), note(1, SNARE), note(1, HAT)])

    assert [n.note for n in duet.human] == [RIDE, HAT]
    assert [n.note for n in duet.drums] == [KICK, SNARE]


def test_offsets_are_of_the_first_onset_in_ms_at_the_tempo_of_the_file() -> None:
    # at 120 BPM a beat is 500 ms: 0.02 beats late is 10 ms, 0.04 is 20 ms, 0.01 early is -5 ms
    duet = take_apart(
        "made up",
        1,
        120,
        [note(0.98, KICK), note(0.99, HAT), note(1.02, KICK), note(2.02, KICK), note(2.04, HAT)],
    )

    assert [step.twelfth for step in duet.steps] == [12, 24]
    assert [step.human_ms for step in duet.steps] == pytest.approx([-5.0, 20.0])
    assert [step.drums_ms for step in duet.steps] == pytest.approx([-10.0, 10.0])


def test_a_note_outside_the_nine_voices_belongs_to_neither() -> None:
    duet = take_apart("made up", 1, 120, [note(0, COWBELL), note(1, HAT)])

    assert duet.drums == ()
    assert [step.twelfth for step in duet.steps] == [12]


@pytest.mark.parametrize(
    ("ticks", "twelfth"),
    [
        (0, 0),
        (60, 2),  # half a sixteenth is nearer to the sextuplet
        (120, 3),
        (160, 4),
        (140, 4),  # half way between a sixteenth and a triplet: the sum of the floats decides
        (479, 12),
        (1900, 48),
    ],
)
def test_the_grid_has_sixteenths_and_sextuplets(ticks: int, twelfth: int) -> None:
    assert grid_twelfth(Beats(ticks / 480)) == twelfth


def test_position_in_the_bar_counts_from_the_bar_line() -> None:
    duet = take_apart("made up", 1, 120, [note(4.5, KICK)])

    assert duet.steps[0].in_bar == 6


def test_missing_archive_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no Groove archive at .*name the folder.*--data"):
        load(tmp_path, "test")


def test_damaged_archive_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "groove-v1.0.0-midionly.zip").write_bytes(b"PK\x03\x04 cut off")

    with pytest.raises(DataError, match="cannot be read"):
        load(tmp_path, "test")
