from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

from pocket_export.evaluate import Follow
from pocket_export.train_log import TrainLog
from pocket_export.training import Epoch

accumulator = pytest.importorskip(
    "tensorboard.backend.event_processing.event_accumulator", reason="the train extra brings tensorboard"
)

FIRST = Epoch(1, 2.5, Follow(9.5, 12.0, 11.0, 100), 9.5, 61.5)


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return what TensorBoard shows: of each figure, update and value."""
    events = accumulator.EventAccumulator(str(folder))
    events.Reload()
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_every_update_and_every_epoch_is_shown_over_the_number_of_updates(tmp_path: Path) -> None:
    log = TrainLog(tmp_path)
    log.begin(0)
    for n in (1, 2):
        log.update(n, loss=3.0 / n, rate=0.5, norm=2.0)
    log.epoch(2, FIRST)
    log.close()

    shown = scalars(tmp_path)

    assert shown["update/loss"] == [(1, 3.0), (2, 1.5)]
    assert shown["update/rate"] == [(1, 0.5), (2, 0.5)]
    assert shown["update/gradient norm"] == [(1, 2.0), (2, 2.0)]
    assert shown["epoch/number"] == [(2, 1.0)]
    assert shown["epoch/loss"] == [(2, 2.5)]
    assert shown["epoch/seconds"] == [(2, 61.5)]
    assert shown["validation/mae_ms"] == [(2, 9.5)]
    assert shown["validation/sd_ms"] == [(2, 12.0)]
    assert shown["validation/drummer_mae_ms"] == [(2, 11.0)]


def test_a_training_that_goes_on_takes_back_what_was_lost(tmp_path: Path) -> None:
    for since, said in ((0, 1.0), (2, 2.0)):
        log = TrainLog(tmp_path)
        log.begin(since)
        for n in range(since + 1, since + 5):
            log.update(n, loss=said, rate=0.1, norm=1.0)
        log.close()

    shown = scalars(tmp_path)["update/loss"]

    assert shown == [(1, 1.0), (2, 1.0), (3, 2.0), (4, 2.0), (5, 2.0), (6, 2.0)]


def test_where_nobody_plays_nothing_is_said_of_the_musician(tmp_path: Path) -> None:
    log = TrainLog(tmp_path)
    log.begin(0)
    log.epoch(1, Epoch(1, 2.5, Follow(math.nan, math.nan, 11.0, 0), 11.0, 1.0))
    log.close()

    assert {tag for tag in scalars(tmp_path) if tag.startswith("validation")} == {"validation/drummer_mae_ms"}


def test_a_training_without_a_log_never_loads_tensorboard() -> None:
    code = "import sys; import pocket_export.pretrain; print('tensorboard' in sys.modules)"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout == "False\n"
