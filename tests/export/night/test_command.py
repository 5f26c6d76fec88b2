"""`pocketd retrain` as people and timers call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import Result

from pocket_core.errors import ConfigError, DataError
from pocket_export.night import judge
from pocket_export.night.command import NightUnderWayError, retrain
from pocket_export.night.order import read_order
from pocketd.champion import Nights, nights_folder
from tests.commands import call, done
from tests.export.archives import archive
from tests.export.night.partners import song, take

APP = typer.Typer()
APP.command()(retrain)


@pytest.fixture
def nights(monkeypatch: pytest.MonkeyPatch) -> Nights:
    """Return the nights of a user of this test's own."""
    monkeypatch.setattr(judge, "STEPS", 5)
    root = nights_folder()
    assert root is not None
    return Nights(root)


@pytest.fixture
def played(tmp_path: Path) -> Path:
    take(tmp_path / "takes", of=song(24))
    return tmp_path / "takes"


def run(tmp_path: Path, takes: Path, *words: object) -> Result:
    data = tmp_path / "groove.zip"
    if not data.exists():
        archive(data)
    everything = ("--takes", takes, "--data", data, "--epochs", 1, "--threads", 1, *words)
    result = call(APP, *everything)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_night_leaves_its_report_and_says_where(nights: Nights, played: Path, tmp_path: Path) -> None:
    result = run(tmp_path, played)

    (folder,) = nights.folders()
    assert result.output.rstrip().endswith(f"report: {folder / 'report.html'}")
    assert {path.name for path in folder.iterdir()} >= {
        "report.html",
        "report.json",
        "report.txt",
        "follower.onnx",
    }


def test_the_report_as_json_is_the_whole_output(nights: Nights, played: Path, tmp_path: Path) -> None:
    said = json.loads(run(tmp_path, played, "--json").stdout)

    assert said["takes"][0]["song"] == "evening"
    assert said == json.loads((nights.folders()[0] / "report.json").read_text())


def test_nothing_is_switched_where_nobody_wants_it(nights: Nights, played: Path, tmp_path: Path) -> None:
    run(tmp_path, played, "--no-promote")

    assert not nights.pointer.exists()


def test_a_night_that_is_not_due_does_nothing_and_says_nothing(
    nights: Nights, played: Path, tmp_path: Path
) -> None:
    run(tmp_path, played)

    result = run(tmp_path, played, "--if-due")

    assert result.output == ""
    assert len(nights.folders()) == 1


def test_a_night_without_takes_or_with_those_of_elsewhere_does_not_put_off_the_next(
    nights: Nights, played: Path, tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    run(tmp_path, tmp_path / "none")
    take(tmp_path / "elsewhere", of=song(2))
    run(tmp_path, tmp_path / "elsewhere")

    run(tmp_path, played, "--if-due")

    assert len(nights.folders()) == 3


def test_without_takes_no_night_is_due(nights: Nights, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()

    assert run(tmp_path, tmp_path / "none", "--if-due").output == ""
    assert not nights.folders()


def test_a_take_that_comes_into_an_archive_late_makes_a_night_due(nights: Nights, tmp_path: Path) -> None:
    take(tmp_path / "takes", of=song(2), minutes=5)
    run(tmp_path, tmp_path / "takes")
    (folder,) = nights.folders()
    text = (folder / "order.json").read_text()
    (folder / "order.json").write_text(text.replace(json.loads(text)["began"], "2026-11-20T20:00:00+00:00"))
    take(tmp_path / "takes" / "studio-b", of=song(2))  # which is older than what the night had

    run(tmp_path, tmp_path / "takes", "--if-due")

    assert len(nights.folders()) == 2


def test_a_night_learns_from_the_archive_that_the_configuration_names(
    nights: Nights, played: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(f"retrain: {{takes: 'file://{played}'}}")

    done(call(APP, "--config", mine, "--data", archive(tmp_path / "groove.zip"), "--epochs", 1))

    (folder,) = nights.folders()
    order = read_order(folder)
    assert order is not None
    assert order.store == f"file://{played}"
    assert "takes" not in order.retrain  # which may have a password in it


def test_a_night_that_broke_off_is_due(nights: Nights, played: Path, tmp_path: Path) -> None:
    run(tmp_path, played, "--no-promote")
    (nights.folders()[0] / "report.json").unlink()

    run(tmp_path, played, "--no-promote", "--if-due")

    assert [(folder / "report.json").exists() for folder in nights.folders()] == [True]


def test_two_nights_at_once_are_one_too_many(nights: Nights, played: Path, tmp_path: Path) -> None:
    held = nights.lock_night()
    assert held is not None

    with held:
        assert run(tmp_path, played, "--if-due").output == ""
        with pytest.raises(NightUnderWayError, match="another night is under way in"):
            run(tmp_path, played)
    assert not nights.folders()


def test_a_folder_of_takes_that_is_not_there_is_named(nights: Nights, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--takes .*nowhere: no such folder"):
        run(tmp_path, tmp_path / "nowhere")


def test_a_data_set_that_is_not_where_somebody_said_is_named(
    nights: Nights, played: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="elsewhere"):
        done(call(APP, "--takes", played, "--data", tmp_path / "elsewhere"))
