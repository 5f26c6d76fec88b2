"""What is known of the musician, figure by figure, with numbers worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Sized
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.likeness import Figure, Likeness, Sum, Visit
from pocket_core.portrait import COLUMNS, OFFSETS, WIDTH, Portrait
from pocket_core.tempo import Meter, MeterChange, MeterMap
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES

KICK, SNARE = VOICES.index("kick"), VOICES.index("snare")
FOUR = MeterMap()
TWELFTH = 1 / 12


def hear(
    portrait: Portrait,
    beat: float,
    offset: float = 0.0,
    *,
    velocity: float = 0.5,
    voices: tuple[int, ...] = (),
) -> None:
    portrait.hear(FOUR.position(Beats(beat)), Seconds(offset), velocity=velocity, voices=voices)


def meet(portrait: Portrait, beat: float, offset: float) -> None:
    portrait.meet(FOUR.position(Beats(beat)), Seconds(offset))


def figures(portrait: Portrait, beat: float, *voices: int) -> dict[str, float]:
    """What is told of a place, by its name."""
    return dict(zip(COLUMNS, portrait.look(FOUR.position(Beats(beat)), voices), strict=True))


def of(portrait: Portrait, beat: float, *names: str) -> list[float]:
    told = figures(portrait, beat)
    return [told[name] for name in names]


def one_onset() -> Portrait:
    """The second quarter of the first bar, 10 ms late, with a kick: the template's mean is 2 ms, here 4.4."""
    portrait = Portrait()
    hear(portrait, 1.0, 0.010, velocity=0.8, voices=(KICK,))
    return portrait


def two_onsets() -> Portrait:
    """The same place a bar later, 10 ms early: the mean is then -0.88 ms, what the place adds -1.056."""
    portrait = one_onset()
    hear(portrait, 5.0, -0.010, velocity=0.4)
    return portrait


# --- one figure after the other --------------------------------------------------------------------------


def test_of_nobody_every_figure_is_zero_but_the_ages() -> None:
    told = figures(Portrait(), 2.5, KICK)

    assert {name for name, value in told.items() if value} == {
        f"{age} of onset -{n}" for age in ("age", "age in beat") for n in (1, 2)
    }
    assert {value for value in told.values() if value} == {1.0}


def test_means_go_from_all_onsets_to_this_place_each_shrunk_to_the_one_before() -> None:
    # 10 ms and two at nothing: 3.333; that and two at 3.333: 5.556, 7.037, 8.025; all less 4.4, in tenths
    told = of(
        one_onset(),
        5.0,
        "mean",
        "mean of all",
        "mean of the beat's place",
        "mean of the half bar's place",
        "mean of the bar's place",
    )

    assert told == pytest.approx([-0.024, -0.0106667, 0.0115556, 0.0263704, 0.0362469], abs=1e-6)


def test_the_beats_place_counts_in_every_beat_and_the_half_bars_in_every_other() -> None:
    names = ("mean of the beat's place", "mean of the half bar's place", "mean of the bar's place")

    # elsewhere the template expects 2 ms; where nothing has been played a mean is the one before
    assert of(one_onset(), 2.0, *names) == pytest.approx([0.0355556, 0.0355556, 0.0355556], abs=1e-6)
    assert of(one_onset(), 3.0, *names) == pytest.approx([0.0355556, 0.0503704, 0.0503704], abs=1e-6)
    assert of(one_onset(), 2.5, *names) == pytest.approx([0.0133333, 0.0133333, 0.0133333], abs=1e-6)


def test_means_forget_the_longer_the_slower() -> None:
    # by bar: (.93 * 10 - 10 + 2 h) / 3.93; h of the half bar likewise with .96, of the beat .98, of all .99
    told = of(
        two_onsets(),
        9.0,
        "mean of all",
        "mean of the beat's place",
        "mean of the half bar's place",
        "mean of the bar's place",
    )
    everywhere = (0.99 * 10 - 10) / 3.99
    beat = (0.98 * 10 - 10 + 2 * everywhere) / 3.98
    half = (0.96 * 10 - 10 + 2 * beat) / 3.96
    bar = (0.93 * 10 - 10 + 2 * half) / 3.93

    expected = -0.88 - 1.056  # ms: .2 of 14.4 ms less than 2, then .7 of 2.4 and .3 of the -9.12 beyond
    assert told == pytest.approx([(x - expected) / 100 for x in (everywhere, beat, half, bar)], abs=1e-6)


