"""Figures of the test split, from a benchmark's report to a model's card."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from benchmarks.into_cards import main

from pocket_core.errors import DataError

SHIPPED = Path("models/pocket_models/pretrained")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for ending in ("onnx", "json"):
        shutil.copy(SHIPPED / f"lstm.{ending}", tmp_path)
    return tmp_path


def report(folder: Path, **changed: Any) -> Path:
    sha256 = json.loads((folder / "lstm.json").read_text())["sha256"]
    row = {"name": "lstm late commit 3.0 ms", "model": "lstm", "late_commit": True, "transport_ms": 3.0}
    told = {
        "benchmark": "follow",
        "split": "test",
        "weights": {"lstm": sha256},
        "rows": [
            {"name": "quantised", "model": None, "mae_ms": 16.6},
            {**row, "mae_ms": 4.23456, "note": "short"},
        ],
    }
    path = folder / "report.json"
    path.write_text(json.dumps(told | changed))
    return path


def test_a_models_own_rows_get_into_its_card(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(report(folder)), "--models", str(folder)]) == 0

    rows = json.loads((folder / "lstm.json").read_text())["test"]
    assert rows == [{"benchmark": "follow", "name": "lstm late commit 3.0 ms", "figures": {"mae_ms": 4.2346}}]
    assert "lstm.json: 1 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"split": "validation"}, "is of the validation split"),
        ({"weights": {"lstm": "00"}}, "follow measured other weights of lstm"),
        ({"weights": {"gru": "00"}}, "has no card"),
        ({"rows": None}, "is no report of a benchmark"),
    ],
)
def test_figures_of_anything_else_are_refused(folder: Path, changed: dict[str, Any], said: str) -> None:
    before = (folder / "lstm.json").read_bytes()

    with pytest.raises(DataError, match=said):
        main([str(report(folder, **changed)), "--models", str(folder)])

    assert (folder / "lstm.json").read_bytes() == before
