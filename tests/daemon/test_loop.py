from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from pocket_core.errors import ConfigError, MidiSystemError
from pocket_core.predict import Predictor, ZeroPredictor
from pocket_core.testing import FixedPredictor
from pocket_core.types import Due, Port, Seconds
from pocket_core.wire import note_off, note_on
from pocketd.backends.clock import VirtualClock
from pocketd.backends.loopback import Loopback, Sent
from pocketd.casting import Cast
from pocketd.config import Config
from pocketd.loop import Loop
from pocketd.model import OnnxPredictor, load_predictor
from pocketd.outbox import Outbox
from pocketd.reload import Reloaded, Reloader
from pocketd.requests import Requests

KICK, SNARE = note_on(9, 36, 100), note_on(9, 38, 90)
KICK_OFF, SNARE_OFF = note_off(9, 36, 64), note_off(9, 38, 64)
BEAT = 0.5  # at 120 BPM


@dataclass
class Rig:
    """A loop in virtual time, with `clock: internal`: the first hit starts the song."""

    predictor: Predictor = field(default_factory=ZeroPredictor)
    config: Config = field(default_factory=lambda: Config(clock="internal", drums_lead_ms=0, model="none"))
    reloader: Reloader | None = None
    backend: Loopback = field(default_factory=lambda: Loopback(VirtualClock()))

    def __post_init__(self) -> None:
        here, self.desk = socket.socketpair()
        self.requests = Requests()
        self.loop = Loop(
            self.config,
            self.backend,
            self.predictor,
            outbox=Outbox(here),
            requests=self.requests,
            reloader=self.reloader,
        )

    def play_until(self, time: float) -> None:
        while self.backend.now() < time:
            self.loop.turn()

    def told(self) -> list[dict[str, object]]:
        """All records that the desk has been sent."""
        self.desk.setblocking(False)
        self.loop._outbox.close(Seconds(1.0))
        data = b""
        while chunk := self.desk.recv(1 << 20):
            data += chunk
        self.desk.close()
        return [json.loads(line) for line in data.splitlines()]

    @property
    def left(self) -> list[tuple[float, bytes]]:
        return [(round(sent.at, 6), sent.due.data) for sent in self.backend.sent]


class NoSnares(Loopback):
    """A back end that cannot send a snare."""

    def send(self, due: Due) -> None:
        if due.data == SNARE:
            raise RuntimeError("no snares today")
        super().send(due)


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.told()


def feed_beats(rig: Rig, count: int, start: float = 1.0) -> None:
    for n in range(count):
        rig.backend.feed(Port.DRUMS, KICK, Seconds(start + n * BEAT))
        rig.backend.feed(Port.DRUMS, KICK_OFF, Seconds(start + n * BEAT + 0.1))


def test_hits_leave_a_look_ahead_after_they_came_to_the_microsecond(rig: Rig) -> None:
    feed_beats(rig, 3)

    rig.play_until(3.0)

    hits = [at for at, data in rig.left if data == KICK]
    assert hits == pytest.approx([1.12, 1.62, 2.12], abs=1e-6)
    assert [data for _, data in rig.left] == [KICK, KICK_OFF] * 3
    assert rig.loop.counts.events_out == 3


def test_a_forecast_moves_the_hits() -> None:
    rig = Rig(predictor=FixedPredictor(0.020), config=Config(clock="internal", drums_lead_ms=0, restore=0))
    feed_beats(rig, 3)

    rig.play_until(3.0)
    rig.told()

    assert [at for at, data in rig.left if data == KICK] == pytest.approx([1.14, 1.64, 2.14], abs=1e-6)


def test_nothing_is_lost_where_the_loop_is_asked_to_stop_with_hits_waiting(rig: Rig) -> None:
    rig.backend.feed(Port.DRUMS, KICK, Seconds(1.0))
    rig.backend.feed(Port.DRUMS, SNARE, Seconds(1.0))
    rig.play_until(1.01)

    rig.requests.stop = True
    rig.loop.run()

    assert sorted(data for _, data in rig.left) == sorted([KICK, SNARE, KICK_OFF, SNARE_OFF])
    assert [at for at, data in rig.left if data == KICK] == pytest.approx([1.12])
    assert rig.backend.now() < 1.5


