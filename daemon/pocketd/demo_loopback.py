"""The demo without a MIDI system: the daemon's own loop, desk and all, on the loopback back end."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pocket_core.types import Seconds
from pocketd.backends.clock import Clock
from pocketd.backends.loopback import Loopback
from pocketd.casting import make_cast
from pocketd.config import Config
from pocketd.copyist import Copyist
from pocketd.demo import Plan, strikes
from pocketd.desk import spawn_desk
from pocketd.loop import Loop
from pocketd.requests import Requests

BEGIN = Seconds(0.5)  # from here to the start
REST = Seconds(0.5)  # from the stop to the end
FAREWELL = Seconds(10.0)  # for the desk to finish the take


def play_in_process(plan: Plan, config: Config, clock: Clock) -> int:
    """Play a plan through the daemon's loop in this process and return how many drum hits came back.

    Everything is fed in advance, so nothing but the loop runs while it plays.

    Raises:
        KeyboardInterrupt: Ctrl-C; the take is finished before.
    """
    helpers = spawn_desk(config)
    helpers.line.close()  # the plan has drums
    requests = Requests()
    cast = make_cast(config)
    if cast.fault is not None:
        print(f"pocketd: {cast.fault}; {cast.instead}", file=sys.stderr)
    begin = Seconds(clock.now() + BEGIN)
    backend = Loopback(_UntilTheEnd(clock, Seconds(begin + plan.length + REST), requests))
    loop = Loop(
        config,
        backend,
        cast.player,
        outbox=helpers.outbox,
        requests=requests,
        copyist=Copyist(cast),
    )
    loop.fault("model file", cast.fault or "")
    for cue in plan.cues:
        backend.feed(cue.port, cue.data, Seconds(begin + cue.at - plan.cues[0].at))
    try:
        with _interrupt(requests) as interrupted:
            loop.run()
    finally:
        if helpers.desk is not None:
            helpers.desk.wait(FAREWELL)
    if interrupted.is_set():
        raise KeyboardInterrupt
    return strikes([sent.due.data for sent in backend.sent])


@contextmanager
def _interrupt(requests: Requests) -> Iterator[threading.Event]:
    """Let Ctrl-C end the loop between two notes."""
    interrupted = threading.Event()

    def stop(*_: object) -> None:
        interrupted.set()
        requests.stop = True

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


class _UntilTheEnd:
    """A clock that asks the loop to stop once the time is over."""

    def __init__(self, clock: Clock, end: Seconds, requests: Requests) -> None:
        self._clock = clock
        self._end = end
        self._requests = requests
        self.now = clock.now

    def wait(self, until: Seconds) -> None:
        self._clock.wait(until)

    def doze(self, until: Seconds) -> None:
        self._clock.doze(until)
        self._requests.stop |= self._clock.now() >= self._end
