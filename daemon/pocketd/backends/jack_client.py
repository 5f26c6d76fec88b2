"""One life of a JACK client: four ports on a server, from its opening until the server or we end it.

JACK calls `_process` once a cycle, on a real-time thread that must not wait. It only moves messages: what
came in goes to the `Transit` with its frame, and what is due within this cycle is written at its frame.

JACK-Client lacks the calls that declare a port's latency; they are made by ctypes on the same library, as
jack/jack.h has them. Calls into libjack let other Python threads run.
"""

from __future__ import annotations

import ctypes
import select
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pocket_core.errors import MidiSystemError
from pocket_core.report import encode_report
from pocket_core.types import Port, Seconds
from pocketd.backends.frames import FrameClock
from pocketd.backends.jack_transport import TransportWatch
from pocketd.backends.packet import first_message
from pocketd.backends.protocol import INPUTS
from pocketd.backends.quiet import hush_jack
from pocketd.backends.transit import Transit

RETURNED = 0.1  # seconds in which a callback of ours has returned
CAPTURE, PLAYBACK = 0, 1  # JackLatencyCallbackMode


class NameTakenError(MidiSystemError):
    """Another client has the name."""


@dataclass(slots=True)
class Calls:
    """What a client tells of; each is called by a thread of libjack and must not wait."""

    arrived: Callable[[], None]  # something has come in
    gone: Callable[[str], None]  # the server has, and why
    changed: Callable[[], None]  # ports or connections have come or gone
    cut: Callable[[], None]  # a connection of `out` has


@dataclass(slots=True)
class Trouble:
    """What went wrong in the process callback, which may not end."""

    count: int = 0
    first: BaseException | None = field(default=None)
    too_long: int = 0  # messages that were dropped, for no period has room for one of them
    longest: int = 0  # bytes of the longest


