"""What every back end promises, checked the same way on each: order, pairing, timing, coming back, closing.

A check opens studios as it is told, drives the back end in there as the loop does, and returns what is wrong,
a line each. It asks no test runner, so that a machine without one can run it too.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pocket_core.types import Due, Port, Seconds
from pocket_core.wire import note_off, note_on
from pocketd.backends.protocol import INPUTS, Backend, Incoming
from tests.real.rig import Timed, unended

CLIENT = "pocketd"
DEVICE = "conformance module"  # whom the back end plays to
FRAME = 1 / 48_000  # seconds; what is judged to the frame is due on one
SETTLE = 0.3  # seconds for what is under way to arrive
PATIENCE = 5.0  # seconds for a connection to be there
KEYS = range(36, 44)
NOTES = 40  # of each key
STEP = 0.005  # seconds; notes begin and end on multiples, so that many do so together
ON, OFF = note_on(9, 36, 100), note_off(9, 36, 64)


@dataclass(frozen=True, slots=True)
class Promise:
    """What a system promises of time, in seconds."""

    ahead: float  # messages are handed over so long before their time
    late: Sequence[tuple[float, float]]  # of such a share of all messages, so late at most; never early
    apart: float  # messages of several ports are told in order if so much lies between them
    origin: bool = True  # the ear tells the time by the back end's clock, not from an origin of its own


class Studio(Protocol):
    """A back end with somebody who plays to it, and a device that hears it."""

    @property
    def backend(self) -> Backend:
        """What is checked; open."""

    @property
    def promise(self) -> Promise:
        """What is to be held."""

    def feed(self, port: Port, data: bytes) -> None:
        """Send to a port of the back end, now."""

    def heard(self) -> list[Timed]:
        """Return what the device has heard since the last call."""

    def seen(self) -> bool:
        """Say whether other programs see a port of the back end."""

    def unplug(self) -> None:
        """Take the device away."""

    def plug(self) -> None:
        """Bring it back; nobody but the back end connects it."""

    def crash(self) -> None:
        """Kill the MIDI system."""

    def restart(self) -> None:
        """Start it again, and the device with it."""


Open = Callable[[], AbstractContextManager[Studio]]
Check = Callable[[Open], list[str]]


# --- checks ------------------------------------------------------------------------------------------------


def what_comes_is_told_once_in_order_with_its_time(open_studio: Open) -> list[str]:
    fed: list[tuple[Port, bytes]] = []
    came: list[Incoming] = []
    wrong: list[str] = []
    with open_studio() as studio:
        for number in range(360):
            fed.append((INPUTS[number % 3], _numbered(number)))
            studio.feed(*fed[-1])
            pause = studio.promise.apart if number < 60 else SETTLE / 10 if number % 30 == 0 else 0.0
            came += _pause(studio.backend, pause, wrong)
        came += _pause(studio.backend, SETTLE, wrong)
    told = [(message.port, message.data) for message in came]
    if told[:60] != fed[:60]:
        wrong.append(f"messages of three ports, well apart, came as {told[:60]}")
    for port in INPUTS:
        if [data for p, data in told if p is port] != [data for p, data in fed if p is port]:
            wrong.append(
                f"{port} told {Counter(p for p, _ in told)[port]} of 120 messages, or in another order"
            )
    stamps = [message.at for message in came]
    if stamps != sorted(stamps):
        wrong.append("a message is stamped before one that was told ahead of it")
    return wrong


def every_note_leaves_once_with_its_note_off_behind_it(open_studio: Open) -> list[str]:
    with open_studio() as studio:
        part = _crowded(studio.backend.now())
        _play(studio, part)
        heard = studio.heard()
    wrong = unended(heard)
    if [message.data for message in heard] != [due.data for due in part]:
        lost = Counter(due.data for due in part) - Counter(message.data for message in heard)
        wrong.append(f"heard {len(heard)} of {len(part)} messages, or in another order; lost {lost.total()}")
    return wrong


def messages_leave_in_their_time(open_studio: Open) -> list[str]:
    with open_studio() as studio:
        promise = studio.promise
        late = lateness(studio)
    if len(late) != EVENTS:
        return [f"heard {len(late)} of {EVENTS}"]
    late.sort()
    wrong = [f"{late[0] * 1000:.3f} ms early"] if late[0] < -FRAME / 100 else []
    for share, most in promise.late:
        at = late[min(int(share * len(late)), len(late) - 1)]
        if at > most:
            wrong.append(f"{share:.0%} are up to {at * 1000:.3f} ms late, {most * 1000:.3f} are promised")
    return wrong


def a_device_that_comes_back_is_connected_and_gets_its_note_off(open_studio: Open) -> list[str]:
    wrong: list[str] = []
    with open_studio() as studio:
        backend = studio.backend
        _play(studio, [Due(Seconds(backend.now() + 0.05), Port.OUT, ON)])
        if [m.data for m in studio.heard()] != [ON]:
            wrong.append("the device was not connected at first")
        studio.unplug()
        _pause(backend, SETTLE, wrong)
        _play(studio, [Due(Seconds(backend.now() + 0.05), Port.OUT, OFF)])
        studio.plug()
        wrong += _expect(studio, [OFF], "the note-off that it missed")
        _play(studio, [Due(Seconds(backend.now() + 0.05), Port.OUT, data) for data in (ON, OFF)])
        wrong += _expect(studio, [ON, OFF], "a note after it")
    return wrong


def a_system_that_comes_back_carries_the_ports_and_what_was_connected(open_studio: Open) -> list[str]:
    wrong: list[str] = []
    with open_studio() as studio:
        backend = studio.backend
        _play(studio, [Due(Seconds(backend.now() + 0.05), Port.OUT, ON)])
        studio.heard()
        before = backend.now()
        studio.crash()
        _pause(backend, SETTLE, wrong)
        if not backend.check():
            wrong.append("it does not say that the system has gone")
        backend.send(Due(backend.now(), Port.OUT, OFF))
        studio.restart()
        end = backend.now() + PATIENCE
        while backend.check() and backend.now() < end:
            _pause(backend, 0.05, wrong)
        if backend.check() or not studio.seen():
            wrong.append(f"the ports are not back within {PATIENCE:g} s")
        if backend.now() < before:
            wrong.append("its clock went back")
        wrong += _expect(studio, [OFF], "the note-off that it missed")
        _play(studio, [Due(Seconds(backend.now() + 0.05), Port.OUT, data) for data in (ON, OFF)])
        wrong += _expect(studio, [ON, OFF], "a note after it")
    return wrong


def closing_lets_out_what_was_sent_and_leaves_nothing_behind(open_studio: Open) -> list[str]:
    wrong: list[str] = []
    with open_studio():  # what a library loads for good is loaded now
        pass
    before = _left()
    with open_studio() as studio:
        backend = studio.backend
        soon = backend.now() + studio.promise.ahead
        part = [Due(Seconds(soon), Port.OUT, data) for data in (ON, OFF)]
        for due in part:
            backend.send(due)
        backend.close()
        backend.close()
        heard = [message.data for message in studio.heard()]
        if heard != [due.data for due in part]:
            wrong.append(f"at the end {len(heard)} of {len(part)} messages were let out")
        if studio.seen():
            wrong.append("its ports are still there")
    after = _left()
    if after != before:
        wrong.append(f"left behind: {before} before, {after} after")
    return wrong


CHECKS: tuple[Check, ...] = (
    what_comes_is_told_once_in_order_with_its_time,
    every_note_leaves_once_with_its_note_off_behind_it,
    messages_leave_in_their_time,
    closing_lets_out_what_was_sent_and_leaves_nothing_behind,
)
HOT_PLUG: tuple[Check, ...] = (a_device_that_comes_back_is_connected_and_gets_its_note_off,)
SERVER: tuple[Check, ...] = (a_system_that_comes_back_carries_the_ports_and_what_was_connected,)


# --- how they do it ----------------------------------------------------------------------------------------

EVENTS = 300  # whose time is measured


def lateness(studio: Studio, events: int = EVENTS, seed: int = 1) -> list[float]:
    """Play numbered notes at random times, and return how late each left, in seconds.

    Where the ear has an origin of its own, the earliest counts as in time.
    """
    rng = random.Random(seed)
    at = studio.backend.now() + 0.1
    part = []
    for number in range(events):
        at += FRAME * rng.randint(48, 600)  # 1 to 12.5 ms
        part.append(Due(Seconds(at), Port.OUT, _numbered(number)))
    _play(studio, part)
    heard = {message.data: message.at for message in studio.heard()}
    late = [heard[due.data] - due.at for due in part if due.data in heard]
    origin = 0.0 if studio.promise.origin else min(late, default=0.0)
    return [each - origin for each in late]


def _numbered(number: int) -> bytes:
    return note_on(0, number % 128, 1 + number // 128)


def _crowded(now: float) -> list[Due]:
    """Return some hundred notes of a few keys: many at the same time, many struck again as they end."""
    rng = random.Random(1)
    part = []
    for key in KEYS:
        at = 0
        for _ in range(NOTES):
            end = at + rng.randint(1, 4)
            part += [(at, note_on(9, key, rng.randint(1, 127))), (end, note_off(9, key, rng.randint(0, 127)))]
            at = end + rng.choice((0, 0, 1, 2))
    part.sort(key=lambda each: each[0])  # stable: a note-off stays before what follows it
    return [Due(Seconds(now + 0.1 + at * STEP), Port.OUT, data) for at, data in part]


def _play(studio: Studio, part: Sequence[Due]) -> None:
    """Hand messages over as the loop does, each as long ahead as is promised; wait until they have left."""
    backend = studio.backend
    for due in part:
        hand_over = Seconds(due.at - studio.promise.ahead)
        while backend.now() < hand_over:
            backend.wait(hand_over)
            backend.poll()
        backend.send(due)
    _pause(backend, studio.promise.ahead + SETTLE, [])


def _pause(backend: Backend, seconds: float, wrong: list[str]) -> list[Incoming]:
    """Let time pass as the loop does, and return what came."""
    came: list[Incoming] = []
    until = Seconds(backend.now() + seconds)
    while True:
        backend.check()
        arrived = list(backend.poll())
        now = backend.now()
        if any(message.at > now for message in arrived):
            wrong.append("a message is stamped later than it was polled")
        came += arrived
        if now >= until:
            return came
        backend.doze(until)


def _expect(studio: Studio, wanted: Sequence[bytes], what: str) -> list[str]:
    """Wait until the device has heard something, and nothing else."""
    heard: list[bytes] = []
    end = studio.backend.now() + PATIENCE
    while len(heard) < len(wanted) and studio.backend.now() < end:
        _pause(studio.backend, 0.05, [])
        heard += [message.data for message in studio.heard()]
    if heard == list(wanted):
        return []
    return [f"{what}: heard {[data.hex(' ') for data in heard]}"]


def _left() -> tuple[int, int, int]:
    """Return how many threads, threads of the system and file descriptors this process has.

    The least within a moment: a thread that has ended is still listed a little while.
    """
    counts = []
    for _ in range(10):
        tasks = Path("/proc/self/task")
        threads = len(os.listdir(tasks)) if tasks.exists() else 0
        counts.append((threading.active_count(), threads, len(os.listdir("/dev/fd"))))
        time.sleep(0.02)
    return min(c[0] for c in counts), min(c[1] for c in counts), min(c[2] for c in counts)
