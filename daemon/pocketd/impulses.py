"""Send impulses and hear what comes back, over any MIDI system."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pocket_core.types import Due, Hit, Port, Seconds
from pocket_core.wire import Decoder, note_off, note_on
from pocketd.backends.protocol import INPUTS, Backend
from pocketd.round_trip import GAPS, LONGEST, MeasureError, RoundTrip, agree, impulse_times, pair

LENGTH = Seconds(0.040)  # of a note
SOON = Seconds(0.100)  # until the first of a series: time to be handed over
DRUM_CHANNEL = 9
POLL = Seconds(0.005)
SERIES = 2

Watch = Callable[[float], None]  # told which share is done, 0..1


@dataclass(frozen=True, slots=True)
class Impulse:
    """What is struck."""

    note: int  # 0..127
    velocity: int  # 1..127


class Sounding:
    """Strikes impulses on `out` and notes when notes come.

    Args:
        backend: Open; whoever opened it closes it.
        impulse: What is struck.
    """

    def __init__(self, backend: Backend, impulse: Impulse) -> None:
        self._backend = backend
        self._on = note_on(DRUM_CHANNEL, impulse.note, impulse.velocity)
        self._off = note_off(DRUM_CHANNEL, impulse.note, 64)
        self._decoders = {port: Decoder() for port in INPUTS}
        self.heard: dict[Port, list[Seconds]] = {port: [] for port in INPUTS}

    def until_heard(self, port: Port, patience: Seconds, tell: Watch) -> bool:
        """Strike now and then until something comes; say whether it did on that port.

        Raises:
            MidiSystemError: The MIDI system has gone.
        """
        start = self._backend.now()
        end = start + patience
        while (now := self._backend.now()) < end and not self.heard[port]:
            tell((now - start) / patience)
            self.strike([Seconds(now + SOON)], Seconds(now + SOON + GAPS[0]))
        came = bool(self.heard[port])
        self._rest(Seconds(self._backend.now() + LONGEST))
        return came

    def series(self, count: int, first: int) -> tuple[list[Seconds], dict[Port, list[Seconds]]]:
        """Strike a series; return when the impulses left, and when notes came on each input meanwhile."""
        for times in self.heard.values():
            times.clear()
        sent = self.strike(impulse_times(Seconds(self._backend.now() + SOON), count, first))
        self._rest(Seconds(sent[-1] + LONGEST))
        return sent, {port: list(times) for port, times in self.heard.items()}

    def strike(self, times: Sequence[Seconds], until: Seconds | None = None) -> list[Seconds]:
        """Strike at these times; return when it was, and not before `until`."""
        backend, left = self._backend, []
        for at in times:
            self._rest(Seconds(at - backend.timing.notice))
            backend.send(Due(at, Port.OUT, self._on))
            left.append(at if backend.timing.notice else max(at, backend.now()))
            self._rest(Seconds(at + LENGTH - backend.timing.notice))
            backend.send(Due(Seconds(at + LENGTH), Port.OUT, self._off))
        if until is not None:
            self._rest(until)
        return left

    def _rest(self, until: Seconds) -> None:
        """Listen until then."""
        backend = self._backend
        while True:
            now = backend.now()
            backend.check()
            for message in backend.poll():
                events = self._decoders[message.port].feed(message.data, message.at)
                self.heard[message.port] += [event.at for event in events if isinstance(event, Hit)]
            if now >= until:
                return
            backend.wait(Seconds(min(until, now + POLL)))


def measure(
    backend: Backend, impulse: Impulse, port: Port, count: int, *, patience: Seconds, tell: Watch
) -> RoundTrip:
    """Measure how long from `out` back to a port.

    Args:
        backend: Open.
        impulse: What is struck.
        port: Where it comes back.
        count: Impulses in each of the two series.
        patience: How long to wait until the first comes back.
        tell: Is told how far it is.

    Raises:
        MeasureError: What came cannot be believed.
        MidiSystemError: The MIDI system has gone.
    """
    names = dict(zip((*INPUTS, Port.OUT), backend.port_names, strict=True))
    sounding = Sounding(backend, impulse)
    if not sounding.until_heard(port, patience, lambda share: tell(share / 2)):
        for other in INPUTS:
            if sounding.heard[other]:
                raise MeasureError(
                    f"nothing came on {names[port]}, but notes did on {names[other]}; connect what comes "
                    f"back to {names[port]}, or measure there with --back {other}"
                )
        raise MeasureError(
            f"nothing came back on {names[port]} within {patience:g} s of impulses on {names[Port.OUT]}; "
            f"connect {names[Port.OUT]} to what plays or passes them on, and that to {names[port]} (--wait "
            "gives more time)"
        )
    series = []
    for n in range(SERIES):
        tell(0.5 + n / SERIES / 2)
        sent, heard = sounding.series(count, first=n)
        series.append(pair(sent, heard[port]))
    tell(1.0)
    return agree(*series, left=names[Port.OUT], came=names[port])
