"""One client of ALSA's sequencer: four ports, and a queue that stamps what comes and plays what is scheduled.

What is called once goes by alsa-midi's classes; what is called for each message by the functions of libasound
that alsa-midi hands out (alsa/seq.h, alsa/seq_midi_event.h), for its classes wait for ever where the kernel
has no room. Nothing here waits.
"""

from __future__ import annotations

import errno
import math
import select
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocket_core.errors import MidiSystemError
from pocket_core.types import Port, Seconds
from pocketd.backends.alsa_library import Address, alsa_module, made, parser
from pocketd.backends.alsa_ports import AlsaPorts
from pocketd.backends.protocol import INPUTS
from pocketd.backends.sysex import Joiner, is_sysex, pieces

POOL = 2000  # messages of ours that the kernel keeps, and of others for us; no more are allowed
TICKS_HZ = 6250  # how often the queue looks what is due; the most that the kernel does (seq_timer.c)
GLOBAL, SEQUENCER, HRTIMER = 1, 1, 3  # SND_TIMER_CLASS_GLOBAL, _SCLASS_SEQUENCER, _GLOBAL_HRTIMER
TIMERS = Path("/proc/asound/seq/timer")  # which timer each queue has got
ANNOUNCE = (0, 1)  # System:Announce, which tells of ports that come and go
NEWS = "news"  # our port that hears of it; hidden
LONGEST = 12  # bytes of anything but sysex: a parameter number and its value, four controllers
NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Came:
    """A message that came in."""

    at: float  # seconds on the queue
    port: Port
    data: bytes


@dataclass(frozen=True, slots=True)
class News:
    """Ports or connections of the system have changed."""

    at: float  # seconds on the queue
    hears: bool | None = None  # somebody has begun to hear `out`, or (False) does not any more; None: neither


