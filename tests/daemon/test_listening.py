from __future__ import annotations

import os
from dataclasses import replace

from pocket_core.settings import AT_ONCE
from pocket_core.types import Port, Seconds
from pocket_core.wire import note_on
from pocketd.backends.clock import VirtualClock
from pocketd.backends.loopback import Loopback
from pocketd.config import Config
from pocketd.desk_records import Tally
from pocketd.ears import Heard
from pocketd.listening import listen, listen_to_daemon
from pocketd.standing import Standing

FIRST = Standing(
    serial=1,
    pid=os.getpid(),
    version="0.1.0",
    backend="JACK",
    model="follower",
    ports=("a:drums", "a:human", "a:control", "a:out"),
    connected={Port.OUT: ("daw:in",)},
    hurried=True,
    timing=AT_ONCE,
    config={},
    heard=Heard(at=Seconds(100.0), notes={Port.DRUMS: 7}),
    tally=Tally(events_in=7, events_out=7, late=1),
    dropped=0,
    faults=(),
)


def deaf(_: float) -> None:
    pass


def test_what_arrives_on_own_ports_in_the_time_is_heard_and_nothing_later() -> None:
    backend = Loopback(VirtualClock())
    shares: list[float] = []
    for n in range(8):
        backend.feed(Port.HUMAN, note_on(0, 60, 90), Seconds(n + 0.5))

    listened = listen(backend, Config(), Seconds(5.0), shares.append)

    assert listened.heard.notes == {Port.HUMAN: 5}
    assert listened.ports[Port.OUT] == "loopback:out"
    assert listened.connected is None
    assert shares == sorted(shares)
    assert shares[-1] < 1


def test_what_a_system_says_is_wrong_is_kept_though_it_has_mended_by_the_end() -> None:
    class Limping(Loopback):
        def check(self) -> str:
            return "JACK's server has gone" if 1 < self.now() < 2 else ""

    listened = listen(Limping(VirtualClock()), Config(), Seconds(3.0), deaf)

    assert listened.trouble == "JACK's server has gone"


class File:
    """The file of a daemon that writes once a second until it is told otherwise."""

    def __init__(self, clock: VirtualClock, until: float = 1e9, ends: float = 1e9) -> None:
        self._clock = clock
        self._until = until
        self._ends = ends

    def __call__(self) -> Standing | None:
        now = self._clock.now()
        if now >= self._ends:
            return None
        second = int(min(now, self._until))
        heard = Heard(at=Seconds(100.0 + second), notes={Port.DRUMS: 7 + 4 * second})
        return replace(
            FIRST, serial=1 + second, heard=heard, tally=Tally(events_in=7, events_out=7, late=1 + second)
        )


def test_a_running_daemon_is_asked_for_what_came_since() -> None:
    clock = VirtualClock()

    listened = listen_to_daemon(FIRST, File(clock), clock, Seconds(5.0), deaf)

    assert listened.heard.notes[Port.DRUMS] == 20
    assert (listened.late, listened.trouble) == (5, "")
    assert listened.ports[Port.HUMAN] == "a:human"
    assert listened.daemon is not None
    assert listened.daemon.serial == 6


def test_a_daemon_that_ends_meanwhile_is_told() -> None:
    clock = VirtualClock()

    listened = listen_to_daemon(FIRST, File(clock, ends=2.0), clock, Seconds(60.0), deaf)

    assert listened.trouble == f"the daemon (process {os.getpid()}) has ended meanwhile"
    assert listened.seconds < 3


def test_a_daemon_whose_file_stands_still_is_told() -> None:
    clock = VirtualClock()

    listened = listen_to_daemon(FIRST, File(clock, until=2.0), clock, Seconds(12.0), deaf)

    assert listened.trouble.startswith(f"the daemon (process {os.getpid()}) has told nothing for ")
