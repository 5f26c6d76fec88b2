"""Virtual ports by python-rtmidi: on ALSA, JACK and CoreMIDI.

It sends at once, and over JACK at the start of the next period; so this back end is handed messages just
ahead of their time, sleeps to just before, and spins.
Each port is a client of its own. ALSA calls all four `pocketd`; JACK makes names unique, so there they are
`pocketd:drums`, `pocketd-01:human`, `pocketd-02:control` and `pocketd-03:out`; CoreMIDI shows no clients,
so there the ports are `pocketd drums` and so on, as they have to be called on Windows, where others make
them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pocket_core.errors import MidiSystemError
from pocket_core.settings import Timing
from pocket_core.types import Due, Port, Seconds
from pocketd.arrival import Arrivals
from pocketd.backends.alsa_survey import FORBIDDEN, SEQUENCER
from pocketd.backends.alsa_survey import MISSING as NO_SEQUENCER
from pocketd.backends.clock import Clock, SystemClock
from pocketd.backends.jack_survey import MISSING as NO_JACK
from pocketd.backends.lifeline import Lifeline, connections
from pocketd.backends.packet import first_message
from pocketd.backends.protocol import INPUTS, Incoming
from pocketd.backends.punctual import Punctual
from pocketd.backends.quiet import hush_jack
from pocketd.backends.rtmidi_ends import Cables, Input, open_input
from pocketd.backends.system import RTMIDI, System

CLIENT = "pocketd"  # unless the config says otherwise
PRIORITY = 60  # of SCHED_FIFO; below the interrupts of sound cards and JACK's threads
#: How long before its time a message is handed over: the engine and the loop take up to 0.3 ms to decide it.
NOTICE = Seconds(0.0005)
LONGEST = Seconds(0.1)  # that a message is held; the configuration allows no longer notice
LISTEN = Seconds(0.010)  # the longest sleep: the first message of all is stamped that much late at most
NAMED = "WinMM"  # the one system without virtual ports: they are made by others, and known by name

ONE_CYCLE = 0.001  # seconds; more than the four clients take, less than a cycle of 64 frames
POSITION = frozenset((b"\xf2", b"\xf8", b"\xfa", b"\xfb", b"\xfc"))  # song position, clock, start, stop


def survey() -> list[System]:
    """Look at every system that python-rtmidi knows here, the preferred first."""
    if sys.platform == "win32":
        return [_look(NAMED)]
    return [_look(name) for name in (("CoreMIDI",) if sys.platform == "darwin" else ("ALSA", "JACK"))]


def _look(name: str) -> System:
    if name == "ALSA" and not SEQUENCER.exists():
        return System(RTMIDI, name, False, NO_SEQUENCER)
    library = python_rtmidi()
    try:
        looking = (
            library.MidiIn(_api(name), f"{CLIENT} ports"),
            library.MidiOut(_api(name), f"{CLIENT} ports"),
        )
        names = sorted({*looking[0].get_ports(), *looking[1].get_ports()})
        for end in looking:
            end.delete()
    except library.RtMidiError as error:
        return System(RTMIDI, name, False, _MISSING.get(name, str(error)))
    others = tuple(port for port in names if not port.startswith(f"{CLIENT} ports"))
    if name == NAMED and not all(_is_there(f"{CLIENT} {port}", names) for port in Port):
        return System(RTMIDI, name, False, no_named_port(CLIENT), others)
    return System(RTMIDI, name, True, "there", others)


def _is_there(beginning: str, names: Iterable[str]) -> bool:
    return any(name.casefold().startswith(beginning.casefold()) for name in names)


_MISSING = {
    "ALSA": FORBIDDEN,
    "JACK": NO_JACK,
}


class RtMidi:
    """The four ports on one system.

    Args:
        system: A name from `survey`.
        client: What other programs see before the port's name.
        clock: Whose time it is; the machine's unless told otherwise.
        wanted: For each port, parts of the names of ports that it shall be connected with.

    Raises:
        MidiSystemError: The system is not there, its ports are taken by another pocketd, or on Windows
            somebody has to make them first.
    """

    connected = None
    wakes = False
    timing = Timing(NOTICE)
    priority = PRIORITY

    def __init__(
        self,
        system: str,
        client: str = CLIENT,
        clock: Clock | None = None,
        wanted: Mapping[Port, Sequence[str]] | None = None,
    ) -> None:
        self.name = f"rtmidi over {system}"
        self._system = system
        self._client = client
        self._clock = clock or SystemClock()
        library = python_rtmidi()
        self._lifeline: Lifeline | None = None
        before = connections() if system == "JACK" else frozenset()
        self._held = Punctual(self._clock, self._send)
        self._ends: list[Any] = []  # the inputs as in INPUTS, then `out`
        self._cables = Cables(library, _api(system), client, {} if wanted is None else wanted)
        try:
            for port in INPUTS:
                self._ends.append(open_input(library, _api(system), client))
                if port is INPUTS[0]:
                    self._refuse_if_taken(self._ends[0])
                self._open(self._ends[-1], port)
            self._out = library.MidiOut(_api(system), client)
            self._ends.append(self._out)
            self._open(self._out, Port.OUT)
        except library.RtMidiError as error:
            self.close()
            raise MidiSystemError(f"cannot open ports on {system}: {error}; see `pocketd ports`") from None
        if system == "JACK":
            self._lifeline = Lifeline(connections() - before)
        self._arrived: list[Incoming] = []
        self._drained = self._clock.now()  # when the queues were last empty
        self._inputs = [
            Input(port, end, Arrivals(self._drained)) for port, end in zip(INPUTS, self._ends, strict=False)
        ]
        self.port_names: Sequence[str] = self._names()

    def _open(self, end: Any, port: Port) -> None:
        """Make a virtual port; on Windows, which has none, open the one that somebody has made for us."""
        if self._system != NAMED:
            end.open_virtual_port(self._port_name(port))
            return
        name = self._port_name(port).casefold()
        there = [other.casefold() for other in end.get_ports()]
        number = next((n for n, other in enumerate(there) if other.startswith(name)), None)
        if number is None:
            self.close()
            raise MidiSystemError(no_named_port(self._client))
        end.open_port(number)

    def _refuse_if_taken(self, end: Any) -> None:
        if self._system == NAMED:  # there our names are others' ports
            return
        taken = [name for name in end.get_ports() if self._port_of(name) is not None]
        if taken:
            self.close()
            raise MidiSystemError(
                f"port {taken[0]!r} is taken: another pocketd runs on {self._system}; "
                "end it, or set another `client` in the config"
            )

    def _names(self) -> list[str]:
        """Return what others see; MidiOut lists the ports that can be sent to, MidiIn those that send."""
        seen = {self._port_of(name): name for name in (*self._out.get_ports(), *self._ends[0].get_ports())}
        return [seen.get(port, self._port_name(port)) for port in (*INPUTS, Port.OUT)]

    def _port_name(self, port: Port) -> str:
        return f"{self._client} {port}" if self._system in ("CoreMIDI", NAMED) else str(port)

    def _port_of(self, name: str) -> str | None:
        """Return which port of this client a listed name is, if any."""
        match = re.match(rf"{re.escape(self._client)}(?:-\d+)?[: ](drums|human|control|out)\b", name)
        return match and match[1]

    def now(self) -> Seconds:
        """Read the clock."""
        return self._clock.now()

    def poll(self) -> list[Incoming]:
        """Empty the three queues; what is about to leave goes first."""
        self._held.keep(Seconds(self._clock.now() + NOTICE))
        self._listen()
        arrived, self._arrived = self._arrived, []
        if len(arrived) > 1:
            arrived.sort(key=_in_cycle if self._system == "JACK" else _arrival)
        return arrived

    def _listen(self) -> None:
        """Take what is there out of the queues, and so learn narrowly when it came."""
        start = self._clock.now()
        self._cables.keep(start, self._ends[0], self._out)
        for each in (*self._inputs, *self._cables.inputs):
            while (message := each.end.get_message()) is not None:
                at = each.arrivals.arrival(message[1], self._drained, self._clock.now())
                self._arrived.append(Incoming(at, each.port, first_message(message[0])))
        self._drained = start

    def send(self, due: Due) -> None:
        """Send a message at its time, which is when somebody polls or waits."""
        self._held.hand(due)

    def _send(self, data: bytes) -> None:
        self._out.send_message(data)
        self._cables.send(data)

    def wait(self, until: Seconds) -> None:
        """Sleep to just before, then spin."""
        self._held.keep(until)
        self._clock.wait(until)

    def doze(self, until: Seconds) -> None:
        """Sleep, but wake for what arrives."""
        while not self._arrived and (now := self._clock.now()) < until:
            rest = Seconds(min(until, now + LISTEN))
            if self._held.next_at() <= rest:
                self._held.keep(rest)
            else:
                self._clock.doze(rest)
            self._listen()

    def declare(self, latency: Seconds) -> None:
        """Do nothing: nobody can be told."""

    def check(self) -> str:
        """Look whether JACK's server lives; a send to a dead one would in the end never return."""
        if self._lifeline is not None and self._lifeline.cut():
            raise MidiSystemError(f"{self._system}'s server has gone; start it again, then pocketd")
        return ""

    def close(self) -> None:
        """Take the ports away, once all has been sent; over JACK after the cycle that carries the last."""
        if self._lifeline is None or not self._lifeline.cut():
            self._held.keep(Seconds(self._clock.now() + LONGEST))
        self._cables.close()
        for end in reversed(self._ends):
            end.delete()
        self._ends.clear()


