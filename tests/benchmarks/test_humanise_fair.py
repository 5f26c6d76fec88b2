"""Who peeks is found out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from benchmarks.humanise_fair import check_fair
from benchmarks.humanise_rivals import Linear, fit_linear, running_mean
from benchmarks.windows import Played, Sheet, Window, cut

from pocket_core.errors import ContractError

from .humanise_sheets import Drummer, Metronome, busy

FILE = busy(6, seed=1)


class Rivals(Metronome):
    """The linear row by windows and the running mean by history."""

    def __init__(self) -> None:
        self.linear: Linear = fit_linear(cut(busy(20, seed=2)), cut(busy(5, seed=3)))

    def windows(self, windows: Sequence[Window]) -> list[Played]:
        return self.linear.windows(windows)

    def history(self, files: Sequence[Sheet]) -> list[Played]:
        return running_mean(files)


class Carrying(Metronome):
    """Goes on in each window where the last one ended."""

    def windows(self, windows: Sequence[Window]) -> list[Played]:
        return [Played(np.full(window.steps.size, float(i)), None) for i, window in enumerate(windows)]


class Hearing(Metronome):
    """Knows from the start how late the whole file is."""

    def history(self, files: Sequence[Sheet]) -> list[Played]:
        return [Played(np.full(file.steps.size, file.offsets_ms.mean()), None) for file in files]


class HearingThisBar(Metronome):
    """Knows how hard the bar is played that it has to play."""

    def history(self, files: Sequence[Sheet]) -> list[Played]:
        return [
            Played(np.zeros(file.steps.size), np.array([file.velocities[bars == bar].mean() for bar in bars]))
            for file in files
            for bars in [file.steps // 16]
        ]


def test_the_rivals_are_fair() -> None:
    check_fair("rivals", Rivals(), FILE, seed=1)


def test_who_knows_how_a_window_was_played_is_found_out() -> None:
    with pytest.raises(ContractError, match="fake plays the windows of busy by how they were really played"):
        check_fair("fake", Drummer(), FILE, seed=1)


def test_who_carries_from_window_to_window_is_found_out() -> None:
    with pytest.raises(ContractError, match="by the other windows"):
        check_fair("fake", Carrying(), FILE, seed=1)


@pytest.mark.parametrize("peeking", [Hearing(), HearingThisBar()])
def test_who_knows_how_this_or_a_later_bar_was_played_is_found_out(peeking: Metronome) -> None:
    with pytest.raises(ContractError, match="up to bar 0 by how that bar or a later one was really played"):
        check_fair("fake", peeking, FILE, seed=1)
