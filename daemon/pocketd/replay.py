"""A take driven once more through the engine, with any model: what it would have forecast.

The same model gives the same forecasts: what the engine knew at the take's start is in the journal, and so is
when it was told of each message. Where that cannot be, it is said why.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from pocket_core.engine import Engine
from pocket_core.errors import MidiFileError, TakeError
from pocket_core.habits import UNKNOWN, Habits
from pocket_core.memory import ClockMemory, Memory
from pocket_core.predict import Predictor
from pocket_core.records import TimestepRecord
from pocket_core.report import decode_report
from pocket_core.settings import Settings
from pocket_core.tempo import steady
from pocket_core.transport import SongClock
from pocket_core.types import Port, Seconds
from pocket_core.voices import VOICES
from pocketd.casting import tell_score
from pocketd.config import Config
from pocketd.desk_records import (
    Dropped,
    Fault,
    Hello,
    Message,
    Record,
    Remembered,
    TakeHeader,
    Timestep,
    TransportStart,
)
from pocketd.journal import read_journal
from pocketd.known_score import KnownScore, make_steps
from pocketd.model import OnnxPredictor
from pocketd.song_clock import song_clock_of

PULSE, START, CONTINUE = 0xF8, 0xFA, 0xFB
NEAR = Seconds(1e-6)  # two times this close are one


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it."""

    records: tuple[TimestepRecord, ...]  # in order of playing, on the back end's clock
    remarks: tuple[str, ...]  # why it may differ from what was logged though the model is the same


def replay(journal: Path, predictor: Predictor) -> Replayed:
    """Drive a take's journal through an engine of its own.

    A model that reads the score is told that of the take. Reads files and takes its time.

    Args:
        journal: Of the take, finished or not.
        predictor: The model, in its initial state and patient: a step that is too slow is no forecast.

    Raises:
        TakeError: The journal cannot be read, or its configuration is none of this build's.
        EncoderError: The model cannot read the score.
    """
    records = list(read_journal(journal))
    header, start = records[0], records[1] if len(records) > 1 else None
    if not isinstance(header, TakeHeader) or not isinstance(start, TransportStart):
        raise TakeError(f"{journal} does not begin with a header and a start: no take's journal")
    config = _config(header.hello, journal)
    settings, remarks = config.settings(header.hello.timing), list(_remarks(records, header, config))
    habits = _habits(config, remarks)
    memory = _memory(records, start, config)
    clock = _clock(memory, start, config)
    _tell_score(predictor, records, start, settings, remarks)
    engine = Engine(settings, clock, predictor, habits)
    engine.resume(memory)
    hello = header.hello
    for record in _behind_start(records, memory, start):
        if isinstance(record, Message):
            if record.told is not None:
                engine.take_due(_behind(record.told))
            engine.receive(record.data, record.port, record.at)
        elif isinstance(record, Hello):
            engine.take_due(_behind(record.at))
            if _is_other_source(hello, record):
                lead = _config(record, journal).settings(record.timing).drums_lead
                engine.configure(replace(engine.settings, drums_lead=lead))
            elif _is_reload(hello, record):
                engine.configure(_config(record, journal).settings(record.timing))
            elif hello.timing != record.timing:
                engine.configure(_config(record, journal).fitted(engine.settings, record.timing))
            hello = record
    engine.flush(_last(records, start.at))
    engine.take_due(Seconds(math.inf))
    return Replayed(tuple(engine.take_records()), tuple(remarks))


def _config(hello: Hello, journal: Path) -> Config:
    try:
        return Config.model_validate_json(json.dumps(hello.config))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise TakeError(
            f"{journal}: its configuration is none of this build's ({where}: {first['msg']}); "
            "replay it with the pocketd that wrote it"
        ) from None


def _is_other_source(before: Hello, hello: Hello) -> bool:
    """Say whether a hello tells of another source alone, which takes nothing back."""
    other = before.config.get("source") != hello.config.get("source")
    return other and {**before.config, "source": ""} == {**hello.config, "source": ""}


def _is_reload(before: Hello, hello: Hello) -> bool:
    """Say whether a hello tells of settings read anew, which takes back what controllers have moved."""
    other_player = (before.model, before.sha256) != (hello.model, hello.sha256)
    other_song = (before.song, before.recognised) != (hello.song, hello.recognised)
    other_timing = before.timing != hello.timing
    return before.config != hello.config or not (other_player or other_song or other_timing)


