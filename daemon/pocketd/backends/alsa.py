"""ALSA's sequencer itself: the kernel's queue plays each message at its time and stamps what comes.

The loop hands messages over a little before their time. A thread of its own, the keeper, connects what the
config wants connected whenever the sequencer tells that ports have come: a driver may take its time for that.
"""

from __future__ import annotations

import logging
import select
import threading
from collections.abc import Mapping, Sequence

from pocket_core.errors import MidiSystemError
from pocket_core.settings import Timing
from pocket_core.types import Due, Port, Seconds
from pocketd.backends.alsa_client import AlsaClient, News
from pocketd.backends.hanging import Hanging
from pocketd.backends.patchbay import Patchbay
from pocketd.backends.protocol import Incoming
from pocketd.backends.queue_clock import QueueClock

log = logging.getLogger(__name__)

#: How long before its time a message is handed over: what the loop may be late (docs/decisions/0017-alsa.md).
NOTICE = Seconds(0.003)
CLAIM = Seconds(0.001)  # from an onset's coming in to its hit's leaving
PRIORITY = 60  # of SCHED_FIFO; below the interrupts of sound cards
SPIN = Seconds(0.0003)  # how long before its time a wait stops sleeping, where the queue cannot play exactly
LEAST_WAIT = 0.0001  # seconds
PATIENCE = 1.0  # seconds for what was sent to leave, and for a driver to let go, at the end


class Alsa:
    """The four ports on ALSA's sequencer.

    Args:
        client: What other programs see before the port's name.
        wanted: For each port, parts of the names of ports that it shall be connected with.
        notice: How long before its time a message shall be handed over.

    Raises:
        MidiSystemError: No sequencer, or the client's name is taken.
    """

    name = "ALSA"
    wakes = True
    priority = PRIORITY

    def __init__(
        self, client: str, wanted: Mapping[Port, Sequence[str]] | None = None, notice: Seconds = NOTICE
    ) -> None:
        self._client = AlsaClient(client)
        self._fine = self._client.fine
        if not self._fine:
            log.warning("ALSA has no fine timer, so pocketd keeps time itself; try `modprobe snd-hrtimer`")
        self.timing = Timing(notice, transport=CLAIM) if self._fine else Timing()
        self.port_names: Sequence[str] = self._client.port_names
        self._clock = QueueClock(self._client.read)
        self._hanging = Hanging()
        self._told = 0  # of messages that were lost
        self._patchbay = Patchbay({} if wanted is None else wanted)
        self._dirty = threading.Event()  # the keeper has something to do
        self._dirty.set()
        self._closing = False
        self._keeper = threading.Thread(target=self._keep, name="alsa keeper", daemon=True)
        self._keeper.start()

    @property
    def queue_id(self) -> int:
        """The number of the queue whose time this is; whoever stamps by it can judge what leaves."""
        return self._client.queue_id

    @property
    def connected(self) -> Mapping[Port, tuple[str, ...]]:
        """Who is connected to each port, as the keeper has seen it."""
        return self._patchbay.connected

    def now(self) -> Seconds:
        """Read the queue's time."""
        return self._clock.now()

    def poll(self) -> list[Incoming]:
        """Return what has come since the last call, as the kernel stamped it; hear who comes and goes."""
        arrived = []
        for came in self._client.take():
            at = self._clock.stamped(came.at)
            if isinstance(came, News):
                self._heard(came, at)
            else:
                arrived.append(Incoming(at, came.port, came.data))
        self._client.flush()
        return arrived

    def send(self, due: Due) -> None:
        """Schedule a message; where the queue cannot play exactly, send it now."""
        if self._fine:
            self._client.send(due.data, due.at)
        else:
            self._client.send(due.data)
        now = self._clock.now()
        self._hanging.sent(due.at if self._fine else now, due.data, now)

    def wait(self, until: Seconds) -> None:
        """Sleep until then, or until something comes; where the queue cannot play exactly, spin at last."""
        if self._fine:
            self.doze(until)
            return
        self.doze(Seconds(until - SPIN))
        while not self._comes(0.0) and self._clock.now() < until:
            pass

    def doze(self, until: Seconds) -> None:
        """Sleep until then, or until something comes."""
        left = until - self._clock.now()
        if left > 0:
            self._comes(max(left, LEAST_WAIT))

    def declare(self, latency: Seconds) -> None:
        """Do nothing: nobody can be told."""

    def check(self) -> str:
        """Log that messages were lost.

        Raises:
            MidiSystemError: The sequencer does not answer any more.
        """
        if self._clock.dead:
            raise MidiSystemError("ALSA's sequencer has gone; start pocketd again")
        lost = self._client.overruns + self._client.refused
        if lost > self._told == 0:
            log.error("alsa: the kernel had no room, or would not take a message; some are lost")
        self._told = lost
        return ""

    def close(self) -> None:
        """Let out what was sent, then take the ports away."""
        if self._closing:
            return
        self._closing = True
        end = self._clock.now() + PATIENCE
        while self._client.waits and self._clock.now() < end:
            select.select((), (), (), 0.002)
            self._client.flush()
        self._dirty.set()
        self._keeper.join(PATIENCE)
        if not self._keeper.is_alive():  # else a driver holds it, and its client may not be closed
            self._client.close()

    def _comes(self, within: float) -> bool:
        return bool(select.select((self._client.fileno,), (), (), within)[0])

    def _heard(self, news: News, at: Seconds) -> None:
        """Take note of who has come and gone; a device that is there again gets what it has missed."""
        self._dirty.set()
        if news.hears is False:
            self._hanging.lose(at)
        elif news.hears:
            for off in self._hanging.come_back(self._clock.now()):
                self._client.send(off)

    # --- the keeper ------------------------------------------------------------------------------------

    def _keep(self) -> None:
        """Connect what shall be connected, until the back end is closed."""
        while not self._closing:
            self._dirty.wait()
            self._dirty.clear()
            if self._closing:
                return
            try:
                self._patchbay.keep(self._client.ports)
            except Exception:  # a bug here must cost no more than a connection
                log.exception("alsa: the keeper stumbled; going on")
