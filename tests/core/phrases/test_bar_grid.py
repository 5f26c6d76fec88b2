from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.phrases.bar_grid import PITCHES, ROLANDS_OWN, STEPS, energy, grid_of, grids, phrase_of_grid
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import Phrase, Stroke
from pocket_core.types import Beats
from pocket_core.voices import VoiceMap

KICK, SNARE, HAT, EDGE = 36, 38, 42, 22


def notes(*struck: tuple[float, int, int]) -> np.ndarray:
    beats, pitches, velocities = zip(*struck, strict=True)
    return grids(np.array(beats), np.array(pitches), np.array(velocities))


def test_a_note_is_at_its_nearest_64th_and_its_velocity_a_share() -> None:
    bars = notes((0.0, KICK, 127), (1.03, SNARE, 64))

    assert bars.shape == (1, STEPS, 22)
    assert bars[0, 0, PITCHES.index(KICK)] == 1.0
    assert bars[0, 16, PITCHES.index(SNARE)] == pytest.approx(64 / 127)  # 1.03 beats are 16.48 steps
    assert np.count_nonzero(bars) == 2


def test_of_two_notes_in_a_cell_the_first_stays() -> None:
    bars = notes((0.0, KICK, 20), (0.01, KICK, 100))

    assert bars[0, 0, PITCHES.index(KICK)] == pytest.approx(20 / 127)


def test_a_note_just_before_a_bar_line_begins_the_next_bar() -> None:
    bars = notes((0.0, KICK, 100), (3.99, KICK, 100))

    assert len(bars) == 2
    assert bars[1, 0, PITCHES.index(KICK)] > 0


def test_silence_is_off_by_the_energy() -> None:
    bars = notes((0.0, KICK, 127), (1.0, SNARE, 127))

    assert energy(bars) == pytest.approx([2.0])


def test_a_stroke_off_its_sixteenth_keeps_what_is_left_as_its_offset() -> None:
    bars = notes((1.0 + 1 / 16, SNARE, 100))  # a 64th behind the second beat

    (stroke,) = phrase_of_grid(bars[0], Kit()).strokes

    assert (stroke.beat, stroke.offset, stroke.note, stroke.velocity) == (1.0, 1 / 16, SNARE, 100)


def test_the_end_of_a_bar_is_late_on_its_last_sixteenth_and_never_in_the_next_bar() -> None:
    grid = np.zeros((STEPS, 22), np.float32)
    grid[63, PITCHES.index(KICK)] = 1.0

    (stroke,) = phrase_of_grid(grid, Kit()).strokes

    assert (stroke.beat, stroke.offset) == (3.75, 3 / 16)


def test_another_kit_plays_each_voice_with_its_own_note() -> None:
    kit = Kit((60, *Kit().notes[1:]), VoiceMap({"kick": [60], "closed hat": [42, 22]}))
    grid = np.zeros((STEPS, 22), np.float32)
    grid[0, PITCHES.index(KICK)] = grid[0, PITCHES.index(EDGE)] = 0.5

    struck = {stroke.note for stroke in phrase_of_grid(grid, kit).strokes}

    assert struck == {60, HAT}  # General MIDI knows no edge of a hat


def test_a_crash_is_a_crash() -> None:
    grid = grid_of(Phrase((Stroke(Beats(0.0), 49, 100),), Beats(4.0)), Kit())

    assert [stroke.note for stroke in phrase_of_grid(grid, Kit()).strokes] == [49]


@pytest.mark.parametrize(
    ("pitch", "note"), [(22, 42), (26, 46), (52, 49), (55, 49), (58, 43), (57, 57), (37, 37)]
)
def test_what_general_midi_has_not_or_calls_otherwise_is_played_with_its_voice_s_note(
    pitch: int, note: int
) -> None:
    grid = np.zeros((STEPS, 22), np.float32)
    grid[0, PITCHES.index(pitch)] = 0.5

    struck = [stroke.note for stroke in phrase_of_grid(grid, Kit()).strokes]

    assert struck == [note]


general = sorted(set(PITCHES) - ROLANDS_OWN)
cells = st.tuples(st.integers(0, 15), st.sampled_from(general), st.integers(1, 127), st.integers(-1, 1))


@given(st.dictionaries(st.tuples(st.integers(0, 15), st.sampled_from(general)), cells, max_size=30))
def test_what_is_on_the_grid_comes_back_as_it_was(
    struck: dict[tuple[int, int], tuple[int, int, int, int]],
) -> None:
    strokes = [
        Stroke(Beats(step / 4), note, velocity, Beats(off / 16 if step else abs(off) / 16))
        for (step, note), (_, _, velocity, off) in struck.items()
    ]
    phrase = Phrase(tuple(sorted(strokes, key=lambda s: (s.beat, s.note))), Beats(4.0))

    assert phrase_of_grid(grid_of(phrase, Kit()), Kit()) == phrase
