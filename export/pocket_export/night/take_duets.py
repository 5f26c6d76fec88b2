"""From a take to duets: what was played with whom, as `dataset` and a training know it.

`take_parts` says where a take breaks; each part is a duet of one tempo and one meter. Every onset keeps its
distance in seconds from the timestep that it meets, whatever the tempo does around it, for that distance is
all that is learnt. Timesteps that stand on no grid (flams, rolls, loose playing) are left out: no model is
asked where those belong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from pocket_core.grid import TWELFTHS
from pocket_core.records import TimestepRecord
from pocket_core.settings import Settings
from pocket_core.tempo import Meter
from pocket_core.types import Hit, Port
from pocket_core.voices import VOICES
from pocket_core.wire import Decoder
from pocket_export.duets import LOUDEST, NOBODY, Duet, Grid, quantise
from pocket_export.night.even_tempo import even_out
from pocket_export.night.take_checks import check_start, check_take
from pocket_export.night.take_parts import Part, make_parts
from pocket_export.night.take_rigs import Rig, read_rigs, rig_at
from pocket_export.recordings import Performance
from pocketd.desk_records import Now
from pocketd.journal import JournalSource, read_journal
from pocketd.take_content import BarMeter, TakeContent, gather

UNTOLD = 0.6  # a velocity that is not told
USUAL = 0.5  # seconds a quarter note
NOTED = 0.5  # seconds after it that a new meter is noted at the latest
NOWHERE = np.zeros(0)


@dataclass(frozen=True, slots=True)
class About:
    """Which take it is."""

    take: str  # its name, such as 2026-11-20/193322, or of an archive studio-b/2026-11-20/193322
    song: str | None = None
    model: str = "none"  # what played
    sha256: str | None = None  # of it


@dataclass(frozen=True, slots=True)
class Musician:
    """The onsets that counted, in order of time."""

    onsets: NDArray[np.float64]  # (M,) seconds on the clock that the timesteps are on, latencies taken out
    velocities: NDArray[np.float64]  # (M,) 0..1

    def between(self, start: float, end: float) -> Musician:
        """Return those of a stretch of time."""
        inside = (self.onsets > start) & (self.onsets <= end)
        return Musician(self.onsets[inside], self.velocities[inside])


@dataclass(frozen=True, slots=True)
class TakeDuet:
    """A take, or a part of one."""

    about: About
    duet: Duet
    forecast: NDArray[np.float64]  # (T,) y_hat of each timestep, seconds
    settings: Settings = field(default_factory=Settings)  # by which `dataset.prepare` knows what was known

    @property
    def seconds(self) -> float:
        """How long it is."""
        times = self.duet.nominal
        return float(times[-1] - times[0]) if len(times) else 0.0


def read_take(path: JournalSource, name: str) -> list[TakeDuet]:
    """Return a take's duets, in order; none where it has no timestep on the grid.

    Args:
        path: Its journal.
        name: What it is called.

    Raises:
        TakeError: Its journal cannot be read, or cannot be true, or its configuration is of another pocketd.
    """
    check_start(path, name)
    take = gather(path)
    check_take(take, path, name)
    rigs = read_rigs(take, path)
    about = About(name, take.hello.song, take.hello.model, take.hello.sha256)
    steps, usual = list(zip(take.timesteps, _meters(take, path), strict=True)), 60 / take.start.bpm
    parts = [
        (part, rig.settings)
        for rig, stretch in groupby(steps, key=lambda pair: rig_at(rigs, pair[0].nominal_s))
        for both in [list(stretch)]
        for part in make_parts([step for step, _ in both], [meter for _, meter in both], usual)
    ]
    return list(_duets(about, parts, _musician(take, rigs)))


def make_duets(
    about: About,
    steps: Sequence[TimestepRecord],
    musician: Musician,
    meter: Meter,
    settings: Settings | None = None,
) -> list[TakeDuet]:
    """Return the duets of what an engine recorded, in one meter, and of the onsets that it heard.

    Args:
        about: What to call them.
        steps: In order of playing.
        musician: Whoever played to them.
        meter: Of all.
        settings: The engine's.
    """
    parts = make_parts(steps, [meter] * len(steps), USUAL)
    return list(_duets(about, [(part, settings or Settings()) for part in parts], musician))


def _meters(take: TakeContent, path: JournalSource) -> list[Meter]:
    """Return the meter of each timestep.

    A new one holds from its bar on. But bars come again in loops, and are counted anew where a reload
    changes the meter; so it is also asked when it was noted.
    """
    changes = [(take.start.at, take.meters[0])]
    if len(take.meters) > 1:
        for record in read_journal(path):
            meter = Meter(record.numerator, record.denominator) if isinstance(record, Now) else None
            if isinstance(record, Now) and record.running and meter and meter != changes[-1][1].meter:
                changes.append((record.at, BarMeter(record.bar, meter)))
    found: list[Meter] = []
    before, now = None, 0  # type: int | None, int
    for step in take.timesteps:
        while now + 1 < len(changes):
            at, change = changes[now + 1]
            entered = step.bar >= change.bar and (before is None or before < change.bar or step.bar < before)
            if step.nominal_s < (at - NOTED if entered else at):
                break
            now += 1
        before = step.bar
        found.append(changes[now][1].meter)
    return found


def _musician(take: TakeContent, rigs: Sequence[Rig]) -> Musician:
    """Return who played; of a take without messages of theirs, as one of 2020, what the timesteps tell."""
    decoder = Decoder()
    onsets, velocities = [], []
    for message in take.messages:
        if message.port is not Port.HUMAN:
            continue
        settings = rig_at(rigs, message.at).settings
        latency = settings.input_latency + settings.output_latency
        for event in decoder.feed(message.data, message.at):
            if isinstance(event, Hit) and settings.human.passes(event.channel, event.note, event.velocity):
                onsets.append(event.at - latency)
                velocities.append(event.velocity / LOUDEST)
    if not onsets:
        onsets = [float(step.human_s) for step in take.timesteps if step.human_s is not None]
        velocities = [UNTOLD] * len(onsets)
    order = np.argsort(onsets, kind="stable")
    return Musician(np.array(onsets, np.float64)[order], np.array(velocities, np.float64)[order])


def _duets(about: About, parts: Sequence[tuple[Part, Settings]], musician: Musician) -> Iterator[TakeDuet]:
    """Yield the duet of each part, by its settings; an onset between two is the nearer one's."""
    ends = [_middle(part, after) for (part, _), (after, _) in pairwise(parts)]
    reach = [part.pace / 2 for part, _ in parts]
    for i, (part, settings) in enumerate(parts):
        start, end = part.steps[0].nominal_s - reach[i], part.steps[-1].nominal_s + reach[i]
        if i > 0:
            start = max(start - reach[i - 1], ends[i - 1])
        if i < len(ends):
            end = min(end + reach[i + 1], ends[i])
        duet = _duet(part, about.take, musician.between(start, end), settings.window)
        forecast = np.array([step.forecast_ms for step in part.steps]) / 1000
        # A hit comes by look_ahead before its nominal time, however early the DAW sends it: nominal times are
        # those of the listener.
        yield TakeDuet(about, duet, forecast, replace(settings, drums_lead=settings.look_ahead))


def _middle(part: Part, after: Part) -> float:
    return (part.steps[-1].nominal_s + after.steps[0].nominal_s) / 2


def _duet(part: Part, name: str, musician: Musician, window: float) -> Duet:
    """Put a part on the grid of its tempo."""
    count, pace, meter = len(part.steps), part.pace, part.meter
    moved = even_out(musician.onsets, part, window)
    order = np.argsort(moved, kind="stable")
    heard, hard = moved[order], musician.velocities[order]
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


def _source(name: str, bpm: float, meter: Meter) -> Performance:
    nobody = np.zeros(0, np.int64)
    return Performance(name, "", "", "beat", "takes", bpm, meter, NOWHERE, nobody, nobody, nobody)
