from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from pocket_core.types import Due, Port, Seconds
from pocketd.backends.clock import VirtualClock
from pocketd.backends.punctual import Punctual


class Rig:
    """Messages of one byte, and when each was let out."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.left: list[tuple[float, int]] = []
        self.held = Punctual(self.clock, lambda data: self.left.append((self.clock.now(), data[0])))

    def hand(self, at: float, number: int) -> None:
        self.held.hand(Due(Seconds(at), Port.OUT, bytes((number,))))


def test_a_message_leaves_at_its_time_once_somebody_waits() -> None:
    rig = Rig()
    rig.hand(1.0, 7)
    before = list(rig.left)

    rig.held.keep(Seconds(0.9))
    rig.held.keep(Seconds(1.0))

    assert (before, rig.left) == ([], [(1.0, 7)])
    assert rig.held.next_at() == math.inf


def test_what_is_due_by_now_leaves_at_once_behind_what_was_due_before() -> None:
    rig = Rig()
    rig.hand(0.5, 1)
    rig.clock.wait(Seconds(1.0))

    rig.hand(0.8, 2)

    assert rig.left == [(1.0, 1), (1.0, 2)]


@given(st.lists(st.integers(0, 20), max_size=30))
def test_all_leave_in_order_of_their_times_and_ties_as_they_were_handed(times: list[int]) -> None:
    rig = Rig()
    for number, at in enumerate(times):
        rig.hand(1.0 + at, number)

    rig.held.keep(Seconds(100.0))

    ordered = sorted(enumerate(times), key=lambda item: item[1])
    assert rig.left == [(1.0 + at, number) for number, at in ordered]
