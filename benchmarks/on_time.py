"""Wanted against actual: when events leave python-rtmidi's back end, idle and with every core busy.

A player hands numbered notes to the back end as the loop does; a recorder stamps what arrives.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import Connection

import numpy as np

from benchmarks.outside import CLIENT, SETTLE, Message, Partner, busy, record
from pocket_core.types import Due, Port, Seconds
from pocketd.backends.clock import SystemClock
from pocketd.backends.rtmidi import RtMidi

LEAST_GAP, MEAN_GAP = 0.001, 0.015  # seconds between events: the least, and what is drawn on top
NUMBERS = 128 * 127  # that note and velocity can tell apart


@dataclass(frozen=True, slots=True)
class OnTime:
    """What became of the events."""

    errors: Sequence[float]  # seconds, actual - wanted, in order of playing
    timer: Sequence[float]  # seconds, how late the player woke: the bare timer of the same run
    lost: int
    reordered: int  # arrived after one that was to come later


def measure(seconds: float, seed: int, *, loaded: bool) -> OnTime:
    """Play for about some seconds on the JACK server that the environment names.

    Raises:
        RuntimeError: A process did not come up.
    """
    count = min(int(seconds / (LEAST_GAP + MEAN_GAP)), NUMBERS)
    gaps = LEAST_GAP + np.random.default_rng(seed).exponential(MEAN_GAP, count)
    cores = os.cpu_count() or 1
    with Partner(_play, gaps.tolist()) as player:
        player.expect("open")
        with Partner(record) as recorder, busy(cores if loaded else 0):
            recorder.expect("connected")
            player.tell("go")
            wanted, timer = player.expect("played", 3 * seconds + 20.0)
            recorder.tell("stop")
            arrived = recorder.expect("recorded")
        player.tell("close")
    return compare(wanted, timer, arrived)


def compare(wanted: Sequence[float], timer: Sequence[float], arrived: Sequence[Message]) -> OnTime:
    """Match numbered notes with when they were wanted; a number's first arrival counts."""
    numbers = [message.data[1] + 128 * (message.data[2] - 1) for message in arrived]
    first: dict[int, float] = {}
    for number, message in zip(numbers, arrived, strict=True):
        first.setdefault(number, message.at)
    return OnTime(
        [first[n] - at for n, at in enumerate(wanted) if n in first],
        timer,
        sum(n not in first for n in range(len(wanted))),
        sum(b < a for a, b in pairwise(numbers)),
    )


def _play(pipe: Connection, gaps: list[float]) -> None:
    clock = SystemClock()
    backend = RtMidi("JACK", CLIENT, clock)
    try:
        pipe.send(("open", None))
        pipe.recv()
        at = clock.now() + SETTLE
        wanted, timer = [], []
        for number, gap in enumerate(gaps):
            at += gap
            due = Due(Seconds(at), Port.OUT, bytes((0x90, number % 128, 1 + number // 128)))
            backend.wait(due.at)
            timer.append(clock.now() - due.at)
            backend.send(due)
            wanted.append(at)
        time.sleep(SETTLE)
        pipe.send(("played", (wanted, timer)))
        pipe.recv()
    finally:
        backend.close()
