"""python-rtmidi's objects, one a port: our own, virtual or named, and those that reach out to other ports.

An object of python-rtmidi has one port, and can be connected with one other. So what `connect:` asks for are
further objects: their messages come in as if to our port, and what we send goes to them too. Ports are known
by parts of their names. There are no events for devices that come and go: now and then all are looked at.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pocket_core.types import Port, Seconds
from pocketd.arrival import Arrivals
from pocketd.backends.patchbay import matches

log = logging.getLogger(__name__)

QUEUE = 8192  # messages; what overflows is lost
LOOK_EVERY = Seconds(2.0)
CHANNELS, ALL_NOTES_OFF = 16, 123


@dataclass(slots=True)
class Input:
    """What comes to one of our ports by one object."""

    port: Port
    end: Any  # rtmidi.MidiIn
    arrivals: Arrivals


def open_input(library: Any, api: int, client: str) -> Any:
    """Return an input that passes on clock, active sensing and sysex."""
    end = library.MidiIn(api, client, QUEUE)
    end.ignore_types(sysex=False, timing=False, active_sense=False)
    return end


@dataclass(slots=True)
class _Cable:
    """An object that reaches another program's port."""

    name: str
    end: Any


@dataclass(slots=True)
class Cables:
    """Keeps the objects that `connect:` asks for.

    Args:
        library: python-rtmidi.
        api: Its number of the system.
        client: What others see before their names.
        wanted: For each port, parts of names.
        own: Whether a listed name is one of our own ports.
    """

    library: Any
    api: int
    client: str
    wanted: Mapping[Port, Sequence[str]]
    inputs: list[Input] = field(default_factory=list)
    outputs: list[_Cable] = field(default_factory=list)
    _names: dict[int, str] = field(default_factory=dict)  # of an input's object, by its id
    _looked: Seconds = Seconds(float("-inf"))

    def keep(self, now: Seconds, probe_in: Any, probe_out: Any) -> None:
        """Connect what has come and let go of what has gone; nothing within `LOOK_EVERY` of the last time.

        Args:
            now: On the back end's clock.
            probe_in: An input of ours, asked for the ports that send.
            probe_out: An output of ours, asked for the ports that can be sent to.
        """
        if now - self._looked < LOOK_EVERY or not any(self.wanted.values()):
            return
        self._looked = now
        try:
            self._keep_inputs(list(probe_in.get_ports()), now)
            self._keep_outputs(list(probe_out.get_ports()))
        except self.library.RtMidiError as error:
            log.warning("cannot keep ports connected: %s", error)

    def send(self, data: bytes) -> None:
        """Send to all that are connected."""
        for cable in self.outputs:
            cable.end.send_message(data)

    def close(self) -> None:
        """Let go of all."""
        for end in [*(each.end for each in self.inputs), *(cable.end for cable in self.outputs)]:
            end.delete()
        self.inputs.clear()
        self.outputs.clear()

    def _keep_inputs(self, names: list[str], now: Seconds) -> None:
        for gone in [each for each in self.inputs if self._names[id(each.end)] not in names]:
            self.inputs.remove(gone)
            gone.end.delete()
        for port in (port for port in self.wanted if port is not Port.OUT):
            there = {self._names[id(each.end)] for each in self.inputs if each.port is port}
            for number, name in enumerate(names):
                if name not in there and self._shall(port, name):
                    end = open_input(self.library, self.api, f"{self.client} {port} from")
                    end.open_port(number, str(port))
                    self._names[id(end)] = name
                    self.inputs.append(Input(port, end, Arrivals(now)))

    def _keep_outputs(self, names: list[str]) -> None:
        for gone in [cable for cable in self.outputs if cable.name not in names]:
            self.outputs.remove(gone)
            gone.end.delete()
        there = {cable.name for cable in self.outputs}
        for number, name in enumerate(names):
            if name not in there and self._shall(Port.OUT, name):
                end = self.library.MidiOut(self.api, f"{self.client} out to")
                end.open_port(number, str(Port.OUT))
                for channel in range(CHANNELS):  # of what sounded when it went
                    end.send_message(bytes((0xB0 | channel, ALL_NOTES_OFF, 0)))
                self.outputs.append(_Cable(name, end))

    def _shall(self, port: Port, name: str) -> bool:
        """Say whether a port is asked for; never one of our own, or the drums would hear themselves."""
        if name.startswith(self.client):
            return False
        return any(matches(part, name) for part in self.wanted.get(port, ()))