def test_a_stop_before_the_first_turn_is_a_clean_end() -> None:
    rig = Rig()
    rig.requests.stop = True

    rig.loop.run()

    assert rig.loop.stumbles == 0
    assert [record["kind"] for record in rig.told()] == ["hello", "now", "vitals", "bye"]


def test_the_desk_is_told_of_a_take_from_hello_to_bye() -> None:
    rig = Rig()
    feed_beats(rig, 2)
    rig.play_until(2.5)
    rig.requests.stop = True

    rig.loop.run()

    told = rig.told()
    kinds = [record["kind"] for record in told]
    assert kinds[0] == "hello"
    assert kinds[-1] == "bye"
    assert kinds.count("start") == 1
    assert kinds.count("timestep") == 2
    messages = [record for record in told if record["kind"] == "message"]
    assert [m["data"] for m in messages if m["port"] == "drums"] == [KICK.hex(), KICK_OFF.hex()] * 2
    assert [m["data"] for m in messages if m["port"] == "out"] == [KICK.hex(), KICK_OFF.hex()] * 2
    last = [record for record in told if record["kind"] == "now"][-1]
    assert last["tally"] == {"events_in": 2, "events_out": 2, "late": 0, "lost": 0}


def test_hits_that_wait_when_a_take_starts_are_counted_in_that_take() -> None:
    rig = Rig()
    rig.backend.feed(Port.DRUMS, KICK, Seconds(1.0))
    rig.backend.feed(Port.DRUMS, SNARE, Seconds(1.0))

    rig.play_until(8.0)

    told = [record for record in rig.told() if record["kind"] in ("start", "stop")]
    assert [record["tally"] for record in told] == [
        {"events_in": 0, "events_out": 0, "late": 0, "lost": 0},
        {"events_in": 2, "events_out": 2, "late": 0, "lost": 0},
    ]


def test_what_an_earlier_take_lost_is_not_counted_in_the_next() -> None:
    rig = Rig(backend=NoSnares(VirtualClock()))
    rig.backend.feed(Port.DRUMS, SNARE, Seconds(1.0))
    rig.backend.feed(Port.DRUMS, KICK, Seconds(9.0))

    rig.play_until(16.0)

    told = [record["tally"] for record in rig.told() if record["kind"] in ("start", "stop")]
    assert told[2:] == [
        {"events_in": 1, "events_out": 0, "late": 0, "lost": 1},
        {"events_in": 2, "events_out": 1, "late": 0, "lost": 1},
    ]


def test_an_exception_over_one_message_costs_that_message_only() -> None:
    rig = Rig(backend=NoSnares(VirtualClock()))
    rig.backend.feed(Port.DRUMS, SNARE, Seconds(1.0))
    feed_beats(rig, 2, start=1.5)

    rig.play_until(3.0)

    assert [data for _, data in rig.left if data in (KICK, SNARE)] == [KICK, KICK]
    assert rig.loop.stumbles == 1
    assert rig.loop.counts.lost == 1
    faults = [record for record in rig.told() if record["kind"] == "fault"]
    assert [(f["about"], f["text"]) for f in faults] == [("midi", "RuntimeError: no snares today")]


def test_the_end_of_the_midi_system_ends_the_loop_and_closes_the_take() -> None:
    class Dying(Loopback):
        def check(self) -> str:
            if self.now() > 1.3:
                raise MidiSystemError("the server has gone")
            return ""

    rig = Rig(backend=Dying(VirtualClock()))
    feed_beats(rig, 2)

    with pytest.raises(MidiSystemError, match="the server has gone"):
        rig.loop.run()

    told = rig.told()
    assert told[-1]["kind"] == "bye"
    assert {"about": "midi", "text": "the server has gone"}.items() <= told[-2].items()


