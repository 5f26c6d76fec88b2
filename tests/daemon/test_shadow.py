"""What another model would have forecast, beside what was played."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pocket_core.errors import ModelError, TakeError
from pocket_core.types import Seconds
from pocketd.journal import JOURNAL, lock
from pocketd.model import load_predictor
from pocketd.shadow import shadow
from pocketd.shadow_file import SHADOW
from pocketd.take_content import gather
from pocketd.takes import MIDI, REPORT, TABLE, finalise, read_report
from tests.daemon.session import START, STOP, Session


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished take of the follower."""
    session = Session(tmp_path_factory.mktemp("takes"), load_predictor("follower", Seconds(60.0)))
    session.clock(2.0 - 91 / 48, 12.0)
    session.transport(START, 1.99)
    session.play(2.0, 4)
    session.transport(STOP, 10.1)
    session.until(12.0)
    session.end()
    return session.takes[0]


@pytest.fixture
def take(played: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(played, tmp_path / "2026-11-20" / "120000"))


def rows(take: Path) -> list[dict[str, str]]:
    with (take / TABLE).open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_shadow_of_who_played_says_what_was_played(take: Path) -> None:
    both = shadow(take, "follower")

    assert both.played is not None
    assert both.shadow is not None
    assert both.shadow.mae_ms == pytest.approx(both.played.mae_ms, abs=1e-5)
    for row in rows(take):
        assert float(row["shadow_ms"]) == pytest.approx(float(row["forecast_ms"]), abs=1e-5)


def test_both_are_in_the_table_and_the_report_and_all_else_stays(take: Path) -> None:
    before, old = read_report(take), rows(take)

    both = shadow(take, "lstm")

    after, new = read_report(take), rows(take)
    said = after.pop("shadow")
    assert said["model"] == "lstm"
    assert said["remarks"] == []
    assert both.shadow is not None
    assert said["shadow"]["mae_ms"] == pytest.approx(both.shadow.mae_ms, abs=1e-6)
    assert said["played"]["timesteps"] == said["shadow"]["timesteps"] > 16
    assert [list(row)[5:7] for row in new] == [["forecast_ms", "shadow_ms"]] * len(old)
    assert [row.pop("shadow_ms") for row in new] == [
        repr(step.pop("shadow_ms")) for step in after["timesteps"]
    ]
    assert (after, new) == (before, old)


def test_a_take_made_again_keeps_its_shadow_to_the_byte(take: Path) -> None:
    shadow(take, "lstm")
    first = [(take / name).read_bytes() for name in (MIDI, TABLE, REPORT)]

    finalise(take)

    assert [(take / name).read_bytes() for name in (MIDI, TABLE, REPORT)] == first


@pytest.mark.parametrize("data", [b"", b"{", b'{"format":1}', b'{"format":2,"model":"x"}'])
def test_a_damaged_shadow_is_none(take: Path, data: bytes) -> None:
    (take / SHADOW).write_bytes(data)

    finalise(take)

    assert "shadow" not in read_report(take)
    assert "shadow_ms" not in rows(take)[0]


def test_a_model_that_is_not_there_leaves_the_take_as_it_is(take: Path) -> None:
    before = sorted(path.name for path in take.iterdir())

    with pytest.raises(ModelError):
        shadow(take, take / "none.onnx")

    assert sorted(path.name for path in take.iterdir()) == before


def test_a_live_take_is_left_alone(take: Path) -> None:
    held = lock(take)
    assert held is not None

    with held, pytest.raises(TakeError, match="is being played or recovered"):
        shadow(take, "lstm")

    assert not (take / SHADOW).exists()


def test_as_a_process_it_says_in_a_line_how_it_went(take: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pocketd.shadow_main", str(take), "lstm"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0
    assert done.stderr.startswith("MAE ")
    assert done.stderr.count("\n") == 1
    assert json.loads((take / SHADOW).read_text())["model"] == "lstm"
    assert len(rows(take)) == len(gather(take / JOURNAL).timesteps)