def test_the_newest_counts_half_and_the_slow_mean_moves_by_a_fourteenth() -> None:
    # 5 ms and 0.7 after the first; -2.5 and 0.7 - .07 * 10.7 = -0.049 after the second
    assert of(one_onset(), 5.0, "newest", "slow") == pytest.approx([0.006, -0.037], abs=1e-6)
    assert of(two_onsets(), 9.0, "newest", "slow") == pytest.approx([-0.00564, 0.01887], abs=1e-6)


def test_the_last_two_here_are_told_apart() -> None:
    names = ("last here", "last but one here")

    assert of(one_onset(), 5.0, *names) == pytest.approx([0.056, 0.0], abs=1e-6)
    assert of(two_onsets(), 9.0, *names) == pytest.approx([-0.08064, 0.11936], abs=1e-6)
    assert of(two_onsets(), 9.5, *names) == [0.0, 0.0]


def test_how_many_onsets_stand_behind_a_mean_is_told_up_to_full() -> None:
    names = ("bars behind it", "beats behind it", "onsets behind it")
    portrait = Portrait()
    for n in range(200):
        hear(portrait, 4.0 * n)

    assert of(one_onset(), 5.0, *names) == [1 / 8, 1 / 16, 1 / 32]
    assert of(two_onsets(), 9.0, *names) == pytest.approx([1.93 / 8, 1.98 / 16, 1.99 / 32])
    assert of(portrait, 800.0, *names) == [1.0, 1.0, 1.0]


def test_what_a_drum_has_meant_is_what_it_surprised_by() -> None:
    portrait = one_onset()  # nothing was expected: the kick has meant 10 ms, as if after three times nothing
    hear(portrait, 2.0, 0.014, voices=(KICK,))  # 2 ms expected: 12

    told = figures(portrait, 5.0, KICK, SNARE)

    kick = (0.97 * 10 + 12) / (1.97 + 3) / 100
    assert [told["with kick"], told["with snare"], told["with these drums"]] == pytest.approx(
        [kick, 0, kick / 2]
    )
    assert figures(portrait, 5.0, SNARE)["with kick"] == 0.0
    assert figures(portrait, 5.0)["with these drums"] == 0.0


def test_meeting_drums_is_told_apart_from_the_groove() -> None:
    portrait = one_onset()
    meet(portrait, 1.0, 0.020)
    first = of(portrait, 5.0, "meets", "meets known")
    meet(portrait, 5.0, 0.010)

    assert first == pytest.approx([0.156, 1.0])
    assert of(portrait, 9.0, "meets", "meets known") == pytest.approx([0.116, 1.0])  # .4 of the way
    assert of(portrait, 9.0, "mean", "onsets behind it") == of(one_onset(), 9.0, "mean", "onsets behind it")
    assert of(portrait, 10.0, "meets", "meets known") == [0.0, 0.0]


def test_what_was_played_bars_and_beats_ago() -> None:
    portrait = Portrait()
    hear(portrait, 2.0)
    bars = [f"played {n} bar{'s' * (n > 1)} ago" for n in (1, 2, 4)]
    beats = [f"played {n} beat{'s' * (n > 1)} ago" for n in (1, 2)]

    found = {beat: of(portrait, beat, *bars, *beats) for beat in (3.0, 4.0, 6.0, 10.0, 14.0, 18.0, 6.5)}

    assert found == {
        3.0: [0, 0, 0, 1, 0],
        4.0: [0, 0, 0, 0, 1],
        6.0: [1, 0, 0, 0, 0],
        10.0: [0, 1, 0, 0, 0],
        14.0: [0, 0, 0, 0, 0],
        18.0: [0, 0, 1, 0, 0],
        6.5: [0, 0, 0, 0, 0],
    }


