"""Which files count."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.humanise_data import load
from rich.console import Console

from pocket_core.errors import DataError

from .humanise_archive import archive, line

QUIET = Console(quiet=True)


def test_beats_and_fills_in_four_four_count_and_other_meters_and_splits_do_not(tmp_path: Path) -> None:
    archive(
        tmp_path,
        line("drummer1/beat.mid", "test"),
        line("drummer7/fill.mid", "test", kind="fill"),
        line("drummer1/waltz.mid", "test", meter="3-4"),
        line("drummer1/other.mid", "train"),
    )
    found = load(tmp_path, "test", QUIET)

    assert [(file.name, file.drummer, file.bpm) for file in found] == [
        ("drummer1/beat.mid", 1, 125.0),
        ("drummer7/fill.mid", 7, 125.0),
    ]


def test_a_file_of_one_bar_is_left_out(tmp_path: Path) -> None:
    archive(
        tmp_path, line("drummer1/long.mid", "test"), line("drummer1/short.mid", "test"), bars={"short": 1}
    )

    assert [file.name for file in load(tmp_path, "test", QUIET)] == ["drummer1/long.mid"]


def test_a_split_without_files_names_the_splits(tmp_path: Path) -> None:
    archive(tmp_path, line("drummer1/beat.mid", "test"))

    with pytest.raises(DataError, match=r"in split 'tests'.*train, validation and test"):
        load(tmp_path, "tests", QUIET)


def test_missing_archive_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no Groove archive at .*--data"):
        load(tmp_path, "test", QUIET)


def test_a_tempo_that_is_none_is_one_line(tmp_path: Path) -> None:
    archive(tmp_path, line("drummer1/beat.mid", "test", bpm="0"))

    with pytest.raises(DataError, match=r"beat.mid is said to have 0 BPM"):
        load(tmp_path, "test", QUIET)


def test_a_table_that_names_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    archive(tmp_path, line("drummer1/beat.mid", "test"), leave_out="beat")

    with pytest.raises(DataError, match="cannot be read"):
        load(tmp_path, "test", QUIET)
