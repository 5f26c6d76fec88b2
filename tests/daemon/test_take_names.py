from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.errors import TakeError
from pocketd.take_names import began, find_take, find_takes, name_of
from tests.daemon.takes_driver import a_take

NAMES = ("2026-11-19/210000", "2026-11-20/193322", "2026-11-20/193322-2", "2026-11-20/194000")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in NAMES:
        a_take(tmp_path, name, done=False)
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("2026-11-20/193322", NAMES[1]),  # its whole name, though another begins with it
        ("2026-11-20/193322-2", NAMES[2]),
        ("2026-11-19", NAMES[0]),
        ("2026-11-20/194", NAMES[3]),
        ("last", NAMES[3]),
    ],
)
def test_a_take_is_found_by_its_name_a_beginning_of_it_or_as_the_last(
    root: Path, asked: str, name: str
) -> None:
    assert name_of(find_take(root, asked)) == name


def test_a_beginning_that_several_takes_have_names_them(root: Path) -> None:
    with pytest.raises(TakeError, match=r"begins the names of 3 takes, .*193322, .*193322-2, .*; write more"):
        find_take(root, "2026-11-20")


def test_a_take_that_is_not_there_is_said_with_what_to_do(root: Path) -> None:
    with pytest.raises(TakeError, match=r"no take 2025 in .*; `pocketd takes list` names them all"):
        find_take(root, "2025")


def test_where_there_are_no_takes_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match="there are no takes in"):
        find_take(tmp_path, "last")


def test_a_take_that_is_named_twice_is_found_once(root: Path) -> None:
    found = find_takes(root, ["last", "2026-11-19", "2026-11-20/194000"])

    assert [name_of(folder) for folder in found] == [NAMES[3], NAMES[0]]


def test_a_second_take_in_a_second_comes_before_a_tenth(tmp_path: Path) -> None:
    for number in (10, 2):
        a_take(tmp_path, f"2026-11-20/193322-{number}", done=False)

    assert find_take(tmp_path, "last").name == "193322-10"


@given(st.datetimes(datetime(1000, 1, 1)), st.none() | st.integers(2, 99))
def test_a_name_says_when_its_take_began(at: datetime, number: int | None) -> None:
    name = f"{at:%Y-%m-%d/%H%M%S}" + ("" if number is None else f"-{number}")

    assert began(name) == at.replace(microsecond=0)


@pytest.mark.parametrize("name", ["2026-11-20/rehearsal", "2026-02-31/120000", "2026-11-20/1200", ""])
def test_a_folder_of_another_name_says_nothing(name: str) -> None:
    assert began(name) is None