def test_a_bar_is_as_long_as_the_meter_says() -> None:
    waltz = MeterMap([MeterChange(Beats(0.0), Meter(3, 4))])
    portrait = Portrait()
    portrait.hear(waltz.position(Beats(2.0)), Seconds(0.0), velocity=0.5)

    found = [portrait.look(waltz.position(Beats(beat)), ()) for beat in (5.0, 6.0)]

    assert [told[COLUMNS.index("played 1 bar ago")] for told in found] == [1, 0]


def test_the_share_of_bars_falls_with_each_silent_one() -> None:
    portrait = Portrait()
    hear(portrait, 1.0)
    found = [of(portrait, 1.0 + 4 * bar, "share of bars")[0] for bar in (1, 2, 3, 40)]
    hear(portrait, 13.0)  # after two silent bars .49 of it is left: .7 of that, and .3

    assert found == pytest.approx([1.0, 0.7, 0.49, 0.7**39])
    assert of(portrait, 17.0, "share of bars") == pytest.approx([0.7 * 0.49 + 0.3])
    assert of(portrait, 17.5, "share of bars") == [0.0]


def test_the_share_of_beats_counts_every_beat() -> None:
    portrait = Portrait()
    hear(portrait, 1.5)
    found = [of(portrait, beat, "share of beats")[0] for beat in (2.5, 3.5, 5.5)]
    hear(portrait, 3.5)

    assert found == pytest.approx([1.0, 0.85, 0.85**3])
    assert of(portrait, 4.5, "share of beats") == pytest.approx([0.85 * 0.85 + 0.15])


def test_the_chance_is_the_greater_of_the_two_shares() -> None:
    portrait = Portrait()
    for bar in range(6):  # in every bar, but in one beat of four
        hear(portrait, 4.0 * bar + 1.0)

    at = [portrait.chance(FOUR.position(Beats(beat))) for beat in (25.0, 26.0, 24.5)]

    assert at[0] == 1.0
    assert 0.0 < at[1] < 0.5
    assert at[2] == 0.0


def test_velocity_is_that_of_the_place() -> None:
    # .8, then .4 of the way to .4
    assert of(one_onset(), 5.0, "velocity here") == [0.8]
    assert of(two_onsets(), 9.0, "velocity here") == pytest.approx([0.64])
    assert of(two_onsets(), 10.0, "velocity here") == [0.0]


def test_density_is_the_onsets_of_the_last_beat() -> None:
    portrait = Portrait()
    for n in range(12):
        hear(portrait, n / 4)

    assert [of(portrait, beat, "density")[0] for beat in (2.75, 3.0, 3.5, 4.0)] == [1.25, 1.0, 0.5, 0.0]


def test_the_newest_onsets_are_told_one_by_one() -> None:
    portrait = one_onset()
    hear(portrait, 1.5, 0.012, velocity=0.25)  # 2 ms expected: 10 of surprise; then 4 of the mean

    names = ("surprise", "offset", "age", "age in beat", "velocity", "drum")
    newest, before = ([f"{name} of onset -{n}" for name in names] for n in (1, 2))
    expected = of(portrait, 1.75, "mean")[0]

    # a quarter note is as old as an age in the beat can be, four as old as any
    assert expected == 0.0
    assert of(portrait, 1.75, *newest) == pytest.approx([0.10, 0.08, 0.25 / 4, 0.25, 0.25, 0.0])
    assert of(portrait, 1.75, *before) == pytest.approx([0.10, 0.06, 0.75 / 4, 0.75, 0.8, 1.0])
    assert of(portrait, 2.75, *newest)[2:4] == pytest.approx([1.25 / 4, 1.0])
    assert of(portrait, 99.0, *newest)[2:4] == [1.0, 1.0]
    assert of(portrait, 1.0, *newest)[2:4] == [0.0, 0.0]  # it is ahead of there


def test_a_surprise_is_what_the_template_did_not_expect_at_this_very_place() -> None:
    portrait = one_onset()

    hear(portrait, 5.0, 0.0044)  # as expected
    hear(portrait, 5.5, 0.0044)  # where only the mean of 2 ms was

    assert of(portrait, 6.0, "surprise of onset -2", "surprise of onset -1") == pytest.approx([0.0, 0.024])


