"""Which ports of others ours shall be connected with: what the config lists, and what a lost server carried.

A port is known by a part of its name; the numbers that a system gives out anew each time do not count.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from pocket_core.errors import MidiSystemError
from pocket_core.types import Port
from pocketd.backends.protocol import INPUTS

log = logging.getLogger(__name__)

#: What ALSA (`28:0`) and its bridges to JACK (`[28]`) append, and no user should have to know.
_NUMBERS = re.compile(r"\s*(\[\d+\]|\b\d+:\d+$)")


class Ports(Protocol):
    """A system whose ports can be connected."""

    def ports(self, *, sending: bool) -> Sequence[str]:
        """Return the ports of others: those that send, or those that can be sent to."""

    def aliases(self, name: str) -> Sequence[str]:
        """Return the other names of a port."""

    def connected(self, port: Port) -> Sequence[str]:
        """Return who is connected to one of ours."""

    def connect(self, port: Port, other: str) -> None:
        """Connect one of ours; MidiSystemError where that cannot be."""


class Patchbay:
    """Keeps connected what shall be; a thread that may wait calls it.

    Args:
        wanted: For each port, parts of names.
    """

    def __init__(self, wanted: Mapping[Port, Sequence[str]]) -> None:
        self.connected: Mapping[Port, tuple[str, ...]] = {}  # as it was last looked at; for any thread
        self._wanted = wanted
        self._seen: dict[Port, frozenset[str]] = {}  # as it was last looked at
        self._lost: dict[Port, set[str]] = {}  # to be connected once it is there again

    def keep(self, system: Ports) -> bool:
        """Connect what is there and not connected yet; say whether `out` has got a new connection."""
        before = self._seen.get(Port.OUT, frozenset())
        for port in (*INPUTS, Port.OUT):
            others = system.ports(sending=port is not Port.OUT)
            there = set(system.connected(port))
            for other in others:
                if other not in there and self._shall(port, other, system):
                    self._connect(system, port, other)
            self._seen[port] = frozenset(system.connected(port))
            self._lost[port] = self._lost.get(port, set()) - self._seen[port]
        self.connected = {port: tuple(sorted(others)) for port, others in self._seen.items()}
        return bool(self._seen[Port.OUT] - before)

    def lose(self) -> None:
        """Remember what a server that has gone carried, and connect it where it comes back."""
        for port, others in self._seen.items():
            self._lost.setdefault(port, set()).update(others)
        self._seen.clear()
        self.connected = {}

    def _shall(self, port: Port, other: str, system: Ports) -> bool:
        if other in self._lost.get(port, ()):
            return True
        wanted = self._wanted.get(port, ())
        names = [other, *system.aliases(other)] if wanted else []
        return any(matches(part, name) for part in wanted for name in names)

    def _connect(self, system: Ports, port: Port, other: str) -> None:
        try:
            system.connect(port, other)
        except MidiSystemError as error:
            log.warning("%s", error)


def matches(part: str, name: str) -> bool:
    """Say whether a part that a user wrote is one of a port's name, whatever the case and the numbers."""
    return plain(part) != "" and plain(part) in plain(name)


def plain(name: str) -> str:
    """Return a name without the numbers that change, in small letters."""
    return _NUMBERS.sub("", name).strip().casefold()