class AlsaClient:
    """Open the ports and start the queue.

    Args:
        name: The client's.

    Raises:
        MidiSystemError: No sequencer, not allowed, or the name is taken.
    """

    def __init__(self, name: str) -> None:
        midi = alsa_module()
        self._midi, self._alsa, self._ffi = midi, midi.alsa, midi.ffi
        self.overruns = 0  # how often what had come was lost, for nobody took it in time
        self.refused = 0  # messages that the kernel would not take
        try:
            self._client = midi.client.SequencerClientBase(name)
        except midi.ALSAError as error:
            raise MidiSystemError(f"cannot open ALSA's sequencer: {error}; see `pocketd ports`") from None
        self._handle = self._client.handle
        try:
            self._open(name)
        except (MidiSystemError, midi.ALSAError) as error:
            self.close()
            if isinstance(error, MidiSystemError):
                raise
            raise MidiSystemError(f"cannot open ports on ALSA: {error}; see `pocketd ports`") from None

    def _open(self, name: str) -> None:
        midi, client, ffi = self._midi, self._client, self._ffi
        self.ports = AlsaPorts(midi, client)
        if self.ports.has_client(name):
            raise MidiSystemError(
                f"client {name!r} is taken: another pocketd runs on ALSA; "
                "end it, or set another `client` in the config"
            )
        client.set_client_pool_output(POOL)
        client.set_client_pool_input(POOL)
        self._queue = client.create_queue(name)
        self.queue_id = int(self._queue.queue_id)
        timer = midi.queue.TimerId(GLOBAL, SEQUENCER, 0, HRTIMER, 0)
        self._queue.set_timer(midi.QueueTimer(timer, type=midi.QueueTimerType.ALSA, resolution=TICKS_HZ))
        self._held = {port: self._port(str(port), midi.WRITE_PORT) for port in INPUTS}
        self._held[Port.OUT] = self._port(str(Port.OUT), midi.READ_PORT)
        self._news = self._port(NEWS, midi.PortCaps.WRITE | midi.PortCaps.NO_EXPORT)
        numbers = {port: int(end.port_id) for port, end in self._held.items()}
        self.ports.numbers.update(numbers)
        self._inputs = {numbers[port]: port for port in INPUTS}
        self._out: Address = (client.client_id, numbers[Port.OUT])
        self._hearers: set[Address] = set()
        self.port_names = [
            f"{name}:{port} {client.client_id}:{numbers[port]}" for port in (*INPUTS, Port.OUT)
        ]
        self._status = made(midi, "snd_seq_queue_status")
        self._parser = parser(midi, LONGEST)
        self._event = ffi.new("snd_seq_event_t *")
        self._came = ffi.new("snd_seq_event_t **")
        self._bytes = ffi.new("unsigned char[]", LONGEST)
        self._joiner = Joiner()
        self._waiting: deque[tuple[Seconds | None, bytes]] = deque()  # the kernel had no room for it
        client.subscribe_port(ANNOUNCE, (client.client_id, self._news.port_id))
        self._queue.start()
        client.drain_output()
        one = ffi.new("struct pollfd[]", 1)
        self._alsa.snd_seq_poll_descriptors(self._handle, one, 1, select.POLLIN)
        self.fileno = int(one[0].fd)
        self.fine = self._has_fine_timer()

    def _port(self, name: str, caps: Any) -> Any:
        return self._client.create_port(
            name, caps, timestamping=True, timestamp_real=True, timestamp_queue=self._queue
        )

    def _has_fine_timer(self) -> bool:
        """Ask which timer the queue has got: where there is no HR timer, the kernel takes another unasked."""
        try:
            lines = TIMERS.read_text("utf-8", "replace").splitlines()
        except OSError:
            return False
        return any(line.startswith(f"Timer for queue {self.queue_id} ") and "HR" in line for line in lines)

    # --- time ------------------------------------------------------------------------------------------

    def read(self) -> float | None:
        """Return the queue's time in seconds; None: the sequencer does not answer."""
        if self._handle is None:
            return None
        if self._alsa.snd_seq_get_queue_status(self._handle, self.queue_id, self._status) < 0:
            return None
        at = self._alsa.snd_seq_queue_status_get_real_time(self._status)
        return int(at.tv_sec) + int(at.tv_nsec) / NANO

    @property
    def waits(self) -> bool:
        """Whether something is scheduled that has not left."""
        if self.read() is None:
            return False
        return bool(self._waiting) or self._alsa.snd_seq_queue_status_get_events(self._status) > 0

    # --- out -------------------------------------------------------------------------------------------

    def send(self, data: bytes, at: Seconds | None = None) -> None:
        """Let a message leave `out`.

        Args:
            data: A whole message.
            at: When, on the queue; it leaves at the first tick from then on. None: now, past the queue.
        """
        self._waiting.extend((at, piece) for piece in pieces(data))
        self.flush()

    def flush(self) -> None:
        """Hand on what the kernel had no room for."""
        while self._waiting:
            at, piece = self._waiting.popleft()
            result = self._put(at, piece)
            if result == -errno.EAGAIN and at is not None:  # past the queue, it is some receiver that is full
                self._waiting.appendleft((at, piece))
                return
            self.refused += result < 0

    def _put(self, at: Seconds | None, piece: bytes) -> int:
        alsa, event = self._alsa, self._event
        event.flags, event.type = 0, alsa.SND_SEQ_EVENT_SYSEX
        if is_sysex(piece):
            data = self._ffi.from_buffer(piece)  # alive until the end of this call
            event.flags = alsa.SND_SEQ_EVENT_LENGTH_VARIABLE
            event.data.ext.len, event.data.ext.ptr = len(piece), data
        else:
            alsa.snd_midi_event_reset_encode(self._parser)
            alsa.snd_midi_event_encode(self._parser, piece, len(piece), event)
        event.queue = alsa.SND_SEQ_QUEUE_DIRECT
        if at is not None:
            event.queue = self.queue_id
            event.flags |= alsa.SND_SEQ_TIME_STAMP_REAL
            time = event.time.time
            time.tv_sec, time.tv_nsec = divmod(math.ceil(at * NANO), NANO)  # up, so never early
        event.source.port = self._out[1]
        event.dest.client = alsa.SND_SEQ_ADDRESS_SUBSCRIBERS
        event.dest.port = alsa.SND_SEQ_ADDRESS_UNKNOWN
        return int(alsa.snd_seq_event_output_direct(self._handle, event))

    # --- in --------------------------------------------------------------------------------------------

    def take(self) -> Iterator[Came | News]:
        """Yield what has come, in order."""
        while self._handle is not None:
            result = self._alsa.snd_seq_event_input(self._handle, self._came)
            if result == -errno.ENOSPC:  # the kernel has thrown away all that waited
                self.overruns += 1
            elif result < 0:
                return
            else:
                yield from self._understood(self._came[0])

    def _understood(self, event: Any) -> Iterator[Came | News]:
        at = int(event.time.time.tv_sec) + int(event.time.time.tv_nsec) / NANO
        sender: Address = (int(event.source.client), int(event.source.port))
        port = self._inputs.get(int(event.dest.port))
        if port is None:
            if sender == ANNOUNCE:
                yield self._heard_of(event, at)
        elif event.type == self._alsa.SND_SEQ_EVENT_SYSEX:
            piece = bytes(self._ffi.buffer(event.data.ext.ptr, event.data.ext.len))
            whole = self._joiner.join((sender, port), piece) if piece else None
            if whole is not None:
                yield Came(at, port, whole)
        else:
            count = self._alsa.snd_midi_event_decode(self._parser, self._bytes, LONGEST, event)
            if count > 0:  # else it is none of MIDI's
                data = bytes(self._ffi.buffer(self._bytes, count))
                for start in range(0, count, 3):  # what is longer are controllers, of three bytes each
                    yield Came(at, port, data[start : start + 3])

    def _heard_of(self, event: Any, at: float) -> News:
        alsa, ends = self._alsa, event.data.connect
        hearers, before = self._hearers, len(self._hearers)
        if event.type == alsa.SND_SEQ_EVENT_PORT_EXIT:
            hearers.discard((event.data.addr.client, event.data.addr.port))
        elif (ends.sender.client, ends.sender.port) == self._out:
            if event.type == alsa.SND_SEQ_EVENT_PORT_SUBSCRIBED:
                hearers.add((ends.dest.client, ends.dest.port))
            elif event.type == alsa.SND_SEQ_EVENT_PORT_UNSUBSCRIBED:
                hearers.discard((ends.dest.client, ends.dest.port))
        change = len(hearers) - before
        return News(at, change > 0 if change else None)

    # --- the end ---------------------------------------------------------------------------------------

    def close(self) -> None:
        """Take the ports away, and what is scheduled with them."""
        self._handle = None
        self._client.close()
