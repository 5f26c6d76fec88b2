"""The demo's plan and its outcome: what a DAW and a musician send when, and what the take says of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from pocket_core.errors import MidiFileError
from pocket_core.records import TimestepRecord
from pocket_core.tempo import Meter
from pocket_core.types import Beats, Port, Seconds
from pocketd.midiscore import MidiScore, TimedMessage
from pocketd.take_content import TakeContent

START, STOP, PULSE = b"\xfa", b"\xfc", b"\xf8"
PULSES = 24  # to the quarter note
SLOWEST_BPM, FASTEST_BPM = 20.0, 300.0  # what the clock follows
BEFORE = Seconds(0.010)  # from the start message to the first pulse
AFTER = Seconds(0.500)  # from the last note's end to the stop
ROOM = Seconds(0.200)  # beyond the look-ahead, before the first drum


@dataclass(frozen=True, slots=True)
class Cue:
    """A message that the DAW or the musician sends."""

    at: Seconds  # from the first pulse on; the start message comes before
    port: Port  # DRUMS, which carries the clock too, or HUMAN
    data: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is sent, in order of time, after a count-in of whole bars."""

    cues: tuple[Cue, ...]
    count_in: Seconds  # from the first pulse to the files' beginning
    count_in_bars: int
    meter: Meter  # of the count-in and, as MIDI clock tells none, of all that follows
    drums: MidiScore
    human: MidiScore

    @property
    def hits(self) -> int:
        """How many drum hits are sent."""
        return len(self.drums.notes)

    @property
    def length(self) -> Seconds:
        """Seconds from the start message to the stop."""
        return Seconds(self.cues[-1].at - self.cues[0].at)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was played, on the files' time: 0 s and bar 1 are where they begin."""

    records: tuple[TimestepRecord, ...]
    output: tuple[TimedMessage, ...]  # the drums as they were handed to the MIDI system


def plan(drums: MidiScore, human: MidiScore, look_ahead: Seconds) -> Plan:
    """Lay out a performance: clock by the drum file's tempo, drums early by the look-ahead, musician on time.

    The transport starts a bar or more before the music, so that the first drums can be early.

    Args:
        drums: A quantised drum part.
        human: The musician, perhaps without notes.
        look_ahead: The effect's.

    Raises:
        MidiFileError: A tempo that no MIDI clock of ours follows.
    """
    for change in drums.tempo.changes:
        if not SLOWEST_BPM <= change.bpm <= FASTEST_BPM:
            raise MidiFileError(
                f"{drums.name} goes at {change.bpm:.0f} BPM; a MIDI clock is followed from "
                f"{SLOWEST_BPM:.0f} to {FASTEST_BPM:.0f}, use `pocketd render`"
            )
    meter = drums.meters.position(Beats(0.0)).meter
    bar = -drums.tempo.seconds_at(Beats(-meter.bar_beats))
    bars = math.ceil((look_ahead + ROOM) / bar)
    count_in = Seconds(bars * bar)
    end = max(drums.length_s, human.length_s) + AFTER
    cues = [Cue(Seconds(-BEFORE), Port.DRUMS, START)]
    first = -round(bars * meter.bar_beats * PULSES)
    last = math.ceil(drums.tempo.beat_at(Seconds(end)) * PULSES)
    for pulse in range(first, last + 1):
        at = drums.tempo.seconds_at(Beats(pulse / PULSES)) + count_in
        cues.append(Cue(Seconds(at), Port.DRUMS, PULSE))
    early = count_in - look_ahead
    cues += [Cue(Seconds(m.at_s + early), Port.DRUMS, m.data) for m in drums.stream()]
    cues += [Cue(Seconds(m.at_s + count_in), Port.HUMAN, m.data) for m in human.stream()]
    cues.sort(key=lambda cue: cue.at)
    cues.append(Cue(cues[-1].at, Port.DRUMS, STOP))
    return Plan(tuple(cues), count_in, bars, meter, drums, human)


def outcome(take: TakeContent, played: Plan) -> Outcome:
    """Put a take back on the time of its files.

    The effect follows a clock that arrives with jitter, so where the song began is the median of what the
    timesteps say.
    """
    begin = _begin(take, played)
    return Outcome(
        tuple(_shifted(record, begin, played.count_in_bars) for record in take.timesteps),
        tuple(TimedMessage(Seconds(m.at - begin), m.data) for m in take.messages if m.port is Port.OUT),
    )


def _begin(take: TakeContent, played: Plan) -> Seconds:
    """Return when the files begin, on the take's clock."""
    if not take.timesteps:
        return Seconds(take.start.at + played.count_in)
    return Seconds(median(r.nominal_s - _scored(r, played) for r in take.timesteps))


def _scored(record: TimestepRecord, played: Plan) -> Seconds:
    """Return where the drum file has a timestep, by its bar and beat."""
    bars = record.bar - 1 - played.count_in_bars
    beat = bars * played.meter.bar_beats + (record.beat - 1) * 4 / played.meter.denominator
    return played.drums.tempo.seconds_at(Beats(beat))


def _shifted(record: TimestepRecord, begin: Seconds, bars: int) -> TimestepRecord:
    human = record.human_s
    return replace(
        record,
        nominal_s=Seconds(record.nominal_s - begin),
        committed_s=Seconds(record.committed_s - begin),
        human_s=None if human is None else Seconds(human - begin),
        bar=record.bar - bars,
    )


def strikes(messages: Sequence[bytes]) -> int:
    """Count the note-ons."""
    return sum(1 for data in messages if len(data) == 3 and data[0] & 0xF0 == 0x90 and data[2] > 0)
