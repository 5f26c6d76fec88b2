"""Ableton Link as the clock; loaded only for `clock: link`, as aalink and Link are under the GPL.

A session tells tempo, phase and, where its peers share them, start and stop. It knows no song position: so a
run begins, as in Link's own examples, with beat 0 at the first bar line behind the start, however long the
session has been going, and counts in before it. A beat is read between two looks at the back end's clock, and
comes in on `control` as a report.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, cast

from pocket_core.errors import MidiSystemError
from pocket_core.report import FASTEST, SLOWEST, Report, encode_report
from pocket_core.settings import Timing
from pocket_core.transport import SAME_PLACE
from pocket_core.types import Beats, Due, Port, Seconds
from pocketd.backends.protocol import Backend, Incoming

EVERY = Seconds(0.05)  # between two reports while nothing changes
TORN = Seconds(0.0005)  # two clocks that were read further apart than this are read again
NOTICED = Seconds(0.1)  # a start is seen at most this late


class Session(Protocol):
    """A Link session, as `aalink.Link` is one."""

    enabled: bool

    @property
    def beat(self) -> float:
        """Quarter notes now; each peer chooses from where it counts."""

    @property
    def tempo(self) -> float:
        """Beats a minute."""

    @property
    def playing(self) -> bool:
        """Whether the peers that share it have started."""

    def request_beat_at_start_playing_time(self, beat: float) -> None:
        """Let this be the beat at the first bar line behind the start."""


def join(tempo: float, quantum: float) -> Session:
    """Join the session on this network, or begin one.

    Args:
        tempo: BPM, of a session that begins.
        quantum: Quarter notes to a bar.

    Raises:
        MidiSystemError: aalink is not installed.
    """
    try:
        import aalink
    except ImportError:
        raise MidiSystemError(
            "clock: link needs the package aalink, which is under the GPL: pip install 'pocketd[link]'"
        ) from None

    async def begin() -> Any:  # it wants an event loop, though only for what is not used here
        return aalink.Link(tempo)

    link = asyncio.run(begin())
    link.quantum = quantum
    link.start_stop_sync_enabled = True
    link.enabled = True
    return cast(Session, link)


class Linked:
    """A back end on whose `control` a session's reports arrive too.

    Args:
        backend: Whose ports and clock it has; it closes it.
        session: The session; it leaves it.
    """

    def __init__(self, backend: Backend, session: Session) -> None:
        self._backend = backend
        self._session = session
        self._newest: Report | None = None  # None: the session stands

    @property
    def name(self) -> str:
        """What a person calls the back end."""
        return self._backend.name

    @property
    def port_names(self) -> Sequence[str]:
        """The back end's."""
        return self._backend.port_names

    @property
    def connected(self) -> Mapping[Port, tuple[str, ...]] | None:
        """Who is connected to each port, where the back end says so."""
        return self._backend.connected

    @property
    def wakes(self) -> bool:
        """Whether a wait ends as soon as something arrives on a port."""
        return self._backend.wakes

    @property
    def timing(self) -> Timing:
        """What the back end needs of time."""
        return self._backend.timing

    @property
    def priority(self) -> int | None:
        """The real-time priority that the loop wants."""
        return self._backend.priority

    def now(self) -> Seconds:
        """Read the back end's clock."""
        return self._backend.now()

    def poll(self) -> list[Incoming]:
        """Return what arrived, and what the session has to say."""
        arrived = list(self._backend.poll())
        report = self._look()
        if report is not None:
            arrived.append(Incoming(report.at, Port.CONTROL, encode_report(report)))
        return arrived

    def send(self, due: Due) -> None:
        """Send a message."""
        self._backend.send(due)

    def wait(self, until: Seconds) -> None:
        """Wait for a time exactly."""
        self._backend.wait(until)

    def doze(self, until: Seconds) -> None:
        """Wait for about a time."""
        self._backend.doze(until)

    def declare(self, latency: Seconds) -> None:
        """Pass on a latency."""
        self._backend.declare(latency)

    def check(self) -> str:
        """Look whether the back end lives."""
        return self._backend.check()

    def close(self) -> None:
        """Leave the session, and close the back end."""
        self._session.enabled = False
        self._backend.close()

    def _look(self) -> Report | None:
        """Return what the session says that is new, or that is to be said again."""
        session, newest = self._session, self._newest
        if not session.playing:
            self._newest = None
            return None if newest is None else replace(newest, at=self._backend.now(), rolling=False)
        if newest is None:
            session.request_beat_at_start_playing_time(0.0)
        before = self._backend.now()
        beat, bpm = session.beat, session.tempo
        after = self._backend.now()
        if after - before > TORN or not SLOWEST <= bpm <= FASTEST:
            return None
        report = Report(Seconds((before + after) / 2), Beats(beat), bpm, rolling=True)
        if newest is None:
            report = _from_the_bar_line(report)
        elif _as_expected(report, newest):
            return None
        self._newest = report
        return report


def _from_the_bar_line(report: Report) -> Report:
    """Let a start that was noticed a little late have been on its bar line."""
    late = report.beat * 60 / report.bpm
    if not 0 < late < NOTICED:
        return report
    return replace(report, at=Seconds(report.at - late), beat=Beats(0.0))


def _as_expected(report: Report, newest: Report) -> bool:
    passed = report.at - newest.at
    expected = newest.beat + passed * newest.bpm / 60
    return passed < EVERY and report.bpm == newest.bpm and abs(report.beat - expected) < SAME_PLACE
