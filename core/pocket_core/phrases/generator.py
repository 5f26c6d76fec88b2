"""What is asked of a generator, and what it answers: the same live, offline and in every test.

A generator keeps nothing from ask to ask. All that it may know is in the `Ask`, chance included, so the
same ask has the same answer, after a jump or in another process too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pocket_core.phrases.phrase import BAR, Phrase, Stroke
from pocket_core.types import Beats
from pocket_core.voices import VOICES

MEMORY = Beats(64.0)  # so much of the past is told: 16 bars
EVEN = 0.5  # of a density: as the generator has learnt it


@dataclass(frozen=True, slots=True)
class Onset:
    """A note of the musician."""

    beat: Beats  # of the song, as it was played
    velocity: int  # 1..127


@dataclass(frozen=True, slots=True)
class Knobs:
    """What a player turns. A generator goes by those that mean something to it, and ignores the others."""

    temperature: float = 1.0  # 0..2; 0 is the likeliest, 1 as learnt
    density: float = EVEN  # 0..1: fewer or more drums
    voices: tuple[float, ...] = (EVEN,) * len(VOICES)  # 0..1 each: likewise, of one voice
    morph: float = 0.0  # 0..1: from `Ask.start` to `Ask.goal`
    follow: float = 1.0  # 0..1: how much the musician's part counts

    def sway(self, fewer: float, more: float) -> float:
        """Return what density adds, to a logit or a share: `-fewer` at 0, 0 where even, `more` at 1."""
        away = (self.density - EVEN) / EVEN
        return away * (fewer if away < 0 else more)


@dataclass(frozen=True, slots=True)
class Ask:
    """A phrase that is wanted."""

    begin: Beats  # of the song: the beginning of a bar, or its middle
    length: Beats = BAR
    heard: tuple[Onset, ...] = ()  # the musician, of the last `MEMORY`, in order
    before: tuple[Stroke, ...] = ()  # what was played in the last `MEMORY`, by the song's beats, in order
    start: Phrase | None = None  # where to begin: a bar or more; None: the generator's own choice
    goal: Phrase | None = None  # where `Knobs.morph` leads; None: nowhere
    knobs: Knobs = Knobs()
    seed: int = 1
    bpm: float = 120.0  # quarter notes a minute, now
    style: str | None = None  # of `groove_features.STYLES`; None: any

    @property
    def chance(self) -> np.random.Generator:
        """Return chance that is the same for the same seed and place."""
        return np.random.default_rng((self.seed, round(self.begin * 4) & 0xFFFFFFFF))


class Generator(Protocol):
    """Makes drums. Slow is allowed: it never runs in the real-time process."""

    name: str  # bars, continue, pattern or groove

    def phrase(self, ask: Ask) -> Phrase:
        """Return what is asked for, of the asked length.

        Raises:
            ModelError: Its model fails.
        """
