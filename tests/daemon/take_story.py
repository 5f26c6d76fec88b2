"""A short take told as the records of a real-time process: four beats at 120 BPM, a kick on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from pocket_core.records import TimestepRecord
from pocket_core.types import Beats, Port, Seconds
from pocketd.desk_records import (
    Bye,
    Hello,
    Message,
    Now,
    Record,
    Tally,
    Timestep,
    TransportStart,
    TransportStop,
)

T = Seconds(1000.0)  # the take's start on the back end's clock
BEATS = 4
KICK, KICK_OFF = bytes.fromhex("992464"), bytes.fromhex("892440")
PIANO = bytes.fromhex("903c50")
CLOCK = bytes.fromhex("f8")
NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=timezone(timedelta(hours=1)))


def hello(at: Seconds = T, **changes: Any) -> Hello:
    said = Hello(
        at=at,
        version="0.1.0",
        model="lstm",
        sha256="00ff",
        backend="loopback",
        look_ahead_ms=120.0,
        transport_ms=None,
        song="Blue",
        config={"amount": 1.0},
    )
    return replace(said, **changes)


def start(at: Seconds = T, position: float = 0.0, before: int = 0) -> TransportStart:
    return TransportStart(
        at=at,
        position=Beats(position),
        from_top=position == 0,
        bpm=120.0,
        numerator=4,
        denominator=4,
        tally=Tally(events_in=before, events_out=before),
    )


def stop(at: Seconds, position: float, hits: int) -> TransportStop:
    return TransportStop(at=at, position=Beats(position), tally=Tally(events_in=hits, events_out=hits))


def message(at: float, port: Port, data: bytes) -> Message:
    return Message(at=Seconds(at), port=port, data=data)


def timestep(at: float, beat: int, human_late: float | None = 0.010) -> Timestep:
    committed = Seconds(at + 0.005)
    human = None if human_late is None else Seconds(at + human_late)
    return Timestep(
        timestep=TimestepRecord(
            index=beat,
            nominal_s=Seconds(at),
            bar=beat // 4 + 1,
            beat=1.0 + beat % 4,
            voices=("kick", "ride"),
            forecast_ms=4.0,
            refined_ms=5.0,
            played_ms=5.0,
            committed_s=committed,
            human_s=human,
            diff_ms=None if human is None else (human - committed) * 1000,
        )
    )


def now(at: float, position: float, hits: int, *, running: bool = True) -> Now:
    return Now(
        at=Seconds(at),
        running=running,
        position=Beats(position),
        bpm=120.0,
        bar=int(position // 4) + 1,
        beat=1.0 + position % 4,
        numerator=4,
        denominator=4,
        offset_ms=5.0,
        amount=1.0,
        bypass=False,
        tally=Tally(events_in=hits, events_out=hits),
    )


def beat_of(origin: float, beat: int, hits: int) -> Sequence[Record]:
    """What is told during a beat: the kick comes 120 ms early and leaves 5 ms late, the piano 10 ms late."""
    at = origin + beat * 0.5
    return (
        message(at - 0.120, Port.DRUMS, KICK),
        message(at, Port.DRUMS, CLOCK),
        message(at + 0.005, Port.OUT, KICK),
        message(at + 0.010, Port.HUMAN, PIANO),
        message(at + 0.100, Port.OUT, KICK_OFF),
        timestep(at, beat),
        now(at + 0.2, beat + 0.4, hits),
    )


def take(origin: float = T, before: int = 0) -> list[Record]:
    """A whole take, start to stop; `before`: hits that were counted before it."""
    told: list[Record] = [start(Seconds(origin), before=before)]
    for beat in range(BEATS):
        told += beat_of(origin, beat, before + beat + 1)
    told.append(stop(Seconds(origin + BEATS * 0.5), BEATS, before + BEATS))
    return told


def story() -> list[Record]:
    """Hello, one take, goodbye."""
    return [hello(), *take(), Bye(at=Seconds(T + 3.0))]
