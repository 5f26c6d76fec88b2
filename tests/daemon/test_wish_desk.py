"""What the map has sent, from its file to the loop."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pocket_core.types import Seconds
from pocketd.desk_answers import WishAnswer, decode_answer, encode_answer
from pocketd.wish_desk import WishDesk
from pocketd.wishes import Wish, write_wish

BEGAN = datetime(2026, 1, 1, 12, tzinfo=UTC)
PATTERN = (1, 0, 4, 0) * 8


def wish(path: Path, after_s: float) -> None:
    write_wish(path, Wish(pattern=PATTERN, at=BEGAN + timedelta(seconds=after_s)))


def new(folder: Path) -> WishDesk:
    return WishDesk(folder / "wish.json", BEGAN, lambda: BEGAN + timedelta(hours=1))


def test_a_wish_is_told_once(tmp_path: Path) -> None:
    desk = new(tmp_path)
    wish(tmp_path / "wish.json", 1)

    desk.turn(Seconds(1.0))
    desk.turn(Seconds(2.0))

    assert list(desk.answers) == [WishAnswer(source="pattern", pattern=PATTERN, goal=None)]


def test_how_far_it_is_on_the_way_is_told_too(tmp_path: Path) -> None:
    desk = WishDesk(tmp_path / "wish.json", BEGAN)
    there = Wish(pattern=PATTERN, goal=PATTERN[::-1], morph=0.4, at=BEGAN + timedelta(seconds=1))
    write_wish(tmp_path / "wish.json", there)

    desk.turn(Seconds(1.0))

    (answer,) = desk.answers
    assert (answer.goal, answer.morph) == (PATTERN[::-1], 0.4)


def test_what_was_wished_before_the_daemon_began_is_not_for_it(tmp_path: Path) -> None:
    desk = new(tmp_path)
    wish(tmp_path / "wish.json", -1)

    desk.turn(Seconds(1.0))

    assert not desk.answers


def test_what_is_no_wish_is_told_to_people_once(tmp_path: Path) -> None:
    desk = new(tmp_path)
    (tmp_path / "wish.json").write_text("{}")

    desk.turn(Seconds(1.0))
    desk.turn(Seconds(2.0))

    assert len(desk.faults) == 1


def test_the_same_wish_again_is_another_one(tmp_path: Path) -> None:
    desk = new(tmp_path)
    wish(tmp_path / "wish.json", 1)
    desk.turn(Seconds(1.0))
    wish(tmp_path / "wish.json", 2)

    desk.turn(Seconds(2.0))

    assert len(desk.answers) == 2


def test_an_answer_comes_over_the_socket_as_it_was(tmp_path: Path) -> None:
    answer = WishAnswer(source="pattern", pattern=PATTERN, goal=PATTERN, morph=0.4)

    assert decode_answer(encode_answer(answer)) == answer


def test_a_wish_that_is_dated_ahead_does_not_outdate_those_that_follow(tmp_path: Path) -> None:
    desk = new(tmp_path)
    wish(tmp_path / "wish.json", 3600 * 24 * 365)
    desk.turn(Seconds(1.0))
    wish(tmp_path / "wish.json", 60)

    desk.turn(Seconds(2.0))

    assert len(desk.answers) == 1
    assert "which is to come" in desk.faults[0]


def test_a_storm_of_what_is_no_wish_is_told_once(tmp_path: Path) -> None:
    desk = new(tmp_path)

    for n in range(100):
        (tmp_path / "wish.json").write_text("{}" + " " * n)
        desk.turn(Seconds(1.0 + n))

    assert len(desk.faults) == 1


def test_a_pipe_in_the_place_of_a_wish_is_not_waited_for(tmp_path: Path) -> None:
    desk = new(tmp_path)
    os.mkfifo(tmp_path / "wish.json")

    desk.turn(Seconds(1.0))

    assert list(desk.faults) == [f"cannot read {tmp_path / 'wish.json'}: it is no file; remove it"]


def test_the_file_is_looked_at_twice_a_second(tmp_path: Path) -> None:
    desk = new(tmp_path)
    desk.turn(Seconds(1.0))
    wish(tmp_path / "wish.json", 1)

    desk.turn(Seconds(1.4))
    early = len(desk.answers)
    desk.turn(Seconds(1.5))

    assert (early, len(desk.answers)) == (0, 1)
