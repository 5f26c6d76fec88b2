from __future__ import annotations

from pathlib import Path

import pytest

from pocket_core.types import Seconds
from pocketd.generators.check import BARS, LIMIT, check
from pocketd.generators.graphs import generator_folder
from pocketd.generators.shelf import KINDS
from tests.daemon.generators.shipped import copied, damage


class Clock:
    """Each bar takes as long as it is told to."""

    def __init__(self, *bars: float) -> None:
        self._bars = bars
        self._looks = 0
        self._now = 0.0

    def __call__(self) -> Seconds:
        if self._looks % 2:  # the end of a bar
            self._now += self._bars[self._looks // 2 % len(self._bars)]
        self._looks += 1
        return Seconds(self._now)


@pytest.mark.parametrize("kind", KINDS)
def test_what_ships_holds(kind: str) -> None:
    shares: list[float] = []

    verdict = check(generator_folder() / f"{kind}.json", now=Clock(0.007), watch=shares.append)

    assert verdict.faults == ()
    assert verdict.bars is not None
    assert verdict.bars.median == pytest.approx(0.007)
    assert verdict.bars.strokes > 4 * BARS
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_graph_of_other_bytes_than_its_card_s_is_named(tmp_path: Path) -> None:
    card = copied(tmp_path, "pattern")
    graph = damage(card)

    (fault,) = check(card).faults

    assert fault.startswith(f"{graph}: sha256 is ")
    assert "copy or export both again" in fault


@pytest.mark.parametrize("apart", [0.01, float("nan"), None, "little"])
def test_a_graph_that_strayed_from_its_network_is_refused(tmp_path: Path, apart: object) -> None:
    figures = {"parity_encoder": 1e-7, "parity_decoder": apart}

    (fault,) = check(copied(tmp_path, "pattern", figures=figures)).faults

    assert "the graph decoder and its network" in fault
    assert fault.endswith("run `pocketd pretrain --model pattern` again")


@pytest.mark.parametrize(
    ("kind", "setting", "why"),
    [("pattern", "velocities", "lacks settings"), ("bars", "threshold_logit", "KeyError: 'threshold_logit'")],
)
def test_a_card_that_lacks_a_setting_is_told_of(tmp_path: Path, kind: str, setting: str, why: str) -> None:
    (fault,) = check(copied(tmp_path, kind, {setting: None})).faults

    assert why in fault
    assert "again" in fault


def test_a_source_that_makes_nothing_is_refused(tmp_path: Path) -> None:
    verdict = check(copied(tmp_path, "bars", {"threshold_logit": 1e6}))

    assert verdict.faults == (f"it made no stroke in {BARS} bars; train it again",)


def test_one_that_is_slow_each_time_is_refused_and_one_that_was_held_up_once_is_not() -> None:
    card = generator_folder() / "pattern.json"

    slow = check(card, now=Clock(LIMIT + 0.1))
    held_up = check(card, now=Clock(*[LIMIT + 0.1] * BARS, *[0.001] * BARS))

    assert slow.faults[0].startswith("12 of 12 bars took over 400 ms each time, the longest at least 500 ms")
    assert held_up.faults == ()


def test_what_is_no_card_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")

    assert "cannot be read" in check(tmp_path / "none.json").faults[0]
    assert "name: Field required" in check(tmp_path / "a.json").faults[0]
