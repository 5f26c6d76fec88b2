"""The ports of ALSA's sequencer: who has which, and who is connected with ours.

Names are the kernel's, cut off at 63 bytes wherever that falls; what is not UTF-8 is shown as it can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pocket_core.errors import MidiSystemError
from pocket_core.types import Port
from pocketd.backends.alsa_library import Address, made

SYSTEM = 0  # the client that tells of others, and of time


@dataclass(frozen=True, slots=True)
class _Listed:
    """A port of the system."""

    address: Address
    name: str  # as in `Midi Through:Midi Through Port-0 14:0`
    sends: bool  # whether it may be connected to hear it ...
    takes: bool  # ... and to be heard by it


class AlsaPorts:
    """What the patchbay asks of a system; by ioctls alone, so a second thread may ask too.

    Args:
        midi: The module alsa_midi.
        client: Ours, open.
    """

    def __init__(self, midi: Any, client: Any) -> None:
        self.numbers: dict[Port, int] = {}  # of our ports, once they are open
        self._midi, self._alsa, self._ffi = midi, midi.alsa, midi.ffi
        self._client = client

    def has_client(self, name: str) -> bool:
        """Say whether a client besides ours has this name."""
        return any(other == name and number != self._client.client_id for number, other in self._clients())

    def all_names(self) -> list[str]:
        """Return the names of all ports that may be connected, ours apart."""
        return sorted(port.name for port in self._listed() if port.sends or port.takes)

    def ports(self, *, sending: bool) -> list[str]:
        """Return the ports of others: those that send, or those that can be sent to."""
        return [port.name for port in self._listed() if (port.sends if sending else port.takes)]

    def aliases(self, _: str, /) -> list[str]:
        """Return nothing: a port has one name."""
        return []

    def connected(self, port: Port) -> list[str]:
        """Return who is connected to one of our ports."""
        kind = self._midi.SubscriptionQueryType
        ours = (self._client.client_id, self.numbers[port])
        found = self._client.list_port_subscribers(ours, kind.READ if port is Port.OUT else kind.WRITE)
        there = {(one.addr.client_id, one.addr.port_id) for one in found}
        return [listed.name for listed in self._listed() if listed.address in there]

    def connect(self, port: Port, other: str) -> None:
        """Connect one of our ports with another.

        Raises:
            MidiSystemError: ALSA would not.
        """
        ours = (self._client.client_id, self.numbers[port])
        theirs = next((listed.address for listed in self._listed() if listed.name == other), None)
        if theirs is None:
            return  # gone again
        try:
            self._client.subscribe_port(*((ours, theirs) if port is Port.OUT else (theirs, ours)))
        except self._midi.ALSAError as error:
            if other not in self.connected(port):  # else somebody was quicker
                raise MidiSystemError(f"cannot connect {port} with {other}: {error}") from None

    def _listed(self) -> Iterator[_Listed]:
        alsa = self._alsa
        info = made(self._midi, "snd_seq_port_info")
        for number, name in self._clients():
            if number in (SYSTEM, self._client.client_id):
                continue
            alsa.snd_seq_port_info_set_client(info, number)
            alsa.snd_seq_port_info_set_port(info, -1)
            while alsa.snd_seq_query_next_port(self._client.handle, info) >= 0:
                port = int(alsa.snd_seq_port_info_get_port(info))
                full = f"{name}:{self._text(alsa.snd_seq_port_info_get_name(info))} {number}:{port}"
                caps = alsa.snd_seq_port_info_get_capability(info)
                if caps & alsa.SND_SEQ_PORT_CAP_NO_EXPORT:
                    continue
                sends, takes = (
                    caps & can == can
                    for can in (
                        alsa.SND_SEQ_PORT_CAP_READ | alsa.SND_SEQ_PORT_CAP_SUBS_READ,
                        alsa.SND_SEQ_PORT_CAP_WRITE | alsa.SND_SEQ_PORT_CAP_SUBS_WRITE,
                    )
                )
                yield _Listed((number, port), full, sends, takes)

    def _clients(self) -> Iterator[tuple[int, str]]:
        """Yield number and name of each client."""
        alsa = self._alsa
        info = made(self._midi, "snd_seq_client_info")
        alsa.snd_seq_client_info_set_client(info, -1)
        while alsa.snd_seq_query_next_client(self._client.handle, info) >= 0:
            number = int(alsa.snd_seq_client_info_get_client(info))
            yield number, self._text(alsa.snd_seq_client_info_get_name(info))

    def _text(self, name: Any) -> str:
        return str(self._ffi.string(name).decode("utf-8", "replace"))
