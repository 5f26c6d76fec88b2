from __future__ import annotations

import pytest

from pocket_core.types import Seconds
from pocket_core.wire import note_off, note_on
from pocketd.backends.hanging import HISTORY, Hanging

KICK, KICK_OFF = note_on(9, 36, 100), note_off(9, 36, 64)
CLOCK = bytes.fromhex("F8")


def sent(*messages: tuple[float, bytes], now: float = 0.0) -> Hanging:
    hanging = Hanging()
    for at, data in messages:
        hanging.sent(Seconds(at), data, Seconds(now))
    return hanging


def test_a_device_that_went_in_mid_note_gets_the_note_off_that_it_missed() -> None:
    hanging = sent((1.0, KICK), (2.0, KICK_OFF))
    hanging.lose(Seconds(1.5))

    missed = hanging.come_back(Seconds(3.0))

    assert missed == [KICK_OFF]
    assert hanging.come_back(Seconds(3.0)) == []


def test_a_device_that_comes_back_in_mid_note_gets_the_note_off_in_its_time() -> None:
    hanging = sent((1.0, KICK), (2.0, KICK_OFF))
    hanging.lose(Seconds(1.5))

    assert hanging.come_back(Seconds(1.8)) == []


def test_a_note_that_had_ended_is_left_alone() -> None:
    hanging = sent((1.0, KICK), (1.2, KICK_OFF))
    hanging.lose(Seconds(1.5))

    assert hanging.come_back(Seconds(3.0)) == []


def test_a_note_that_was_still_to_come_is_left_alone() -> None:
    hanging = sent((2.0, KICK), (2.1, KICK_OFF))
    hanging.lose(Seconds(1.5))

    assert hanging.come_back(Seconds(3.0)) == []


def test_a_note_off_that_was_due_as_the_device_went_may_have_been_missed() -> None:
    hanging = sent((1.0, KICK), (1.4999, KICK_OFF))
    hanging.lose(Seconds(1.5))

    assert hanging.come_back(Seconds(3.0)) == [KICK_OFF]


def test_a_note_off_that_was_pulled_before_others_counts_by_its_time() -> None:
    # handed over in another order than they leave
    hanging = sent((1.4, KICK_OFF), (1.3, KICK))
    hanging.lose(Seconds(1.35))

    assert hanging.come_back(Seconds(1.5)) == [KICK_OFF]


def test_a_note_struck_again_while_the_device_was_away_is_not_ended_under_its_hand() -> None:
    hanging = sent((1.0, KICK), (2.0, KICK_OFF), (2.5, KICK))
    hanging.lose(Seconds(1.5))

    assert hanging.come_back(Seconds(3.0)) == []


@pytest.mark.parametrize("ended_by", [KICK_OFF, note_on(9, 36, 0)])  # velocity 0 is a release
def test_what_is_long_past_is_forgotten_but_for_what_sounds(ended_by: bytes) -> None:
    hanging = sent((0.0, KICK), (0.1, note_on(9, 38, 100)), (0.2, ended_by))
    late = Seconds(0.2 + HISTORY + 0.1)
    hanging.sent(late, CLOCK, late)
    hanging.lose(late)

    assert hanging.come_back(late) == []
    hanging.sent(Seconds(late + 0.1), note_off(9, 38, 64), late)
    assert hanging.come_back(Seconds(late + 0.2)) == []


def test_a_long_note_is_known_after_its_note_on_is_forgotten() -> None:
    hanging = sent((0.0, KICK))
    late = Seconds(HISTORY + 1.0)
    hanging.sent(late, CLOCK, late)
    hanging.lose(late)
    hanging.sent(Seconds(late + 0.1), KICK_OFF, late)

    assert hanging.come_back(Seconds(late + 0.2)) == [KICK_OFF]
