"""On which frame hits leave the daemon over JACK, and how soon an onset pulls one: counted by JACK itself.

One client of JACK's plays the DAW and the musician, frame by frame; another, behind the daemon in JACK's
graph, writes down on which frame each message came. The daemon is whole: its model steps, its recorder writes
a take, its meter runs.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import Connection

import numpy as np

from benchmarks.daemon import daemon
from benchmarks.input_output import SETTINGS, latencies, script
from benchmarks.jack_server import RATE
from benchmarks.outside import CLIENT, SETTLE, Message, Partner, busy
from pocket_core.types import Port

LOOK_AHEAD_MS = 120
LEAST_GAP, MEAN_GAP = 0.001, 0.007  # seconds between hits: the least, and what is drawn on top
LENGTH = 0.004  # seconds that a note is held
KEYS = 128 * 127 * 16  # that note, velocity and channel can tell apart

#: Hits stay off the grid, and leave exactly a look-ahead after they came.
AS_PLAYED = {
    "backend": "jack",
    "clock": "internal",
    "drums_lead_ms": 0,
    "look_ahead_ms": LOOK_AHEAD_MS,
    "snap_ms": 0,
    "bypass": True,
    "meter_display": "lines",
}
PULLED = {"backend": "jack", "model": "none", **SETTINGS}


@dataclass(frozen=True, slots=True)
class Timed:
    """A message at a frame, from a start that both ends agree on."""

    frame: int
    port: Port
    data: bytes


@dataclass(frozen=True, slots=True)
class OnTheFrame:
    """What became of the hits."""

    errors: Sequence[float]  # seconds, actual - wanted
    exact: int  # on the very frame
    lost: int
    doubled: int
    reordered: int  # came before one that was due earlier
    skipped: int  # frames that JACK kept from the recorder or the DAW, for the machine stood still


def measure(count: int, seed: int, *, loaded: bool, model: str, notice_ms: float | None = None) -> OnTheFrame:
    """Play hits into a daemon on the server that the environment names.

    Args:
        count: How many.
        seed: Of when they come.
        loaded: Keep as many processes busy as there are cores.
        model: Who steps, and is not listened to.
        notice_ms: As in the config.

    Raises:
        RuntimeError: A process did not come up.
    """
    wanted = hits(count, seed)
    cores = os.cpu_count() or 1
    with daemon(True, model=model, notice_ms=notice_ms, **AS_PLAYED), Partner(perform, wanted) as daw:
        daw.expect("connected")
        with busy(cores if loaded else 0):
            daw.tell("go")
            sent, heard, skipped = daw.expect("performed", 2 * wanted[-1].frame / RATE + 30.0)
    return compare(sent, heard, skipped)


def hits(count: int, seed: int) -> list[Timed]:
    """Return numbered notes at frames by chance, each with its note-off, in order."""
    if count > KEYS:
        raise ValueError(f"{count} hits cannot be told apart, {KEYS} at most")
    gaps = LEAST_GAP + np.random.default_rng(seed).exponential(MEAN_GAP, count)
    played = []
    for number, at in enumerate(np.round(np.cumsum(gaps) * RATE).astype(int).tolist()):
        channel, note, velocity = number // (128 * 127), number % 128, 1 + number // 128 % 127
        played.append(Timed(at, Port.DRUMS, bytes((0x90 | channel, note, velocity))))
        off = at + round(LENGTH * RATE)
        played.append(Timed(off, Port.DRUMS, bytes((0x80 | channel, note, 64))))
    return sorted(played, key=lambda message: message.frame)


def compare(played: Sequence[Timed], heard: Sequence[Timed], skipped: int = 0) -> OnTheFrame:
    """Match each hit with its return, a look-ahead later."""
    delay = LOOK_AHEAD_MS * RATE // 1000
    struck = [m for m in played if m.data[0] & 0xF0 == 0x90]
    due = {m.data: m.frame + delay for m in struck}
    came = [m for m in heard if m.data[0] & 0xF0 == 0x90]
    first = {m.data: m.frame for m in reversed(came)}
    off = [first[data] - frame for data, frame in due.items() if data in first]
    times = [due[m.data] for m in came if m.data in due]
    return OnTheFrame(
        [frames / RATE for frames in off],
        sum(frames == 0 for frames in off),
        sum(data not in first for data in due),
        sum(n - 1 for n in Counter(m.data for m in came).values()),
        sum(b < a for a, b in pairwise(times)),
        skipped,
    )


def reactions(seconds: float, seed: int) -> list[float]:
    """Return the time from each onset of a musician to the kick that it pulls, in seconds of JACK's clock."""
    cues = [Timed(round(cue.at * RATE), cue.port, cue.data) for cue in script(seconds, seed)]
    with daemon(True, **PULLED), Partner(perform, cues) as daw:
        daw.expect("connected")
        daw.tell("go")
        sent, heard, _ = daw.expect("performed", 2 * seconds + 30.0)
    return latencies(*([Message(m.frame / RATE, m.data) for m in part] for part in (sent, heard)))


def perform(pipe: Connection, cues: Sequence[Timed]) -> None:
    """Play on JACK's frames. Says `connected`, waits, then `performed` with what left and what came back."""
    import jack

    client = jack.Client(f"{CLIENT}-daw", no_start_server=True)
    ends = {port: client.midi_outports.register(str(port)) for port in {cue.port for cue in cues}}
    module = jack.Client(f"{CLIENT}-module", no_start_server=True)
    heard_end = module.midi_inports.register("heard")
    parts = {port: [cue for cue in cues if cue.port is port] for port in ends}
    after = round((LOOK_AHEAD_MS / 1000 + SETTLE) * RATE)
    sent: list[Timed] = []
    heard: list[Timed] = []
    over = threading.Event()
    begin: list[int] = []  # once it may
    daw, recorder = _Cycles(), _Cycles()
    done = dict.fromkeys(ends, 0)

    def process(frames: int) -> None:
        now = client.last_frame_time
        for end in ends.values():
            end.clear_buffer()
        if not begin:
            return
        daw.see(now, frames)
        start = now - begin[0]
        for port, end in ends.items():
            part = parts[port]
            while done[port] < len(part) and part[done[port]].frame < start + frames:
                cue = part[done[port]]
                offset = max(cue.frame - start, 0)
                end.write_midi_event(offset, cue.data)
                sent.append(Timed(start + offset, port, cue.data))
                done[port] += 1
        if start > cues[-1].frame + after:
            over.set()

    def hear(frames: int) -> None:
        now = module.last_frame_time
        if begin:
            recorder.see(now, frames)
        for offset, data in heard_end.incoming_midi_events():
            if begin:
                heard.append(Timed(now + offset - begin[0], Port.OUT, bytes(data)))

    client.set_process_callback(process)
    module.set_process_callback(hear)
    with client, module:
        for port, end in ends.items():
            client.connect(end, f"{CLIENT}:{port}")
        module.connect(f"{CLIENT}:{Port.OUT}", heard_end)
        pipe.send(("connected", None))
        pipe.recv()
        begin.append(client.last_frame_time + round(SETTLE * RATE))
        over.wait()
    skipped = daw.skipped + recorder.skipped
    pipe.send(("performed", (sorted(sent, key=lambda message: message.frame), heard, skipped)))


class _Cycles:
    """Counts the frames between one cycle and the next."""

    def __init__(self) -> None:
        self.skipped = 0
        self._next: int | None = None

    def see(self, now: int, frames: int) -> None:
        """Take note of a cycle."""
        if self._next is not None:
            self.skipped += abs(now - self._next)
        self._next = now + frames
