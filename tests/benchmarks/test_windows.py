"""How a file becomes cells, and cells become windows."""

from __future__ import annotations

import pytest
from benchmarks.duets import Note
from benchmarks.windows import cut, write_down
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.types import Beats

from .humanise_sheets import HAT, KICK, SNARE, sheet


def note(ticks: int, number: int, velocity: int = 100) -> Note:
    return Note(Beats(ticks / 480), number, velocity)


@pytest.mark.parametrize(("ticks", "step"), [(0, 0), (59, 0), (60, 1), (119, 1), (180, 2), (1919, 16)])
def test_a_note_lies_in_the_nearest_sixteenth_and_half_way_in_the_later(ticks: int, step: int) -> None:
    assert write_down("made up", 1, 120, [note(ticks, 36)]).steps.tolist() == [step]


def test_offsets_are_in_ms_at_the_tempo_of_the_file_and_early_is_negative() -> None:
    # at 100 BPM a beat of 480 ticks is 600 ms: 8 ticks are 10 ms
    found = write_down("made up", 1, 100, [note(112, 36), note(248, 38, 127)])

    assert found.offsets_ms.tolist() == pytest.approx([-10.0, 10.0])
    assert found.velocities.tolist() == pytest.approx([100 / 127, 1.0])


def test_of_a_cell_the_loudest_note_stays_and_the_first_of_equals() -> None:
    # 38 and 40 are both snares, 42 is a hat
    found = write_down("made up", 1, 125, [note(0, 38, 60), note(4, 40, 90), note(8, 38, 90), note(9, 42, 5)])

    assert found.voices.tolist() == [SNARE, HAT]
    assert found.offsets_ms.tolist() == pytest.approx([4.0, 9.0])


def test_notes_rise_by_step_and_then_by_voice() -> None:
    # the hat of the second sixteenth is early, the kick of the first late
    found = write_down("made up", 1, 120, [note(0, 42), note(5, 36), note(110, 42), note(130, 36)])

    assert found.steps.tolist() == [0, 0, 1, 1]
    assert found.voices.tolist() == [KICK, HAT, KICK, HAT]


def test_note_35_and_the_cowbell_are_none_of_the_nine() -> None:
    assert write_down("made up", 1, 120, [note(0, 35), note(0, 56)]).bars == 0


def test_windows_are_two_bars_and_start_on_every_bar_but_the_last() -> None:
    played = sheet(
        (0, KICK, 1.0, 0.1),
        (16, KICK, 2.0, 0.2),
        (31, HAT, 3.0, 0.3),
        (32, KICK, 4.0, 0.4),
        (63, HAT, 5.0, 0.5),
    )
    found = cut(played)

    assert [window.bar for window in found] == [0, 1, 2]
    assert [window.steps.tolist() for window in found] == [[0, 16, 31], [0, 15, 16], [0, 31]]
    assert found[1].voices.tolist() == [KICK, HAT, KICK]
    assert found[1].offsets_ms.tolist() == [2.0, 3.0, 4.0]
    assert found[2].velocities.tolist() == [0.4, 0.5]


def test_a_file_of_one_bar_has_no_window() -> None:
    assert cut(sheet((0, KICK, 0.0, 0.5), (15, HAT, 0.0, 0.5))) == []


@given(st.lists(st.tuples(st.integers(0, 9600), st.sampled_from((36, 38, 42, 51))), min_size=1))
def test_every_note_is_in_one_window_for_each_pair_of_bars_that_holds_it(
    notes: list[tuple[int, int]],
) -> None:
    played = write_down("made up", 1, 120, [note(ticks, number) for ticks, number in sorted(notes)])
    windows = cut(played)
    last = played.bars - 1

    for i, bar in enumerate((played.steps // 16).tolist()):
        holds = sum(window.notes.start <= i < window.notes.stop for window in windows)
        assert holds == (0 if last == 0 else 1 if bar in (0, last) else 2)