def test_offsets_are_the_figures_that_a_shift_of_all_onsets_would_change() -> None:
    shifted, plain = Portrait(), Portrait()
    for portrait, by in ((shifted, 0.010), (plain, 0.0)):
        for beat in (0.0, 1.0, 1.5):
            hear(portrait, beat, by + beat / 500, velocity=0.8, voices=(KICK, SNARE))
            meet(portrait, beat, by)
    told, wanted = (figures(portrait, 4.0, KICK, SNARE) for portrait in (shifted, plain))

    moved = {name for name in COLUMNS if told[name] != wanted[name]}

    assert moved <= set(OFFSETS)
    assert {"mean", "newest", "last here", "meets", "with kick", "surprise of onset -1"} <= moved


# --- the same throughout ---------------------------------------------------------------------------------


def test_to_look_changes_nothing() -> None:
    portrait = two_onsets()

    looks = [figures(portrait, beat, KICK) for beat in (9.0, 30.0, 2.5, 9.0)]

    assert looks[0] == looks[3]
    assert portrait == two_onsets()


def test_a_bar_ago_is_a_bar_ago_through_a_loop() -> None:
    looped, straight = Portrait(), Portrait()
    for round_ in range(3):  # of two bars
        for beat in (0.0, 1.5, 6.0, 7.75):
            hear(looped, beat, 0.001 * beat)
            hear(straight, 8.0 * round_ + beat, 0.001 * beat)
        looped.jump(Beats(8.0), Beats(0.0))

    assert figures(looped, 2.0) == figures(straight, 26.0)
    assert figures(looped, 7.75) == figures(straight, 31.75)


def test_a_leap_ahead_is_no_silence() -> None:
    leapt = Portrait()
    hear(leapt, 3.0, 0.010)
    leapt.jump(Beats(4.0), Beats(400.0))

    names = ("played 1 beat ago", "age of onset -1", "share of beats")
    assert of(leapt, 400.0, *names) == [1, 0.25, 1.0]


def test_after_a_rest_the_groove_is_known_and_nothing_is_new() -> None:
    portrait = one_onset()
    meet(portrait, 1.0, 0.020)
    told = figures(portrait, 5.0, KICK)

    portrait.rest()

    rested = figures(portrait, 5.0, KICK)
    groove = [name for name in COLUMNS if name.startswith(("mean", "last", "meets", "with", "velocity here"))]
    assert [rested[name] for name in groove] == [told[name] for name in groove]
    assert [rested[name] for name in ("played 1 bar ago", "density", "velocity of onset -1")] == [0, 0, 0.0]
    assert [rested["age of onset -1"], rested["surprise of onset -1"]] == [1.0, 0.0]


def test_whoever_stays_silent_after_a_rest_is_not_expected() -> None:
    portrait = Portrait()
    for beat in range(40):
        hear(portrait, float(beat))

    portrait.rest()  # and the song begins anew

    assert [portrait.chance(FOUR.position(Beats(beat))) for beat in (0.0, 1.0, 40.0)] == [0.0, 0.0, 0.0]


def test_an_old_feel_is_forgotten() -> None:
    portrait = Portrait()
    for bar in range(100):
        hear(portrait, 4.0 * bar, 0.030)
    for bar in range(100, 160):
        hear(portrait, 4.0 * bar, -0.030)

    told = figures(portrait, 640.0)
    # the place's own mean is over about 14 onsets, that of all over about 100
    expected = 10 * portrait.groove.expect(0)
    assert told["mean of the bar's place"] + expected == pytest.approx(-0.3, abs=0.02)
    assert -0.1 < told["mean of all"] + expected < 0.1


def test_it_is_no_larger_after_a_night_than_after_a_song() -> None:
    def size(portrait: Portrait) -> int:
        parts = (getattr(portrait, field.name) for field in fields(portrait))
        return sum(len(part) for part in parts if isinstance(part, Sized))

    portrait, sizes = Portrait(), []
    for n in range(30_000):
        hear(portrait, n * TWELFTH)
        meet(portrait, n * TWELFTH, 0.0)
        if n % 3000 == 2999:
            sizes.append(size(portrait))
            portrait.jump(Beats(n * TWELFTH), Beats(0.0))

    assert max(sizes) <= 1200