def test_a_hit_sent_late_is_counted(rig: Rig) -> None:
    rig.backend.feed(Port.DRUMS, KICK, Seconds(1.0))
    rig.play_until(1.05)

    rig.backend.wait(Seconds(1.2))  # as if the machine had stood still
    rig.loop.turn()

    assert [data for _, data in rig.left] == [KICK]
    assert rig.loop.counts.late == 1
    assert rig.loop.worst_lateness == pytest.approx(0.08)


def test_a_loop_that_was_kept_from_running_hears_the_clock_before_it_calls_it_silent() -> None:
    rig = Rig(config=Config(model="none"))
    rig.backend.feed(Port.DRUMS, b"\xfa", Seconds(0.99))
    for n in range(8 * 24):
        rig.backend.feed(Port.DRUMS, b"\xf8", Seconds(1.0 + n * BEAT / 24))
    feed_beats(rig, 7, start=1.0 + BEAT - 0.120)
    rig.play_until(2.9)

    rig.backend.doze(Seconds(3.4))  # the machine did something else
    rig.play_until(4.9)

    told = [each["kind"] for each in rig.told()]
    assert (told.count("start"), told.count("stop")) == (1, 0)
    assert rig.loop.counts.events_out == 7


def test_how_the_midi_system_is_and_what_clock_came_is_told_once_a_second() -> None:
    rig = Rig()
    for n in range(240):
        rig.backend.feed(Port.CONTROL, b"\xf8", Seconds(0.5 + n / 48))

    rig.play_until(4.5)

    vitals = [record for record in rig.told() if record["kind"] == "vitals"]
    assert 4 <= len(vitals) <= 5
    assert vitals[-1]["ports"] == list(Loopback.port_names)
    assert vitals[-1]["connected"] is None
    pulses = [record["pulses"] for record in vitals]
    assert pulses[0] == {"drums": 0, "human": 0, "control": 0}
    assert isinstance(pulses[-1], dict)
    assert pulses[-1]["control"] > 100


def test_onsets_are_heard_within_a_millisecond_while_the_transport_runs(rig: Rig) -> None:
    feed_beats(rig, 1)
    rig.play_until(1.05)
    before = rig.backend.now()

    rig.loop.turn()

    assert rig.backend.now() - before <= 0.001 + 1e-9


def test_a_reload_changes_how_the_next_hits_are_played(rig: Rig) -> None:
    feed_beats(rig, 4)
    rig.play_until(1.4)

    rig.loop.take_over(Reloaded(rig.config.model_copy(update={"laid_back_ms": 30.0}), None))
    rig.play_until(3.0)

    hits = [at for at, data in rig.left if data == KICK]
    assert hits == pytest.approx([1.12, 1.65, 2.15, 2.65], abs=1e-6)


def test_a_reload_of_another_model_is_played_by_and_told() -> None:
    rig = Rig(config=Config(clock="internal", drums_lead_ms=0, restore=0))
    feed_beats(rig, 2)
    rig.play_until(1.4)

    rig.loop.take_over(Reloaded(rig.config, Cast(FixedPredictor(0.010))))
    rig.play_until(2.0)

    assert [at for at, data in rig.left if data == KICK] == pytest.approx([1.12, 1.63], abs=1e-6)
    assert [r["model"] for r in rig.told() if r["kind"] == "hello"] == ["none", "fixed"]


def test_a_fault_of_a_model_goes_with_it() -> None:
    slow = load_predictor("lstm", Seconds(0.0))
    rig = Rig(predictor=slow)
    feed_beats(rig, 8)
    rig.play_until(6.0)
    assert isinstance(slow, OnnxPredictor)
    assert slow.fault is not None

    rig.loop.take_over(Reloaded(rig.config, Cast(ZeroPredictor())))
    rig.loop.turn()

    faults = [record["text"] for record in rig.told() if record["kind"] == "fault"]
    assert faults == [slow.fault, ""]


