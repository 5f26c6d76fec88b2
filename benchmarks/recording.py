"""A daemon that records, to be killed: the real loop and desk on the loopback back end, with a song to play.

    python -m benchmarks.recording TAKES

It begins when a line comes on its standard input, and then prints a line of JSON: the desk's process id,
and when the song begins on the system's clock. Everything that is fed follows from that, so whoever kills it
knows what was played.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from pocket_core.predict import ZeroPredictor
from pocket_core.types import Port, Seconds
from pocketd.backends.clock import SystemClock
from pocketd.backends.loopback import Loopback
from pocketd.config import Config
from pocketd.config_sections import Takes
from pocketd.demo import Cue
from pocketd.desk import spawn_desk
from pocketd.loop import Loop
from pocketd.requests import Requests

BPM = 120.0
PULSE = 60.0 / BPM / 24
LENGTH = Seconds(30.0)  # longer than anybody lets it live
REST = 2.2  # between stop and start: the first take is being finished while the second runs
FIRST = 1.0  # seconds of the first take
AHEAD = Seconds(0.120)
KICK, KICK_OFF = bytes.fromhex("99 24 64"), bytes.fromhex("89 24 40")
BEGIN = Seconds(0.3)  # from here to the first start


def song() -> Iterator[Cue]:
    """Yield what is played, in order of time: a second, a pause, and then on and on."""
    yield from _run(0.0, FIRST)
    yield from _run(FIRST + REST, LENGTH)


def _run(begin: float, length: float) -> Iterator[Cue]:
    yield Cue(Seconds(begin), Port.DRUMS, b"\xfa")
    for pulse in range(1, round(length / PULSE)):
        at = begin + pulse * PULSE
        yield Cue(Seconds(at), Port.DRUMS, b"\xf8")
        if pulse % 6 == 0:  # sixteenths
            yield Cue(Seconds(at + 0.0001), Port.DRUMS, KICK)
            yield Cue(Seconds(at + 0.0031), Port.DRUMS, KICK_OFF)
        note = 24 + pulse % 96
        yield Cue(Seconds(at + 0.007), Port.HUMAN, bytes((0x90, note, 80)))
        yield Cue(Seconds(at + 0.011), Port.HUMAN, bytes((0x80, note, 64)))
    yield Cue(Seconds(begin + length), Port.DRUMS, b"\xfc")


def main(takes: str) -> None:
    """Play until somebody kills it."""
    config = Config(
        backend="loopback", model="none", tempo=BPM, takes=Takes(folder=takes), meter_display="off"
    )
    helpers = spawn_desk(config)
    outbox, desk = helpers.outbox, helpers.desk
    if desk is None:
        raise SystemExit("the system starts no desk")
    backend = Loopback(SystemClock())
    loop = Loop(config, backend, ZeroPredictor(), outbox=outbox, requests=Requests())
    threading.Thread(target=_feed, args=(backend, desk.pid), daemon=True).start()
    loop.run()


def _feed(backend: Loopback, desk: int) -> None:
    """Feed the song once somebody says so."""
    sys.stdin.readline()
    begin = Seconds(backend.now() + BEGIN)
    for cue in song():
        backend.feed(cue.port, cue.data, Seconds(begin + cue.at))
    print(json.dumps({"desk": desk, "begin": begin}), flush=True)


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).absolute()))
