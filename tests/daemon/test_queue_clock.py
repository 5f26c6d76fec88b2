from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from pocketd.backends.queue_clock import QueueClock


@dataclass
class Queue:
    """A queue's time as a test sets it."""

    at: float | None = 5.0

    def __call__(self) -> float | None:
        return self.at


def test_now_is_what_the_queue_says() -> None:
    queue = Queue()
    clock = QueueClock(queue)
    queue.at = 6.5

    assert clock.now() == 6.5


def test_a_queue_that_was_set_back_by_a_late_tick_does_not_set_the_clock_back() -> None:
    queue = Queue()
    clock = QueueClock(queue)
    clock.now()
    queue.at = 4.9999

    assert clock.now() == 5.0


def test_what_came_before_the_clock_was_read_keeps_its_time() -> None:
    clock = QueueClock(Queue())
    clock.now()

    assert clock.stamped(4.2) == 4.2


def test_the_clock_is_never_behind_a_stamp() -> None:
    clock = QueueClock(Queue())

    assert clock.stamped(5.0001) == 5.0001
    assert clock.now() == 5.0001


@given(st.lists(st.floats(0, 10), min_size=1))
def test_stamps_never_decrease(stamps: list[float]) -> None:
    clock = QueueClock(Queue())

    told = [clock.stamped(at) for at in stamps]

    assert told == sorted(told)


def test_where_the_queue_has_gone_the_machine_carries_on_for_good() -> None:
    queue, machine = Queue(), Queue(100.0)
    clock = QueueClock(queue, lambda: machine.at or 0.0)
    clock.now()
    queue.at, machine.at = None, 101.5
    gone = clock.now()
    queue.at, machine.at = 0.0, 102.0

    assert gone == 6.5
    assert clock.now() == 7.0
    assert clock.dead
