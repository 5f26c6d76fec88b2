from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import pytest

from pocket_core.errors import ConfigError, PocketError
from pocketd.midifile import read_score
from pocketd.shadow_file import Shadow, write_shadow
from pocketd.take_export import COLUMNS, Format, planned
from pocketd.takes import MIDI
from tests.daemon.take_story import T, timestep
from tests.daemon.takes_driver import DAY, Takes, journal

OLD, NEW = "2026-10-01/120000", f"{DAY}/120000"


@pytest.fixture
def takes(tmp_path: Path) -> Takes:
    made = Takes(tmp_path)
    made.add(OLD, journal(timestep(T + 2.0, 4, human_late=None)))
    made.add(NEW)
    return made


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def test_a_take_is_exported_as_midi_as_it_lies_on_disk(takes: Takes, tmp_path: Path) -> None:
    said = takes.run("export", "last", "--to", tmp_path / "a.mid")

    assert said == f"wrote {tmp_path / 'a.mid'}\n"
    assert (tmp_path / "a.mid").read_bytes() == (takes.root / NEW / MIDI).read_bytes()


def test_a_table_has_a_row_a_timestep_that_says_whose_it_is(takes: Takes, tmp_path: Path) -> None:
    takes.run("export", OLD, NEW, "--to", tmp_path / "all.csv")

    found = rows(tmp_path / "all.csv")
    assert list(found[0]) == list(COLUMNS)
    assert [row["take"] for row in found] == [OLD] * 5 + [NEW] * 4
    assert (found[0]["song"], found[0]["model"], found[0]["voices"]) == ("Blue", "lstm", "kick|ride")
    assert (found[4]["human_s"], found[4]["diff_ms"]) == ("", "")


def test_parquet_has_the_same_rows_with_their_types(takes: Takes, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")

    takes.run("export", OLD, NEW, "--to", tmp_path / "all.parquet")

    table = parquet.read_table(tmp_path / "all.parquet")
    takes.run("export", OLD, NEW, "--to", tmp_path / "all.csv")
    assert table.column_names == list(COLUMNS)
    read = table.to_pylist()
    assert [str(row["committed_s"]) for row in read] == [r["committed_s"] for r in rows(tmp_path / "all.csv")]
    assert (read[4]["human_s"], read[4]["voices"], read[4]["index"]) == (None, ["kick", "ride"], 4)


def test_what_a_shadow_said_goes_along_and_is_empty_where_none_was_tried(
    takes: Takes, tmp_path: Path
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    said = Shadow(model="mine", sha256=None, remarks=[], forecast_ms=[1.5, None, -2.25, 0.0])
    write_shadow(takes.root / NEW, said)

    takes.run("export", OLD, NEW, "--to", tmp_path / "all.csv")
    takes.run("export", OLD, NEW, "--to", tmp_path / "all.parquet")

    found = rows(tmp_path / "all.csv")
    at = list(COLUMNS).index("forecast_ms") + 1
    assert list(found[0]) == [*COLUMNS[:at], "shadow_ms", *COLUMNS[at:]]
    assert [row["shadow_ms"] for row in found] == [""] * 5 + ["1.5", "", "-2.25", "0.0"]
    table = parquet.read_table(tmp_path / "all.parquet")
    assert table.column_names == list(found[0])
    assert table.column("shadow_ms").to_pylist() == [None] * 5 + said.forecast_ms


def test_without_pyarrow_it_says_how_to_install_it_before_it_writes(
    takes: Takes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(PocketError, match=r"Parquet needs pyarrow; run: pip install 'pocketd\[parquet\]'"):
        takes.run("export", "last", "--to", tmp_path / "out", "--format", "smf", "--format", "parquet")
    assert not (tmp_path / "out").exists()


def test_into_a_folder_each_take_goes_with_its_own_files(takes: Takes, tmp_path: Path) -> None:
    takes.run("export", OLD, NEW, "--to", tmp_path / "out")

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "2026-10-01-120000.csv",
        "2026-10-01-120000.mid",
        "2026-11-20-120000.csv",
        "2026-11-20-120000.mid",
    ]


def test_a_folder_s_formats_may_be_chosen(takes: Takes, tmp_path: Path) -> None:
    takes.run("export", "last", "--to", tmp_path, "--format", "smf")

    assert [path.name for path in tmp_path.glob("*.mid")] == ["2026-11-20-120000.mid"]


def test_nothing_is_overwritten_unless_that_is_asked_for(takes: Takes, tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_text("mine")

    with pytest.raises(PocketError, match=r"a\.mid is there already; --force writes over it"):
        takes.run("export", "last", "--to", path)
    kept = path.read_text()
    takes.run("export", "last", "--to", path, "--force")

    assert kept == "mine"
    assert read_score(path).notes


@pytest.mark.parametrize(
    ("to", "words", "why"),
    [
        (
            "a.wav",
            (),
            r"has the suffix \.wav, which says no format; use one of \.mid, \.midi, \.csv, \.parquet",
        ),
        ("a.mid", ("--format", "csv"), "would be smf by its suffix, and --format says csv"),
        ("a.mid", (OLD,), "can hold one take only, as it is MIDI; give a folder"),
    ],
)
def test_what_cannot_be_written_is_refused(
    takes: Takes, tmp_path: Path, to: str, words: tuple[str, ...], why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        takes.run("export", "last", *words, "--to", tmp_path / to)
    assert not (tmp_path / to).exists()


def test_a_format_makes_up_for_a_suffix_that_says_nothing() -> None:
    (export,) = planned([Path("2026-11-20/120000")], Path("a.dat"), [Format.CSV])

    assert (export.path, export.format) == (Path("a.dat"), Format.CSV)


def test_a_folder_that_cannot_be_made_is_an_error(takes: Takes, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(PocketError, match=r"cannot make the folder .*; choose another --to"):
        takes.run("export", "last", "--to", tmp_path / "file" / "out")
