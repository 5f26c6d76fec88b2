from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from pocket_core import features
from pocket_core.types import Seconds
from pocketd import model_check
from pocketd.config import Config
from pocketd.model_check import STEPS, Demands, check, misfit, seeded_features
from pocketd.model_shelf import read_sheet
from tests.daemon.onnx_models import ALL_OUTPUTS, OLD_CARD, Tiny

DEMANDS = Demands(step_limit=Seconds(10.0), earliest=Seconds(0.108), latest=Seconds(0.100))


class Watchmaker:
    """A clock by which the nth step ever timed takes what it is told to, and the others 1 ms."""

    def __init__(self, slow: dict[int, float]) -> None:
        self.slow = slow
        self.reads = 0
        self.time = 0.0

    def __call__(self) -> Seconds:
        if self.reads % 2:  # the end of a step
            self.time += self.slow.get(self.reads // 2, 0.001)
        self.reads += 1
        return Seconds(self.time)


def faults(path: Path, demands: Demands = DEMANDS) -> tuple[str, ...]:
    return check(path, demands).faults


@pytest.mark.parametrize("outputs", [1, ALL_OUTPUTS])
def test_a_sound_model_holds(tmp_path: Path, outputs: int) -> None:
    verdict = check(Tiny(bias=0.004, outputs=outputs).write(tmp_path), DEMANDS)

    assert verdict.faults == ()
    assert verdict.steps is not None
    assert verdict.steps.on_nothing == pytest.approx(0.004)
    assert 0 < verdict.steps.median <= verdict.steps.p99 <= verdict.steps.worst


def test_the_demands_are_the_configurations() -> None:
    demands = Demands.of(Config(step_limit_ms=4, look_ahead_ms=80, guard_ms=10, max_late_ms=50))

    assert demands == Demands(Seconds(0.004), Seconds(0.08 - 0.01), Seconds(0.05))


def test_a_model_of_the_first_format_says_what_it_was_made_for_and_what_to_do(tmp_path: Path) -> None:
    path = Tiny(card=OLD_CARD).write(tmp_path)

    assert faults(path) == (
        f"made for features v1 of width 27, this build computes v{features.VERSION} of width "
        f"{features.WIDTH}; run `pocketd pretrain` again",
    )


def test_a_card_that_the_daemon_would_not_take_is_refused_by_its_key(tmp_path: Path) -> None:
    sheet = read_sheet(Tiny(card={"format": 99}).write(tmp_path))

    fault = misfit(sheet)

    assert fault is not None
    assert "format: " in fault
    assert fault.endswith("run `pocketd pretrain` again")


def test_a_card_of_this_build_fits(tmp_path: Path) -> None:
    assert misfit(read_sheet(Tiny().write(tmp_path))) is None


def test_all_that_the_files_tell_is_told_at_once(tmp_path: Path) -> None:
    path = Tiny(card=OLD_CARD).write(tmp_path)
    path.write_bytes(path.read_bytes() + b"x")

    found = faults(path)

    assert len(found) == 2
    assert "made for features v1" in found[0]
    assert "sha256 of tiny.onnx is" in found[1]
    assert "damaged or of another card" in found[1]


def test_a_graph_that_is_not_its_cards_is_refused(tmp_path: Path) -> None:
    path = Tiny(card={"state": [{"name": "h", "shape": [1, 2]}]}).write(tmp_path)

    assert "its graph has" in faults(path)[0]


def test_what_is_no_onnx_is_refused(tmp_path: Path) -> None:
    path = Tiny().write(tmp_path)
    path.write_bytes(b"hello")
    Tiny().write_card(path)

    assert "ONNX Runtime refuses it" in faults(path)[0]


def test_a_missing_card_is_a_fault_and_no_exception(tmp_path: Path) -> None:
    path = Tiny().write(tmp_path)
    path.with_suffix(".json").unlink()

    assert "cannot be read" in faults(path)[0]


def test_a_model_that_cannot_be_read_is_a_fault_and_no_exception(tmp_path: Path) -> None:
    path = Tiny().write(tmp_path)
    path.unlink()

    assert "tiny.onnx: cannot be read: No such file" in faults(path)[0]


def test_a_step_that_gives_nan_is_named(tmp_path: Path) -> None:
    verdict = check(Tiny(rooted=True).write(tmp_path), DEMANDS)

    assert verdict.steps is None
    (fault,) = verdict.faults
    first = int(np.argmax(seeded_features()[:, 9] < 0)) + 1
    assert fault.startswith(f"step {first} of {STEPS}: model tiny: a step gave NaN or infinity")
    assert fault.endswith("; train or export it again")


def test_a_fault_is_told_once_and_not_logged_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        check(Tiny(rooted=True).write(tmp_path), DEMANDS)

    assert caplog.messages == []


def test_what_a_model_logs_while_it_plays_is_heard_again_after_a_check(tmp_path: Path) -> None:
    check(Tiny(rooted=True).write(tmp_path), DEMANDS)

    assert logging.getLogger("pocketd.model").isEnabledFor(logging.ERROR)


def test_a_model_that_is_not_the_same_twice_is_refused(tmp_path: Path) -> None:
    (fault,) = faults(Tiny(noisy=True).write(tmp_path))

    assert fault.startswith("the same input gave another answer at step ")


def test_a_state_that_never_changes_is_refused_by_its_name(tmp_path: Path) -> None:
    (fault,) = faults(Tiny(frozen=True).write(tmp_path))

    assert fault.startswith(f"its state h never changed in {STEPS} steps")


@pytest.mark.parametrize(("bias", "said"), [(0.11, "+110.0 ms"), (-0.12, "-120.0 ms")])
def test_a_model_that_strays_where_nothing_is_known_is_refused(
    tmp_path: Path, bias: float, said: str
) -> None:
    (fault,) = faults(Tiny(bias=bias).write(tmp_path))

    assert fault.startswith(f"where nothing is known it says {said}, and a hit may move -108 to +100 ms")


def test_a_step_that_is_too_slow_each_time_is_refused(tmp_path: Path) -> None:
    limit = Demands(Seconds(0.008), DEMANDS.earliest, DEMANDS.latest)
    clock = Watchmaker({7: 0.0095, STEPS + 7: 0.009, 8: 0.02})

    verdict = check(Tiny().write(tmp_path), limit, now=clock)

    assert verdict.faults == (
        f"1 of {STEPS} steps took over 8 ms each time, the longest at least 9.00 ms; "
        "use a smaller model, or raise step_limit_ms",
    )


def test_a_step_that_was_held_up_once_is_forgiven_and_told(tmp_path: Path) -> None:
    limit = Demands(Seconds(0.008), DEMANDS.earliest, DEMANDS.latest)

    verdict = check(Tiny().write(tmp_path), limit, now=Watchmaker({7: 0.020}))

    assert verdict.faults == ()
    assert verdict.steps is not None
    assert verdict.steps.worst == pytest.approx(0.020)
    assert verdict.steps.median == pytest.approx(0.001)


def test_it_tells_how_far_it_is_up_to_the_end(tmp_path: Path) -> None:
    told: list[float] = []

    check(Tiny().write(tmp_path), DEMANDS, watch=told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0


def test_what_every_model_is_tried_on_is_always_the_same_and_of_a_usual_size() -> None:
    x = seeded_features()

    assert x.shape == (STEPS, features.WIDTH)
    assert x.dtype == np.float32
    assert np.array_equal(x, seeded_features())
    assert set(np.unique(x[:, :9])) == {0.0, 1.0}
    assert np.abs(x[:, 9:]).max() <= model_check.SWING
