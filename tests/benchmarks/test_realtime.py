"""What the real-time benchmark makes of what it has seen; no port is opened and nothing waits."""

from __future__ import annotations

import pytest
from benchmarks.input_output import EARLY, LOOK_AHEAD, latencies, script
from benchmarks.jack_server import RATE
from benchmarks.on_the_frame import LOOK_AHEAD_MS, Timed, hits
from benchmarks.on_the_frame import compare as compare_frames
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
        Message(2.15, KICK_ON),
    ]

    assert latencies(sent, arrived) == pytest.approx([0.002])  # the second came for its own time's sake


def test_the_musician_strikes_before_each_kick() -> None:
    cues = script(seconds=3.0, seed=1)
    kicks = [cue.at + LOOK_AHEAD for cue in cues if cue.data == KICK_ON]
    onsets = [cue.at for cue in cues if cue.port is Port.HUMAN]

    assert len(onsets) == len(kicks) == 6
    assert all(EARLY[0] <= kick - onset <= EARLY[1] for kick, onset in zip(kicks, onsets, strict=True))
    assert [cue.at for cue in cues] == sorted(cue.at for cue in cues)


def test_a_distribution_is_in_milliseconds() -> None:
    found = distribution([0.001] * 99 + [0.005])

    assert found["p50_ms"] == pytest.approx(1.0)
    assert found["max_ms"] == pytest.approx(5.0)
    assert found["p50_ms"] <= found["p99_ms"] <= found["p999_ms"] <= found["max_ms"]


DELAY = LOOK_AHEAD_MS * RATE // 1000  # frames


def test_hits_are_told_apart_and_each_has_its_note_off() -> None:
    played = hits(3_000, seed=1)

    struck = [m for m in played if m.data[0] & 0xF0 == 0x90]
    assert len({m.data for m in struck}) == 3_000
    assert len(played) == 6_000
    assert [m.frame for m in played] == sorted(m.frame for m in played)


def test_hits_are_exact_a_look_ahead_later_and_the_lost_doubled_and_overtaken_are_counted() -> None:
    played = [Timed(n * 100, Port.DRUMS, bytes((0x90, n, 1))) for n in range(5)]
    came = [(0, 0), (101, 1), (300, 3), (301, 3), (302, 2)]  # 4 never comes; 2 comes behind 3
    heard = [Timed(frame + DELAY, Port.OUT, bytes((0x90, n, 1))) for frame, n in came]

    found = compare_frames(played, heard)

    assert (found.exact, found.lost, found.doubled, found.reordered) == (2, 1, 1, 1)
    assert found.errors == pytest.approx([0.0, 1 / RATE, 102 / RATE, 0.0])
