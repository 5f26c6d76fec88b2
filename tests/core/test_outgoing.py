"""Notes leave once, with their releases behind them."""

from __future__ import annotations

from pocket_core.outgoing import Outgoing
from pocket_core.types import Due, Hit, Release, Seconds


def kick(at: float, velocity: int = 100) -> Hit:
    return Hit(Seconds(at), 9, 36, velocity)


def leave(outgoing: Outgoing) -> list[Due]:
    due: list[Due] = []
    while (at := outgoing.next_at()) is not None:
        due += outgoing.pop(at)
    return due


def kinds(due: list[Due]) -> list[tuple[float, int]]:
    return [(round(d.at, 6), d.data[0] >> 4) for d in due]


def test_a_release_that_came_while_its_note_waited_follows_it() -> None:
    outgoing = Outgoing()
    note = outgoing.strike(kick(1.0))
    outgoing.release(Release(Seconds(1.05), 9, 36, 0))

    outgoing.send(note, Seconds(1.2))

    assert kinds(leave(outgoing)) == [(1.2, 9), (1.25, 8)]


def test_a_release_that_comes_after_its_note_left_has_its_shift() -> None:
    outgoing = Outgoing()
    note = outgoing.strike(kick(1.0))
    outgoing.send(note, Seconds(1.2))

    outgoing.release(Release(Seconds(1.4), 9, 36, 0))

    assert kinds(leave(outgoing)) == [(1.2, 9), (1.6, 8)]


def test_a_note_struck_again_before_its_release_ends_first() -> None:
    outgoing = Outgoing()
    first, second = outgoing.strike(kick(1.0)), outgoing.strike(kick(1.1))

    outgoing.send(first, Seconds(1.3))
    outgoing.send(second, Seconds(1.3))

    assert kinds(leave(outgoing)) == [(1.3, 9), (1.3, 8), (1.3, 9)]


def test_a_repeated_note_ends_the_one_before_with_that_ones_shift() -> None:
    outgoing = Outgoing()
    first, second = outgoing.strike(kick(1.0)), outgoing.strike(kick(1.5))

    outgoing.send(first, Seconds(1.2))
    outgoing.send(second, Seconds(1.9))

    assert kinds(leave(outgoing)) == [(1.2, 9), (1.7, 8), (1.9, 9)]


def test_a_note_leaves_as_hard_as_it_came_or_as_it_was_told_to() -> None:
    outgoing = Outgoing()
    first, second = outgoing.strike(kick(1.0, velocity=80)), outgoing.strike(kick(1.1, velocity=90))
    second.velocity = 33

    outgoing.send(first, Seconds(1.2))
    outgoing.send(second, Seconds(1.3))

    assert [d.data[2] for d in leave(outgoing) if d.data[0] >> 4 == 9] == [80, 33]


def test_a_release_belongs_to_the_newest_note() -> None:
    outgoing = Outgoing()
    outgoing.strike(kick(1.0))
    outgoing.strike(kick(1.1))

    ended = [outgoing.release(Release(Seconds(1.2), 9, 36, 0)) for _ in range(2)]

    assert ended == [True, False]


def test_ending_all_reaches_notes_that_still_wait() -> None:
    outgoing = Outgoing()
    note = outgoing.strike(kick(1.0))
    outgoing.release_all(Seconds(1.0))

    outgoing.send(note, Seconds(1.2))

    assert kinds(leave(outgoing)) == [(1.2, 9), (1.21, 8)]
    assert outgoing.idle


def test_what_leaves_at_one_time_leaves_in_the_order_of_arrival() -> None:
    outgoing = Outgoing()
    note = outgoing.strike(kick(1.0))
    outgoing.release(Release(Seconds(1.0), 9, 36, 0))
    outgoing.pass_on(bytes.fromhex("B9 04 40"), Seconds(1.2))  # the pedal, behind the kick

    outgoing.send(note, Seconds(1.2))

    assert [d.data[0] >> 4 for d in leave(outgoing)] == [9, 8, 11]
