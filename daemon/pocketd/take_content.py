"""A journal gathered into what its take is made of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import floor

from pocket_core.errors import TakeError
from pocket_core.likeness import Likeness
from pocket_core.records import TimestepRecord
from pocket_core.tempo import Meter
from pocket_core.types import Beats, Seconds
from pocketd.desk_records import (
    Dropped,
    Fault,
    Generated,
    Hello,
    How,
    Message,
    Now,
    Record,
    Remembered,
    TakeEnd,
    TakeHeader,
    Tally,
    Timestep,
    TransportJump,
    TransportStart,
    TransportStop,
)
from pocketd.journal import JournalSource, read_journal

CLOCK = (b"\xf8", b"\xfe")  # timing clock and active sensing: in the journal, of no use in what is made of it


@dataclass(frozen=True, slots=True)
class Knot:
    """A time whose place in the song is known."""

    at: Seconds  # on the back end's clock
    beat: Beats  # quarter notes, counted on through jumps


@dataclass(frozen=True, slots=True)
class BarMeter:
    """From this bar on, this meter."""

    bar: int  # as the song counts it
    meter: Meter


@dataclass(slots=True)
class TakeContent:
    """Everything of a take, on the back end's clock."""

    header: TakeHeader
    start: TransportStart
    hellos: list[Hello]  # who played and how, each from its time on; the first is the header's
    knots: list[Knot]
    jumps: list[tuple[Knot, TransportJump]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)  # without clock and active sensing
    timesteps: list[TimestepRecord] = field(default_factory=list)
    generated: list[Generated] = field(default_factory=list)  # in order of playing
    faults: list[Fault] = field(default_factory=list)
    meters: list[BarMeter] = field(default_factory=list)  # in order of playing, at least one
    likeness: Likeness | None = None  # what had become known of the musician by the stop; None: not told
    dropped: int = 0  # records missing from the journal
    tally: Tally = field(default_factory=Tally)
    last_at: Seconds = Seconds(0.0)  # the newest moment that the journal tells of
    stop_at: Seconds | None = None
    how: How | None = None  # None: the journal was cut off

    @property
    def hello(self) -> Hello:
        """What played when the take ended."""
        return self.hellos[-1]

    @property
    def models(self) -> list[str]:
        """Which models played, in order of use."""
        return [hello.model for hello in self.hellos]

    @property
    def end_at(self) -> Seconds:
        """When the transport stopped, or the last that is known of it running."""
        return self.last_at if self.stop_at is None else self.stop_at

    @property
    def bpm(self) -> float:
        """The tempo over the whole take; what the start said, where nothing was noted since."""
        first, last = self.knots[0], self.knots[-1]
        if last.at <= first.at or last.beat <= first.beat:
            return self.start.bpm
        return 60 * (last.beat - first.beat) / (last.at - first.at)


def gather(path: JournalSource) -> TakeContent:
    """Read a journal.

    Raises:
        TakeError: As `read_journal`, or the take does not begin with its start.
    """
    records = read_journal(path)
    header, start = next(records), next(records, None)
    if not isinstance(header, TakeHeader) or not isinstance(start, TransportStart):
        raise TakeError(f"{path} does not begin with a header and a start: no take's journal")
    take = TakeContent(header, start, [header.hello], [Knot(start.at, start.position)])
    meter = Meter(start.numerator, start.denominator)
    take.meters.append(BarMeter(floor(start.position / meter.bar_beats + 1e-9) + 1, meter))
    take.last_at = start.at
    unrolled = 0.0  # beats to add to a position, for the jumps so far
    for record in records:
        match record:
            case Now():
                take.tally = record.tally.since(start.tally)
                if record.running and take.stop_at is None:
                    take.last_at = record.at
                    _count_by(take, record)
                    take.knots.append(Knot(record.at, Beats(record.position + unrolled)))
            case TransportJump():
                take.jumps.append((Knot(record.at, Beats(record.left + unrolled)), record))
                take.knots.append(take.jumps[-1][0])
                unrolled += record.left - record.entered
            case TransportStop():
                take.tally, take.stop_at = record.tally.since(start.tally), record.at
                take.knots.append(Knot(record.at, Beats(record.position + unrolled)))
            case _:
                _keep(take, record)
    take.timesteps = _from_zero(take.timesteps)
    return take


def _count_by(take: TakeContent, now: Now) -> None:
    """Note a new meter."""
    meter = Meter(now.numerator, now.denominator)
    if meter != take.meters[-1].meter:
        take.meters.append(BarMeter(now.bar, meter))


def _keep(take: TakeContent, record: Record) -> None:
    match record:
        case Message():
            if record.data not in CLOCK:
                take.messages.append(record)
        case Timestep():
            take.timesteps.append(record.timestep)
        case Generated():
            take.generated.append(record)
        case Fault():
            take.faults.append(record)
        case Dropped():
            take.dropped += record.records
        case Hello():
            take.hellos.append(record)
        case Remembered():
            if not record.memory.running:
                take.likeness = record.memory.likeness
        case TakeEnd():
            take.how = record.how
        case _:
            pass  # a goodbye; a second start never shares a journal


def _from_zero(timesteps: list[TimestepRecord]) -> list[TimestepRecord]:
    """Count from the take's first timestep, in order of playing; what was dropped leaves its gap."""
    ordered = sorted(timesteps, key=lambda t: t.index)
    return [replace(t, index=t.index - ordered[0].index) for t in ordered]