def _arrival(message: Incoming) -> float:
    return message.at


def _in_cycle(message: Incoming) -> float:
    """Put what tells the position before the hits of the same JACK cycle.

    JACK runs the four clients one after the other, each cycle in any order, so a first hit may be stamped
    microseconds before the start that came with it.
    """
    return message.at - (ONE_CYCLE if message.data[:1] in POSITION else 0.0)


def _api(name: str) -> int:
    library = python_rtmidi()
    return int(getattr(library, _APIS[name]))


_APIS = {
    "ALSA": "API_LINUX_ALSA",
    "JACK": "API_UNIX_JACK",
    "CoreMIDI": "API_MACOSX_CORE",
    NAMED: "API_WINDOWS_MM",
}


def no_named_port(client: str) -> str:
    """Return what somebody on Windows has to do first."""
    names = ", ".join(f"'{client} {port}'" for port in (*INPUTS, Port.OUT))
    return (
        f"Windows has no virtual MIDI ports: make four, called {names}, with loopMIDI (its name, then +) "
        "or as loopback endpoints of Windows MIDI Services, then start pocketd again"
    )


def python_rtmidi() -> Any:
    """Import python-rtmidi, and keep libjack from printing on stderr what we say better."""
    first = "rtmidi" not in sys.modules
    import rtmidi

    if first:
        hush_jack()
    return rtmidi
