"""A studio on ALSA's sequencer: who plays and who hears are clients of this process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pocket_core.types import Port, Seconds
from pocketd.backends.alsa import NOTICE, Alsa
from pocketd.backends.alsa_library import alsa_module
from pocketd.backends.protocol import INPUTS, Backend
from pocketd.backends.rtmidi import RtMidi
from tests.real.conformance import CLIENT, DEVICE, Promise
from tests.real.rig import Timed

#: By the queue's own stamps: what is due leaves at its next tick, 0.16 ms apart.
QUEUE = Promise(NOTICE, late=((0.5, 0.00025), (1.0, 0.001)), apart=0.0)
SPINNING = Promise(0.0, late=((0.5, 0.00025), (1.0, 0.001)), apart=0.0)
AT_ONCE = Promise(0.0, late=((0.9, 0.001),), apart=0.002, origin=False)
POOL = 2000  # messages that may wait in the kernel
CONNECTED = 0.2  # seconds until the keeper has connected the device


class AlsaStudio:
    """A back end on ALSA.

    Args:
        backend: Open; it is closed with the studio.
        promise: What is to be held.
    """

    def __init__(self, backend: Backend, promise: Promise) -> None:
        self.backend = backend
        self.promise = promise
        self._midi = alsa_module()
        self._player = self._midi.client.SequencerClientBase("conformance player")
        self._player.set_client_pool_output(POOL)
        self._ears: Any = None
        addresses = {port: self._address(name) for port, name in zip(Port, backend.port_names, strict=True)}
        self._out = addresses[Port.OUT]
        self._voices = {port: self._player.create_port(str(port), self._midi.READ_PORT) for port in INPUTS}
        for port, voice in self._voices.items():
            self._player.subscribe_port(voice, addresses[port])

    def _address(self, name: str) -> tuple[int, int]:
        found = re.search(r"(\d+):(\d+)$", name)
        assert found is not None, name
        return int(found[1]), int(found[2])

    def feed(self, port: Port, data: bytes) -> None:
        event = self._midi.MidiBytesEvent(data)
        self._player.event_output(event, port=self._voices[port])
        self._player.drain_output()

    def time(self) -> float:
        """Return the time of the queue that stamps what is heard: the back end's, or the device's own."""
        return float(self._player.get_queue_status(self._queue_id).real_time)

    def feed_at(self, at: float, port: Port, data: bytes) -> None:
        """Send at a time of that queue, at its next tick."""
        queue = self._player.get_queue(self._queue_id)
        event = self._midi.MidiBytesEvent(data, time=self._midi.RealTime(at))
        self._player.event_output(event, queue=queue, port=self._voices[port])
        self._player.drain_output()

    def heard(self) -> list[Timed]:
        heard = []
        while self._ears is not None:
            try:
                event = self._ears.event_input(prefer_bytes=True)
            except self._midi.ALSAError:
                break
            if isinstance(event, self._midi.MidiBytesEvent):
                heard.append(Timed(float(event.time), event.midi_bytes))
        return heard

    def seen(self) -> bool:
        return any(port.client_name == CLIENT for port in self._player.list_ports())

    def plug(self) -> None:
        midi = self._midi
        self._ears = midi.client.SequencerClientBase(DEVICE)
        self._ears.set_client_pool_input(POOL)
        self._queue_id = self.backend.queue_id if isinstance(self.backend, Alsa) else self._own_queue()
        self._port = self._ears.create_port(
            "in", midi.WRITE_PORT, timestamping=True, timestamp_real=True, timestamp_queue=self._queue_id
        )
        if not isinstance(self.backend, Alsa):
            self._ears.subscribe_port(self._out, self._port)

    def _own_queue(self) -> int:
        self._queue = self._ears.create_queue("conformance")
        self._queue.start()
        self._ears.drain_output()
        return int(self._queue.queue_id)

    def unplug(self) -> None:
        ears, self._ears = self._ears, None
        if ears is not None:
            ears.close()

    def crash(self) -> None:
        raise NotImplementedError("the sequencer is the kernel's")

    def restart(self) -> None:
        raise NotImplementedError("the sequencer is the kernel's")

    def close(self) -> None:
        self.backend.close()
        self.unplug()
        self._player.close()


@contextmanager
def alsa() -> Iterator[AlsaStudio]:
    """Open the back end `alsa`; its device is connected by the config."""
    with opened(Alsa(CLIENT, {Port.OUT: [DEVICE]}), QUEUE) as studio:
        yield studio


@contextmanager
def coarse() -> Iterator[AlsaStudio]:
    """Open it where there is no fine timer."""
    with opened(Alsa(CLIENT, {Port.OUT: [DEVICE]}), SPINNING) as studio:
        yield studio


@contextmanager
def rtmidi() -> Iterator[AlsaStudio]:
    """Open rtmidi over ALSA."""
    with opened(RtMidi("ALSA", CLIENT), AT_ONCE) as studio:
        yield studio


@contextmanager
def opened(backend: Backend, promise: Promise) -> Iterator[AlsaStudio]:
    """Set up a studio about a back end, and close both."""
    studio = AlsaStudio(backend, promise)
    try:
        studio.plug()
        end = Seconds(backend.now() + CONNECTED)
        while backend.now() < end:
            backend.doze(end)
            backend.poll()
        yield studio
    finally:
        studio.close()
