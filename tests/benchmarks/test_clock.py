"""What the clock's benchmark plays, and what it says of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks.clock import RATE, Arrival, Range, late, main, play

from benchmarks import clock

TRUE = 10.0 + np.arange(300, dtype=np.float64) / 48


def test_pulses_in_periods_are_never_early_and_less_than_a_period_late() -> None:
    heard = Arrival("long", frames=1024).of(TRUE, np.random.default_rng(1))

    off = heard - TRUE
    assert -1e-9 < off.min() < off.max() < 1024 / RATE + 1e-9
    periods = heard * RATE / 1024
    assert np.allclose(periods, periods.round())


def test_an_exact_clock_is_not_late() -> None:
    assert np.abs(late(TRUE, TRUE)[48:]).max() < 1e-6


def test_a_tick_that_is_a_period_is_left_out() -> None:
    arrival = Arrival("long", frames=1024)

    assert not arrival.tells(117.1875)
    assert arrival.tells(115.0)


def test_the_constant_delay_is_taken_out_of_periods_alone() -> None:
    rounded, _ = play(Arrival("long", frames=1024), 90.0, 1)
    jittered, _ = play(Arrival("jitter", jitter=0.005), 90.0, 1)

    assert rounded < 0.5
    assert jittered == pytest.approx(0.6, abs=0.15)


def test_every_row_is_written_and_what_is_over_its_goal_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = (Range("few", [90.0]),)
    arrivals = [
        (Arrival("a", jitter=0.001, goal_ms=1.0), few),
        (Arrival("b", jitter=0.005, goal_ms=0.1), few),
    ]
    monkeypatch.setattr(clock, "ARRIVALS", arrivals)

    code = main(["--seeds", "1", "--json", str(tmp_path / "clock.json")])

    rows = json.loads((tmp_path / "clock.json").read_text())["rows"]
    assert code == 1
    assert [row.get("note", "") for row in rows] == ["", "over its goal"]
    assert rows[0]["known"] == {"worst_ms": 1.0}
