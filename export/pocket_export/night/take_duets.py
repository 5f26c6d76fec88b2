"""From a take to duets: what was played with whom, as `dataset` and a training know it.

A take that loops or jumps by whole bars is one duet that goes on; any other jump begins another. Timesteps
that stand on no grid (flams, rolls, loose playing) are left out: no model is asked where those belong.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from pocket_core.errors import TakeError
from pocket_core.grid import TWELFTHS
from pocket_core.records import TimestepRecord
from pocket_core.settings import Settings
from pocket_core.tempo import Meter
from pocket_core.types import Hit, Port
from pocket_core.voices import VOICES
from pocket_core.wire import Decoder
from pocket_export.duets import LOUDEST, NOBODY, Duet, Grid, quantise
from pocket_export.recordings import Performance
from pocketd.config import Config
from pocketd.journal import JOURNAL
from pocketd.take_content import TakeContent, gather

STRAIGHT = 0.5  # twelfths of a quarter note; a timestep further from all of them stands on no grid
UNROLLED = 0.5  # quarter notes by which a jump of whole bars may miss what the clock says
UNTOLD = 0.6  # a velocity that is not told
NOWHERE = np.zeros(0)


@dataclass(frozen=True, slots=True)
class About:
    """Which take it is."""

    take: str  # its folder's name, such as 2026-11-20/193322
    song: str | None = None
    model: str = "none"  # what played
    sha256: str | None = None  # of it


@dataclass(frozen=True, slots=True)
class Musician:
    """The onsets that counted, in order of time."""

    onsets: NDArray[np.float64]  # (M,) seconds on the clock that the timesteps are on, latencies taken out
    velocities: NDArray[np.float64]  # (M,) 0..1


@dataclass(frozen=True, slots=True)
class TakeDuet:
    """A take, or the part of one between two jumps."""

    about: About
    duet: Duet
    forecast: NDArray[np.float64]  # (T,) y_hat of each timestep, seconds

    @property
    def seconds(self) -> float:
        """How long it is."""
        times = self.duet.nominal
        return float(times[-1] - times[0]) if len(times) else 0.0


def read_take(folder: Path) -> list[TakeDuet]:
    """Return a take's duets, in order.

    Args:
        folder: The take's own.

    Raises:
        TakeError: Its journal cannot be read, or its configuration is of another pocketd.
    """
    take = gather(folder / JOURNAL)
    try:
        settings = Config.model_validate(take.hello.config).settings()
    except ValidationError as error:
        key = ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
        raise TakeError(
            f"{folder / JOURNAL} was played with a configuration of another pocketd ({key}); "
            "it can be kept and shown, not learnt from"
        ) from None
    name = f"{folder.parent.name}/{folder.name}"
    meter = Meter(take.start.numerator, take.start.denominator)
    about = About(name, take.hello.song, take.hello.model, take.hello.sha256)
    return make_duets(about, take.timesteps, _musician(take, settings), meter)


def make_duets(
    about: About, steps: Sequence[TimestepRecord], musician: Musician, meter: Meter
) -> list[TakeDuet]:
    """Return the duets of what an engine recorded and of the onsets that it heard."""
    return [
        TakeDuet(
            about,
            _duet(part, about.take, musician, meter),
            np.array([step.forecast_ms for step in part.steps]) / 1000,
        )
        for part in _parts(steps, meter)
    ]


@dataclass(frozen=True, slots=True)
class _Part:
    """Timesteps between two jumps and where each stands in the song as it was played."""

    steps: Sequence[TimestepRecord]
    twelfths: NDArray[np.int64]  # rising
    pace: float  # seconds a quarter note

    @property
    def nominal(self) -> NDArray[np.float64]:
        return np.array([step.nominal_s for step in self.steps])


def _parts(steps: Sequence[TimestepRecord], meter: Meter) -> Iterator[_Part]:
    """Yield the parts of a take, each of timesteps on the grid at rising places."""
    bar = float(meter.bar_beats)
    kept: list[TimestepRecord] = []
    places: list[int] = []
    pace = _pace(steps, meter)
    for step in steps:
        beat = (step.bar - 1) * bar + (step.beat - 1.0) * 4 / meter.denominator
        if abs(beat * TWELFTHS - round(beat * TWELFTHS)) > STRAIGHT / 2:
            continue
        if kept:
            expected = places[-1] / TWELFTHS + (step.nominal_s - kept[-1].nominal_s) / pace
            beat += bar * round((expected - beat) / bar)
            if abs(beat - expected) > UNROLLED:
                yield _Part(kept, np.array(places), pace)
                kept, places = [], []
                beat = (step.bar - 1) * bar + (step.beat - 1.0) * 4 / meter.denominator
        place = round(beat * TWELFTHS)
        if places and place <= places[-1]:
            continue  # a straggler at a place that has been
        kept.append(step)
        places.append(place)
    if kept:
        yield _Part(kept, np.array(places), pace)


def _pace(steps: Sequence[TimestepRecord], meter: Meter) -> float:
    """Return seconds a quarter note: the median over neighbours in one bar, whatever jumps."""
    paces = [
        (b.nominal_s - a.nominal_s) / ((b.beat - a.beat) * 4 / meter.denominator)
        for a, b in pairwise(steps)
        if b.bar == a.bar and b.beat - a.beat > 0.05
    ]
    if not paces:
        bars = [
            (b.nominal_s - a.nominal_s) / ((b.bar - a.bar) * float(meter.bar_beats))
            for a, b in pairwise(steps)
            if b.bar > a.bar and b.beat == a.beat
        ]
        paces = bars or [0.5]
    return float(np.median(paces))


def _musician(take: TakeContent, settings: Settings) -> Musician:
    """Return who played; of a take without messages of theirs, as one of 2020, what the timesteps tell."""
    decoder, latency = Decoder(), settings.input_latency + settings.output_latency
    onsets, velocities = [], []
    for message in take.messages:
        if message.port is not Port.HUMAN:
            continue
        for event in decoder.feed(message.data, message.at):
            if isinstance(event, Hit) and settings.human.passes(event.channel, event.note, event.velocity):
                onsets.append(event.at - latency)
                velocities.append(event.velocity / LOUDEST)
    if not onsets:
        onsets = [float(step.human_s) for step in take.timesteps if step.human_s is not None]
        velocities = [UNTOLD] * len(onsets)
    order = np.argsort(onsets, kind="stable")
    return Musician(np.array(onsets, np.float64)[order], np.array(velocities, np.float64)[order])


def _duet(part: _Part, name: str, musician: Musician, meter: Meter) -> Duet:
    """Put a part on its own grid; an onset keeps its distance from the timesteps around it."""
    nominal, pace, count = part.nominal, part.pace, len(part.steps)
    score = part.twelfths / TWELFTHS * pace
    onsets = musician.onsets
    inside = (onsets > nominal[0] - pace / 2) & (onsets < nominal[-1] + pace / 2)
    heard, hard = _on_grid(onsets[inside], nominal, score), musician.velocities[inside]
    voices = np.zeros((count, len(VOICES)), np.bool_)
    for row, step in enumerate(part.steps):
        voices[row, [VOICES.index(voice) for voice in step.voices]] = True
    meets = np.full(count, np.nan)
    theirs = quantise(heard / pace, meter)
    places, first = np.unique(theirs, return_index=True)
    both, at, of = np.intersect1d(part.twelfths, places, return_indices=True)
    if both.size:
        meets[at] = (heard - theirs / TWELFTHS * pace)[first[of]]
    return Duet(
        source=_source(name, 60 / pace, meter),
        musician=NOBODY,
        grid=Grid.SIXTEENTHS if not (part.twelfths % 3).any() else Grid.NEAREST,
        twelfths=part.twelfths,
        voices=voices,
        own=np.full(count, np.nan),
        meets=meets,
        hit_steps=np.zeros(0, np.int64),
        hit_notes=np.zeros(0, np.int64),
        hit_velocities=np.zeros(0, np.int64),
        strokes=np.full((count, len(VOICES)), np.nan),
        velocities=np.zeros((count, len(VOICES))),
        onsets=heard,
        onset_velocities=hard,
    )


def _on_grid(
    onsets: NDArray[np.float64], nominal: NDArray[np.float64], score: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Move onsets by as much as the timesteps around them were moved; the nearer one counts the more."""
    return onsets + np.interp(onsets, nominal, score - nominal)


def _source(name: str, bpm: float, meter: Meter) -> Performance:
    nobody = np.zeros(0, np.int64)
    if not math.isfinite(bpm):
        raise TakeError(f"{name} has no tempo: its timesteps are all at one time")
    return Performance(name, "", "", "beat", "takes", bpm, meter, NOWHERE, nobody, nobody, nobody)
