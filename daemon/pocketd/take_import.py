"""Takes made of what was played elsewhere: two MIDI files, or a table of rolypoly~."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from datetime import datetime
from math import inf, nextafter
from pathlib import Path

from pocket_core.clock import PulseClock
from pocket_core.engine import Engine
from pocket_core.errors import TakeError
from pocket_core.predict import Predictor
from pocket_core.types import Beats, Port, Seconds
from pocketd.backends.protocol import Incoming
from pocketd.config import Config
from pocketd.config_sections import Human
from pocketd.demo import Plan
from pocketd.desk_records import Record, encode
from pocketd.recorder import Recorder
from pocketd.render import AFTERWARDS, PROGRESS_EVERY
from pocketd.reporter import Happened, Reporter
from pocketd.rolypoly_csv import BACKEND
from pocketd.takes import FinishedTake


def as_if_live(performance: Plan, config: Config) -> Config:
    """Return a configuration by which two files are played: the user's feel, and a rig without latency."""
    return config.model_copy(
        update={
            "clock": "midi",
            "clock_port": "auto",
            "tempo": round(performance.drums.tempo.bpm_at(Beats(0.0)), 6),
            "meter": f"{performance.meter.numerator}/{performance.meter.denominator}",
            "drums_lead_ms": None,
            "input_latency_ms": 0.0,
            "output_latency_ms": 0.0,
            "bypass": False,
            "human": Human(),
        }
    )


def performed(
    performance: Plan,
    config: Config,
    predictor: Predictor,
    progress: Callable[[float], None] = lambda _: None,
) -> list[Record]:
    """Play a DAW and a musician into the engine and return what the daemon would have told of it.

    As in a session the transport begins with whole bars of count-in, and only MIDI clock says where the song
    is. The musician's messages are stamped with their own times, but heard `transport_ms` later.

    Args:
        performance: What is sent when.
        config: From `as_if_live`.
        progress: Called now and then with the share that is done, 0..1.
    """
    settings = config.settings()
    clock = PulseClock(config.tempo)
    engine = Engine(settings, clock, predictor)
    told: list[Record] = []
    reporter = Reporter(told.append, engine, clock, lambda: engine.counts)
    reporter.hello(performance.cues[0].at, BACKEND, config, predictor, config.takes.song)

    def turn(arrived: list[Incoming], until: Seconds, now: Seconds) -> None:
        sent = engine.take_due(until)
        for message in arrived:
            engine.receive(message.data, message.port, message.at)
        told_by = Seconds(nextafter(until, -inf))
        happened = Happened(engine.take_changes(), engine.take_records(), engine.take_memories())
        reporter.turn(arrived, told_by, sent, happened, now)

    heard = [
        (Seconds(cue.at + settings.transport) if cue.port is Port.HUMAN else cue.at, cue)
        for cue in performance.cues
    ]
    heard.sort(key=lambda item: item[0])
    for done, (now, cue) in enumerate(heard):
        turn([Incoming(cue.at, cue.port, cue.data)], now, now)
        if done % PROGRESS_EVERY == 0:
            progress(done / len(heard))
    end = Seconds(heard[-1][0] + settings.look_ahead + AFTERWARDS)
    turn([], end, end)
    engine.flush(end)
    turn([], Seconds(inf), end)
    reporter.bye(end)
    progress(1.0)
    return told


def import_take(
    root: Path, source: str, told: Iterable[Record], today: Callable[[], datetime]
) -> FinishedTake:
    """Write a take as the desk writes a live one; it counts as begun now.

    Args:
        root: The takes folder.
        source: What it is made of, for people.
        told: A take as the daemon tells it, from hello to goodbye.
        today: Local date and time, with its offset from UTC.

    Raises:
        TakeError: It cannot be written, or there is no take in it.
    """
    recorder = Recorder(root, today, source=source)
    folder: Path | None = None
    try:
        for record in told:
            recorder.take(record, encode(record))
            folder = recorder.recording or folder
        recorder.end("exit")
        if recorder.fault:
            raise TakeError(f"{source} is not imported: {recorder.fault.removeprefix('not recording: ')}")
        if not recorder.finished:
            raise TakeError(f"{source} is not imported: its transport never runs")
    except BaseException:  # whoever ends it, too
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return recorder.finished[0]
