"""Takes that nobody played: a drum track, a simulated partner with their own feel, and the real engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pocket_core.clock import MapClock
from pocket_core.engine import Engine
from pocket_core.grid import TWELFTHS
from pocket_core.predict import Predictor
from pocket_core.records import TimestepRecord
from pocket_core.settings import Settings
from pocket_core.tempo import Meter, MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Port, Seconds
from pocket_export.night.take_duets import About, Musician, TakeDuet, make_duets
from pocketd import demo
from pocketd.casting import tell_score
from pocketd.config import Config
from pocketd.known_score import KnownScore, make_steps
from pocketd.midiscore import FileNote, MidiScore
from pocketd.take_import import as_if_live, import_take, performed

ORIGIN = 1.0  # seconds; when beat 0 sounds
TAIL = 2.0  # seconds behind the last message
HELD = 0.030  # seconds that a drum is held
BAR = 4 * TWELFTHS
VELOCITY = 96
TICKS = 480
STEADY = Settings(late_commit=False)  # as the paper's: what was forecast sounds


@dataclass(frozen=True, slots=True)
class Track:
    """A drum track of any tempo and meter."""

    hits: Sequence[tuple[Beats, tuple[int, ...]]]  # every timestep and its notes, at rising beats
    tempo: TempoMap
    meters: MeterMap

    def known(self, settings: Settings) -> KnownScore:
        """Return it as a model knows it that reads the score beforehand."""
        struck = (
            (beat, [voice for note in notes if (voice := settings.voices.index(note)) is not None])
            for beat, notes in self.hits
        )
        return KnownScore(make_steps(struck), self.tempo, self.meters)


@dataclass(frozen=True, slots=True)
class Song:
    """A drum track of one bar, over and over."""

    name: str
    bpm: float
    bars: int
    bar: dict[int, tuple[int, ...]]  # twelfth of the bar to the notes struck there

    @property
    def hits(self) -> list[tuple[int, tuple[int, ...]]]:
        """Return every timestep: twelfths from the start, and its notes."""
        return [(n * BAR + at, notes) for n in range(self.bars) for at, notes in sorted(self.bar.items())]

    @property
    def pace(self) -> float:
        """Seconds a quarter note."""
        return 60.0 / self.bpm

    @property
    def track(self) -> Track:
        """Return it as what the engine hears."""
        hits = [(Beats(at / TWELFTHS), notes) for at, notes in self.hits]
        return Track(hits, TempoMap([TempoChange(Beats(0.0), self.bpm)]), MeterMap())


@dataclass(frozen=True, slots=True)
class Take:
    """What came of playing together."""

    song: Song
    records: Sequence[TimestepRecord]
    onsets: NDArray[np.float64]  # (M,) seconds

    def duets(self, name: str, model: str = "none") -> list[TakeDuet]:
        """Return it as the nightly job knows it."""
        musician = Musician(self.onsets, np.full(len(self.onsets), VELOCITY / 127))
        return make_duets(About(name, self.song.name, model), self.records, musician, Meter())


Partner = Callable[[np.random.Generator], NDArray[np.float64]]  # every onset, seconds from beat 0, rising


def play(song: Song, onsets: NDArray[np.float64], predictor: Predictor, settings: Settings = STEADY) -> Take:
    """Play a song with a partner's onsets, in seconds from beat 0."""
    return Take(song, perform(song.track, onsets, predictor, settings), onsets + ORIGIN)


def perform(
    track: Track, onsets: NDArray[np.float64], predictor: Predictor, settings: Settings
) -> list[TimestepRecord]:
    """Play a drum track through the engine, which hears each onset at its own time.

    Args:
        track: The drums.
        onsets: The partner's, seconds from beat 0.
        predictor: Is told the score, if it reads any.
        settings: Their meter is the track's.

    Returns:
        Every timestep, in order; beat 0 is at `ORIGIN`.
    """
    settings = replace(settings, meters=track.meters)
    tell_score(predictor, track.known(settings))
    engine = Engine(settings, MapClock(track.tempo, Seconds(ORIGIN)), predictor)
    feed: list[tuple[float, Port, bytes]] = []
    for beat, notes in track.hits:
        at = ORIGIN + track.tempo.seconds_at(beat) - settings.drums_lead
        for note in notes:
            feed.append((at, Port.DRUMS, bytes((0x99, note, VELOCITY))))
            feed.append((at + HELD, Port.DRUMS, bytes((0x89, note, 64))))
    feed += [(ORIGIN + at, Port.HUMAN, bytes((0x90, 60, VELOCITY))) for at in onsets.tolist()]
    feed.sort(key=lambda message: message[0])
    records: list[TimestepRecord] = []
    for at, port, data in feed:
        engine.receive(data, port, Seconds(at))
        records += engine.take_records()
    engine.take_due(Seconds(feed[-1][0] + TAIL))
    return records + engine.take_records()


def record(
    root: Path, song: Song, onsets: NDArray[np.float64], *, config: Config, predictor: Predictor, at: datetime
) -> Path:
    """Play a song as `play` does, and keep it as the daemon keeps a take; returns its folder.

    Only MIDI clock tells the engine where the song is. A count-in of whole bars goes before.

    Args:
        root: The takes folder.
        onsets: The partner's, seconds from beat 0.
        config: How to play.
        at: When, for its name.
    """
    drums = [
        FileNote(Beats(at / TWELFTHS), Seconds(at / TWELFTHS * song.pace), Seconds(HELD), 9, note, VELOCITY)
        for at, notes in song.hits
        for note in notes
    ]
    human = [
        FileNote(Beats(at / song.pace), Seconds(at), Seconds(HELD), 0, 60, VELOCITY)
        for at in np.maximum(onsets, 0.0).tolist()
    ]
    tempo, meters = song.track.tempo, song.track.meters
    tracks = [
        MidiScore(name, tuple(notes), (), tempo, meters, TICKS, synthetic=True)
        for name, notes in (("drums", drums), ("partner", human))
    ]
    plan = demo.plan(tracks[0], tracks[1], Seconds(config.look_ahead_ms / 1000))
    takes = config.takes.model_copy(update={"song": song.name})
    told = performed(plan, as_if_live(plan, config.model_copy(update={"takes": takes})), predictor)
    return import_take(root, "a simulated partner", told, lambda: at).folder