def test_a_reload_of_another_step_limit_is_taken_over() -> None:
    strict, lenient = (load_predictor("lstm", Seconds(limit)) for limit in (0.001, 0.008))
    rig = Rig(predictor=strict)

    rig.loop.take_over(Reloaded(rig.config, Cast(lenient)))

    assert len([r for r in rig.told() if r["kind"] == "hello" and r["model"] == "lstm"]) == 2
    assert rig.loop._predictor is lenient


def test_what_a_reload_cannot_change_is_told() -> None:
    rig = Rig()

    rig.loop.take_over(Reloaded(rig.config.model_copy(update={"tempo": 90.0}), None))

    faults = [record["text"] for record in rig.told() if record["kind"] == "fault"]
    assert faults == ["a change of tempo needs a restart of pocketd"]


def test_a_reload_that_fails_keeps_the_old_and_is_told() -> None:
    def load() -> Reloaded:
        raise ConfigError("config.yaml: tempo: 500 is not 20 to 300 BPM")

    reloader = Reloader(load)
    rig = Rig(reloader=reloader)
    rig.requests.reload = True
    rig.loop.turn()

    reloader.wait()
    rig.loop.turn()

    faults = [record["text"] for record in rig.told() if record["kind"] == "fault"]
    assert faults == ["config.yaml: tempo: 500 is not 20 to 300 BPM"]
    assert rig.requests.reload is False


def test_a_reload_that_is_asked_for_during_another_comes_behind_it() -> None:
    written, read, begun, may_end = [30.0], [], threading.Event(), threading.Event()

    def load() -> Reloaded:
        read.append(written[-1])
        begun.set()
        may_end.wait(10.0)
        return Reloaded(Config(model="none", laid_back_ms=read[-1]), None)

    reloader = Reloader(load)
    rig = Rig(reloader=reloader)
    rig.requests.reload = True
    rig.loop.turn()
    begun.wait(10.0)

    written.append(40.0)
    rig.requests.reload = True
    rig.loop.turn()
    may_end.set()
    for _ in range(2):
        reloader.wait()
        rig.loop.turn()
        rig.loop.turn()
    rig.told()

    assert read == [30.0, 40.0]
    assert rig.loop.engine.settings.laid_back == Seconds(0.040)


def test_a_clock_that_ran_before_is_told_to_start_anew() -> None:
    here, desk = socket.socketpair()
    backend = Loopback(VirtualClock())
    loop = Loop(Config(model="none"), backend, ZeroPredictor(), outbox=Outbox(here), requests=Requests())
    for n in range(8 * 24):
        backend.feed(Port.CONTROL, b"\xf8", Seconds(1.0 + n * BEAT / 24))
        if n % 24 == 0:
            backend.feed(Port.DRUMS, KICK, Seconds(1.0 + n * BEAT / 24))

    while backend.now() < 5.0:
        loop.turn()

    with desk:
        assert b"drums come and so does a clock, but only a start says" in desk.recv(1 << 20)
        loop._outbox.close(Seconds(1.0))


def test_drums_without_a_clock_are_told_as_a_fault() -> None:
    here, desk = socket.socketpair()
    backend = Loopback(VirtualClock())
    loop = Loop(Config(model="none"), backend, ZeroPredictor(), outbox=Outbox(here), requests=Requests())
    for n in range(8):
        backend.feed(Port.DRUMS, KICK, Seconds(1.0 + n * BEAT))

    while backend.now() < 6.0:
        loop.turn()

    with desk:
        assert b"drums come but no MIDI clock" in desk.recv(1 << 20)
        loop._outbox.close(Seconds(1.0))
    hits = [sent for sent in backend.sent if sent.due.data == KICK]
    assert [sent.at for sent in hits] == pytest.approx([1.12 + n * BEAT for n in range(8)])
    assert isinstance(hits[0], Sent)
