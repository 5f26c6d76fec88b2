from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from pocket_core.errors import DataError, ModelError
from pocket_export.evaluate_command import evaluate
from pocket_export.groove import load
from pocket_export.pretrain import Order, pretrain
from pocket_export.train import Epoch, Recipe
from tests.commands import call, done
from tests.export.archives import archive, files
from tests.export.test_groove import OFFICIAL

APP = typer.Typer()
APP.command()(evaluate)


def run(*words: object) -> str:
    return done(call(APP, *words, env={"COLUMNS": "140"})).output


def silent(share: float, epoch: Epoch | None) -> None:
    """Watch nothing."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return archive(tmp_path / "groove.zip")


def figures(path: Path) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(path.read_text())["rows"]}


def test_a_model_is_scored_beside_the_grid_and_the_template_and_by_drummer(
    tmp_path: Path, data: Path
) -> None:
    model = pretrain(Order("follower", Recipe(epochs=1), tmp_path, ""), load(data), silent)

    said = run("--model", model, "--data", data, "--json", tmp_path / "e.json")

    rows = figures(tmp_path / "e.json")
    assert list(rows) == ["quantised", "groove template", "follower", "follower drummer1"]
    assert all(name in said for name in ("quantised", "groove template", "follower", "  drummer1"))
    assert "validation split, 1 files" in said
    card = json.loads((tmp_path / "follower.json").read_text())["figures"]
    for name, figure in (
        ("quantised", "validation_quantised_mae_ms"),
        ("groove template", "validation_groove_template_mae_ms"),
        ("follower", "validation_mae_ms"),
    ):
        assert rows[name]["mae_ms"] == pytest.approx(card[figure], rel=1e-4)
    assert rows["follower"]["drummer_mae_ms"] == pytest.approx(card["validation_drummer_mae_ms"], rel=1e-4)
    assert 0 <= rows["follower"]["chance_accuracy"] <= 1
    assert rows["follower"]["velocity_mse"] > 0
    assert "chance_accuracy" not in rows["quantised"]


def test_no_model_is_scored_as_the_grid(tmp_path: Path, data: Path) -> None:
    run("--model", "none", "--split", "test", "--data", data, "--json", tmp_path / "e.json")

    rows = figures(tmp_path / "e.json")
    assert rows["none"]["mae_ms"] == rows["quantised"]["mae_ms"]
    assert json.loads((tmp_path / "e.json").read_text())["split"] == "test"
    assert "none drummer2" in rows


def test_an_unknown_model_is_refused(data: Path) -> None:
    with pytest.raises(ModelError, match="no model is called 'lsmt'"):
        run("--model", "lsmt", "--data", data)


def test_a_split_without_files_is_refused(tmp_path: Path) -> None:
    content = files()
    content["info.csv"] = content["info.csv"].replace(b"10.0,test", b"10.0,train")
    data = archive(tmp_path / "groove.zip", content)

    with pytest.raises(DataError, match="no file of the test split"):
        run("--model", "none", "--split", "test", "--data", data)


@pytest.mark.data
@pytest.mark.skipif(not OFFICIAL.exists(), reason=f"needs {OFFICIAL} (POCKETD_DATA)")
def test_the_known_figures_of_the_test_split_are_met(tmp_path: Path) -> None:
    run("--model", "none", "--split", "test", "--data", OFFICIAL, "--json", tmp_path / "e.json")

    rows = figures(tmp_path / "e.json")
    # BENCHMARKS' known rows; grid positions are counted from the bar line here
    assert rows["quantised"]["files"] == 74
    assert rows["quantised"]["steps"] == pytest.approx(9005, abs=10)
    assert rows["quantised"]["mae_ms"] == pytest.approx(16.61, abs=0.06)
    assert rows["quantised"]["sd_ms"] == pytest.approx(19.49, abs=0.06)
    assert rows["quantised"]["drummer_mae_ms"] == pytest.approx(16.73, abs=0.06)
    assert rows["groove template"]["mae_ms"] == pytest.approx(11.53, abs=0.1)