def _remarks(records: Sequence[Record], header: TakeHeader, config: Config) -> Iterator[str]:
    known = next((r.memory for r in records if isinstance(r, Remembered)), None)
    if known is None or not known.running:
        yield "its journal does not say what the engine knew at the start"
    elif not known.anew:
        yield "it does not begin from the top: what the model had in mind from an earlier run is not known"
    if known is not None and known.waiting:
        yield f"timesteps of the take before that still waited at the start: {known.waiting}"
    if missing := sum(r.records for r in records if isinstance(r, Dropped)):
        yield f"lines missing from its journal: {missing}"
    models = dict.fromkeys([header.hello.model, *(r.model for r in records if isinstance(r, Hello))])
    if len(models) > 1:
        yield f"several models played: {', '.join(models)}"
    faults = dict.fromkeys(r.about for r in records if isinstance(r, Fault) and r.text)
    if wrong := [about for about in faults if about in ("engine", "midi", "model")]:
        yield f"faults while it was played: {', '.join(wrong)}"
    if config.like is not None:
        yield f"the drums were like {config.like}, as that is now"


def _habits(config: Config, remarks: list[str]) -> Habits:
    try:
        return config.habits()
    except MidiFileError as error:
        remarks.append(str(error))
        return UNKNOWN


def _memory(records: Sequence[Record], start: TransportStart, config: Config) -> Memory:
    """Return what the engine knew at the start; of a take that does not tell, what a new one would."""
    for record in records:
        if isinstance(record, Remembered) and record.memory.running:
            return record.memory
    settings = config.settings()
    hit = Seconds(start.at - settings.drums_lead)
    hits = (r.at for r in records if isinstance(r, Message) and r.port is Port.DRUMS)
    return Memory(
        at=start.at,
        running=True,
        anew=True,
        waiting=0,
        amount=settings.amount,
        bypass=settings.bypass,
        laid_back=settings.laid_back,
        clock=ClockMemory(start.at, start.position),
        hit=next((at for at in hits if abs(at - hit) < NEAR), None) if settings.start_on_hit else None,
    )


def _clock(memory: Memory, start: TransportStart, config: Config) -> SongClock:
    known = memory.clock or ClockMemory(start.at, start.position)
    return song_clock_of(known, config, start.bpm)


def _tell_score(
    predictor: Predictor,
    records: Sequence[Record],
    start: TransportStart,
    settings: Settings,
    remarks: list[str],
) -> None:
    if not isinstance(predictor, OnnxPredictor) or predictor.encoder is None:
        return
    steps = [record.timestep for record in records if isinstance(record, Timestep)]
    struck = ((settings.meters.beat_of(s.bar, s.beat), map(VOICES.index, s.voices)) for s in steps)
    tempo = steady(start.bpm)
    tell_score(predictor, KnownScore(make_steps(struck), tempo, settings.meters))
    remarks.append(f"model {predictor.name} has read the score of the take itself, all of it from the start")


def _behind_start(
    records: Sequence[Record], memory: Memory, start: TransportStart
) -> Iterator[Message | Hello]:
    """Yield what the engine took in behind the message that started the transport, in that order."""
    told = [r for r in records if isinstance(r, Hello) or (isinstance(r, Message) and r.port is not Port.OUT)]
    first = next((i for i, r in enumerate(told) if _starts(r, memory, start)), None)
    if first is None:  # it is in the journal of the take before, which had not settled
        yield from (r for r in told if r.at > start.at)
    else:
        yield from told[first if memory.hit is not None else first + 1 :]


def _starts(record: Message | Hello, memory: Memory, start: TransportStart) -> bool:
    if not isinstance(record, Message) or record.port is Port.HUMAN:
        return False
    if memory.hit is not None:
        return record.port is Port.DRUMS and record.at == memory.hit
    if record.port is Port.CONTROL and record.at == start.at and decode_report(record.data, record.at):
        return memory.clock is not None and memory.clock.bpm is not None
    on_clock = memory.clock_port in (None, record.port)
    return on_clock and record.at == start.at and any(b in record.data for b in (PULSE, START, CONTINUE))


def _behind(at: Seconds) -> Seconds:
    return Seconds(math.nextafter(at, math.inf))  # what is due just then has left


def _last(records: Sequence[Record], start: Seconds) -> Seconds:
    return max((r.at for r in records if isinstance(r, Message)), default=start)
