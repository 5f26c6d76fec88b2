"""The command: rows, rivals to beat, known figures, exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks.humanise import Scored, differing, main, model_rows, paired, rivals
from benchmarks.humanise_data import load
from benchmarks.humanise_rivals import fit_linear
from benchmarks.table import Row
from benchmarks.windows import cut
from rich.console import Console

from .humanise_archive import archive, line
from .humanise_sheets import Drummer, Metronome, busy

QUIET = Console(quiet=True)
SHEETS = [busy(4, seed=1, name="a"), busy(6, seed=2, name="b", drummer=7), busy(3, seed=3, name="c")]
LINEAR = fit_linear(cut(busy(20, seed=4)), cut(busy(5, seed=5)))


def test_the_drummer_as_a_model_scores_nothing_by_windows_and_by_history() -> None:
    found = model_rows("drummer", Drummer(), SHEETS, 1, QUIET)

    assert [s.row.name for s in found] == ["drummer (windows)", "drummer (history)"]
    assert [s.row.model for s in found] == ["drummer", "drummer"]
    for s in found:
        assert s.row.figures["mae_ms"] == s.row.figures["mse_16ths"] == s.row.figures["velocity_mse"] == 0
        assert s.row.figures["timing_kl"] == pytest.approx(0, abs=1e-12)
        assert s.row.figures["sd_ratio"] == pytest.approx(1)


def test_a_model_on_the_grid_is_the_quantised_row() -> None:
    quantised, *_ = rivals(SHEETS, LINEAR, 1, test=False)

    for s in model_rows("metronome", Metronome(), SHEETS, 1, QUIET):
        assert s.row.figures == quantised.row.figures


def test_every_row_is_set_against_the_rival_it_has_to_beat() -> None:
    scored = [*rivals(SHEETS, LINEAR, 1, test=False), *model_rows("drummer", Drummer(), SHEETS, 1, QUIET)]
    found = {compared.name: compared for compared in paired(scored, 1)}

    assert {name: compared.against for name, compared in found.items()} == {
        "linear": "quantised",
        "running mean (history)": "quantised",
        "drummer (windows)": "linear",
        "drummer (history)": "running mean (history)",
    }
    assert found["drummer (windows)"].pair.better_share == 1.0
    assert found["drummer (windows)"].pair.files == 3


@pytest.mark.parametrize(
    ("name", "key", "found", "met"),
    [
        ("quantised", "mae_ms", 22.6634, True),
        ("quantised", "mae_ms", 22.6666, False),
        ("quantised", "mse_16ths", 0.04154, True),
        ("quantised", "mse_16ths", 0.04156, False),
        ("quantised", "windows", 2_083, False),
        ("linear", "mae_ms", 20.28, True),
        ("linear", "mae_ms", 20.30, False),
    ],
)
def test_a_known_figure_is_met_to_its_last_digit_and_the_linear_row_about(
    name: str, key: str, found: float, met: bool
) -> None:
    known = {"mae_ms": 22.66 if name == "quantised" else 20.24, "mse_16ths": 0.0415, "windows": 2_084}
    row = Row(name, {key: found}, known={key: known[key]})

    assert (differing([Scored(row, [])]) == []) is met


def test_the_command_prints_and_writes_every_rival_and_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    splits = ("train", "validation", "validation")
    archive(tmp_path, *(line(f"drummer{i}/{i}.mid", split) for i, split in enumerate(splits)))
    code = main(
        [
            "--data",
            str(tmp_path),
            "--split",
            "validation",
            "--json",
            str(tmp_path / "h.json"),
            "--model",
            "none",
        ]
    )
    whole = json.loads((tmp_path / "h.json").read_text("utf-8"))

    assert code == 0
    assert [row["name"] for row in whole["rows"]] == [
        *("quantised", "linear", "none (windows)", "running mean (history)", "none (history)")
    ]
    assert {"mae_ms", "mae_ms_low", "mse_16ths", "velocity_mse", "timing_kl", "velocity_kl", "sd_ratio"} <= (
        whole["rows"][1].keys()
    )
    assert "2 files, 6 windows of two bars" in capsys.readouterr().out


def test_known_figures_that_are_not_met_end_the_command_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    splits = ("train", "validation", "test")
    archive(tmp_path, *(line(f"drummer{i}/{i}.mid", split) for i, split in enumerate(splits)))
    code = main(["--data", str(tmp_path), "--model", "none"])

    assert code == 1
    assert "NOT reproduced: quantised: mae_ms is" in capsys.readouterr().out


@pytest.mark.data
def test_known_figures_that_leave_nothing_open_reproduce(data_folder: Path) -> None:
    sheets = load(data_folder, "test", QUIET)
    quantised, _, history = rivals(sheets, LINEAR, 1, test=True)

    assert differing([quantised, history]) == []
