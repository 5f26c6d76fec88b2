"""Real recording daemons, killed; the long version is benchmarks/kill_takes.py."""

from __future__ import annotations

import os
import random

import pytest
from benchmarks.kill_takes import MAY_LOSE_MS, VICTIMS, WHEN, kill_once

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals"),
]


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("part", range(3))
def test_a_kill_at_any_moment_costs_at_most_50_ms_and_leaves_nothing_half_written(
    victim: str, part: int
) -> None:
    begin, end = WHEN
    after = begin + (end - begin) * (part + random.random()) / 3

    killed = kill_once(victim, after)

    assert killed.wrong == ()
    assert killed.lost_ms <= MAY_LOSE_MS
    assert killed.takes >= 1
