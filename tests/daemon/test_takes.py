from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.errors import TakeError
from pocket_core.types import Beats, Seconds
from pocketd.desk_records import FORMAT, Dropped, Fault, Record, TakeEnd, TakeHeader, TransportJump, encode
from pocketd.journal import JOURNAL, lock
from pocketd.takes import (
    MIDI,
    REPORT,
    TABLE,
    FinishedTake,
    Unreadable,
    finalise,
    read_report,
    recover,
    take_folders,
)
from tests.daemon.take_story import T, hello, now, take, timestep

HEADER = TakeHeader(format=FORMAT, started="2026-11-20T12:00:00+01:00", origin=T, source=None, hello=hello())
FILES = (MIDI, TABLE, REPORT)


def lines(records: list[Record]) -> bytes:
    return b"".join(encode(record) for record in records)


def folder_with(root: Path, data: bytes, name: str = "120000") -> Path:
    folder = root / "2026-11-20" / name
    folder.mkdir(parents=True)
    (folder / JOURNAL).write_bytes(data)
    return folder


def whole(*more: Record) -> bytes:
    return lines([HEADER, *take(), *more, TakeEnd(how="stop")])


def report(folder: Path) -> Any:
    return json.loads((folder / REPORT).read_text())


def test_a_finished_take_has_the_report_that_a_render_has(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, whole())

    finalise(folder)

    said = report(folder)
    assert {k: said[k] for k in ("pocketd", "model", "sha256", "lookahead_ms", "transport_ms")} == {
        "pocketd": "0.1.0",
        "model": "lstm",
        "sha256": "00ff",
        "lookahead_ms": 120.0,
        "transport_ms": None,
    }
    assert said["summary"] == {
        "quantised": {"mae_ms": 10.0, "sd_ms": 0.0},
        "pocketd": {"mae_ms": 5.0, "sd_ms": 0.0},
        "events_in": 4,
        "events_out": 4,
        "late": 0,
        "lost": 0,
    }
    assert said["timesteps"][1] == {
        "index": 1,
        "nominal_s": 0.5,
        "bar": 1,
        "beat": 2.0,
        "voices": ["kick", "ride"],
        "forecast_ms": 4.0,
        "refined_ms": 5.0,
        "played_ms": 5.0,
        "committed_s": 0.505,
        "human_s": 0.51,
        "diff_ms": 5.0,
    }
    assert said["take"]["how"] == "stop"
    assert said["take"]["song"] == "Blue"
    assert said["take"]["seconds"] == 2.0


def test_the_table_says_what_the_report_says(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, whole(timestep(T + 2.0, 4, human_late=None)))

    finalise(folder)

    with (folder / TABLE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    told = report(folder)["timesteps"]
    assert list(rows[0]) == list(told[0])
    assert [float(r["committed_s"]) for r in rows] == [t["committed_s"] for t in told]
    assert rows[0]["voices"] == "kick|ride"
    assert rows[4]["human_s"] == rows[4]["diff_ms"] == ""
    assert told[4]["human_s"] is None


def test_timesteps_count_from_zero_in_order_of_playing(tmp_path: Path) -> None:
    steps: list[Record] = [timestep(T + 0.5 * n, n) for n in (9, 7, 8)]
    folder = folder_with(tmp_path, lines([HEADER, take()[0], *steps]))

    finalise(folder)

    assert [t["index"] for t in report(folder)["timesteps"]] == [0, 1, 2]
    assert [t["bar"] for t in report(folder)["timesteps"]] == [2, 3, 3]


def test_faults_jumps_gaps_and_changes_of_model_are_in_the_report(tmp_path: Path) -> None:
    more: list[Record] = [
        Fault(at=Seconds(T + 1), about="model", text="too slow"),
        TransportJump(at=Seconds(T + 1.5), left=Beats(3.0), entered=Beats(1.0)),
        Dropped(records=3),
        hello(model="none", sha256=None),
    ]
    folder = folder_with(tmp_path, lines([HEADER, *take()[:-1], *more, take()[-1]]))

    taken = finalise(folder)

    said = report(folder)["take"]
    assert said["faults"] == [{"at_s": 1.0, "about": "model", "text": "too slow"}]
    assert said["jumps"] == [{"at_s": 1.5, "left": 3.0, "entered": 1.0}]
    assert said["models"] == ["lstm", "none"]
    assert said["dropped"] == taken.dropped == 3


def test_the_tempo_is_that_of_the_whole_take_not_the_guess_at_its_start(tmp_path: Path) -> None:
    slow: list[Record] = [take()[0], now(T + 3.0, 3.0, 0)]  # said to be 120 BPM, was 60
    folder = folder_with(tmp_path, lines([HEADER, *slow]))

    taken = finalise(folder)

    assert taken.bpm == report(folder)["take"]["bpm"] == 60.0


def test_finishing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, whole())

    finalise(folder)
    first = [(folder / name).read_bytes() for name in FILES]
    finalise(folder)

    assert [(folder / name).read_bytes() for name in FILES] == first


