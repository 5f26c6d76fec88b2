from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pocket_core.types import Port
from pocket_core.wire import note_off, note_on
from pocketd.backends.transit import Arrived, Transit

KICK, KICK_OFF = note_on(9, 36, 100), note_off(9, 36, 64)
FRAMES = 256


def test_what_arrived_is_taken_once_in_order() -> None:
    transit = Transit()
    transit.arrive(7, Port.DRUMS, KICK)
    transit.arrive(9, Port.HUMAN, KICK_OFF)

    taken = transit.take()

    assert taken == [Arrived(7, Port.DRUMS, KICK), Arrived(9, Port.HUMAN, KICK_OFF)]
    assert not transit.waits


def test_a_message_leaves_at_its_frame_in_the_cycle_that_has_it() -> None:
    transit = Transit()
    transit.hand(300, KICK)

    first = list(transit.leave(0, FRAMES))
    second = list(transit.leave(FRAMES, 2 * FRAMES))

    assert (first, second) == ([], [(300, KICK)])
    assert transit.empty


def test_what_is_behind_its_frame_leaves_at_once() -> None:
    transit = Transit()
    transit.hand(10, KICK)

    left = list(transit.leave(FRAMES, 2 * FRAMES))

    assert left == [(FRAMES, KICK)]


def test_a_hit_that_was_pulled_passes_one_that_was_handed_over_before() -> None:
    transit = Transit()
    transit.hand(200, KICK_OFF)
    transit.hand(50, KICK)

    assert [data for _, data in transit.leave(0, FRAMES)] == [KICK, KICK_OFF]


def test_what_a_full_port_would_not_take_leaves_in_the_next_cycle() -> None:
    transit = Transit()
    for n in range(3):
        transit.hand(n, note_on(9, n, 1))

    for frame, _ in transit.leave(0, FRAMES):  # as a write that raises
        if frame == 1:
            break
    rest = list(transit.leave(FRAMES, 2 * FRAMES))

    assert [data[1] for _, data in rest] == [1, 2]


def test_notes_whose_device_was_away_are_ended_but_for_those_that_sound_again() -> None:
    transit = Transit()
    transit.hand(0, KICK)
    transit.hand(0, note_on(9, 38, 90))
    list(transit.leave(0, FRAMES))
    away = transit.sounding
    transit.hand(FRAMES, note_off(9, 38, 64))
    list(transit.leave(FRAMES, 2 * FRAMES))

    transit.release(away)
    left = list(transit.leave(2 * FRAMES, 3 * FRAMES))

    assert left == [(2 * FRAMES, note_off(9, 38, 64))]


def test_a_server_that_goes_takes_along_what_waited_and_leaves_what_sounds() -> None:
    transit = Transit()
    transit.hand(0, KICK)
    list(transit.leave(0, FRAMES))
    transit.hand(5_000, KICK_OFF)

    sounding = transit.cut()

    assert sounding == {(9, 36)}
    assert transit.empty


@given(st.lists(st.tuples(st.integers(0, 2_000), st.booleans()), max_size=80))
def test_every_message_leaves_once_in_order_and_within_its_cycle(handed: list[tuple[int, bool]]) -> None:
    transit, left, start = Transit(), list[tuple[int, bytes]](), 0
    for number, (frame, cycle) in enumerate(handed):
        transit.hand(frame, bytes((0x90, number, 1)))
        if cycle:
            left += list(transit.leave(start, start + FRAMES))
            start += FRAMES
    left += list(transit.leave(start, start + 4_000))

    assert sorted(data[1] for _, data in left) == list(range(len(handed)))
    assert all(a[0] <= b[0] for a, b in pairwise(left))
    on_time = [(frame, handed[data[1]][0]) for frame, data in left]
    assert all(frame == wanted or frame % FRAMES == 0 for frame, wanted in on_time)


def test_a_note_off_that_was_missed_leaves_before_a_late_hit_of_its_drum() -> None:
    transit = Transit()
    transit.hand(10, KICK)
    transit.release(frozenset({(9, 36)}))

    left = list(transit.leave(FRAMES, 2 * FRAMES))

    assert left == [(FRAMES, KICK_OFF), (FRAMES, KICK)]
