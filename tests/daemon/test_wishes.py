from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketd.standing import standing_path
from pocketd.wishes import (
    LARGEST,
    STEPS,
    Wish,
    WishError,
    decode_wish,
    encode_wish,
    read_wish,
    wish_path,
    write_wish,
)

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
PATTERN = (5, 0, 4, 0) * 8
steps = st.tuples(*[st.integers(0, 2**14 - 1)] * STEPS)
wishes = st.builds(
    Wish,
    pattern=steps,
    goal=st.none() | steps,
    morph=st.floats(0, 1),
    at=st.datetimes(timezones=st.just(UTC), allow_imaginary=False),
)


def with_key(key: str, value: object) -> bytes:
    """Return a wish in which one key is another."""
    return json.dumps({**json.loads(encode_wish(Wish(pattern=PATTERN, at=NOON))), key: value}).encode()


@given(wishes)
def test_any_wish_comes_back_as_it_was_written(wish: Wish) -> None:
    again = decode_wish(encode_wish(wish))

    assert again == wish


def test_a_wish_is_the_json_that_was_agreed_on() -> None:
    said = json.loads(encode_wish(Wish(pattern=PATTERN, at=NOON)))

    assert said == {
        "format": 1,
        "source": "pattern",
        "pattern": list(PATTERN),
        "goal": None,
        "morph": 0.0,
        "at": "2026-11-30T12:00:00Z",
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("source", "bars"),
        ("pattern", list(PATTERN[:-1])),
        ("pattern", [*PATTERN[:-1], 2**14]),
        ("pattern", [*PATTERN[:-1], -1]),
        ("pattern", [*PATTERN[:-1], 1.5]),
        ("pattern", [*PATTERN[:-1], "4"]),
        ("goal", [0] * 33),
        ("morph", 1.1),
        ("morph", -0.1),
        ("morph", "0.5"),
        ("at", "2026-11-30T12:00:00"),  # of no zone
        ("more", 1),
    ],
)
def test_what_is_no_wish_is_refused_by_the_key_that_is_wrong(key: str, value: object) -> None:
    with pytest.raises(WishError, match=key):
        decode_wish(with_key(key, value))


def test_a_wish_is_for_its_user_alone_even_where_the_file_was_open_to_all(tmp_path: Path) -> None:
    path = tmp_path / "pocketd" / "wish.json"
    path.parent.mkdir()
    path.write_text("old")
    path.chmod(0o666)

    write_wish(path, Wish(pattern=PATTERN, at=NOON))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_wish(path) == Wish(pattern=PATTERN, at=NOON)
    assert os.listdir(path.parent) == ["wish.json"]


def test_where_nobody_has_wished_there_is_no_wish(tmp_path: Path) -> None:
    assert read_wish(tmp_path / "wish.json") is None


@pytest.mark.parametrize("content", [b"", b"{", b" " * (LARGEST + 1)])
def test_a_file_that_is_no_wish_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wish.json"
    path.write_bytes(content)

    with pytest.raises(WishError, match=r"wish\.json"):
        read_wish(path)


def test_a_folder_in_the_place_of_a_wish_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(WishError, match="cannot read"):
        read_wish(tmp_path)


def test_a_wish_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    (tmp_path / "pocketd").write_text("a file")

    with pytest.raises(WishError, match="pocketd"):
        write_wish(tmp_path / "pocketd" / "wish.json", Wish(pattern=PATTERN, at=NOON))


def test_a_wish_lies_beside_the_standing_files() -> None:
    standing = standing_path("pocketd")

    path = wish_path()

    assert path is not None
    assert standing is not None
    assert path == standing.parent / "wish.json"
