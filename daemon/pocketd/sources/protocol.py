"""What the loop asks of a source of drums, and the little that sources share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pocket_core.playback import NEAR, Fed, Part
from pocket_core.settings import Settings
from pocket_core.transport import SongClock, TransportChange
from pocket_core.types import Beats, Due, Port, Seconds
from pocketd.backends.protocol import Incoming
from pocketd.config import Config

SHORTEST = Beats(1 / 96)  # of a note whose end nobody told
SYSTEM = 0xF0  # from here on a message is nobody's part: clock, sysex


@dataclass(frozen=True, slots=True)
class Turned:
    """What a source wants of a turn of the loop."""

    heard: list[Incoming]  # by the engine, behind what has come
    passed: list[Due]  # by nobody: these leave as they are


class Source(Protocol):
    """Asked in each turn of the loop, in its thread."""

    def configure(self, config: Config, settings: Settings, /) -> None:
        """Go by another configuration, and other settings of the engine."""

    def admit(self, message: Incoming, clock: SongClock, /) -> bool:
        """Say whether the engine hears a message that has come."""

    def turn(self, changes: Sequence[TransportChange], clock: SongClock, now: Seconds, /) -> Turned:
        """Follow the transport, and return what it plays by now."""

    def next_at(self, clock: SongClock, /) -> Seconds | None:
        """Return when it has to be asked again at the latest; None: whenever."""


def incoming(fed: Sequence[Fed]) -> list[Incoming]:
    """Return what a playback hands over as what would have come on `drums`."""
    return [Incoming(each.at, Port.DRUMS, each.data) for each in fed]


def lies_in(beat: Beats, part: Part | None) -> bool:
    """Return whether a loop is played, and a position is in it."""
    repeat = None if part is None else part.repeat
    return repeat is not None and repeat.entered - NEAR <= beat < repeat.left
