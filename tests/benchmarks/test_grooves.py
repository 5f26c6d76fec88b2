from __future__ import annotations

import numpy as np
from benchmarks.grooves import ask_of, known_rows, likeness

from pocket_core.phrases.hvo import COUNT
from pocket_export.sources.grooves.lessons import targets
from pocket_export.sources.grooves.windows import recordings, windows
from tests.export.performances import loose


def test_a_bar_that_repeats_is_quite_like_the_last() -> None:
    found = windows(recordings([loose(1, bars=4)]))
    struck = np.zeros((len(found), 32, COUNT), bool)
    struck[:, 3, 1] = True

    assert likeness(found, struck) == 1.0


def test_bars_of_two_files_are_not_compared() -> None:
    found = windows(recordings([loose(1, bars=2), loose(2, bars=2)]))

    assert likeness(found, np.ones((len(found), 32, COUNT), bool)) == 0.0


def test_a_copied_groove_is_nearer_in_time_than_the_grid() -> None:
    found = windows(recordings([loose(1, bars=6)]))

    _, grid, copied = known_rows(found, targets(found))

    assert copied.figures["all_mae_ms"] < grid.figures["all_mae_ms"]


def test_what_is_timed_without_a_memory_is_where_nobody_has_played() -> None:
    window = windows(recordings([loose(1, bars=12)]))[9]

    late, first = (ask_of(window, remembers=remembers) for remembers in (True, False))

    assert late.before
    assert late.heard
    assert not first.before
    assert not first.heard  # a musician's part would be answered by the network with a memory
