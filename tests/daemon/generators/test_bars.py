"""The source `bars` that ships."""

from __future__ import annotations

import numpy as np
import pytest

from pocket_core.phrases.generator import Ask, Knobs
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import Phrase
from pocket_core.types import Beats
from pocketd.generators.bars import Bars
from pocketd.generators.graphs import load_graphs
from pocketd.generators.presets import find_phrase, preset_names

KIT = Kit()
SNARE = 38
STILL = Knobs(temperature=0.0)


@pytest.fixture(scope="module")
def bars() -> Bars:
    return Bars(load_graphs("bars"), KIT)


def ask(**keys: object) -> Ask:
    return Ask(**{"begin": Beats(0.0), "start": find_phrase("rock", KIT), **keys})  # type: ignore[arg-type]


def likeness(one: Phrase, other: Phrase) -> float:
    a, b = ({(s.beat, s.note) for s in phrase.strokes} for phrase in (one, other))
    return len(a & b) / max(len(a | b), 1)


@pytest.mark.parametrize("name", preset_names())
def test_a_groove_comes_back_nearly_as_it_was(bars: Bars, name: str) -> None:
    start = find_phrase(name, KIT)

    made = bars.phrase(ask(start=start, knobs=STILL, length=Beats(8.0)))

    assert likeness(made, start) > 0.4  # blues: triplets lie between the steps


def test_the_same_ask_has_the_same_answer_and_another_place_another(bars: Bars) -> None:
    one = bars.phrase(ask())

    assert bars.phrase(ask()) == one
    assert bars.phrase(ask(begin=Beats(12.0))) != one


def test_the_way_from_one_bar_to_another_begins_and_ends_there(bars: Bars) -> None:
    rock, funk = find_phrase("rock", KIT), find_phrase("funk", KIT)

    way = bars.interpolate(rock, funk, 5)

    assert len(way) == 5
    assert way[0] == bars.reconstruct(rock)
    assert way[-1] == bars.reconstruct(funk)


def test_morphing_is_that_way(bars: Bars) -> None:
    rock, funk = find_phrase("rock", KIT), find_phrase("funk", KIT)
    (_, middle, _) = bars.interpolate(rock, funk, 3)

    made = bars.phrase(ask(start=rock, goal=funk, knobs=Knobs(temperature=0.0, morph=0.5)))

    assert made == middle


def test_density_and_a_voice_s_own_knob_add_and_take_away(bars: Bars) -> None:
    few, many = (len(bars.phrase(ask(knobs=Knobs(0.0, d))).strokes) for d in (0.0, 1.0))
    mute = Knobs(0.0, voices=(0.5, 0.0, *[0.5] * 7))
    without = bars.phrase(ask(knobs=mute))

    assert few < many
    assert SNARE not in {stroke.note for stroke in without.strokes}


def test_a_phrase_of_half_a_bar_is_half_of_the_bar(bars: Bars) -> None:
    whole = bars.phrase(ask())

    half = bars.phrase(ask(begin=Beats(2.0), length=Beats(2.0)))

    assert half == whole.cut(Beats(2.0), Beats(4.0))


def test_from_nothing_there_are_drums_all_the_same(bars: Bars) -> None:
    made = bars.phrase(ask(start=None, length=Beats(16.0)))

    assert len(made.strokes) > 16
    assert all(1 <= stroke.velocity <= 127 for stroke in made.strokes)


def test_bars_near_a_bar_are_like_it_and_not_it(bars: Bars) -> None:
    rock = find_phrase("rock", KIT)

    near = bars.near(rock, 0.3, 8, np.random.default_rng(1))

    alike = [likeness(bar, bars.reconstruct(rock)) for bar in near]
    assert np.mean(alike) > 0.4
    assert min(alike) < 1.0
