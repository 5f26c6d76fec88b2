"""A Link session as a clock: what is said of it, and that nothing of it is loaded unasked."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from pocket_core.errors import MidiSystemError
from pocket_core.report import Report, decode_report
from pocket_core.types import Port, Seconds
from pocketd.backends.clock import VirtualClock
from pocketd.backends.loopback import Loopback
from pocketd.link import Linked, join

QUANTUM = 4.0


@dataclass
class Session:
    """A session that has been going for a while, as a peer sees it."""

    clock: VirtualClock
    tempo: float = 120.0
    playing: bool = False
    enabled: bool = True
    origin: float = 0.0  # seconds; of beat 0
    asked: list[float] = field(default_factory=list)
    started: float = 0.0  # seconds
    slow: float = 0.0  # seconds that a look at the beat takes

    @property
    def beat(self) -> float:
        found = (self.clock.now() - self.origin) * self.tempo / 60
        self.clock.wait(Seconds(self.clock.now() + self.slow))
        return found

    def start(self) -> None:
        self.playing, self.started = True, self.clock.now()

    def request_beat_at_start_playing_time(self, beat: float) -> None:
        """The next bar line behind the start is this beat, as Link's phase is everybody's."""
        self.asked.append(beat)
        bar = QUANTUM * 60 / self.tempo
        line = -(-(self.started - self.origin) // bar) * bar + self.origin
        self.origin = line - beat * 60 / self.tempo


@dataclass
class Rig:
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(Seconds(5.0)))

    def __post_init__(self) -> None:
        self.session = Session(self.clock)
        self.backend = Linked(Loopback(self.clock), self.session)

    def reports(self, until: float, every: float = 0.003) -> list[Report]:
        """Poll until a time, and return what was said."""
        found = []
        while self.clock.now() < until:
            for message in self.backend.poll():
                assert message.port is Port.CONTROL
                report = decode_report(message.data, message.at)
                assert report is not None
                found.append(report)
            self.clock.wait(Seconds(self.clock.now() + every))
        return found


def test_a_session_that_stands_says_nothing() -> None:
    assert Rig().reports(7.0) == []


def test_a_start_counts_in_to_the_next_bar_line_which_is_beat_0() -> None:
    rig = Rig()
    rig.session.start()  # at 5 s: half a bar behind a bar line

    first, *others = rig.reports(7.0)

    assert (first.at, first.beat, first.bpm, first.rolling) == (5.0, -2.0, 120.0, True)
    assert rig.session.asked == [0.0]
    assert all(abs(r.beat - (r.at - 6.0) * 2) < 1e-5 for r in others)
    assert 36 <= len(others) <= 40


def test_a_start_on_the_bar_line_that_is_seen_late_was_there_all_the_same() -> None:
    rig = Rig(VirtualClock(Seconds(6.0)))
    rig.session.start()
    rig.clock.wait(Seconds(6.03))

    first = rig.reports(6.04)[0]

    assert first.at == pytest.approx(6.0)
    assert first.beat == 0.0


def test_a_session_that_is_joined_while_it_plays_is_as_far_as_it_has_played() -> None:
    rig = Rig()
    rig.session.start()
    rig.clock.wait(Seconds(9.0))

    first = rig.reports(9.01)[0]

    assert (first.at, first.beat) == (9.0, 6.0)


def test_a_new_tempo_and_a_jump_are_told_at_once() -> None:
    rig = Rig()
    rig.session.start()
    rig.reports(7.0)

    rig.session.origin, rig.session.tempo = 7.0 - 2.0 * 60 / 90, 90.0
    faster = rig.reports(7.002)
    rig.session.origin -= 1.0
    elsewhere = rig.reports(7.005)

    assert [r.bpm for r in faster] == [90.0]
    assert elsewhere[0].beat == pytest.approx(3.5, abs=0.01)


def test_a_stop_is_told_once() -> None:
    rig = Rig()
    rig.session.start()
    rig.reports(7.0)

    rig.session.playing = False
    found = rig.reports(8.0)

    assert [r.rolling for r in found] == [False]


def test_a_beat_that_was_not_read_at_one_moment_is_not_told() -> None:
    rig = Rig()
    rig.session.start()
    rig.session.slow = 0.002

    found = rig.reports(5.05)
    rig.session.slow = 0.0

    assert found == []
    assert len(rig.reports(5.06)) == 1


def test_what_arrives_on_the_ports_arrives_as_ever() -> None:
    rig = Rig()
    loopback = Loopback(rig.clock)
    backend = Linked(loopback, rig.session)
    loopback.feed(Port.DRUMS, b"\xf8", Seconds(5.0))

    assert [(m.at, m.port, m.data) for m in backend.poll()] == [(5.0, Port.DRUMS, b"\xf8")]


def test_to_close_is_to_leave() -> None:
    rig = Rig()

    rig.backend.close()

    assert not rig.session.enabled


def test_without_aalink_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aalink", None)

    with pytest.raises(MidiSystemError, match=r"pip install 'pocketd\[link\]'"):
        join(120.0, QUANTUM)


def test_nothing_of_link_is_loaded_unless_the_config_asks_for_it() -> None:
    code = (
        "import sys; from pocketd.backends.choose import open_backend; from pocketd.config import Config; "
        "import pocketd.commands.run, pocketd.loop; open_backend(Config(backend='loopback')).close(); "
        "sys.exit(bool({'aalink', 'pocketd.link'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
