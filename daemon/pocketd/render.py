"""The engine on two files: a musician and a drum track in, drums in the pocket out, faster than real time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from pocket_core.clock import MapClock
from pocket_core.engine import Engine
from pocket_core.habits import UNKNOWN, Habits
from pocket_core.predict import Predictor
from pocket_core.records import Summary, TimestepRecord, summarise
from pocket_core.settings import Settings
from pocket_core.status import Counts
from pocket_core.types import Due, Port, Seconds
from pocketd.casting import tell_score
from pocketd.known_score import of_part
from pocketd.midiscore import MidiScore, TimedMessage
from pocketd.quantise import Quantised, quantise

TRANSPORT = Settings().transport  # as the daemon is set up
AFTERWARDS = Seconds(2.0)  # nothing waits this long
PROGRESS_EVERY = 256  # messages


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came out."""

    drums: Quantised  # what was fed
    human: MidiScore
    output: tuple[TimedMessage, ...]  # as it left, in order
    records: tuple[TimestepRecord, ...]
    summary: Summary
    counts: Counts
    before_start: int  # messages that left before the file begins; they are written at its start


def render(
    human: MidiScore,
    drums: MidiScore,
    settings: Settings,
    predictor: Predictor,
    transport: Seconds = TRANSPORT,
    *,
    habits: Habits = UNKNOWN,
    progress: Callable[[float], None] = lambda _: None,
) -> Rendered:
    """Play two scores through the engine.

    The drums come early by the look-ahead and the drum score's tempo and meter rule, so `settings` keep
    neither their lead nor their meters. A musician's message is stamped with its own time but handed over
    `transport` later, after all that left until then. A model that reads the score knows all of it.

    Args:
        human: The musician; may be without notes.
        drums: The drum track, its drum channel if it has one; quantised here where it is not.
        transport: Musician's onset to the earliest output it can cause, >= 0.
        habits: The drummer whom the drums shall be like.
        progress: Called now and then with the share that is done, 0..1.

    Raises:
        EncoderError: The model cannot read the score.
    """
    part = quantise(drums.drum_part(), settings.snap)
    tell_score(predictor, of_part(part.score, settings.voices, settings.snap))
    ahead = settings.look_ahead
    settings = replace(settings, drums_lead=ahead, meters=drums.meters, transport=transport)
    engine = Engine(settings, MapClock(drums.tempo, Seconds(0.0)), predictor, habits)
    feed = [(m.at_s - ahead, 0, m.at_s - ahead, Port.DRUMS, m.data) for m in part.score.stream()]
    feed += [(m.at_s + transport, 1, m.at_s, Port.HUMAN, m.data) for m in human.stream()]
    feed.sort(key=lambda item: item[:2])
    due: list[Due] = []
    records: list[TimestepRecord] = []
    for done, (moment, _, at, port, data) in enumerate(feed):
        due += engine.take_due(Seconds(moment))
        engine.receive(data, port, Seconds(at))
        if done % PROGRESS_EVERY == 0:
            records += engine.take_records()
            progress(done / len(feed))
    end = Seconds(feed[-1][0] + AFTERWARDS)
    due += engine.take_due(end)
    engine.flush(end)
    due += engine.take_due(Seconds(math.inf))
    records += engine.take_records()
    progress(1.0)
    return Rendered(
        drums=part,
        human=human,
        output=tuple(TimedMessage(d.at, d.data) for d in due),
        records=tuple(records),
        summary=summarise(records),
        counts=engine.counts,
        before_start=sum(1 for d in due if d.at < 0),
    )
