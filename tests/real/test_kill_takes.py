"""Real recording daemons, killed; the long version is benchmarks/kill_takes.py."""

from __future__ import annotations

import os

import pytest
from benchmarks.kill_takes import MAY_LOSE_MS, VICTIMS, WHEN, kill_once

pytestmark = [
    pytest.mark.real,
    pytest.mark.alone,
    pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals"),
]


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize(
    "share", [0.1, 0.8]
)  # in the first take, and while that is finished and another runs
def test_a_kill_costs_at_most_50_ms_and_leaves_nothing_half_written(victim: str, share: float) -> None:
    begin, end = WHEN

    killed = kill_once(victim, begin + share * (end - begin))

    assert killed.wrong == ()
    assert killed.lost_ms <= MAY_LOSE_MS
    assert killed.takes >= 1
