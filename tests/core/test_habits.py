"""What is known of a drummer: the rule of BENCHMARKS, and what goes beyond it."""

from __future__ import annotations

import math

import pytest
from benchmarks.humanise_rivals import running_mean
from benchmarks.windows import BAR as SIXTEENTHS_OF_BAR
from benchmarks.windows import Sheet
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.habits import COLUMNS, KINDS, OFFSETS, UNKNOWN, WIDTH, Habits, Stroke
from pocket_core.voices import VOICES
from tests.benchmarks.humanise_sheets import HAT, KICK, SNARE, busy, sheet

BAR = 48  # twelfths


def of(habits: Habits, twelfth: int, *voices: int) -> dict[str, float]:
    """What is told of a place, by its name less "habit"."""
    told = habits.look(twelfth, voices)
    return {name.removeprefix("habit "): figure for name, figure in zip(COLUMNS, told, strict=True)}


def knowing(*bars: list[Stroke]) -> Habits:
    habits = Habits(BAR)
    for bar in bars:
        habits.learn(bar)
    return habits


def kick(offset_ms: float, velocity: float, twelfth: int = 0) -> Stroke:
    return Stroke(twelfth, KICK, offset_ms / 1000, velocity)


def anchors(sheet: Sheet) -> list[tuple[float, float]]:
    """Each note's expected offset in ms and velocity, the bars before it known."""
    habits, found = Habits(BAR), []
    notes = list(
        zip(
            sheet.steps.tolist(),
            sheet.voices.tolist(),
            sheet.offsets_ms.tolist(),
            sheet.velocities.tolist(),
            strict=True,
        )
    )
    for bar in range(sheet.bars):
        here = [note for note in notes if note[0] // SIXTEENTHS_OF_BAR == bar]
        for step, voice, _, _ in here:
            offset, velocity = habits.anchor(step * 3 % BAR, voice)
            found.append((offset * 1000, velocity))
        habits.learn(Stroke(step * 3 % BAR, v, ms / 1000, loud) for step, v, ms, loud in here)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_anchor_is_the_running_mean_of_the_benchmark(seed: int) -> None:
    made = busy(9, seed)
    [wanted] = running_mean([made])

    found = anchors(made)

    assert wanted.velocities is not None
    assert [offset for offset, _ in found] == pytest.approx(wanted.offsets_ms.tolist())
    assert [velocity for _, velocity in found] == pytest.approx(wanted.velocities.tolist())


def test_the_anchor_begins_on_the_grid_and_a_little_louder_than_half() -> None:
    assert anchors(sheet((0, KICK, 10.0, 0.9), (4, KICK, 30.0, 0.1))) == [(0.0, 0.55), (0.0, 0.55)]


def test_the_first_figures_are_the_anchor_and_how_well_it_is_known() -> None:
    habits = knowing([kick(10, 0.9), Stroke(12, SNARE, 0.030, 0.5)])  # on the mean 20 ms, .7

    told = of(habits, 0, KICK)

    # (10 + 4 * 20) / 5 and (.9 + 4 * .7) / 5
    assert habits.anchor(0, KICK) == pytest.approx((0.018, 0.74))
    assert [told["offset kick"], told["velocity kick"], told["known kick"]] == pytest.approx(
        [0.18, 0.24, 0.2]
    )


def test_of_nobody_everything_is_zero() -> None:
    assert not any(UNKNOWN.look(0, range(9)))
    assert not any(Habits(BAR).look(7, (KICK,)))
    assert len(UNKNOWN.look(0, ())) == WIDTH == KINDS * len(VOICES) + 5


def test_nobody_has_been_taught_to_be_nobody() -> None:
    assert UNKNOWN.strokes == 0


def test_a_voice_that_is_not_struck_is_told_nothing_of() -> None:
    habits = knowing([kick(10, 0.9), Stroke(0, HAT, -0.020, 0.3)])

    told = of(habits, 0, KICK)

    assert not any(figure for name, figure in told.items() if name.endswith("closed hat"))
    assert told["offset kick"] != 0.0
    assert told["strokes"] == of(habits, 0)["strokes"] == 2 / 18


def test_from_the_anchor_other_means_are_told_as_differences() -> None:
    # kick: 10 and 20 ms at the bar's start, 30 at its third quarter; snare 40 at the second
    habits = knowing(
        [kick(10, 0.9), Stroke(12, SNARE, 0.040, 0.5), kick(30, 0.6, twelfth=24)], [kick(20, 0.8)]
    )

    told = of(habits, 0, KICK)

    keeps = 0.97  # the coarser means forget after each bar
    mean = (10 + 40 + 30 + 20) / 4
    anchor = (10 + 20 + 4 * mean) / 6
    voice = ((10 + 30) * keeps**2 + 20 * keeps + 2 * mean) / (2 * keeps**2 + keeps + 2)
    beat = ((10 + 30) * keeps**2 + 20 * keeps + 2 * voice) / (2 * keeps**2 + keeps + 2)
    place = (10 * keeps**2 + 20 * keeps + 2 * mean) / (keeps**2 + keeps + 2)
    late = (10 * 0.75**2 + 20 * 0.75 + beat) / (0.75**2 + 0.75 + 1)
    steps = (10 + 20 + 2 * beat) / 4
    names = (
        "offset kick",
        "offset last kick",
        "offset of the voice kick",
        "offset of the beat's place kick",
        "offset of the place kick",
        "offset of late kick",
        "offset in steps kick",
    )
    wanted = [anchor, *(other - anchor for other in (20.0, voice, beat, place, late, steps))]
    assert [told[name] for name in names] == pytest.approx([ms / 100 for ms in wanted])
    assert told["velocity last kick"] == pytest.approx(0.8 - (0.9 + 0.8 + 4 * 0.7) / 6)
    assert told["offset of all"] == pytest.approx(0.25)
    assert told["velocity of all"] == pytest.approx(0.2)


def test_surprise_is_how_far_off_the_last_bars_were() -> None:
    first = knowing([kick(30, 0.55)])  # nothing was expected but .55: 30 off
    then = knowing([kick(30, 0.55)], [kick(30, 0.75)])

    # at the second: all means are 30, .55: right in time, .2 louder; the first counts .6 now
    names = ("surprise kick", "surprise of all", "velocity surprise of all")
    assert [of(first, 0, KICK)[name] for name in names] == pytest.approx([0.3 / 3, 0.3 / 4, 0.0])
    assert [of(then, 0, KICK)[name] for name in names] == pytest.approx(
        [0.3 * 0.6 / (1.6 + 2), 0.3 * 0.6 / (1.6 + 3), 0.2 / (1.6 + 3)]
    )


def test_to_look_twice_is_to_see_the_same() -> None:
    habits = knowing([kick(10, 0.9), kick(-5, 0.2, twelfth=18)])

    looks = [habits.look(twelfth, (KICK, SNARE)) for twelfth in (0, 18, 3, 0)]

    assert looks[0] == looks[3]
    assert looks[0] != looks[1]


def test_another_bar_changes_what_is_told() -> None:
    habits = knowing([kick(10, 0.9)])
    before = habits.look(0, (KICK,))

    habits.learn([kick(-40, 0.1)])

    assert habits.look(0, (KICK,)) != before
    assert habits.strokes == 2


def test_a_silent_bar_lets_only_what_forgets_fade() -> None:
    habits = knowing([kick(30, 0.9)])
    before = of(habits, 0, KICK)

    habits.learn([])

    after = of(habits, 0, KICK)
    assert habits.strokes == 1
    assert [after["offset kick"], after["known kick"]] == [before["offset kick"], before["known kick"]]
    assert abs(after["surprise kick"]) < abs(before["surprise kick"])


def test_positions_wrap_at_the_bar_line() -> None:
    here, next_bar = knowing([kick(10, 0.9, twelfth=6)]), knowing([kick(10, 0.9, twelfth=BAR + 6)])

    assert here.look(6, (KICK,)) == next_bar.look(BAR + 6, (KICK,))


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from([48, 42, 36, 10]),
    st.lists(
        st.lists(
            st.builds(
                Stroke, st.integers(0, 60), st.integers(0, 8), st.floats(-0.3, 0.3), st.floats(0.0, 1.0)
            ),
            max_size=12,
        ),
        max_size=8,
    ),
    st.integers(0, 60),
)
def test_whatever_was_played_every_figure_is_a_number(
    length: int, bars: list[list[Stroke]], twelfth: int
) -> None:
    habits = Habits(length)
    for bar in bars:
        habits.learn(bar)

    told = habits.look(twelfth, range(9))

    assert len(told) == WIDTH
    assert all(math.isfinite(figure) for figure in told)
    # offsets in tenths of a second, of strokes up to 300 ms; differences are up to twice that
    assert all(abs(told[COLUMNS.index(name)]) <= 6.0 for name in OFFSETS)
