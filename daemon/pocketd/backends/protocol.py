"""What the loop asks of a MIDI system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pocket_core.types import Due, Port, Seconds

INPUTS = (Port.DRUMS, Port.HUMAN, Port.CONTROL)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that arrived."""

    at: Seconds  # arrival on the back end's clock, never later than the poll that returned it
    port: Port  # one of INPUTS
    data: bytes  # as it came, not checked


class Backend(Protocol):
    """A MIDI system with the four ports open. It owns the clock that everything is timed by.

    All calls come from one thread, the loop's.
    """

    @property
    def name(self) -> str:
        """What a person calls it, as in "rtmidi over JACK"."""

    @property
    def port_names(self) -> Sequence[str]:
        """Names under which other programs see the four ports: the inputs as in INPUTS, then `out`."""

    def now(self) -> Seconds:
        """Read the clock, monotonic."""

    def poll(self) -> Sequence[Incoming]:
        """Return what arrived since the last poll on all inputs, in order of arrival."""

    def send(self, due: Due) -> None:
        """Send a message as near to its time as this system can, at once where that has passed."""

    def wait(self, until: Seconds) -> None:
        """Return at that time, as exactly as this system can: a message is due then."""

    def doze(self, until: Seconds) -> None:
        """Return at about that time, some 0.2 ms late, at little cost, or sooner where something arrives."""

    def check(self) -> None:
        """Look whether the system still lives; cheap enough for every turn of the loop.

        Raises:
            MidiSystemError: It is gone. No call but `close` is allowed after that.
        """

    def close(self) -> None:
        """Let out what was sent, then take the ports away. Twice is once."""
