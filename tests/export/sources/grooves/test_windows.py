from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pocket_core.errors import DataError
from pocket_core.phrases.groove_features import FROM_BEFORE, GROOVE, LAST, MEMORY_STEPS, REMEMBERED, STEPS
from pocket_core.phrases.hvo import A_BAR, COUNT, no_cells
from pocket_core.tempo import Meter
from pocket_export.groove import find_data, load
from pocket_export.sources.grooves.lessons import Habits, draw
from pocket_export.sources.grooves.windows import Mistakes, View, recordings, shown, windows
from tests.export.performances import loose


def test_windows_of_two_bars_go_on_by_one() -> None:
    found = windows(recordings([loose(1, bars=5)]))

    assert [window.bar for window in found] == [0, 1, 2, 3]
    assert all(len(window.cells) == STEPS for window in found)


def test_fills_and_other_meters_are_left_out() -> None:
    fill = replace(loose(1), beat_type="fill")

    found = recordings([fill, loose(1, meter=Meter(3, 4))])

    assert found == []


def test_memory_ends_where_the_window_begins() -> None:
    [recording] = recordings([loose(1, bars=12)])
    window = windows([recording])[9]

    past = window.past()

    assert_array_equal(past.array, recording.cells.cut(A_BAR, 9 * A_BAR).array)


def test_live_a_model_sees_nothing_of_the_window_itself() -> None:
    [recording] = recordings([loose(1, bars=12)])
    window = windows([recording])[9]
    told = shown(window, View(from_before=True))
    recording.cells.hits[9 * A_BAR :] = 0.0
    recording.cells.velocities[9 * A_BAR :] = 0.0

    again = shown(window, View(from_before=True))

    assert_array_equal(told, again)
    assert told[:, FROM_BEFORE].all()
    assert told[:, GROOVE].any()


def test_without_memory_a_model_sees_only_the_two_bars() -> None:
    window = windows(recordings([loose(1, bars=12)]))[9]

    x = shown(window, View(remembers=False))

    assert not x[:, REMEMBERED].any()


def test_live_the_groove_is_that_of_two_bars_before() -> None:
    found = windows(recordings([loose(1, bars=12)]))

    x = shown(found[7], View(from_before=True))

    assert_array_equal(x[:, GROOVE], shown(found[5], View())[:, GROOVE])
    assert (x[:, GROOVE] != shown(found[3], View())[:, GROOVE]).any()


def test_mistakes_are_made_only_where_there_was_something() -> None:
    window = windows(recordings([loose(1, bars=12)]))[1]  # a bar is behind it
    instead = no_cells(MEMORY_STEPS)
    instead.hits[:] = 1.0

    x = shown(window, View(), Mistakes(np.ones((MEMORY_STEPS, COUNT), bool), instead))

    assert x[A_BAR:, LAST][:, :COUNT].all()
    assert not x[:A_BAR, LAST][:, :COUNT].any()


def test_the_same_chance_shows_windows_the_same() -> None:
    found = windows(recordings([loose(1, bars=12)]))

    one, other = (draw(found, Habits(), np.random.default_rng(7)) for _ in range(2))

    assert_array_equal(one, other)


@pytest.mark.data
def test_the_official_split_has_as_many_windows_as_are_known() -> None:
    try:
        groove = load(find_data())
    except DataError:
        pytest.skip("the Groove MIDI Dataset is not here")

    counts = [len(windows(recordings(groove.split(name)))) for name in ("train", "validation", "test")]

    assert counts == [16341, 2025, 2068]
