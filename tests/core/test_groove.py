"""The template learns a feel, with the numbers of BENCHMARKS' rule."""

from __future__ import annotations

import pytest

from pocket_core.groove import GrooveTemplate
from pocket_core.types import Seconds


def test_the_first_onset_moves_mean_then_position() -> None:
    groove = GrooveTemplate()

    groove.hear(6, Seconds(0.010))

    assert groove.mean == pytest.approx(0.002)  # .2 of 10 ms
    assert groove.expect(6) == pytest.approx(0.002 + 0.3 * 0.008)
    assert groove.expect(0) == pytest.approx(0.002)


def test_swing_is_learnt_for_its_position_alone() -> None:
    groove = GrooveTemplate()
    for _ in range(60):
        groove.hear(0, Seconds(0.0))
        groove.hear(6, Seconds(0.080))

    assert groove.expect(0) == pytest.approx(0.0, abs=0.012)
    assert groove.expect(6) == pytest.approx(0.080, abs=0.012)
