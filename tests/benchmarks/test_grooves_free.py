from __future__ import annotations

import numpy as np
import pytest
from benchmarks.grooves_free import MANNERS, Manner, alike, fills, late_shares, measured, played, run

from pocket_core.phrases.generator import Ask
from pocket_core.phrases.kit import GENERAL_MIDI
from pocket_core.phrases.phrase import BAR, Phrase, Stroke
from pocket_core.types import Beats
from pocket_export.sources.grooves.windows import recordings
from tests.export.performances import loose

FILES = recordings([loose(1, bars=10), loose(2, bars=9)])


class Counts:
    """A generator that strikes as many kicks as it remembers bars, and keeps what it was asked."""

    name = "counts"

    def __init__(self) -> None:
        self.asked: list[Ask] = []

    def phrase(self, ask: Ask) -> Phrase:
        self.asked.append(ask)
        bars = len({int(stroke.beat // BAR) for stroke in ask.before})
        strokes = [Stroke(Beats(n / 4), GENERAL_MIDI["kick"], 90) for n in range(bars + 1)]
        return Phrase(tuple(strokes), ask.length)


def test_a_generator_hears_what_it_has_played() -> None:
    runs = run(Counts(), FILES, Manner("free"), 1)

    assert [int(bar.sum()) for bar in runs[0]] == list(range(1, 11))


def test_without_memory_it_does_not() -> None:
    runs = run(Counts(), FILES, Manner("free", remembers=False), 1)

    assert {int(bar.sum()) for bar in runs[0]} == {1}


def test_a_musician_who_repeats_himself_plays_the_same_every_two_bars() -> None:
    counts = Counts()

    run(counts, FILES[:1], Manner("loop", looped=True), 1)

    last = [(o.beat % 8, o.velocity) for o in counts.asked[-1].heard if o.beat >= counts.asked[-1].begin]
    first = [(o.beat % 8, o.velocity) for o in counts.asked[1].heard if o.beat >= counts.asked[1].begin]
    assert sorted(v for _, v in last) == sorted(v for _, v in first)


def test_bars_that_repeat_are_wholly_alike() -> None:
    bars = np.zeros((6, 16, 9), bool)
    bars[::2, 0, 0], bars[1::2, 4, 1] = True, True

    assert (alike([bars], 1), alike([bars], 2)) == (0.0, 1.0)


def test_a_fill_is_seen_in_the_last_half_bar_of_a_phrase() -> None:
    bars = np.zeros((8, 16, 9), bool)
    bars[:, ::4, 0] = True
    bars[3::4, 8:, 4] = True

    strokes, drums, other_strokes, other_drums = fills([bars], 4)

    assert (strokes, other_strokes) == (10.0, 2.0)
    assert drums == pytest.approx(0.8)
    assert other_drums == 0.0


def test_shares_are_of_the_second_half() -> None:
    bars = np.zeros((8, 16, 9), bool)
    bars[:4, :, 5] = True
    bars[4:, 0, 0] = True

    assert late_shares([bars]).tolist() == [1.0, *[0.0] * 8]


def test_every_figure_of_a_drummer_is_finite() -> None:
    found = measured(played(FILES))

    assert all(np.isfinite(value) for value in found.values())
    assert len({manner.name for manner in MANNERS}) == len(MANNERS)
