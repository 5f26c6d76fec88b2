"""The rivals, by hand; and the known figures, on the recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.duets import Duet, Step, load
from benchmarks.follow import differing, rivals
from benchmarks.rivals import Quantised, RunningMean, Template, follow, own_hands


def duet(*steps: Step) -> Duet:
    return Duet("made up", 1, 120.0, (), (), steps)


# a bar with both on 0 and 24, the musician alone on 12, the drums alone on 36
BAR = (Step(0, 10.0, 4.0), Step(12, 20.0, None), Step(24, 30.0, 8.0), Step(36, None, 6.0))


def test_quantised_is_off_by_the_offset_itself() -> None:
    [found] = follow([duet(*BAR)], Quantised)

    assert found.human_ms.tolist() == [10.0, 30.0]
    assert found.drummer_ms is not None
    assert found.drummer_ms.tolist() == [4.0, 8.0, 6.0]


def test_running_mean_learns_from_onsets_that_meet_no_drum() -> None:
    # m: 0, then .2 * 10 = 2, then 2 + .2 * (20 - 2) = 5.6
    [found] = follow([duet(*BAR)], RunningMean)

    assert found.human_ms.tolist() == pytest.approx([10.0, 30.0 - 5.6])


def test_template_learns_mean_first_and_then_the_position() -> None:
    # onset 10 at 0: m = .2 * 10 = 2, t[0] = .3 * (10 - 2) = 2.4; a bar later p = 2 + 2.4
    [found] = follow([duet(Step(0, 10.0, 0.0), Step(48, 10.0, 0.0))], Template)

    assert found.human_ms.tolist() == pytest.approx([10.0, 10.0 - 4.4])


def test_late_commit_pulls_in_and_never_out() -> None:
    # forecast 0: an onset at -20 commits at -18.5, one at +5 finds the hit gone, one at -1 too (-1 + 1.5 > 0)
    steps = (Step(0, -20.0, 0.0), Step(12, 5.0, 0.0), Step(24, -1.0, 0.0))
    [found] = follow([duet(*steps)], Quantised, transport_ms=1.5)

    assert found.human_ms.tolist() == pytest.approx([-1.5, 5.0, -1.0])


def test_nobody_waits_where_the_musician_does_not_play() -> None:
    [found] = follow([duet(*BAR)], Template, transport_ms=3.0)

    assert found.waits_ms.tolist() == [0.0]


def test_own_hands_are_hands_less_feet() -> None:
    [found] = own_hands([duet(*BAR)])

    assert found.human_ms.tolist() == [6.0, 22.0]
    assert found.drummer_ms is None


@pytest.mark.data
def test_known_figures_reproduce(data_folder: Path) -> None:
    duets = load(data_folder, "test")

    forecast, late = rivals(duets, 1, test=True)

    assert len(duets) == 74
    assert sum(s.files is not None for s in late) == 8
    assert sum(step.drums_ms is not None for d in duets for step in d.steps) == 20_591
    assert differing([*forecast, *late]) == []
    assert all(np.isfinite(value) for s in [*forecast, *late] for value in s.row.figures.values())
