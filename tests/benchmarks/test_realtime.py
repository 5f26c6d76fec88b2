"""What the real-time benchmark makes of what it has seen; no port is opened and nothing waits."""

from __future__ import annotations

import pytest
from benchmarks.input_output import LOOK_AHEAD, latencies, script
from benchmarks.on_time import compare
from benchmarks.outside import Message
from benchmarks.timing import distribution

from pocket_core.types import Port

KICK_ON, KICK_OFF, ONSET = bytes.fromhex("99 24 64"), bytes.fromhex("89 24 40"), bytes.fromhex("90 3C 64")


def numbered(at: float, number: int) -> Message:
    return Message(at, bytes((0x90, number % 128, 1 + number // 128)))


def test_events_are_matched_by_number_and_the_missing_and_the_overtaken_are_counted() -> None:
    # wanted 0 to 3 at 1, 2, 3 and 4 s; number 1 never arrives, 3 comes before 2
    arrived = [numbered(1.001, 0), numbered(3.5, 3), numbered(3.6, 2)]
    found = compare([1.0, 2.0, 3.0, 4.0], [0.0] * 4, arrived)

    assert found.lost == 1
    assert found.reordered == 1
    assert found.errors == pytest.approx([0.001, 0.6, -0.5])


def test_numbers_beyond_a_note_are_told_apart_by_velocity() -> None:
    found = compare([0.0] * 129, [], [numbered(0.25, 128), numbered(0.5, 0)])

    assert found.lost == 127
    assert found.errors == pytest.approx([0.5, 0.25])


def test_an_onset_is_timed_to_the_first_kick_after_it() -> None:
    sent = [Message(1.0, KICK_ON), Message(1.1, ONSET), Message(2.1, ONSET)]
    arrived = [
        Message(1.05, KICK_ON),
        Message(1.102, KICK_ON),
        Message(1.103, KICK_OFF),
        Message(2.13, KICK_ON),
    ]

    assert latencies(sent, arrived) == pytest.approx([0.002])  # the second came for its own time's sake


def test_the_musician_strikes_before_each_kick() -> None:
    cues = script(seconds=3.0, seed=1)
    kicks = [cue.at + LOOK_AHEAD for cue in cues if cue.data == KICK_ON]
    onsets = [cue.at for cue in cues if cue.port is Port.HUMAN]

    assert len(onsets) == len(kicks) == 12
    assert all(0.025 <= kick - onset <= 0.038 for kick, onset in zip(kicks, onsets, strict=True))
    assert [cue.at for cue in cues] == sorted(cue.at for cue in cues)


def test_a_distribution_is_in_milliseconds() -> None:
    found = distribution([0.001] * 99 + [0.005])

    assert found["p50_ms"] == pytest.approx(1.0)
    assert found["max_ms"] == pytest.approx(5.0)
    assert found["p50_ms"] <= found["p99_ms"] <= found["p999_ms"] <= found["max_ms"]