def test_a_take_in_which_nothing_was_played_is_a_take(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, lines([HEADER, take()[0], take()[-1], TakeEnd(how="stop")]))

    taken = finalise(folder)

    assert taken.timesteps == 0
    assert report(folder)["summary"]["pocketd"] == {"mae_ms": None, "sd_ms": None}


@settings(max_examples=40)  # each writes and syncs three files
@given(cut=st.integers(len(lines([HEADER, take()[0]])), len(whole()) - 1))
def test_a_take_cut_off_anywhere_is_recovered_with_all_that_it_holds(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("takes")
    data = whole()[:cut]
    folder = folder_with(root, data)

    (taken,) = recover(root)

    assert isinstance(taken, FinishedTake)
    assert taken.timesteps == sum(
        b'"timestep"' in line for line in data.splitlines(True) if line[-1:] == b"\n"
    )
    assert taken.how == "recovered"
    assert (folder / JOURNAL).read_bytes() == data
    assert sorted(p.name for p in folder.iterdir()) == sorted((JOURNAL, *FILES))


def test_what_is_finished_or_live_is_left_alone(tmp_path: Path) -> None:
    done, live = folder_with(tmp_path, whole(), "110000"), folder_with(tmp_path, whole(), "120000")
    finalise(done)
    held = lock(live)

    recovered = list(recover(tmp_path))

    assert recovered == []
    assert not (live / REPORT).exists()
    assert held is not None
    held.close()


def test_half_written_files_of_a_crash_are_swept_away(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, whole())
    (folder / ".take.mid.123.part").write_bytes(b"MThd")

    list(recover(tmp_path))

    assert sorted(p.name for p in folder.iterdir()) == sorted((JOURNAL, *FILES))


def test_an_unreadable_take_is_told_and_does_not_keep_others_from_recovery(tmp_path: Path) -> None:
    bad = folder_with(tmp_path, whole().replace(b'"timestep"', b'"timestop"', 1), "110000")
    folder_with(tmp_path, whole(), "120000")

    first, second = recover(tmp_path)

    assert isinstance(first, Unreadable)
    assert first.folder == bad
    assert "journal.jsonl, line 8: " in first.why
    assert isinstance(second, FinishedTake)


def test_a_takes_folder_that_does_not_exist_has_no_takes(tmp_path: Path) -> None:
    assert take_folders(tmp_path / "none") == []
    assert list(recover(tmp_path / "none")) == []


def test_takes_are_listed_oldest_first(tmp_path: Path) -> None:
    second, first = (folder_with(tmp_path, whole(), name) for name in ("120000", "090000"))

    assert take_folders(tmp_path) == [first, second]


def test_a_report_is_read_or_refused_in_a_line(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, whole())
    finalise(folder)

    said = read_report(folder)
    (folder / REPORT).write_text('{"take": ')

    assert said["model"] == "lstm"
    with pytest.raises(TakeError, match="is damaged"):
        read_report(folder)


@pytest.mark.parametrize("text", ["[]", "{}", '{"take": 3}', '{"take": {"format": 99}}'])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / REPORT).write_text(text)

    with pytest.raises(TakeError, match="is no report of take format 1 to 5"):
        read_report(tmp_path)
