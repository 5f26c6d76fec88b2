"""What the engine hears: what has come on the ports, and what pocketd plays itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pocket_core.engine import Engine
from pocket_core.transport import SongClock, TransportChange
from pocket_core.types import Due, Seconds
from pocketd.backends.protocol import Incoming
from pocketd.guard import Guard
from pocketd.passing import Passing
from pocketd.sources.choice import Choice
from pocketd.sources.from_generator import HandedOver
from pocketd.sources.protocol import Turned

AWAY = Seconds(0.150)  # kept from running for so long: less than the silence that a clock takes for a stop


class Intake:
    """Tells the engine, message by message, and asks the source behind each what it makes of it.

    Args:
        engine: Who hears.
        clock: The engine's.
        source: Where the drums come from; None: from the DAW as it plays.
        guard: Keeps a bug from ending the loop.
    """

    def __init__(self, engine: Engine, clock: SongClock, source: Choice | None, guard: Guard) -> None:
        self._engine = engine
        self._clock = clock
        self._source = source
        self._guard = guard
        self._changes: list[TransportChange] = []  # that the source has followed, and nobody has taken
        self._passing = Passing()

    @property
    def plays(self) -> bool:
        """Whether a source plays by itself, which has to hear of a start at once."""
        return self._source is not None and self._source.plays

    def take_generated(self) -> list[HandedOver]:
        """Return what generators have made and was handed over since the last call."""
        return [] if self._source is None else self._source.take_generated()

    def hear(self, arrived: Sequence[Incoming], now: Seconds) -> list[Incoming]:
        """Let the engine hear what has come and what the source plays by now; return all of that.

        Where the loop was kept from running, the source plays once the engine's clock has come to the
        present: till then it only follows the transport, at the time of what is heard.
        """
        source, heard = self._source, list[Incoming]()
        for message in arrived:
            if source is None or self._guard.safely(partial(source.admit, message, self._clock), True):
                self._receive(message)
                heard.append(message)
                if source is not None and source.plays:
                    old = message.at < now - AWAY
                    heard += self._follow(source, message.at) if old else self._play(source, now)
        return heard + self._play(source, now) if source is not None and source.plays else heard

    def take_passing(self, until: Seconds) -> list[Due]:
        """Return what leaves unmoved before `until` and the notice, earliest first."""
        return self._passing.take(Seconds(until + self._engine.settings.notice))

    def passing_at(self) -> Seconds | None:
        """Return when `take_passing` has something next; None: nothing waits."""
        at = self._passing.next_at()
        return None if at is None else Seconds(at - self._engine.settings.notice)

    def flush(self, at: Seconds) -> None:
        """Prepare to end: what passes gets its note-offs."""
        self._passing.end(at)

    def take_changes(self) -> list[TransportChange]:
        """Return what the transport did since the last call."""
        changes, self._changes = [*self._changes, *self._engine.take_changes()], []
        return changes

    def next_at(self) -> Seconds | None:
        """Return when the source has something to say at the latest; None: whenever."""
        source = self._source
        if source is None or not source.plays:
            return None
        return self._guard.safely(partial(source.next_at, self._clock), None)

    def _follow(self, source: Choice, at: Seconds) -> list[Incoming]:
        changes = self._guard.safely(self._engine.take_changes, list[TransportChange]())
        return self._turn(source, changes, at) if changes else []

    def _play(self, source: Choice, now: Seconds) -> list[Incoming]:
        changes = self._guard.safely(self._engine.take_changes, list[TransportChange]())
        return self._turn(source, changes, now)

    def _turn(self, source: Choice, changes: list[TransportChange], now: Seconds) -> list[Incoming]:
        self._changes += changes
        turned = self._guard.safely(partial(source.turn, changes, self._clock, now), Turned([], []))
        for message in turned.heard:
            self._receive(message)
        self._passing.add(turned.passed)
        return turned.heard

    def _receive(self, message: Incoming) -> None:
        told = partial(self._engine.receive, message.data, message.port, message.at)
        self._guard.safely(told, None)  # a bug costs a message, never the drums


def earliest(*times: Seconds | None) -> Seconds | None:
    """Return the earliest of those that there are."""
    return min((at for at in times if at is not None), default=None)
