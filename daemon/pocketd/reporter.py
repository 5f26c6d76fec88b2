"""Tells the desk what the loop does: everything a take needs, and what a person wants to see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pocket_core.engine import Engine
from pocket_core.memory import Memory
from pocket_core.predict import Predictor
from pocket_core.records import TimestepRecord
from pocket_core.settings import AT_ONCE, Timing
from pocket_core.status import Counts
from pocket_core.transport import SongClock, Started, TransportChange
from pocket_core.types import Due, Port, Seconds
from pocket_core.wire import PULSE
from pocketd import __version__
from pocketd.backends.protocol import INPUTS, Backend, Incoming
from pocketd.config import Config
from pocketd.desk_records import (
    Bye,
    Fault,
    Generated,
    Hello,
    Message,
    Record,
    Remembered,
    Timestep,
    Vitals,
    now_record,
    transport_record,
)
from pocketd.model import OnnxPredictor
from pocketd.sources.from_generator import HandedOver
from pocketd.urgency import is_hurried

RUNNING_EVERY = Seconds(0.1)  # between two `Now` while the transport runs
STOPPED_EVERY = Seconds(1.0)
VITALS_EVERY = Seconds(1.0)
CLOCK_BYTES = frozenset((0xF8, 0xFE))  # timing clock, active sensing
NO_CLOCK = "drums come but no MIDI clock; send one, or set `clock: internal`"
NO_START = "drums come and so does a clock, but only a start says where the song is: stop, and press play"
NOTHING_ROLLS = {  # where the configuration asks for another clock
    "jack": "drums come but JACK's transport does not roll; let the DAW move it, or set `clock: auto`",
    "link": "drums come but the Link session does not play; turn on the DAW's start/stop sync",
}


@dataclass(frozen=True, slots=True)
class Happened:
    """What the engine did since it was last asked."""

    changes: list[TransportChange]
    records: list[TimestepRecord]
    memories: list[Memory]
    generated: list[HandedOver] = field(default_factory=list)


class Reporter:
    """Puts what happens into records. It never waits.

    Args:
        offer: Takes a record; it never waits.
        engine: Whose doings are told.
        clock: The engine's.
        counts: What went through so far; asked for only where it is told.
        backend: Whose connections are told; None: there is none.
    """

    def __init__(
        self,
        offer: Callable[[Record], None],
        engine: Engine,
        clock: SongClock,
        counts: Callable[[], Counts],
        backend: Backend | None = None,
    ) -> None:
        self._offer = offer
        self._counts = counts
        self._engine = engine
        self._clock = clock
        self._next_now = Seconds(0.0)
        self._running = False
        self._faults: dict[str, str] = {}
        self._no_clock = NO_CLOCK  # what is said where there is none
        self._hits = 0  # that had come at the last `Now`
        self._backend = backend
        self._next_vitals = Seconds(0.0)
        self._pulses = dict.fromkeys(INPUTS, 0)
        self._ticks = dict(self._pulses)  # as they were at the last `Now`

    def hello(
        self,
        at: Seconds,
        backend: str,
        config: Config,
        predictor: Predictor,
        song: str | None,
        *,
        recognised: bool = False,
        timing: Timing = AT_ONCE,
    ) -> None:
        """Say who plays, what, and how."""
        self._no_clock = NOTHING_ROLLS.get(config.clock, NO_CLOCK)
        self._offer(
            Hello(
                at=at,
                version=__version__,
                model=predictor.name,
                sha256=predictor.sha256 if isinstance(predictor, OnnxPredictor) else None,
                backend=backend,
                look_ahead_ms=config.look_ahead_ms,
                transport_ms=None,
                song=song,
                config=config.model_dump(
                    mode="json", exclude={"retrain": {"takes"}}
                ),  # perhaps with a password
                recognised=recognised,
                timing=timing,
            )
        )

    def turn(
        self, arrived: list[Incoming], told: Seconds, sent: list[Due], happened: Happened, now: Seconds
    ) -> None:
        """Tell of one turn of the loop, in the order in which it happened.

        Args:
            arrived: What came in.
            told: All that was due by then had left when it was heard.
            sent: What left.
            happened: What the engine did.
            now: When it has all been done.
        """
        running = self._clock.running
        offer = self._offer
        for message in arrived:
            self._pulses[message.port] += message.data == PULSE
            if running or message.data[:1] == b"" or message.data[0] not in CLOCK_BYTES:
                offer(Message(at=message.at, port=message.port, data=message.data, told=told))
        for change in happened.changes:
            meter = self._engine.settings.meters.position(self._clock.beat_at(change.at)).meter
            offer(transport_record(change, self._clock.bpm, meter, self._counts_at(change)))
        for memory in happened.memories:
            offer(Remembered(memory=memory))
        for made in happened.generated:
            offer(_generated(made))
        for due in sent:
            offer(Message(at=due.at, port=Port.OUT, data=due.data))
        for record in happened.records:
            offer(Timestep(timestep=record))
        if now >= self._next_now or running != self._running:
            self._look(running, self._counts(), now)
        if self._backend is not None and now >= self._next_vitals:
            self._next_vitals = Seconds(now + VITALS_EVERY)
            offer(self._vitals(self._backend, now))

    def _counts_at(self, change: TransportChange) -> Counts:
        """Return what went through; at a start without hits that wait, as they leave in the new take."""
        counts = self._counts()
        if not isinstance(change, Started):
            return counts
        return replace(counts, events_in=counts.events_in - self._engine.counts.lost)

    def fault(self, at: Seconds, about: str, text: str) -> None:
        """Tell of a fault, or with an empty text that it is mended; the same again is not told."""
        if self._faults.get(about, "") != text:
            self._faults[about] = text
            self._offer(Fault(at=at, about=about, text=text))

    def bye(self, at: Seconds) -> None:
        """Say that nothing follows."""
        self._offer(Bye(at=at))

    def _look(self, running: bool, counts: Counts, now: Seconds) -> None:
        """Tell where the song is, and whether drums come without a clock."""
        if running:
            self.fault(now, "clock", "")
        elif not self._running and counts.events_in > self._hits:
            ticks = any(self._pulses[port] > self._ticks[port] for port in INPUTS)
            self.fault(now, "clock", NO_START if ticks and self._no_clock == NO_CLOCK else self._no_clock)
        self._ticks = dict(self._pulses)
        self._hits = counts.events_in
        self._running = running
        self._next_now = Seconds(now + (RUNNING_EVERY if running else STOPPED_EVERY))
        position = self._clock.beat_at(now)
        meter = self._engine.settings.meters.position(position).meter
        self._offer(now_record(now, position, self._engine.status, meter, counts))

    def _vitals(self, backend: Backend, now: Seconds) -> Vitals:
        return Vitals(
            at=now,
            ports=tuple(backend.port_names),
            connected=backend.connected,
            hurried=is_hurried(),
            pulses=dict(self._pulses),
            bpm=self._clock.bpm,
            jitter_ms=self._clock.jitter * 1000,
        )


def _generated(made: HandedOver) -> Generated:
    piece = made.piece
    return Generated(
        at=made.at,
        source=piece.source,
        held=piece.held,
        position=made.position,
        length=piece.phrase.length,
        strokes=tuple((s.beat, s.note, s.velocity, s.offset) for s in piece.phrase.strokes),
    )
