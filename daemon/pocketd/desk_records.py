"""What the real-time process tells the desk, one JSON line a record.

A take's journal is made of the same lines, but for `Vitals`. The format is described in docs/takes.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from pocket_core.errors import TakeError
from pocket_core.memory import Memory
from pocket_core.records import TimestepRecord
from pocket_core.settings import AT_ONCE, Timing
from pocket_core.status import Counts, Status
from pocket_core.tempo import Meter
from pocket_core.transport import Relocated, Started, TransportChange
from pocket_core.types import Beats, Port, Seconds

FORMAT = 5  # of the journal; a change to any record raises it, and is added to pocketd.journal_formats

_STRICT = ConfigDict(
    extra="forbid", strict=True, allow_inf_nan=False, ser_json_bytes="hex", val_json_bytes="hex"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Drum hits counted since the daemon began."""

    events_in: int = 0  # came on `drums`
    events_out: int = 0  # left
    late: int = 0  # came too late for their time
    lost: int = 0  # came and have not left; 0 once nothing waits

    def since(self, before: Tally) -> Tally:
        """Return what was counted after an earlier tally."""
        return Tally(
            events_in=self.events_in - before.events_in,
            events_out=self.events_out - before.events_out,
            late=self.late - before.late,
            lost=self.lost - before.lost,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Who plays, and how: first on the line, and again after a reload or a change of model."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["hello"] = "hello"
    at: Seconds
    version: str  # of pocketd
    model: str  # its name; "none" plays the grid
    sha256: str | None  # of the model file
    backend: str  # as in `pocketd ports`
    look_ahead_ms: float
    transport_ms: float | None  # musician's onset to the earliest output it can cause; None: not measured
    song: str | None
    config: dict[str, Any]  # the whole configuration as JSON
    recognised: bool = False  # the song was, by its drums; nobody named it; since format 2
    timing: Timing = AT_ONCE  # of the MIDI system; since format 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportStart:
    """The transport runs from here: a take begins."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["start"] = "start"
    at: Seconds
    position: Beats  # quarter notes from the start of the song
    from_top: bool
    bpm: float
    numerator: int
    denominator: int
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportStop:
    """The transport stands: the take ends once what still waits has left."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["stop"] = "stop"
    at: Seconds
    position: Beats
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportJump:
    """The transport jumped while running, as in a loop."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["jump"] = "jump"
    at: Seconds
    left: Beats  # the position it would have had
    entered: Beats  # the position it has


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Bytes that came in, or on `out` a message that was handed over to sound at this time."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["message"] = "message"
    at: Seconds
    port: Port
    data: bytes
    told: Seconds | None = None  # until then all that was due had left when it was heard; since format 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestep:
    """A finished timestep."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["timestep"] = "timestep"
    timestep: TimestepRecord  # its times are on the back end's clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the engine knew as the transport started or stopped; since format 2."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["memory"] = "memory"
    memory: Memory  # its times are on the back end's clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A half bar that a generator has made, as it has begun to be timed; since format 5."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["generated"] = "generated"
    at: Seconds
    source: str  # bars, continue, pattern or groove; plain: what sounds where none has answered yet
    held: bool  # it was played before, and is repeated as nothing new had come or was wanted
    position: Beats  # of the song, where it begins
    length: Beats
    strokes: tuple[tuple[Beats, int, int, Beats], ...]  # beat from `position`, note, velocity, own offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """Where the song is and what plays: ten times a second while it runs, at least once a second else."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["now"] = "now"
    at: Seconds
    running: bool
    position: Beats
    bpm: float
    bar: int  # from 1
    beat: float  # from 1.0
    numerator: int
    denominator: int
    offset_ms: float  # of the newest hit; positive is late
    amount: float
    bypass: bool
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something is wrong that the user should see, or is mended."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["fault"] = "fault"
    at: Seconds
    about: str  # "model", "clock", "midi", ...: a new fault about the same thing replaces the old
    text: str  # one line; empty: mended


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How the real-time process and its MIDI system are, once a second; never in a take."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["vitals"] = "vitals"
    at: Seconds
    ports: tuple[str, ...]  # as others see them: the inputs as in INPUTS, then `out`
    connected: Mapping[Port, tuple[str, ...]] | None  # whom with; None: the back end cannot say
    hurried: bool  # the loop has a real-time priority
    pulses: Mapping[Port, int]  # of a clock, since the daemon began; while it stands no other record has them
    bpm: float
    jitter_ms: float  # standard deviation of the pulses


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Records that are missing here, since the queue to the desk was full."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["dropped"] = "dropped"
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bye:
    """The daemon ends on purpose: nothing follows."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["bye"] = "bye"
    at: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeHeader:
    """The first line of a journal; written by the desk."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["take"] = "take"
    format: int
    started: str  # local date and time with its offset from UTC, ISO 8601
    origin: Seconds  # the take's start on the back end's clock
    source: str | None  # what it was imported from; None: it was recorded live
    hello: Hello  # who played at the start


How = Literal["stop", "exit", "vanished"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeEnd:
    """The last line of a journal that was closed in order; written by the desk."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["end"] = "end"
    how: How  # the transport stopped, the daemon ended while it ran, or the daemon was gone


Record = (
    Hello
    | TransportStart
    | TransportStop
    | TransportJump
    | Message
    | Timestep
    | Remembered
    | Generated
    | Now
    | Fault
    | Vitals
    | Dropped
    | Bye
    | TakeHeader
    | TakeEnd
)

_RECORDS: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="kind")])


def encode(record: Record) -> bytes:
    """Return a record as one line of JSON with its line end; a few microseconds."""
    return _RECORDS.dump_json(record) + b"\n"


def decode(line: bytes) -> Record:
    """Read one line.

    Raises:
        TakeError: Not JSON, or not a record of this format; the message says what is wrong with the line.
    """
    try:
        return _RECORDS.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TakeError(f"{where + ': ' if where else ''}{first['msg']}") from None


def tally(counts: Counts) -> Tally:
    """Return what the desk shows and keeps of the engine's counts."""
    return Tally(events_in=counts.events_in, events_out=counts.events_out, late=counts.late, lost=counts.lost)


def now_record(at: Seconds, position: Beats, status: Status, meter: Meter, counts: Counts) -> Now:
    """Put the engine's status into words for the desk."""
    return Now(
        at=at,
        running=status.running,
        position=position,
        bpm=status.bpm,
        bar=status.bar,
        beat=status.beat,
        numerator=meter.numerator,
        denominator=meter.denominator,
        offset_ms=status.offset_ms,
        amount=status.amount,
        bypass=status.bypass,
        tally=tally(counts),
    )


def transport_record(
    change: TransportChange, bpm: float, meter: Meter, counts: Counts
) -> TransportStart | TransportStop | TransportJump:
    """Put a change of the transport into words for the desk."""
    if isinstance(change, Started):
        return TransportStart(
            at=change.at,
            position=change.beat,
            from_top=change.from_top,
            bpm=bpm,
            numerator=meter.numerator,
            denominator=meter.denominator,
            tally=tally(counts),
        )
    if isinstance(change, Relocated):
        return TransportJump(at=change.at, left=change.left, entered=change.entered)
    return TransportStop(at=change.at, position=change.beat, tally=tally(counts))
