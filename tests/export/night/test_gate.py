"""The gate: who is promoted, who is not, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pocket_export.night.gate import (
    Check,
    Groove,
    Judged,
    Pair,
    compare,
    judge_groove,
    judge_step,
    judge_takes,
)

BARS, IN_BAR = 10, 4


def judged(
    *,
    champion: float,
    challenger: float,
    song: str = "a",
    take: str = "1",
    bars: int = BARS,
    noise: float = 0.004,
    seed: int = 1,
) -> Judged:
    """A musician 20 ms late with some noise, and two forecasts so far (s) from where they are."""
    count = bars * IN_BAR
    human = 0.020 + np.random.default_rng(seed).normal(0.0, noise, count)
    at = np.full(count, 0.020)
    return Judged(song, take, np.repeat(np.arange(bars), IN_BAR), human, at - champion, at - challenger)


def evening(
    *, champion: float, challenger: float, takes: int = 4, song: str = "a", bars: int = BARS, seed: int = 1
) -> list[Judged]:
    """Some takes of a song."""
    return [
        judged(
            champion=champion,
            challenger=challenger,
            song=song,
            take=f"{song}{n}",
            bars=bars,
            seed=seed * 100 + n,
        )
        for n in range(takes)
    ]


def verdicts(checks: list[Check]) -> dict[str, bool]:
    return {check.name: check.passed for check in checks}


def test_whoever_is_clearly_nearer_passes() -> None:
    assert all(verdicts(judge_takes(evening(champion=0.010, challenger=0.001))).values())


def test_whoever_is_the_same_does_not() -> None:
    assert not verdicts(judge_takes(evening(champion=0.005, challenger=0.005)))["better than the champion"]


def test_whoever_is_nearer_in_one_take_and_farther_in_another_may_have_been_lucky() -> None:
    gains, loses = (
        evening(champion=0.020, challenger=0.001, takes=1),
        evening(champion=0.004, challenger=0.006),
    )

    checks = judge_takes([*gains, loses[1]])

    assert verdicts(checks)["enough to judge by"]
    assert not verdicts(checks)["better than the champion"]


def test_a_lucky_figure_is_rare_however_takes_and_bars_hang_together() -> None:
    rng, promoted, times = np.random.default_rng(1), 0, 400
    for _ in range(times):
        parts = []
        for part in evening(champion=0.0, challenger=0.0, takes=3):
            apart = rng.normal(0, 0.002) + np.repeat(rng.normal(0, 0.002, BARS), IN_BAR)
            far = np.full(len(part.human), 0.5)  # so that errors differ by just what is added
            parts.append(replace(part, champion=part.human - far, challenger=part.human - far - apart))
        pair = compare(parts, "champion")
        promoted += pair is not None and pair.better

    assert promoted / times < 0.08  # 5 % are meant; 3 standard errors


def test_whoever_is_worse_than_no_offset_does_not_pass() -> None:
    checks = verdicts(judge_takes(evening(champion=0.060, challenger=0.030)))

    assert checks["better than the champion"]
    assert not checks["better than no offset"]


@pytest.mark.parametrize(
    ("takes", "bars", "said"),
    [
        (2, 5, "40 meetings in 10 bars of 2 takes"),
        (1, 11, "44 meetings in 11 bars of 1 take"),
        (2, 3, "24 meetings in 6 bars of 1 take"),  # too short to be two
    ],
)
def test_too_little_is_no_reason_for_anything(takes: int, bars: int, said: str) -> None:
    (check,) = judge_takes(evening(champion=0.010, challenger=0.001, takes=takes, bars=bars))

    assert not check.passed
    assert said in check.text


@pytest.mark.parametrize(("challenger", "passes"), [(0.012, False), (0.006, True)])
def test_one_take_alone_has_to_say_it_loudly(challenger: float, passes: bool) -> None:
    one = judge_takes(evening(champion=0.015, challenger=challenger, takes=1, bars=40))
    three = judge_takes(evening(champion=0.015, challenger=challenger, takes=3))

    assert verdicts(one)["better than the champion"] is passes
    assert verdicts(three)["better than the champion"]


def test_few_bars_with_many_meetings_are_too_few() -> None:
    parts = [
        replace(part, bars=part.bars // 6) for part in evening(champion=0.010, challenger=0.001, takes=3)
    ]

    (check,) = judge_takes(parts)

    assert "120 meetings in 6 bars of 3 takes" in check.text


def test_nothing_to_judge_by_is_said_so() -> None:
    assert [check.passed for check in judge_takes([])] == [False]


def test_a_take_of_a_few_meetings_counts_with_its_neighbour() -> None:
    parts = evening(champion=0.010, challenger=0.001, takes=3)
    short = judged(champion=0.010, challenger=0.001, take="b", bars=1)

    first, last, none = (compare(takes, "champion") for takes in ([short, *parts], [*parts, short], parts))

    assert first is not None
    assert last is not None
    assert none is not None
    assert first.takes == last.takes == none.takes == 3
    assert first.meetings == last.meetings == none.meetings + IN_BAR


def test_what_a_take_was_cut_into_counts_as_one() -> None:
    whole = evening(champion=0.010, challenger=0.001)
    pieces = [replace(part, take="the same") for part in whole]

    pair = compare(pieces, "champion")
    assert pair is not None
    assert pair.takes == 1


def test_one_song_that_suffers_outweighs_many_that_gain() -> None:
    gain = [
        part for n in range(5) for part in evening(champion=0.020, challenger=0.001, song=f"s{n}", seed=n)
    ]
    loses = judged(champion=0.004, challenger=0.008, song="ballad", take="b", seed=9)

    checks = judge_takes([*gain, loses])

    assert verdicts(checks)["better than the champion"]
    assert not verdicts(checks)["no song suffers"]
    assert "ballad" in checks[-1].text


def test_songs_that_nothing_can_be_said_of_are_named() -> None:
    parts = evening(champion=0.010, challenger=0.001)
    short = judged(champion=0.010, challenger=0.001, song="waltz", take="w", bars=2)

    checks = judge_takes([*parts, short], (), ["a", "waltz", "polka", ""])

    assert checks[-1].name == "no song suffers"
    assert checks[-1].text == (
        "every song at least as well; not judged: waltz, 8 meetings of at least 16; polka, 0 meetings of at "
        "least 16; takes without a name, 0 meetings of at least 16"
    )


def test_a_song_that_has_a_model_of_its_own_says_nothing_of_the_champion() -> None:
    parts = evening(champion=0.010, challenger=0.001)
    own = evening(champion=0.001, challenger=0.030, song="blues")

    checks = judge_takes([*parts, *own], ["blues"], ["a", "blues"])

    assert all(verdicts(checks).values())
    assert "not judged: blues, which a model of its own plays" in checks[-1].text
    assert checks[0].text == "160 meetings in 40 bars of 4 takes"


def test_a_constant_distance_does_not_count_where_targets_have_no_mean() -> None:
    away = [replace(part, centred=True) for part in evening(champion=0.010, challenger=0.001)]

    assert not verdicts(judge_takes(away))["better than the champion"]


def test_the_interval_is_wider_where_takes_hang_together() -> None:
    rng = np.random.default_rng(1)
    parts = evening(champion=0.004, challenger=0.004)

    def widened(once: int) -> Pair:
        moved = []
        for part in parts:
            count = len(part.human) // once
            moved.append(replace(part, champion=part.champion + np.repeat(rng.normal(0, 0.004, count), once)))
        pair = compare(moved, "champion")
        assert pair is not None
        return pair

    wide, narrow = widened(BARS * IN_BAR), widened(1)

    assert wide.high_ms - wide.low_ms > narrow.high_ms - narrow.low_ms


@pytest.mark.parametrize(
    ("after", "passes"), [(10.0, True), (10.19, True), (10.21, False), (float("nan"), False)]
)
def test_two_percent_may_be_forgotten_and_no_more(after: float, passes: bool) -> None:
    follow, humanise = judge_groove(Groove(10.0, 15.0), Groove(after, 15.0), Groove(10.0, 15.0))

    assert follow.passed is passes
    assert humanise.passed


@pytest.mark.parametrize(("before", "shipped"), [(10.0, 12.0), (12.0, 10.0)])
def test_forgetting_a_little_every_night_does_not_add_up(before: float, shipped: float) -> None:
    follow, _ = judge_groove(Groove(before, 15.0), Groove(10.3, 15.0), Groove(shipped, 15.0))

    assert not follow.passed
    assert follow.text == f"10.30 ms, before {before:.2f}, as shipped {shipped:.2f}, at most 2% more"


@pytest.mark.parametrize(("after", "passes"), [(0.0815, True), (0.0818, False), (float("nan"), False)])
def test_whether_the_musician_plays_is_not_to_be_forgotten_either(after: float, passes: bool) -> None:
    olds = Groove(10.0, 15.0, 0.09), Groove(10.0, 15.0, 0.08)

    *_, chance = judge_groove(olds[0], Groove(10.0, 15.0, after), olds[1])

    assert chance.passed is passes
    assert "Brier" in chance.text


def test_a_network_that_does_not_say_whether_the_musician_plays_is_not_asked() -> None:
    assert len(judge_groove(Groove(10.0, 15.0), Groove(10.0, 15.0), Groove(10.0, 15.0))) == 2


def test_a_step_may_take_a_quarter_longer() -> None:
    assert judge_step(0.4, 0.49).passed
    assert not judge_step(0.4, 0.51).passed
