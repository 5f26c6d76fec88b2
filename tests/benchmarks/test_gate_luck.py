"""What luck may do at the gate, and what it may not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks.gate_luck import (
    BETTER_MS,
    EFFECTS,
    EVENINGS,
    Effects,
    Evening,
    drawn_bars,
    main,
    play,
    promotes,
)

STILL = Effects("takes that are all alike", 0.0, 0.0)


def test_what_is_made_up_differs_by_what_was_asked_for() -> None:
    parts = play(Evening("long", [2_000, 2_000]), STILL, 1.5, np.random.default_rng(1))

    apart = [part.errors(part.challenger) - part.errors(part.champion) for part in parts]
    assert np.concatenate(apart).mean() * 1000 == pytest.approx(-1.5, abs=0.1)


def test_a_clear_difference_is_seen_both_ways() -> None:
    rng = np.random.default_rng(1)
    better = play(Evening("evening", [32] * 4), STILL, 3.0, rng)
    worse = play(Evening("evening", [32] * 4), STILL, -3.0, rng)

    assert promotes(better)
    assert drawn_bars(better, rng)
    assert not promotes(worse)
    assert not drawn_bars(worse, rng)


def test_every_row_is_written(tmp_path: Path) -> None:
    main(["--times", "2", "--json", str(tmp_path / "luck.json")])

    rows = json.loads((tmp_path / "luck.json").read_text())["rows"]
    assert len(rows) == (len(EFFECTS) + len(BETTER_MS)) * len(EVENINGS)
    assert {"gate_percent", "bars_percent"} <= rows[0].keys()
