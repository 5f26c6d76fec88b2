"""How near to its time the daemon's loop sends, where the MIDI system sends at once, beside a bare timer.

This is python-rtmidi's back end without its last step: the same loop, engine and waiting, and a port that
notes when it was handed a message. The bare timer waits for the same times by itself, just before.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

import numpy as np

from benchmarks.outside import SETTLE, busy
from pocket_core.predict import ZeroPredictor
from pocket_core.types import Port, Seconds
from pocketd.backends.clock import SystemClock
from pocketd.backends.loopback import Loopback
from pocketd.backends.rtmidi import PRIORITY
from pocketd.config import Config
from pocketd.loop import Loop, Requests
from pocketd.outbox import Outbox
from pocketd.urgency import hurry

LEAST_GAP, MEAN_GAP = 0.001, 0.015  # seconds between hits: the least, and what is drawn on top


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
    backend, requests = Loopback(), Requests()  # this thread has its priority already
    loop = Loop(config, backend, ZeroPredictor(), outbox=Outbox(None), requests=requests)
    begin = backend.now() + SETTLE
    for n, at in enumerate(times.tolist()):
        backend.feed(Port.DRUMS, bytes((0x99, n % 128, 100)), Seconds(begin + at))

    def stop() -> None:
        requests.stop = True

    timer = threading.Timer(times[-1] + 2 * SETTLE, stop)
    timer.start()
    loop.run()
    found.loop.extend(each.at - each.due.at for each in backend.sent if each.due.data[0] == 0x99)
