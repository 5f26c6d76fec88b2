"""What the loop asks of a MIDI system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pocket_core.settings import Timing
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

    @property
    def connected(self) -> Mapping[Port, tuple[str, ...]] | None:
        """Who is connected to each port, as it was last looked at; None: this system does not say."""

    @property
    def wakes(self) -> bool:
        """Whether a wait ends as soon as something arrives."""

    @property
    def timing(self) -> Timing:
        """What it needs of time; this may change while it runs."""

    @property
    def priority(self) -> int | None:
        """The real-time priority that the loop wants; None: none, for this system asks for nothing."""

    def now(self) -> Seconds:
        """Read the clock, monotonic."""

    def poll(self) -> Sequence[Incoming]:
        """Return what arrived since the last poll on all inputs, in order of arrival."""

    def send(self, due: Due) -> None:
        """Send a message as near to its time as this system can, at once where that has passed.

        Of two messages for the same time the one that was sent first leaves first.
        """

    def wait(self, until: Seconds) -> None:
        """Return at that time, as exactly as this system needs: a message is to be sent then.

        A system that hears of what arrives may return sooner for it.
        """

    def doze(self, until: Seconds) -> None:
        """Return at about that time, some 0.2 ms late, at little cost, or sooner where something arrives."""

    def declare(self, latency: Seconds) -> None:
        """Say how long what comes on `drums` takes to `out`, for a system that tells programs so."""

    def check(self) -> str:
        """Look whether the system still lives; cheap enough for every turn of the loop.

        Returns:
            What is wrong, in a line; empty: nothing. It mends by itself, and until then nothing arrives and
            nothing is sent, but the clock goes on.

        Raises:
            MidiSystemError: It is gone for good. No call but `close` is allowed after that.
        """

    def close(self) -> None:
        """Let out what was sent, then take the ports away. Twice is once."""
