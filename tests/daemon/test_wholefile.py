from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pocket_core.errors import PocketError
from pocketd.wholefile import try_place, write_together, write_whole
from tests.daemon.full_disk import files_no_larger_than


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    write_whole(path, b"new")

    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PocketError, match="cannot write"):
        write_whole(tmp_path / "nowhere" / "a.json", b"new")


def test_a_folder_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(PocketError, match="is a folder"):
        write_whole(tmp_path, b"new")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_or_a_device_keeps_its_place(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(PocketError, match="device or a pipe"):
        write_whole(tmp_path / "pipe", b"new")

    assert (tmp_path / "pipe").is_fifo()


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("file")

    write_whole(tmp_path / "link", b"new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o755])
def test_a_file_keeps_the_permissions_of_the_one_it_replaces(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    path.chmod(mode)

    write_whole(path, b"new")

    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")

    write_whole(tmp_path / "a.json", b"new")

    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_of_files_that_belong_together_none_is_written_where_one_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(PocketError, match="nowhere"):
        write_together({tmp_path / "a": b"new", tmp_path / "nowhere" / "b": b"new"})

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")

    with files_no_larger_than(4096), pytest.raises(PocketError, match="File too large"):
        write_whole(tmp_path / "a", bytes(8192))

    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_place_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"old")

    try_place(tmp_path / "a.json")
    try_place(tmp_path / "b.json")

    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"old"]


@pytest.mark.parametrize("where", ["nowhere/a.json", "."])
def test_a_place_that_cannot_be_written_is_told_before_anything_is_done(tmp_path: Path, where: str) -> None:
    with pytest.raises(PocketError, match="cannot write"):
        try_place(tmp_path / where)
