"""Takes of a made-up partner, on disk and off it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from benchmarks.studio import BAR, Song, record
from numpy.typing import NDArray

from pocket_core.grid import TWELFTHS
from pocket_core.predict import Predictor, ZeroPredictor
from pocket_core.tempo import MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Port, Seconds
from pocketd import demo
from pocketd.config import Config
from pocketd.demo import Cue
from pocketd.midiscore import FileNote, MidiScore
from pocketd.take_import import as_if_live, import_take, performed

KICK, SNARE, HAT = 36, 38, 42
NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=timezone(timedelta(hours=1)))
EIGHTHS: dict[int, tuple[int, ...]] = {
    n * 6: ((KICK, HAT), (HAT,), (SNARE, HAT), (HAT,))[n % 4] for n in range(8)
}


def song(bars: int = 24, *, name: str = "evening", bpm: float = 120.0) -> Song:
    """Return a beat in eighths."""
    return Song(name, bpm, bars, EIGHTHS)


def onsets(of: Song, *, late: float = 0.020, noise: float = 0.004, seed: int = 1) -> NDArray[np.float64]:
    """Return a partner who is late at every off-beat and plays all eighths; seconds from beat 0."""
    places = np.arange(0, of.bars * BAR, 6)
    chance = np.random.default_rng(seed)
    offsets = np.where(places % TWELFTHS, late, 0.0) + chance.normal(0.0, noise, len(places))
    return np.maximum(places / TWELFTHS * of.pace + offsets, 0.0)


def take(
    root: Path,
    *,
    of: Song | None = None,
    minutes: int = 0,
    predictor: Predictor | None = None,
    config: Config | None = None,
    late: float = 0.020,
    noise: float = 0.004,
    seed: int = 1,
) -> Path:
    """Keep a take of the partner's, begun so many minutes after noon."""
    of = of or song()
    played = onsets(of, late=late, noise=noise, seed=seed)
    at = NOON + timedelta(minutes=minutes)
    return record(root, of, played, config=config or Config(), predictor=predictor or ZeroPredictor(), at=at)


def take_on_rig(root: Path, *, of: Song, late: float, rig: Config) -> Path:
    """Keep a take of a rig with a lead and latencies of its own; the partner plays to what they hear."""
    settings = rig.settings()
    tempo = TempoMap([TempoChange(Beats(0.0), of.bpm)])
    hits = [(at / TWELFTHS * of.pace, 9, note) for at, notes in of.hits for note in notes]
    keys = [(float(at), 0, 60) for at in onsets(of, late=late, noise=0.0)]
    scores = [
        MidiScore(
            name,
            tuple(
                FileNote(Beats(at / of.pace), Seconds(at), Seconds(0.03), channel, note, 96)
                for at, channel, note in played
            ),
            (),
            tempo,
            MeterMap(),
            480,
        )
        for name, played in (("drums", hits), ("partner", keys))
    ]
    usual = demo.plan(scores[0], scores[1], settings.look_ahead)
    delay = settings.look_ahead - settings.drums_lead  # of what is heard behind the clock
    heard = delay + settings.input_latency + settings.output_latency

    def shifted(cue: Cue) -> Cue:
        if cue.port is Port.HUMAN:
            return replace(cue, at=Seconds(cue.at + heard))
        return replace(cue, at=Seconds(cue.at + delay)) if len(cue.data) == 3 else cue

    cues = sorted(map(shifted, usual.cues), key=lambda cue: cue.at)
    own = {key: getattr(rig, key) for key in ("drums_lead_ms", "input_latency_ms", "output_latency_ms")}
    config = as_if_live(usual, rig).model_copy(update=own)
    told = performed(replace(usual, cues=tuple(cues)), config, ZeroPredictor())
    return import_take(root, "a rig", told, lambda: NOON).folder
