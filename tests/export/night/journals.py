"""Journals by hand: timesteps at any time, bar and beat, and what a disk or a bug may make of one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from pocket_core.records import TimestepRecord
from pocket_core.types import Beats, Port, Seconds
from pocket_export.night.take_duets import TakeDuet, read_take
from pocketd.config import Config
from pocketd.desk_records import (
    FORMAT,
    Hello,
    Message,
    Now,
    Record,
    TakeHeader,
    Tally,
    Timestep,
    TransportStart,
    TransportStop,
    encode,
)
from pocketd.journal import JOURNAL
from pocketd.take_names import name_of

START = 3.0  # seconds


def step(
    index: int, at: float, bar: int, beat: float, *, human: float | None = None, forecast_ms: float = 0.0
) -> TimestepRecord:
    """Return a kick."""
    return TimestepRecord(
        index=index,
        nominal_s=Seconds(at),
        bar=bar,
        beat=beat,
        voices=("kick",),
        forecast_ms=forecast_ms,
        refined_ms=0.0,
        played_ms=0.0,
        committed_s=Seconds(at),
        human_s=None if human is None else Seconds(human),
        diff_ms=None,
    )


def meter_from(at: float, bar: int, numerator: int) -> Now:
    """Return what is noted when the song is in a bar of so many quarters."""
    return Now(
        at=Seconds(at),
        running=True,
        position=Beats(0.0),
        bpm=120.0,
        bar=bar,
        beat=1.0,
        numerator=numerator,
        denominator=4,
        offset_ms=0.0,
        amount=1.0,
        bypass=False,
        tally=Tally(),
    )


def hello_at(at: float, config: Config | dict[str, Any]) -> Hello:
    """Return who plays the evening from a time on, by a configuration."""
    return Hello(
        at=Seconds(at),
        version="1",
        model="none",
        sha256=None,
        backend="loopback",
        look_ahead_ms=120.0,
        transport_ms=None,
        song="evening",
        config=config.model_dump(mode="json") if isinstance(config, Config) else config,
    )


def write_take(
    root: Path,
    steps: Sequence[TimestepRecord],
    *,
    onsets: Iterable[float] = (),
    notes: Iterable[Record] = (),
    config: dict[str, Any] | None = None,
) -> Path:
    """Write a journal and return its take's folder; the musician's messages come as the onsets say."""
    hello = hello_at(START, Config() if config is None else config)
    start = TransportStart(
        at=Seconds(START),
        position=Beats(0.0),
        from_top=True,
        bpm=120.0,
        numerator=4,
        denominator=4,
        tally=Tally(),
    )
    ends = max([START, *(float(s.nominal_s) for s in steps)]) + 1.0
    records: list[Record] = [
        TakeHeader(
            format=FORMAT,
            started="2026-11-20T12:00:00+01:00",
            origin=Seconds(START),
            source=None,
            hello=hello,
        ),
        start,
        *notes,
        *(Message(at=Seconds(at), port=Port.HUMAN, data=bytes((0x90, 60, 96))) for at in onsets),
        *(Timestep(timestep=s) for s in steps),
        TransportStop(at=Seconds(ends), position=Beats(0.0), tally=Tally()),
    ]
    folder = root / "2026-11-20" / "120000"
    folder.mkdir(parents=True)
    (folder / JOURNAL).write_bytes(b"".join(encode(record) for record in records))
    return folder


def read_kept(folder: Path) -> list[TakeDuet]:
    """Read the take in a folder."""
    return read_take(folder / JOURNAL, name_of(folder))


def damage(folder: Path, kind: str, number: int, change: Callable[[dict[str, Any]], object]) -> None:
    """Change one record of a kind, counted from 0, in a journal."""
    lines = (folder / JOURNAL).read_text().splitlines()
    found = [n for n, line in enumerate(lines) if json.loads(line)["kind"] == kind]
    record = json.loads(lines[found[number]])
    change(record)
    lines[found[number]] = json.dumps(record)
    (folder / JOURNAL).write_text("\n".join(lines) + "\n")
