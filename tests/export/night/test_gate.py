"""The gate: who is promoted, who is not, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pocket_export.night.gate import (
    FEWEST,
    Check,
    Groove,
    Judged,
    compare,
    judge_groove,
    judge_step,
    judge_takes,
)

BARS, IN_BAR = 40, 4


def judged(
    *,
    champion: float,
    challenger: float,
    song: str = "a",
    bars: int = BARS,
    noise: float = 0.004,
    seed: int = 1,
) -> Judged:
    """A musician 20 ms late with some noise, and two forecasts so far (s) from where they are."""
    count = bars * IN_BAR
    human = 0.020 + np.random.default_rng(seed).normal(0.0, noise, count)
    at = np.full(count, 0.020)
    return Judged(song, "t", np.repeat(np.arange(bars), IN_BAR), human, at - champion, at - challenger)


def verdicts(checks: list[Check]) -> dict[str, bool]:
    return {check.name: check.passed for check in checks}


def test_whoever_is_clearly_nearer_passes() -> None:
    assert all(verdicts(judge_takes([judged(champion=0.010, challenger=0.001)])).values())


def test_whoever_is_the_same_does_not() -> None:
    assert not verdicts(judge_takes([judged(champion=0.005, challenger=0.005)]))["better than the champion"]


def test_whoever_is_a_little_nearer_on_a_few_bars_may_have_been_lucky() -> None:
    few, chance = judged(champion=0.0, challenger=0.0, bars=12), np.random.default_rng(2)
    count = len(few.human)
    lucky = replace(
        few,
        champion=few.champion + chance.normal(0.0, 0.0052, count),
        challenger=few.challenger + chance.normal(0.0, 0.0050, count),
    )

    assert not verdicts(judge_takes([lucky]))["better than the champion"]


def test_whoever_is_worse_than_no_offset_does_not_pass() -> None:
    checks = verdicts(judge_takes([judged(champion=0.060, challenger=0.030)]))

    assert checks["better than the champion"]
    assert not checks["better than no offset"]


def test_too_few_meetings_are_no_reason_for_anything() -> None:
    few = judged(champion=0.010, challenger=0.001, bars=FEWEST // IN_BAR - 1)

    (check,) = judge_takes([few])

    assert not check.passed
    assert "44 meetings" in check.text


def test_nothing_to_judge_by_is_said_so() -> None:
    assert [check.passed for check in judge_takes([])] == [False]


def test_one_song_that_suffers_outweighs_many_that_gain() -> None:
    gain = [judged(champion=0.020, challenger=0.001, song=f"s{n}", seed=n) for n in range(5)]
    loses = judged(champion=0.004, challenger=0.008, song="ballad", bars=10, seed=9)

    checks = judge_takes([*gain, loses])

    assert verdicts(checks)["better than the champion"]
    assert not verdicts(checks)["no song suffers"]
    assert "ballad" in checks[-1].text


def test_a_constant_distance_does_not_count_where_targets_have_no_mean() -> None:
    away = replace(judged(champion=0.010, challenger=0.001), centred=True)

    assert not verdicts(judge_takes([away]))["better than the champion"]


def test_the_interval_is_wider_where_bars_hang_together() -> None:
    rng = np.random.default_rng(1)
    loose = judged(champion=0.004, challenger=0.004)
    apart = replace(loose, champion=loose.champion + rng.normal(0, 0.004, len(loose.human)))
    bar = np.repeat(rng.normal(0, 0.004, BARS), IN_BAR)
    together = replace(loose, champion=loose.champion + bar)

    wide, narrow = compare([together], "champion"), compare([apart], "champion")

    assert wide is not None
    assert narrow is not None
    assert wide.high_ms - wide.low_ms > narrow.high_ms - narrow.low_ms


@pytest.mark.parametrize(
    ("after", "passes"), [(10.0, True), (10.19, True), (10.21, False), (float("nan"), False)]
)
def test_two_percent_may_be_forgotten_and_no_more(after: float, passes: bool) -> None:
    follow, humanise = judge_groove(Groove(10.0, 15.0), Groove(after, 15.0))

    assert follow.passed is passes
    assert humanise.passed


def test_a_step_may_take_a_quarter_longer() -> None:
    assert judge_step(0.4, 0.49).passed
    assert not judge_step(0.4, 0.51).passed
