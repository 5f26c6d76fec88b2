from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pocket_core.errors import TakeError
from pocketd.desk_records import FORMAT, Record, TakeEnd, TakeHeader, encode
from pocketd.journal import JOURNAL, LOCK, JournalWriter, is_live, lock, read_journal
from tests.daemon.full_disk import files_no_larger_than
from tests.daemon.take_story import T, hello, take

HEADER = TakeHeader(format=FORMAT, started="2026-11-20T12:00:00+01:00", origin=T, source=None, hello=hello())
WHOLE: Sequence[Record] = [HEADER, *take(), TakeEnd(how="stop")]
BYTES = b"".join(encode(record) for record in WHOLE)


def written(folder: Path, data: bytes) -> Path:
    path = folder / JOURNAL
    path.write_bytes(data)
    return path


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, HEADER)
    for record in take():
        writer.append(encode(record))
    writer.append(encode(TakeEnd(how="stop")))
    writer.close()

    assert list(read_journal(tmp_path / JOURNAL)) == WHOLE


def test_what_was_appended_is_in_the_file_before_anything_is_synced_or_closed(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, HEADER)

    writer.append(encode(take()[0]))

    assert list(read_journal(tmp_path / JOURNAL)) == [HEADER, take()[0]]
    writer.close()


def test_a_take_begins_without_waiting_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(_: int) -> None:
        raise AssertionError("waited for the disk")

    monkeypatch.setattr(os, "fsync", wait)
    writer = JournalWriter(tmp_path, HEADER)

    assert list(read_journal(tmp_path / JOURNAL)) == [HEADER]
    writer.close()


def test_a_full_disk_leaves_no_half_of_a_header(tmp_path: Path) -> None:
    with files_no_larger_than(10), pytest.raises(OSError, match="File too large"):
        JournalWriter(tmp_path, HEADER)

    assert [path.name for path in tmp_path.iterdir()] == [LOCK]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(len(encode(HEADER)), len(BYTES)))
def test_a_journal_cut_anywhere_is_read_up_to_its_last_whole_line(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path, BYTES[:cut])

    assert list(read_journal(path)) == WHOLE[: BYTES[:cut].count(b"\n")]


def test_zeros_that_a_power_cut_left_at_the_end_are_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, BYTES + bytes(300))

    assert list(read_journal(path)) == WHOLE


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(BYTES) - 1), st.integers(0, 255))
def test_a_damaged_journal_is_read_or_names_its_file_and_line(tmp_path: Path, at: int, byte: int) -> None:
    path = written(tmp_path, BYTES[:at] + bytes([byte]) + BYTES[at + 1 :])

    problem = ""
    try:
        list(read_journal(path))
    except TakeError as error:
        problem = str(error)

    assert problem == "" or problem.startswith(str(path))
    assert "\n" not in problem


def test_a_wrong_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, encode(HEADER) + b"{}\n" + encode(take()[0]))

    with pytest.raises(TakeError, match=r"journal\.jsonl, line 2: "):
        list(read_journal(path))


@pytest.mark.parametrize("number", [0, FORMAT + 1])
def test_a_journal_of_a_format_that_nobody_knows_is_refused(tmp_path: Path, number: int) -> None:
    said = f'"format":{FORMAT}'.encode()
    path = written(tmp_path, BYTES.replace(said, f'"format":{number}'.encode()))

    with pytest.raises(TakeError, match=f"has journal format {number}, this build reads 1 to {FORMAT}"):
        list(read_journal(path))


def test_a_journal_of_the_first_format_is_read_with_what_it_lacks_left_open(tmp_path: Path) -> None:
    # as written by the first format: a hello without `recognised`, a message without `told`
    first = BYTES.replace(b'"format":2', b'"format":1')
    first = first.replace(b',"recognised":false', b"").replace(b',"told":null', b"")

    read = list(read_journal(written(tmp_path, first)))

    assert read[1:] == list(read_journal(written(tmp_path, BYTES)))[1:]


@pytest.mark.parametrize("data", [b"", encode(HEADER)[:-1]])
def test_a_journal_without_a_whole_line_is_refused(tmp_path: Path, data: bytes) -> None:
    path = written(tmp_path, data)

    with pytest.raises(TakeError, match="is empty: no take's journal"):
        list(read_journal(path))


@pytest.mark.parametrize("data", [encode(take()[0]), encode(HEADER) * 2])
def test_a_journal_has_one_header_and_it_comes_first(tmp_path: Path, data: bytes) -> None:
    path = written(tmp_path, data)

    with pytest.raises(TakeError, match="a journal has one header, its first line"):
        list(read_journal(path))


def test_a_journal_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match=r"cannot read .*No such file"):
        list(read_journal(tmp_path / JOURNAL))


def test_a_live_take_is_locked_and_a_closed_one_is_not(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, HEADER)
    while_live, told = lock(tmp_path), is_live(tmp_path)
    writer.close()
    after, told_after = lock(tmp_path), is_live(tmp_path)

    assert (while_live, told) == (None, True)
    assert after is not None
    assert told_after  # by the lock that this test holds
    after.close()


def test_looking_whether_a_take_is_live_leaves_nothing_behind(tmp_path: Path) -> None:
    assert not is_live(tmp_path)
    assert not list(tmp_path.iterdir())


def test_two_writers_never_share_a_folder(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, HEADER)

    with pytest.raises(TakeError, match="is another pocketd's take"):
        JournalWriter(tmp_path, HEADER)
    writer.close()


def test_a_folder_that_cannot_hold_a_journal_leaves_no_lock_held(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).mkdir()

    with pytest.raises(IsADirectoryError):
        JournalWriter(tmp_path, HEADER)

    held = lock(tmp_path)
    assert held is not None
    held.close()
