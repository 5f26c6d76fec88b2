"""A studio on a JACK server: the device that hears is a process of its own and tells each message's frame."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

from benchmarks.jack_server import PERIOD, RATE, JackServer
from benchmarks.outside import Partner

from pocket_core.types import Port
from pocketd.backends.jack import Jack
from pocketd.backends.jack_client import jack_module
from pocketd.backends.protocol import INPUTS, Backend
from pocketd.backends.rtmidi import RtMidi
from tests.real.conformance import CLIENT, DEVICE, Promise
from tests.real.rig import Player, Timed

APART = 4 * PERIOD  # a message comes in the cycle after the one in which it was sent
#: With so long a notice every message leaves at its very frame.
FRAMES = Promise(0.025, late=((1.0, 0.000_001),), apart=APART, origin=False)
PERIODS = Promise(0.0, late=((0.9, PERIOD + 0.001),), apart=APART, origin=False)
CONNECTED = 0.3  # seconds until a keeper has connected what came


class JackStudio:
    """A back end on a JACK server.

    Args:
        server: It.
        backend: Open; it is closed with the studio.
        promise: What is to be held.
    """

    def __init__(self, server: JackServer, backend: Backend, promise: Promise) -> None:
        self.backend = backend
        self.promise = promise
        self._server = server
        self._ear: Partner | None = None
        self._players: Partner | None = None

    def feed(self, port: Port, data: bytes) -> None:
        if self._players is not None:
            self._players.tell((port, data))

    def heard(self) -> list[Timed]:
        if self._ear is None:
            return []
        self._ear.tell("take")
        return [Timed(frame / RATE, data) for frame, data in self._ear.expect("taken")]

    def seen(self) -> bool:
        with jack_module().Client("conformance looks", no_start_server=True) as client:
            return any(port.name.startswith(CLIENT) for port in client.get_ports(is_midi=True))

    def plug(self) -> None:
        """Connect the device, and at first who plays."""
        if self._players is None:
            self._players = Partner(play)
            self._players.expect("connected")
        by_hand = None if isinstance(self.backend, Jack) else self.backend.port_names[-1]
        self._ear = Partner(listen, DEVICE, by_hand)
        self._ear.__enter__()
        self._ear.expect("connected")

    def unplug(self) -> None:
        ear, self._ear = self._ear, None
        if ear is not None:
            ear.__exit__()

    def crash(self) -> None:
        self._server.kill()
        self.unplug()

    def restart(self) -> None:
        self._server.revive()
        self.plug()

    def close(self) -> None:
        players, self._players = self._players, None
        if players is not None:
            players.__exit__()
        self.backend.close()
        self.unplug()


def play(pipe: Connection) -> None:
    """Send to the back end's inputs what comes, a port and its bytes at a time.

    python-rtmidi keeps other threads from running while it asks the server for something, and the server may
    be waiting for one of the back end's: in one process the two would wait for each other for good.
    """
    players = {port: Player(str(port)) for port in INPUTS}
    pipe.send(("connected", None))
    with suppress(EOFError):
        while True:
            port, data = pipe.recv()
            players[port].send(data)


def listen(pipe: Connection, client: str, source: str | None) -> None:
    """Keep frame and bytes of what comes to port `in` of a client, and hand it over when asked to `take`."""
    jack = jack_module()
    came: list[tuple[int, bytes]] = []
    ear = jack.Client(client, no_start_server=True)
    port = ear.midi_inports.register("in")

    def process(_: int) -> None:
        start = ear.last_frame_time
        came.extend((start + offset, bytes(data)) for offset, data in port.incoming_midi_events())

    ear.set_process_callback(process)
    with ear:
        if source is not None:
            ear.connect(source, port)
        pipe.send(("connected", None))
        with suppress(EOFError):
            while pipe.recv() == "take":
                taken = came[:]
                del came[: len(taken)]
                pipe.send(("taken", taken))


@contextmanager
def jack(server: JackServer) -> Iterator[JackStudio]:
    """Open the back end `jack`; its device is connected by the config."""
    yield from _opened(JackStudio(server, Jack(CLIENT, {Port.OUT: [DEVICE]}), FRAMES))


@contextmanager
def rtmidi(server: JackServer) -> Iterator[JackStudio]:
    """Open rtmidi over JACK."""
    yield from _opened(JackStudio(server, RtMidi("JACK", CLIENT), PERIODS))


def _opened(studio: JackStudio) -> Iterator[JackStudio]:
    try:
        studio.plug()
        time.sleep(CONNECTED)
        yield studio
    finally:
        studio.close()
