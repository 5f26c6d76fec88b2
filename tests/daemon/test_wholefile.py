from __future__ import annotations

from pathlib import Path

import pytest

from pocket_core.errors import PocketError
from pocketd.wholefile import write_whole


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
