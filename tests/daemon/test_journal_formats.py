from __future__ import annotations

import json
import shutil
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pocketd.desk_records import FORMAT, TakeHeader, encode
from pocketd.journal import JOURNAL, read_journal
from pocketd.journal_formats import OLDEST, format_of, upgraded
from pocketd.takes import finalise, read_report
from tests.daemon.take_story import T, hello, take

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "journal-format-1.jsonl"
HEADER = TakeHeader(format=FORMAT, started="2026-11-20T12:00:00+01:00", origin=T, source=None, hello=hello())


def test_a_journal_of_format_1_is_read_as_one_of_today() -> None:
    header, *told = read_journal(GOLDEN)

    assert header == HEADER
    assert [record for record in told if record in take()] == take()


def test_a_take_of_format_1_is_finished_as_any_other(tmp_path: Path) -> None:
    shutil.copy(GOLDEN, tmp_path / JOURNAL)

    finished = finalise(tmp_path)

    assert (finished.timesteps, finished.how, finished.dropped) == (4, "exit", 3)
    assert read_report(tmp_path)["take"]["source"] is None


def test_a_report_of_format_1_is_read_as_one_of_today(tmp_path: Path) -> None:
    (tmp_path / "take.json").write_text('{"take": {"format": 1, "song": "Blue"}}')

    assert read_report(tmp_path)["take"] == {"format": 1, "song": "Blue", "source": None}


def test_only_a_header_says_its_format() -> None:
    assert format_of(encode(HEADER)) == FORMAT
    assert format_of(encode(take()[0])) is None
    assert format_of(b'{"kind":"take","format":true}\n') is None


@given(st.binary(max_size=60), st.integers(OLDEST, FORMAT))
def test_any_bytes_are_upgraded_to_a_line_or_left_as_they_are(line: bytes, written: int) -> None:
    after = upgraded(line, written)

    assert after == line or json.loads(after) == json.loads(line)
