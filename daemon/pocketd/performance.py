"""A duet for whoever has no MIDI file: a quantised drum track and a made-up player of chords beside it.

Nobody played it. What the player does wrong on purpose are the things a drummer would follow: a lazy
feel, swung off-beats, a tempo that breathes, strummed chords, now and then a chord left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from pocket_core.tempo import Meter, MeterChange, MeterMap, steady
from pocket_core.types import Beats, Seconds
from pocketd.midiscore import DRUM_CHANNEL, FileNote, MidiScore

BPM = 108.0
TICKS = 480
SIXTEENTHS = 16  # to the bar

# A line is a bar of sixteenths: X loud, x plain, o ghost.
GROOVE = {
    36: ("X.....x...X.....", "X.....x..xX....."),
    38: ("....X..o.o..X...", "....X..o....X..o"),
    42: ("X.x.X.x.X.x.X.x.", "X.x.X.x.X.x.X..."),
    46: ("................", "..............x."),
}
FILL = {  # the last beat of every fourth bar
    36: "X.....x...X.....",
    38: "....X..o....Xx..",
    42: "X.x.X.x.X.x.....",
    48: "..............x.",
    45: "...............X",
}
END = {36: "X...............", 49: "X..............."}
CRASH = 49
LOUDNESS = {"X": 108, "x": 82, "o": 38}

COMPING = ("x.x.x..xx.x.x.x.", "x.x.x.x.x..xx.xx")
CHORDS = ((45, 60, 64, 67, 71), (50, 60, 65, 69), (43, 59, 62, 65, 69), (48, 59, 64, 67))  # Am9 Dm7 G9 Cmaj7

LAID_BACK = 0.012  # seconds, all through
SWING = {2: 0.018, 1: 0.008, 3: 0.012}  # seconds, by the sixteenth of the beat
DRIFT = 0.012  # seconds either way, coming and going over
DRIFT_PERIOD = 13.0  # seconds
NOISE = 0.004  # seconds, standard deviation
STRUM = 0.003  # seconds from string to string, at most
MISSED = 0.06  # share of chords left out


@dataclass(frozen=True, slots=True)
class Performance:
    """Two parts that belong together."""

    drums: MidiScore
    human: MidiScore


def perform(seconds: Seconds = Seconds(20.0), seed: int = 2020) -> Performance:
    """Make a duet, the same for the same seed.

    Args:
        seconds: About how long; whole bars are made, at least two, the last one of a single hit.
        seed: Of the player's habits and accidents; the drum track is always the same.
    """
    bars = max(round(seconds / _seconds(SIXTEENTHS)), 2)
    tempo = steady(BPM)
    meters = MeterMap([MeterChange(Beats(0.0), Meter())])

    def score(name: str, notes: Iterator[FileNote]) -> MidiScore:
        ordered = tuple(sorted(notes, key=lambda n: n.at_s))
        return MidiScore(name, ordered, (), tempo, meters, TICKS, synthetic=True)

    return Performance(
        score("synthetic drums", _drums(bars)), score("synthetic chords", _chords(bars, Random(seed)))
    )


def _drums(bars: int) -> Iterator[FileNote]:
    for bar in range(bars):
        if bar == bars - 1:
            lines = END
        elif bar % 4 == 3:
            lines = FILL
        else:
            lines = {note: pair[bar % 2] for note, pair in GROOVE.items()}
        if bar % 4 == 0:
            lines = {**lines, CRASH: END[CRASH]}
        for note, line in lines.items():
            for step, mark in enumerate(line):
                if mark != ".":
                    at = _seconds(bar * SIXTEENTHS + step)
                    yield _note(at, Seconds(0.1), DRUM_CHANNEL, note, LOUDNESS[mark])


def _chords(bars: int, random: Random) -> Iterator[FileNote]:
    phase = random.uniform(0, 2 * math.pi)
    for bar in range(bars):
        line = "x" if bar == bars - 1 else COMPING[bar % 2]
        steps = [step for step, mark in enumerate(line) if mark == "x"]
        for step, following in zip(steps, [*steps[1:], SIXTEENTHS], strict=True):
            at = _seconds(bar * SIXTEENTHS + step)
            late = LAID_BACK + SWING.get(step % 4, 0.0) + random.gauss(0.0, NOISE)
            late += DRIFT * math.sin(2 * math.pi * at / DRIFT_PERIOD + phase)
            length = Seconds(0.8 * _seconds(following - step))
            touch = (84 if step % 8 == 0 else 72) + random.gauss(0.0, 5.0)
            missed = bar > 0 and random.random() < MISSED
            for note in CHORDS[bar % 4]:
                if not missed:
                    yield _note(Seconds(at + late), length, 0, note, min(max(round(touch), 1), 127))
                late += random.uniform(0.0, STRUM)
                touch -= 2


def _seconds(sixteenths: int) -> Seconds:
    return Seconds(sixteenths * 15.0 / BPM)


def _note(at: Seconds, length: Seconds, channel: int, note: int, velocity: int) -> FileNote:
    start = max(at, 0.0)
    return FileNote(Beats(start * BPM / 60), Seconds(start), length, channel, note, velocity)