def test_it_is_no_larger_for_a_song_that_runs_backwards() -> None:
    portrait = Portrait()
    for n in range(3000):
        hear(portrait, -n * TWELFTH)

    assert len(portrait._played) < 800


offsets = st.floats(-0.3, 0.3)
beats = st.one_of(st.floats(-100.0, 10_000.0), st.integers(0, 400).map(lambda n: n / 12))
voices = st.lists(st.integers(0, len(VOICES) - 1), max_size=3, unique=True).map(tuple)
metered = st.sampled_from(
    [
        FOUR,
        MeterMap([MeterChange(Beats(0.0), Meter(7, 8))]),
        MeterMap([MeterChange(Beats(0.0), Meter(1, 128))]),
        MeterMap([MeterChange(Beats(0.0), Meter(2, 4)), MeterChange(Beats(6.0), Meter(33, 4))]),
    ]
)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("hear"), beats, offsets, st.floats(0.0, 1.0), voices),
        st.tuples(st.just("meet"), beats, offsets, st.just(0.0), st.just(())),
        st.tuples(st.just("jump"), beats, st.floats(0.0, 400.0), st.just(0.0), st.just(())),
        st.tuples(st.just("rest"), beats, st.just(0.0), st.just(0.0), st.just(())),
    ),
    max_size=60,
)


def happen(
    portrait: Portrait, meters: MeterMap, act: tuple[str, float, float, float, tuple[int, ...]]
) -> None:
    """Let one of `acts` happen."""
    kind, at, value, velocity, drums = act
    place = meters.position(Beats(at))
    if kind == "hear":
        portrait.hear(place, Seconds(value), velocity=velocity, voices=drums)
    elif kind == "meet":
        portrait.meet(place, Seconds(value))
    elif kind == "jump":
        portrait.jump(Beats(at), Beats(value))
    else:
        portrait.rest()


@settings(max_examples=100, deadline=None)
@given(metered, acts, beats, voices)
def test_what_lasts_of_a_portrait_is_all_that_a_rest_leaves_of_it(
    meters: MeterMap,
    heard: list[tuple[str, float, float, float, tuple[int, ...]]],
    beat: float,
    struck: tuple[int, ...],
) -> None:
    portrait = Portrait()
    for act in heard:
        happen(portrait, meters, act)

    again = Portrait.of(portrait.likeness())
    portrait.rest()

    assert portrait.likeness().sane
    assert again == portrait
    assert again.look(meters.position(Beats(beat)), struck) == portrait.look(
        meters.position(Beats(beat)), struck
    )


@pytest.mark.parametrize(
    "absurd",
    [
        Likeness(mean=math.nan),
        Likeness(slow=1.5),
        Likeness(everywhere=Sum(0, 3.0, 2.0)),
        Likeness(by_bar=(Sum(0, 0.0, math.inf),)),
        Likeness(newest=(Visit(0, 0.0, math.inf),)),
        Likeness(meets=(Figure(0, -2.0),)),
        Likeness(velocity=(Figure(0, 127.0),)),
    ],
)
def test_what_no_musician_can_have_become_is_not_sane(absurd: Likeness) -> None:
    assert not absurd.sane


@settings(max_examples=100, deadline=None)
@given(metered, acts, beats, voices)
def test_whatever_was_heard_every_figure_is_a_number(
    meters: MeterMap,
    heard: list[tuple[str, float, float, float, tuple[int, ...]]],
    beat: float,
    struck: tuple[int, ...],
) -> None:
    portrait = Portrait()
    for act in heard:
        happen(portrait, meters, act)
        told = portrait.look(meters.position(Beats(beat)), struck)

        assert len(told) == WIDTH
        assert all(math.isfinite(figure) for figure in told)
        assert 0.0 <= portrait.chance(meters.position(Beats(beat))) <= 1.0
