"""What a benchmark prints and writes."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from benchmarks.scores import Compared, Pair
from benchmarks.table import Column, Report, Row, Section, print_compared, print_drummers
from rich.console import Console


def report(*rows: Row) -> Report:
    return Report(
        "made up",
        "three files",
        "test",
        7,
        (Column("mae_ms", "MAE ms", beside="known"), Column("steps", "steps")),
        (
            Section("measured", rows),
            Section("quoted", [Row("pilot", known={"mae_ms": 9.35})], reference=True),
        ),
        ("a remark",),
        {"paired": []},
    )


def test_the_table_says_data_split_seed_and_known_figures() -> None:
    console = Console(record=True, width=160)
    report(Row("lstm", {"mae_ms": 9.123, "steps": 9005}, "lstm", known={"mae_ms": 9.1})).print(console)
    text = console.export_text()

    for part in ("three files", "test", "7", "cores", "9.12", "9.10", "9,005", "9.35", "a remark"):
        assert part in text


def test_a_table_that_is_wider_than_a_pipe_loses_nothing() -> None:
    columns = [Column(f"figure_{n}", f"a long heading {n}", 3, beside="known") for n in range(12)]
    row = Row("a row", {column.key: 0.125 for column in columns}, known={columns[0].key: 0.5})
    file = StringIO()

    Report("wide", "", "", 1, columns, [Section("measured", [row])]).print(Console(width=80, file=file))

    lines = file.getvalue().splitlines()
    heading = next(line for line in lines if "a long heading" in line)
    cells = next(line for line in lines if "a row" in line)
    assert heading.split("  ")[-1].strip() == "a long heading 11"
    assert heading.count("known") == 1
    assert cells.split() == ["a", "row", "0.125", "0.500", *["0.125"] * 11]


def test_the_file_has_the_keys_that_others_read_and_keeps_quoted_rows_apart(tmp_path: Path) -> None:
    path = tmp_path / "new" / "follow.json"
    report(Row("lstm late commit 1.5 ms", {"mae_ms": 9.1}, "lstm", True, 1.5)).write(path)
    whole = json.loads(path.read_text("utf-8"))

    assert {"benchmark", "data", "split", "seed", "machine", "rows"} <= whole.keys()
    assert whole["rows"] == [
        {
            "name": "lstm late commit 1.5 ms",
            "model": "lstm",
            "late_commit": True,
            "transport_ms": 1.5,
            "mae_ms": 9.1,
        }
    ]
    assert [row["name"] for row in whole["reference"]] == ["pilot"]
    assert list(path.parent.iterdir()) == [path]


def test_drummers_stand_in_order_and_what_a_row_has_not_met_stays_empty() -> None:
    console = Console(record=True, width=100)

    print_drummers(console, "by drummer", {"lstm": {10: 9.25, 7: 1.5}, "grid": {7: 20.0}})

    lines = [line.split() for line in console.export_text().splitlines() if line.strip()]
    assert lines == [
        ["by", "drummer"],
        ["drummer", "7", "drummer", "10"],
        ["lstm", "1.50", "9.25"],
        ["grid", "20.00"],
    ]


def test_a_comparison_says_against_what_in_how_many_files_and_by_how_much() -> None:
    console = Console(record=True, width=100)

    print_compared(console, "the grid's", [Compared("lstm", "grid", Pair(0.75, -2.0, -3.5, 0.25, 4))])

    text = console.export_text()
    assert "MAE less the grid's" in text
    assert text.splitlines()[-1].split() == ["lstm", "grid", "75%", "-2.00", "-3.50", "+0.25"]


def test_a_figure_that_is_no_number_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        report(Row("lstm", {"mae_ms": float("nan")})).write(tmp_path / "x.json")

    assert list(tmp_path.iterdir()) == []
