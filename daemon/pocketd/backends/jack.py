"""JACK itself, and PipeWire: each message at its exact frame, ports that come back with the server.

The loop hands messages over a little before their time; JACK's process callback (`jack_client`) writes them
at their frame. A thread of its own, the keeper, does all that may wait: it opens a client where a server
runs, closes one whose server has gone, and connects what the config and the user want connected.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import threading
from collections.abc import Mapping, Sequence

from pocket_core.errors import MidiSystemError
from pocket_core.settings import Timing
from pocket_core.types import Due, Port, Seconds
from pocketd.backends.frames import FrameClock
from pocketd.backends.jack_client import Calls, JackClient, NameTakenError
from pocketd.backends.jack_transport import TransportWatch
from pocketd.backends.patchbay import Patchbay
from pocketd.backends.protocol import Incoming
from pocketd.backends.transit import Arrived, Transit

log = logging.getLogger(__name__)

#: How long before its time a message is handed over: what the loop may be late (docs/decisions/0016-jack.md).
NOTICE = Seconds(0.003)
CLAIM = Seconds(0.0005)  # from an onset's coming in to its hit's being handed over
TRY_EVERY = 0.2  # seconds between two looks for a server, for so many of them, and from then on
TRIES, SELDOM = 150, 1.0
LEAST_WAIT = 0.0001  # seconds
LOOK_EVERY = 0.005  # seconds, at the end
PATIENCE = 1.0  # seconds for what was sent to leave, and for libjack to let go, at the end
SYSEX = b"\xf0"
POSITION = frozenset((0xF2, 0xF8, 0xFA, 0xFB, 0xFC))  # song position, clock, start, continue, stop


class Jack:
    """The four ports on the server that JACK's environment names.

    Args:
        client: What other programs see before the port's name.
        wanted: For each port, parts of the names of ports that it shall be connected with.
        watch: Makes reports of JACK's transport, which arrive on `control`; None: nobody asks for them.

    Raises:
        MidiSystemError: No server answers, or the client's name is taken.
    """

    name = "JACK"
    wakes = True

    def __init__(
        self,
        client: str,
        wanted: Mapping[Port, Sequence[str]] | None = None,
        watch: TransportWatch | None = None,
    ) -> None:
        self._client_name = client
        self._clock = FrameClock()
        self._transit = Transit()
        self._latency = Seconds(0.0)
        self._watch = watch
        self._patchbay = Patchbay({} if wanted is None else wanted)
        self._listen, self._wake = os.pipe()
        for end in (self._listen, self._wake):
            os.set_blocking(end, False)
        self._dirty = threading.Event()  # the keeper has something to do
        self._closing = False
        self._gone = ""  # why, where no server carries our ports
        self._missing: frozenset[tuple[int, int]] = frozenset()  # notes that sound on where a cable was cut
        self._told = 0  # troubles of the callback
        self._tries = 0  # looks for a server since the last one went
        self._dropped = 0  # messages that it had no room for
        self._lock = threading.Lock()  # around `_gone`, where a server goes as it is found
        self._client: JackClient | None = None
        try:
            self._client = self._open()
        except MidiSystemError:
            self._close_pipe()
            raise
        self.port_names: Sequence[str] = self._client.port_names
        self._keeper = threading.Thread(target=self._keep, name="jack keeper", daemon=True)
        self._keeper.start()

    # --- the loop's side -------------------------------------------------------------------------------

    @property
    def timing(self) -> Timing:
        """What a period brings; it may change while the server runs."""
        client = self._client
        period = 0.0 if client is None else client.period
        return Timing(NOTICE, Seconds(period), Seconds(period / 2 + CLAIM))

    @property
    def connected(self) -> Mapping[Port, tuple[str, ...]]:
        """Who is connected to each port, as the keeper has seen it."""
        return self._patchbay.connected

    @property
    def priority(self) -> int | None:
        """The real-time priority that the loop may have: below JACK's own threads."""
        client = self._client
        priority = None if client is None else client.priority
        return None if priority is None else max(priority - 5, 1)

    def now(self) -> Seconds:
        """Return the end of JACK's cycle under way, and what has passed of it."""
        return self._clock.now()

    def poll(self) -> list[Incoming]:
        """Return what the cycles since the last call brought."""
        arrived = in_order(self._transit.take())
        return [Incoming(self._clock.seconds(each.frame), each.port, each.data) for each in arrived]

    def send(self, due: Due) -> None:
        """Hand a message to the callback."""
        if not self._gone:
            self._transit.hand(self._clock.frame(due.at), due.data)

    def wait(self, until: Seconds) -> None:
        """Sleep until then, or until something arrives: what is due has been handed over before."""
        while not self._transit.waits and (left := until - self._clock.now()) > 0:
            if select.select((self._listen,), (), (), max(left, LEAST_WAIT))[0]:
                self._drain()

    doze = wait

    def declare(self, latency: Seconds) -> None:
        """Let the keeper declare it."""
        self._latency = latency
        self._dirty.set()

    def check(self) -> str:
        """Say what is wrong: the server has gone, or the callback stumbled."""
        client = self._client
        trouble = None if client is None else client.trouble
        if trouble is not None and trouble.count > self._told:
            if self._told == 0:
                log.error("jack: %r; a message may be lost", trouble.first, exc_info=trouble.first)
            self._told = trouble.count
        if trouble is not None and trouble.too_long > self._dropped:
            self._dropped = trouble.too_long
            log.error("jack: a message of %d bytes is more than it carries; it is lost", trouble.longest)
        if not self._gone and self._clock.still:
            return "JACK's server stands still; waiting for it"
        return self._gone

    def close(self) -> None:
        """Let out what was sent, then take the ports away."""
        if self._closing:
            return
        for _ in range(round(PATIENCE / LOOK_EVERY)):
            if self._gone or self._transit.empty:
                break
            select.select((), (), (), LOOK_EVERY)
        self._closing = True
        self._dirty.set()
        self._keeper.join(2 * PATIENCE)  # libjack may never come back from a server that was killed
        self._close_pipe()

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._listen, 4096):
                pass

    def _close_pipe(self) -> None:
        wake, self._wake = self._wake, -1
        os.close(wake)
        os.close(self._listen)

    # --- called by libjack -----------------------------------------------------------------------------

    def _arrived(self) -> None:
        with contextlib.suppress(OSError):  # the pipe is full, so the loop wakes anyway; or closed
            os.write(self._wake, b"\0")

    def _lost(self, reason: str) -> None:
        self._clock.lose()
        with self._lock:
            self._gone = "JACK's server has gone; waiting for it" + (f" ({reason})" if reason else "")
        self._missing |= self._transit.cut()
        self._dirty.set()
        self._arrived()

    def _cut(self) -> None:
        self._missing |= self._transit.sounding

    # --- the keeper ------------------------------------------------------------------------------------

    def _open(self) -> JackClient:
        calls = Calls(self._arrived, self._lost, self._dirty.set, self._cut)
        name, clock, transit = self._client_name, self._clock, self._transit
        return JackClient(name, clock, transit, calls, watch=self._watch)

    def _keep(self) -> None:
        """Do what may wait, until the back end is closed."""
        self._dirty.set()
        while not self._closing:
            self._dirty.wait(self._pause())
            self._dirty.clear()
            try:
                self._keep_up()
            except MidiSystemError as error:
                log.warning("%s", error)
            except Exception:  # a bug here must cost no more than a connection
                log.exception("jack: the keeper stumbled; going on")
        if self._client is not None:
            self._client.close()

    def _pause(self) -> float | None:
        """Return how long to wait for something to do, in seconds; None: until there is."""
        self._tries = self._tries + 1 if self._gone else 0
        if not self._gone:
            return None
        return TRY_EVERY if self._tries < TRIES else SELDOM

    def _keep_up(self) -> None:
        if self._gone:
            self._come_back()
        client = self._client
        if client is None or self._gone or self._closing:
            return
        client.declare(self._latency)
        if self._patchbay.keep(client) and self._missing:
            missing, self._missing = self._missing, frozenset()
            self._transit.release(missing)

    def _come_back(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            self._patchbay.lose()
            client.close()
        try:
            self._client = self._open()
        except NameTakenError as error:
            self._gone = str(error)
            return
        except MidiSystemError:
            return  # not yet
        self.port_names = self._client.port_names
        self._told = self._dropped = 0
        with self._lock:
            if self._client.alive:
                self._gone = ""


def in_order(arrived: Sequence[Arrived]) -> list[Arrived]:
    """Return messages by frame; of one frame reports and MIDI clock go before hits, in their own order."""
    return sorted(arrived, key=lambda message: (message.frame, not _tells_position(message)))


def _tells_position(message: Arrived) -> bool:
    if message.data[:1] == SYSEX:
        return message.port is Port.CONTROL
    return message.data[:1] != b"" and message.data[0] in POSITION
