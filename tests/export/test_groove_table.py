from __future__ import annotations

from pathlib import Path

from rich.console import Console

from pocket_export.groove import load
from pocket_export.groove_table import sentence, table
from tests.export.archives import archive


def test_the_sentence_counts_files_notes_hours_drummers_and_splits(tmp_path: Path) -> None:
    groove = load(archive(tmp_path / "groove.zip"))

    # four beats of 8 bars and a fill of one: 8 hats, 2 kicks and 2 snares a bar; 10 s each by info.csv
    assert sentence(groove) == "5 files, 396 notes, 0.0 hours, 2 drummers; 3 train, 1 validation, 1 test"


def test_the_table_has_a_line_for_each_split_drummer_and_meter(tmp_path: Path) -> None:
    console = Console(width=100, record=True)

    console.print(table(load(archive(tmp_path / "groove.zip"))))

    lines = [line.replace("│", " ").split() for line in console.export_text().splitlines()]
    assert ["train", "3", "0.01", "204", "2", "1"] in lines
    assert ["drummer2", "3", "0.01", "204", "2", "1"] in lines
    assert ["4/4", "5", "0.01", "396", "4", "1"] in lines
    assert ["all", "5", "0.01", "396", "4", "1"] in lines
