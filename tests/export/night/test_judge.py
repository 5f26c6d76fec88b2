"""What is measured of two networks."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pocket_core.predict import NOTHING, OUTPUTS, Prediction, State
from pocket_core.tempo import Meter
from pocket_core.types import Beats
from pocket_export.duets import Duet
from pocket_export.evaluate import predict
from pocket_export.groove import load
from pocket_export.night import judge
from pocket_export.night.judge import groove_lessons, judge_on_groove, time_steps
from pocket_export.night.take_duets import About, Musician, TakeDuet, make_duets
from pocket_export.night.take_lessons import Passed, lessons_of_take
from pocket_export.night.targets import Rule, Style
from pocket_export.read_back import read_back
from pocketd.model_shelf import find
from tests.export.archives import archive
from tests.export.night.journals import step


def test_a_network_that_says_whether_the_musician_plays_is_asked_how_often_it_is_wrong(
    tmp_path: Path,
) -> None:
    to_follow, to_humanise = groove_lessons(load(archive(tmp_path / "groove.zip")).split("validation"))
    net = read_back(find("follower"))
    wrong = []
    for lesson, said in predict(net, to_follow):
        for row in np.flatnonzero(lesson.drums):
            plays = 0.0 if np.isnan(lesson.meets[row]) else 1.0
            wrong.append((float(said[row, OUTPUTS.index("chance")]) - plays) ** 2)

    assert judge_on_groove(net, to_follow, to_humanise).chance == pytest.approx(np.mean(wrong))


def test_a_network_that_does_not_say_it_is_not_asked(tmp_path: Path) -> None:
    to_follow, to_humanise = groove_lessons(load(archive(tmp_path / "groove.zip")).split("validation"))

    assert judge_on_groove(read_back(find("lstm")), to_follow, to_humanise).chance is None


def test_parts_of_a_take_are_judged_as_one_and_share_its_mean() -> None:
    # in one part the musician is on the grid, in the other 40 ms late; every bar of both is kept
    parts = [TakeDuet(About("t", "song"), played(late), np.zeros(16)) for late in (0.0, 0.040)]
    lessons = lessons_of_take(parts, Rule(Style.VARIANCE))
    assert not isinstance(lessons, Passed)
    net = read_back(find("lstm"))

    (take,) = judge.judge(
        [replace(each, held=np.ones_like(each.held)) for each in lessons], net, net, lambda: None
    )

    assert take.human == pytest.approx([0.0] * 16 + [0.040] * 16, abs=1e-6)
    assert take.errors(np.zeros(32)) == pytest.approx(np.full(32, 0.020), abs=1e-6)


def played(late: float) -> Duet:
    """Return two bars of eighths and a musician who is late by so much."""
    steps = [step(n, 1.0 + n / 4, 1 + n // 8, 1 + n % 8 / 2) for n in range(16)]
    onsets = np.array([each.nominal_s + late for each in steps])
    (made,) = make_duets(About("t"), steps, Musician(onsets, np.full(16, 0.5)), Meter())
    return made.duet


def test_who_was_slower_by_chance_is_timed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = iter([(0.4, 0.9), (0.4, 0.6), (0.4, 0.45), (0.4, 0.4)])
    monkeypatch.setattr(judge, "_medians", lambda *_: next(runs))

    assert time_steps(find("lstm"), find("lstm"), lambda: None) == (0.4, 0.45)


def test_who_is_slower_every_time_is_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = iter([(0.4, 0.9), (0.4, 0.8), (0.4, 0.7), (0.4, 0.4)])
    monkeypatch.setattr(judge, "_medians", lambda *_: next(runs))

    assert time_steps(find("lstm"), find("lstm"), lambda: None) == (0.4, 0.7)


def test_steps_that_were_held_up_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = HeldUp(every=7)
    monkeypatch.setattr(judge, "PAUSE", 0.0)
    monkeypatch.setattr(judge, "load_predictor", lambda *_: desk)
    monkeypatch.setattr(time, "perf_counter", lambda: desk.now)

    was, now = time_steps(find("lstm"), find("lstm"), lambda: None)

    assert was == pytest.approx(0.5)
    assert now == pytest.approx(0.5)


class HeldUp:
    """A model whose steps take 0.5 ms, but for some that take a second."""

    def __init__(self, every: int) -> None:
        self.now, self._steps, self._every = 0.0, 0, every

    def initial_state(self) -> State:
        return ()

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        self._steps += 1
        self.now += 1.0 if self._steps % self._every == 0 else 0.0005
        return NOTHING, state
