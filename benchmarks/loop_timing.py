"""How near to its time the daemon's loop sends, where the MIDI system sends at once, beside a bare timer.

This is python-rtmidi's back end without its last step: the same loop, engine and waiting, and a port that
notes when a message was sent. The bare timer waits for the same times by itself, just before.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

import numpy as np

from benchmarks.outside import SETTLE, busy
from pocket_core.predict import ZeroPredictor
from pocket_core.settings import Timing
from pocket_core.types import Due, Port, Seconds
from pocketd.backends.clock import SystemClock
from pocketd.backends.loopback import Loopback
from pocketd.backends.protocol import Incoming
from pocketd.backends.punctual import Punctual
from pocketd.backends.rtmidi import NOTICE, PRIORITY
from pocketd.config import Config
from pocketd.loop import Loop
from pocketd.outbox import Outbox
from pocketd.requests import Requests
from pocketd.urgency import hurry

LEAST_GAP, MEAN_GAP = 0.001, 0.015  # seconds between hits: the least, and what is drawn on top


class Sender(Loopback):
    """Is handed messages as the back end rtmidi is, and waits as it does."""

    def __init__(self) -> None:
        super().__init__(timing=Timing(NOTICE))
        self.left: list[Seconds] = []  # when each message was sent
        self._held = Punctual(SystemClock(), self._send)

    def poll(self) -> list[Incoming]:
        """Let out what is about to leave, and return what has arrived."""
        self._held.keep(Seconds(self.now() + NOTICE))
        return super().poll()

    def send(self, due: Due) -> None:
        """Send a message at its time."""
        super().send(due)
        self._held.hand(due)

    def wait(self, until: Seconds) -> None:
        """Wait for a time exactly."""
        self._held.keep(until)
        super().wait(until)

    def doze(self, until: Seconds) -> None:
        """Wait for about a time."""
        self._held.keep(until)
        super().doze(until)

    def late(self) -> list[float]:
        """Return how late each note-on was sent, in seconds."""
        due = sorted((each.due for each in self.sent), key=lambda each: each.at)  # as they were let out
        return [
            when - each.at for when, each in zip(self.left, due, strict=True) if each.data[0] & 0xF0 == 0x90
        ]

    def _send(self, _: bytes) -> None:
        self.left.append(self.now())


@dataclass(frozen=True, slots=True)
class LoopTiming:
    """In seconds, actual - wanted."""

    loop: list[float]
    timer: list[float]


def measure(seconds: float, seed: int, *, loaded: bool) -> LoopTiming:
    """Send hits for some seconds, then wait for as many times."""
    with busy((os.cpu_count() or 1) if loaded else 0):
        found = LoopTiming([], [])
        worker = threading.Thread(target=_measure, args=(seconds, seed, found))  # it keeps the priority
        worker.start()
        worker.join()
    return found


def _measure(seconds: float, seed: int, found: LoopTiming) -> None:
    gaps = np.random.default_rng(seed).exponential(MEAN_GAP, int(seconds / (LEAST_GAP + MEAN_GAP)))
    times = np.cumsum(LEAST_GAP + gaps)
    clock = SystemClock()
    hurry(PRIORITY)
    begin = clock.now() + SETTLE
    for at in times.tolist():
        clock.wait(Seconds(begin + at))
        found.timer.append(clock.now() - begin - at)
    config = Config.model_validate({"backend": "loopback", "model": "none"})
    backend, requests = Sender(), Requests()  # this thread has its priority already
    loop = Loop(config, backend, ZeroPredictor(), outbox=Outbox(None), requests=requests)
    begin = backend.now() + SETTLE
    for n, at in enumerate(times.tolist()):
        backend.feed(Port.DRUMS, bytes((0x99, n % 128, 100)), Seconds(begin + at))

    def stop() -> None:
        requests.stop = True

    timer = threading.Timer(times[-1] + 2 * SETTLE, stop)
    timer.start()
    loop.run()
    found.loop.extend(backend.late())
