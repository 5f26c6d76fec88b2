"""A transport for rigs without a clock: the first hit is beat 1, and silence is the end."""

from __future__ import annotations

from collections.abc import Sequence

from pocket_core.transport import SongClock, TransportChange
from pocket_core.types import Seconds, Start, Stop

IDLE_STOP = Seconds(4.0)  # so long after the last hit the song is over


class HitStart:
    """Starts and stops a clock that nobody else starts."""

    def __init__(self, clock: SongClock) -> None:
        self._clock = clock
        self.newest: Seconds | None = None  # hit, where a hit has started the transport

    def strike(self, at: Seconds, lead: Seconds) -> Sequence[TransportChange]:
        """Take in a hit that was sent `lead` early; it starts a transport that stands."""
        if self.newest is None and self._clock.running:
            return ()
        starts = not self._clock.running
        self.newest = at
        return self._clock.feed(Start(Seconds(at + lead))) if starts else ()

    def yield_to_clock(self) -> None:
        """Leave the transport to whoever starts, continues or stops it."""
        self.newest = None

    def check(self, now: Seconds) -> Sequence[TransportChange]:
        """Notice silence, as of when it began to be one."""
        newest = self.newest
        if newest is None or now - newest <= IDLE_STOP:
            return ()
        self.newest = None
        return self._clock.feed(Stop(Seconds(newest + IDLE_STOP)))
