from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.tempo import Meter
from pocket_core.types import Beats, Seconds
from pocketd.lead import Lead, Strike, find_lead

KICK, SNARE, HAT = 0, 1, 2
FOUR = Meter(4, 4)
L = Seconds(0.120)

Bar = Sequence[tuple[float, int]]  # beat in the bar, voice
ROCK: Bar = [(0, KICK), (1, SNARE), (2, KICK), (3, SNARE), *((n / 2, HAT) for n in range(8))]
FLOOR: Bar = [(n, KICK) for n in range(4)]
EIGHTHS: Bar = [(n / 2, HAT) for n in range(8)]
SIXTEENTHS: Bar = [(n / 4, HAT) for n in range(16)]
SHUFFLE: Bar = [*ROCK[:4], *((n + part, HAT) for n in range(4) for part in (0, 2 / 3))]


def struck(
    bar: Bar, early: float, *, bpm: float = 120.0, bars: int = 4, stray: float = 0.0, seed: int = 0
) -> list[Strike]:
    pace, chance = 60 / bpm, random.Random(seed)
    strikes = []
    for n in range(bars):
        for beat, voice in bar:
            late = chance.uniform(-stray, stray) - early
            place = 4 * n + beat + late / pace
            strikes.append(Strike(Seconds(place * pace), Beats(place), Seconds(pace), voice))
    return strikes


def found(strikes: list[Strike], expected: float = L, meter: Meter = FOUR) -> Lead:
    lead = find_lead(strikes, Seconds(expected), meter)
    assert lead is not None
    return lead


@pytest.mark.parametrize("early", [0.120, 0.0, -0.120, 0.080, -0.045, 0.2, -0.2])
def test_a_rock_beat_tells_how_early_it_is_sent_and_whether_it_is_late(early: float) -> None:
    lead = found(struck(ROCK, early))

    assert lead.early == pytest.approx(early, abs=1e-9)
    assert lead.spread == pytest.approx(0, abs=1e-9)
    assert lead.others == ()
    assert lead.hits == 48


@pytest.mark.parametrize("early", [0.120, 0.0, -0.120])
def test_so_does_a_shuffle(early: float) -> None:
    assert found(struck(SHUFFLE, early, bpm=90)).early == pytest.approx(early, abs=1e-9)


@pytest.mark.parametrize("early", [0.120, 0.0, -0.120])
@pytest.mark.parametrize("bar", [FLOOR, EIGHTHS, SIXTEENTHS])
def test_drums_that_are_as_even_as_a_clock_are_taken_for_what_a_rig_may_well_have(
    bar: Bar, early: float
) -> None:
    lead = found(struck(bar, early))

    assert lead.early == pytest.approx(early, abs=1e-9)
    assert lead.others


def test_what_cannot_be_told_apart_is_among_the_others() -> None:
    lead = found(struck(EIGHTHS, 0.125), expected=0.125)  # 120 BPM: a sixteenth early is a sixteenth late

    assert lead.early == pytest.approx(0.125)
    assert any(other == pytest.approx(-0.125) for other in lead.others)


def test_a_lead_longer_than_a_beat_is_found() -> None:
    lead = found(struck(ROCK, 1.2), expected=1.2)

    assert lead.early == pytest.approx(1.2)


def test_a_waltz_is_found_by_its_kick() -> None:
    waltz = [(0.0, KICK), (1.0, HAT), (2.0, HAT)]
    strikes = [
        Strike(Seconds(0.0), Beats(3 * n + beat - 0.24), Seconds(0.5), voice)
        for n in range(4)
        for beat, voice in waltz
    ]

    assert found(strikes, meter=Meter(3, 4)).early == pytest.approx(L)


def test_a_flam_is_left_out_and_does_not_move_the_rest() -> None:
    strikes = struck(ROCK, L)
    flam = [Strike(s.at, Beats(s.beat - 0.022 / 0.5), s.pace, SNARE) for s in strikes[1:4:2]]  # 22 ms before

    lead = found(strikes + flam)

    assert lead.early == pytest.approx(L, abs=0.001)
    assert lead.hits == len(strikes)


def test_drums_on_no_grid_tell_nothing() -> None:
    assert find_lead(struck(ROCK, L, stray=0.060), L, FOUR) is None


def test_too_few_tell_nothing() -> None:
    assert find_lead(struck(ROCK, L)[:3], L, FOUR) is None
    assert find_lead([], L, FOUR) is None


def test_what_came_while_the_tempo_was_another_is_left_out() -> None:
    lead = found([*struck(ROCK, L), *struck(ROCK, 0.3, bpm=90, bars=1)])

    assert lead.early == pytest.approx(L)


@given(
    early=st.floats(-0.18, 0.18),
    bpm=st.floats(60, 170),
    stray=st.floats(0, 0.002),
    seed=st.integers(0, 2**16),
    bar=st.sampled_from([ROCK, SHUFFLE]),
)
def test_any_lead_of_a_beat_with_kick_and_snare_is_found_to_the_millisecond(
    early: float, bpm: float, stray: float, seed: int, bar: Bar
) -> None:
    expected = abs(early)

    lead = found(struck(bar, early, bpm=bpm, stray=stray, seed=seed), expected)

    assert lead.early == pytest.approx(early, abs=0.001 + stray / 2)
    assert lead.spread <= stray + 1e-9


@given(st.integers(-8, 8), st.floats(-0.15, 0.15), st.randoms())
def test_neither_the_bar_it_is_in_nor_the_order_matter(
    bars: int, early: float, chance: random.Random
) -> None:
    strikes = struck(ROCK, early)
    moved = [Strike(s.at, Beats(s.beat + 4 * bars), s.pace, s.voice) for s in strikes]
    chance.shuffle(moved)

    lead, again = found(strikes), found(moved)

    assert again.early == pytest.approx(lead.early, abs=1e-6)
    assert again.hits == lead.hits


@given(
    st.lists(
        st.builds(
            Strike,
            st.floats(0, 100).map(Seconds),
            st.floats(-10, 1000).map(Beats),
            st.floats(0.1, 6).map(Seconds),
            st.none() | st.integers(0, 8),
        ),
        max_size=40,
    ),
    st.floats(0, 1.5),
    st.sampled_from([FOUR, Meter(3, 4), Meter(7, 8), Meter(5, 16)]),
)
def test_whatever_was_struck_there_is_an_answer_or_none(
    strikes: list[Strike], expected: float, meter: Meter
) -> None:
    lead = find_lead(strikes, Seconds(expected), meter)

    assert lead is None or lead.hits > 0