class JackClient:
    """Open the ports and begin.

    Args:
        name: The client's.
        clock: Is told of each cycle.
        transit: Where messages come from and go to.
        calls: What is told of.
        watch: Says what of the transport goes to the `Transit`; None: nothing.

    Raises:
        MidiSystemError: No server, or (NameTakenError) the name is taken.
    """

    def __init__(
        self,
        name: str,
        clock: FrameClock,
        transit: Transit,
        calls: Calls,
        *,
        watch: TransportWatch | None = None,
    ) -> None:
        jack = jack_module()
        self.trouble = Trouble()
        self._clock = clock
        self._transit = transit
        self._declared: tuple[Seconds, int] = (Seconds(0.0), 0)  # of the look-ahead, and at which rate
        self._calls = calls
        self._watch = watch
        self._jack = jack
        self.alive = True  # until the server goes
        try:
            self._client = jack.Client(name, use_exact_name=True, no_start_server=True)
        except jack.JackOpenError as error:
            if error.status.name_not_unique or _is_taken(jack, name):
                raise NameTakenError(
                    f"client {name!r} is taken: another pocketd runs on JACK; "
                    "end it, or set another `client` in the config"
                ) from None
            raise MidiSystemError(f"JACK: no server answers ({error})") from None
        try:
            self._open()
        except jack.JackError as error:
            self.close()
            raise MidiSystemError(f"cannot open ports on JACK: {error}; see `pocketd ports`") from None

    def _open(self) -> None:
        client = self._client
        self._rate = client.samplerate
        self.period = client.blocksize / client.samplerate  # seconds
        self._inputs = [(port, client.midi_inports.register(str(port))) for port in INPUTS]
        self._out = client.midi_outports.register(str(Port.OUT))
        self.port_names = [end.name for _, end in self._inputs] + [self._out.name]
        if self._watch is not None:
            self._watch.begin()
        client.set_process_callback(self._process)
        client.set_blocksize_callback(self._resized)
        client.set_shutdown_callback(self._shut_down)
        client.set_port_registration_callback(self._ports_changed, only_available=False)
        client.set_port_connect_callback(self._connections_changed, only_available=False)
        self._tell_latency()
        client.activate()

    @property
    def priority(self) -> int | None:
        """The real-time priority of JACK's threads here; None: they have none."""
        priority = int(self._call("jack_client_real_time_priority"))
        return priority if self._client.realtime and priority > 0 else None

    # --- ports of others -------------------------------------------------------------------------------

    def ports(self, *, sending: bool) -> list[str]:
        """Return the MIDI ports of others: those that send, or those that can be sent to."""
        try:
            found = self._client.get_ports(is_midi=True, is_output=sending, is_input=not sending)
        except self._jack.JackError:  # one has gone since it was listed; of that we are told as well
            return []
        return [port.name for port in found if port.name not in self.port_names]

    def aliases(self, name: str) -> list[str]:
        """Return the other names of a port; none where it has gone since it was listed."""
        try:
            return list(self._client.get_port_by_name(name).aliases)
        except self._jack.JackError:
            return []

    def connected(self, port: Port) -> list[str]:
        """Return who is connected to one of our ports."""
        return [other.name for other in self._end(port).connections]

    def connect(self, port: Port, other: str) -> None:
        """Connect one of our ports with another.

        Raises:
            MidiSystemError: JACK would not.
        """
        ours = self._end(port).name
        pair = (ours, other) if port is Port.OUT else (other, ours)
        try:
            self._client.connect(*pair)
        except self._jack.JackError as error:
            there = other in self.ports(sending=port is not Port.OUT)  # it may have gone since it was listed
            if there and other not in self.connected(port):  # else somebody was quicker
                raise MidiSystemError(f"cannot connect {pair[0]} to {pair[1]}: {error}") from None

    def _end(self, port: Port) -> Any:
        return self._out if port is Port.OUT else dict(self._inputs)[port]

    # --- called by libjack -----------------------------------------------------------------------------

    def _process(self, frames: int) -> None:
        try:
            self._cycle(frames)
        except BaseException as error:  # one that leaves would end this callback for good
            trouble = self.trouble
            trouble.count += 1
            trouble.first = trouble.first or error

    def _cycle(self, frames: int) -> None:
        rate = self._client.samplerate
        if self._clock.still or rate != self._rate:  # what waited is of no use, or counted otherwise
            self._transit.release(self._transit.cut())
        if rate != self._rate:
            self._rate, self.period = rate, frames / rate
            self._calls.changed()
        start = self._clock.begin(self._client.last_frame_time, frames, rate)
        transit, came = self._transit, self._look(start, frames)
        for port, end in self._inputs:
            for offset, data in end.incoming_midi_events():
                transit.arrive(start + offset, port, first_message(bytes(data)))
                came = True
        self._out.clear_buffer()
        self._write(start, frames)
        if came:
            self._calls.arrived()

    def _write(self, start: int, frames: int) -> None:
        """Let out what is due in a cycle, as far as there is room; what there is not stays for the next."""
        out, empty = self._out, True
        for frame, data in self._transit.leave(start, start + frames):
            if len(data) > out.max_event_size:
                if not empty:
                    return
                self.trouble.too_long += 1
                self.trouble.longest = max(self.trouble.longest, len(data))
            else:
                out.write_midi_event(frame - start, data)
                empty = False

    def _look(self, start: int, frames: int) -> bool:
        """Take in what the transport says, if it says something new."""
        if self._watch is None:
            return False
        state, position = self._client.transport_query_struct()
        report = self._watch.look(state, position, frames)
        if report is not None:
            self._transit.arrive(start, Port.CONTROL, encode_report(report))
        return report is not None

    def _resized(self, frames: int) -> None:
        self.period = frames / self._rate

    def _shut_down(self, _: object, reason: str) -> None:
        self.alive = False
        self._calls.gone(reason)

    def _ports_changed(self, *_: object) -> None:
        self._calls.changed()

    def _connections_changed(self, a: Any, b: Any, connected: bool) -> None:
        if not connected and self.port_names[-1] in (a and a.name, b and b.name):
            self._calls.cut()
        self._calls.changed()

    # --- latency ---------------------------------------------------------------------------------------

    def declare(self, latency: Seconds) -> None:
        """Declare how long what comes on `drums` takes to `out`, unless that has been declared."""
        if self._declared != (latency, self._rate):
            self._declared = (latency, self._rate)
            self._call("jack_recompute_total_latencies")

    def _tell_latency(self) -> None:
        self._on_latency = _LATENCY_CALLBACK(self._latencies)  # kept: libjack does not
        self._call("jack_set_latency_callback", self._on_latency, None)

    def _latencies(self, mode: int, _: object) -> None:
        """Say that what is heard of `out` came to `drums` so much earlier, and the other way round."""
        drums, out = self._pointer(self._inputs[0][1]), self._pointer(self._out)
        known, told = (drums, out) if mode == CAPTURE else (out, drums)
        span, (latency, rate) = _Range(), self._declared
        more = round(latency * rate)
        lib = _library()
        lib.jack_port_get_latency_range(known, mode, ctypes.byref(span))
        span.least, span.most = span.least + more, span.most + more
        lib.jack_port_set_latency_range(told, mode, ctypes.byref(span))

    def _call(self, name: str, *arguments: object) -> Any:
        return getattr(_library(), name)(self._pointer(self._client), *arguments)

    def _pointer(self, of: Any) -> ctypes.c_void_p:
        return ctypes.c_void_p(int(_ffi().cast("uintptr_t", of._ptr)))

    # --- the end ---------------------------------------------------------------------------------------

    def close(self) -> None:
        """Take the ports away; with a server that has gone libjack may take its time.

        libjack cancels its threads. One that runs Python as it is cancelled takes Python's own lock along,
        and the process stands still for good; so nothing is called any more, and what was has time to return.
        """
        if self.alive:
            self._client.deactivate(ignore_errors=True)
            for kind in ("port_registration", "port_connect", "buffer_size", "latency"):
                self._call(f"jack_set_{kind}_callback", None, None)
        select.select((), (), (), RETURNED)
        self._client.close(ignore_errors=True)


class _Range(ctypes.Structure):
    """`jack_latency_range_t`, in frames."""

    _fields_ = (("least", ctypes.c_uint32), ("most", ctypes.c_uint32))


_LATENCY_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)


def jack_module() -> Any:
    """Import JACK-Client, and keep libjack from printing on stderr what we say better.

    Raises:
        MidiSystemError: It is not installed, or libjack is not.
    """
    try:
        import jack
    except ImportError:
        raise MidiSystemError("the package JACK-Client is missing: pip install 'pocketd[jack]'") from None
    except OSError:
        raise MidiSystemError("libjack is missing (Debian: apt install libjack-jackd2-0)") from None
    hush_jack()
    return jack


def _is_taken(jack: Any, name: str) -> bool:
    """Ask whether a server has a client of this name: JACK2 only says that something went wrong."""
    try:
        with jack.Client(f"{name} asks", no_start_server=True) as asking:
            return any(port.name.startswith(f"{name}:") for port in asking.get_ports())
    except jack.JackError:
        return False


def _ffi() -> Any:
    import jack

    return jack._ffi


@cache
def _library() -> Any:
    import jack

    return ctypes.CDLL(jack._libname)
