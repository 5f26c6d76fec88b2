"""Answers a musician's groove with a whole kit: a transformer that remembers, and an autoencoder of grooves.

The musician's part, or a stored groove where nobody plays, is flattened to one voice over two bars; the
transformer makes drums of it that go on from those it played before. Where it has played none yet, and no
musician plays, others do that have no memory. Live nobody knows the two bars to come, so what the musician
played two bars before stands for them. Between grooves, and from nothing, the autoencoder finds the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from pocket_core.errors import ContractError
from pocket_core.phrases.generator import EVEN, Ask, Knobs, Onset
from pocket_core.phrases.groove_choice import in_turns, inclined, luck, warmth
from pocket_core.phrases.groove_features import (
    MEMORY_STEPS,
    OFFSET_SCALE,
    STEPS,
    TURNS,
    VERSION,
    WIDTH,
    Asked,
    feature_rows,
)
from pocket_core.phrases.hvo import (
    A_BAR,
    COUNT,
    Cells,
    cells_of_strokes,
    flattened,
    groove_of,
    phrase_of_cells,
)
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, SAME, SIXTEENTH, Phrase, Stroke, joined
from pocket_core.phrases.styles import STYLES
from pocket_core.types import Beats
from pocketd.generators.graphs import Graphs

WINDOW = Beats(STEPS * SIXTEENTH)
UNHEARD = Beats(1.0)  # so much before its beginning a phrase is asked for, or more
FEWER, MORE = 0.5, 0.5  # see `Knobs.sway`; little, for the networks are told of density, and hear themselves
VOICE_SWAY = 6.0  # of the logit, from the least to the most
LATENT_NOISE = 0.5  # at a temperature of 1
FULL_DENSITY = 1.2  # hits of two bars / 64, where `Knobs.density` is 1
ALL_AT_ONCE = (range(COUNT),)  # the likeliest, and what networks without a memory say, which know no turns
LASTS = 8  # bars that what was drawn from nothing stays

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Limits:
    thresholds: Array  # (9,), of `answer`
    alone: Array  # (9,), of `alone`
    most: NDArray[np.int64]  # strokes of each voice in two bars


class Groove:
    """The source `groove`. It goes by all knobs: temperature, density, voices, morph and follow.

    `follow` 1 answers the musician alone, 0 the stored groove alone; `morph` goes from `start` to `goal`.

    Args:
        graphs: `answer`, `alone`, `encode` and `decode`.
        kit: Its notes.

    Raises:
        ContractError: Made for other features, or its card lacks what it needs.
    """

    name = "groove"

    def __init__(self, graphs: Graphs, kit: Kit) -> None:
        said = graphs.card.settings
        if (said.get("features_version"), said.get("width")) != (VERSION, WIDTH):
            raise ContractError(
                f"generator {graphs.card.name} wants groove features v{said.get('features_version')}, "
                f"this build computes v{VERSION}; run `pocketd pretrain --model groove` again"
            )
        if "alone" not in graphs.card.graphs:
            raise ContractError(
                f"generator {graphs.card.name} has no graph `alone` for the first bars, where nothing is "
                "remembered; run `pocketd pretrain --model groove` again"
            )
        self._graphs = graphs
        self._kit = kit
        self._limits = _Limits(
            graphs.numbers("thresholds", COUNT),
            graphs.numbers("alone_thresholds", COUNT),
            graphs.numbers("most", COUNT).astype(np.int64),
        )
        self._decoded = graphs.numbers("decoder_thresholds", COUNT)
        self._mean = graphs.numbers("latent_mean", None)[None]
        self._spread = graphs.numbers("latent_sd", self._mean.shape[1])[None]

    def phrase(self, ask: Ask) -> Phrase:
        """See `Generator.phrase`."""
        first = Beats((ask.begin + SAME) // BAR * BAR)
        made: list[Phrase] = []
        played = list(ask.before)
        while len(made) * WINDOW < ask.begin + ask.length - first - SAME:
            window = Beats(first + len(made) * WINDOW)
            phrase = self._window(ask, window, played)
            played += phrase.at(window)
            made.append(phrase)
        begin = Beats(ask.begin - first)
        return joined(made).cut(begin, Beats(begin + ask.length))

    def codes(self, phrases: Sequence[Phrase]) -> Array:
        """Return where phrases lie in the latent space, `float32[N, z]`; of each its first two bars."""
        grooves = (flattened(self._tiled(phrase, STEPS)) for phrase in phrases)
        return np.concatenate([self._encode(groove) for groove in grooves])

    def _window(self, ask: Ask, begin: Beats, played: Sequence[Stroke]) -> Phrase:
        place = round(begin * 4) & 0xFFFFFFFF
        chance = np.random.default_rng((ask.seed, place))
        groove, ahead = self._groove(ask, begin, chance)
        past, known = self._past(ask, begin, played)
        density = ask.knobs.density
        asked = Asked(
            bpm=ask.bpm,
            bar=round(begin / BAR),
            density=None if density == EVEN else density * FULL_DENSITY,
            style=ask.style,
            from_before=ahead and known > 0,
            musician=bool(ask.heard) and ask.knobs.follow >= 1.0,
        )
        his = groove_of(ask.heard, Beats(begin - MEMORY_STEPS * SIXTEENTH), MEMORY_STEPS)
        x = feature_rows(groove, past, known, asked, _answered(his, past))
        turned = known > 0 or asked.musician  # the networks without a memory know drums' own grooves alone
        graph, thresholds = ("answer", self._limits.thresholds) if turned else ("alone", self._limits.alone)
        lucky = luck((STEPS, COUNT), np.random.default_rng((ask.seed, place, _riff(his))))
        warm, swayed = warmth(ask.knobs.temperature), _swayed(ask.knobs)

        def say(rows: Array) -> Array:
            said: Array = self._graphs.run(graph, x=rows[None])["said"][0]
            return said

        def lean(chances: Array) -> Array:
            return self._within(inclined(chances, thresholds, warm, lucky) + swayed)

        in_order = turned and ask.knobs.temperature > 0
        said, leans = in_turns(say, x, lean, TURNS if in_order else ALL_AT_ONCE)
        return phrase_of_cells(_struck(said, leans), self._kit)

    def _within(self, leans: Array) -> Array:
        """Return leans, `float32[32, 9]`, without the weakest strokes of a voice that has too many."""
        leans = leans.copy()
        most = self._limits.most
        for voice in np.flatnonzero((leans >= 0).sum(0) > most):
            weakest = np.argsort(leans[:, voice], kind="stable")[: STEPS - most[voice]]
            leans[weakest, voice] = -np.inf
        return leans

    def _groove(self, ask: Ask, begin: Beats, chance: np.random.Generator) -> tuple[Array, bool]:
        """Return the groove that is answered, `float32[32, 3]`, and whether it is that of two bars before."""
        follow, heard = ask.knobs.follow, ask.heard
        if heard and follow >= 1.0:
            return _played(heard, begin, ask.begin)
        stored = self._stored(ask, begin, chance)
        if not heard or follow <= 0.0:
            return stored, False
        groove, ahead = _played(heard, begin, ask.begin)
        return self._between(stored, groove, follow, ask, chance), ahead

    def _stored(self, ask: Ask, begin: Beats, chance: np.random.Generator) -> Array:
        """Return the groove of start, of goal, or of the way between; without a start one from nothing."""
        if ask.start is None:
            return self._from_nothing(ask, begin)
        start = flattened(self._tiled(ask.start, STEPS))
        if ask.goal is None or ask.knobs.morph <= 0.0:
            return start
        goal = flattened(self._tiled(ask.goal, STEPS))
        return goal if ask.knobs.morph >= 1.0 else self._between(start, goal, ask.knobs.morph, ask, chance)

    def _from_nothing(self, ask: Ask, begin: Beats) -> Array:
        drawn = np.random.default_rng((ask.seed, 1 + round(begin / BAR) // LASTS))
        noise = drawn.standard_normal(self._mean.shape).astype(np.float32)
        return self._decode(self._mean + noise * self._spread, ask)

    def _between(
        self, one: Array, other: Array, share: float, ask: Ask, chance: np.random.Generator
    ) -> Array:
        a, b = self._encode(one), self._encode(other)
        noise = chance.standard_normal(a.shape).astype(np.float32) * self._spread
        z = a + (b - a) * np.float32(share) + np.float32(LATENT_NOISE * ask.knobs.temperature * 0.5) * noise
        return self._decode(z, ask)

    def _encode(self, groove: Array) -> Array:
        scaled = groove * np.array((1.0, 1.0, OFFSET_SCALE), np.float32)
        return self._graphs.run("encode", groove=scaled[None])["mean"]

    def _decode(self, z: Array, ask: Ask) -> Array:
        """Return the groove of the drums at a point."""
        wanted = np.zeros((1, STEPS, 2 + len(STYLES)), np.float32)
        if ask.knobs.density != EVEN:
            wanted[..., :2] = (1.0, ask.knobs.density * FULL_DENSITY)
        if ask.style in STYLES:
            wanted[..., 2 + STYLES.index(ask.style)] = 1.0
        said = self._graphs.run("decode", z=z.astype(np.float32), wanted=wanted)["said"][0]
        hits = (said[:, :COUNT] >= self._decoded).astype(np.float32)
        return flattened(Cells(hits, said[:, COUNT : 2 * COUNT] * hits, said[:, 2 * COUNT :] * hits))

    def _past(self, ask: Ask, begin: Beats, played: Sequence[Stroke]) -> tuple[Cells, int]:
        """Return what is remembered, and how many steps of it there are; before a song began, the start."""
        oldest = Beats(begin - MEMORY_STEPS * SIXTEENTH)
        past = cells_of_strokes((s for s in played if s.beat < begin - SAME), self._kit, oldest, MEMORY_STEPS)
        there = min(max(round(begin / SIXTEENTH), 0), MEMORY_STEPS) if played else 0
        if ask.start is None or there >= MEMORY_STEPS:
            return past, there
        tiled = self._tiled(ask.start, MEMORY_STEPS).array
        tiled[MEMORY_STEPS - there :] = past.array[MEMORY_STEPS - there :]
        return Cells(tiled[:, :COUNT], tiled[:, COUNT : 2 * COUNT], tiled[:, 2 * COUNT :]), MEMORY_STEPS

    def _tiled(self, phrase: Phrase, steps: int) -> Cells:
        """Return a phrase repeated from its beginning."""
        filled = phrase.filling(Beats(steps * SIXTEENTH))
        return cells_of_strokes(filled.strokes, self._kit, Beats(0.0), steps)


def _struck(said: Array, leans: Array) -> Cells:
    """Return what is struck of what a network says, `float32[32, 27]`, by how it leans, `[32, 9]`."""
    hits = (leans >= 0).astype(np.float32)
    velocities = np.clip(said[:, COUNT : 2 * COUNT], 1 / 127, 1.0) * hits
    return Cells(hits, velocities, np.clip(said[:, 2 * COUNT :], -0.5, 0.5) * hits)


def _riff(his: Array) -> int:
    """Return a number for what was heard before a window: another riff has another luck, not the same tom.

    In the middle of the window it is the same as at its beginning, before which a beat had not been heard.
    """
    return crc32(his[: -round(UNHEARD / SIXTEENTH), 0].tobytes())


def _swayed(knobs: Knobs) -> Array:
    """Return by how much each voice leans to strokes because somebody wants more or fewer, `float32[9]`."""
    sway = knobs.sway(FEWER, MORE) + VOICE_SWAY * (np.array(knobs.voices) - EVEN)
    sway[np.array(knobs.voices) <= 0.0] = -np.inf
    return sway.astype(np.float32)


def _played(heard: Sequence[Onset], begin: Beats, asked: Beats) -> tuple[Array, bool]:
    """Return the musician's groove for the two bars from a position on.

    Where nobody has heard them yet, each step is that of two bars before, or of four.
    """
    earlier, before, known = np.split(groove_of(heard, Beats(begin - 2 * WINDOW), 3 * STEPS), 3)
    if any(onset.beat >= asked for onset in heard):  # a whole part, not live
        return known, False
    horizon = Beats(asked - UNHEARD)
    steps = begin + np.arange(STEPS) * SIXTEENTH
    groove = np.where((steps < horizon)[:, None], known, before)
    return np.where((steps - WINDOW >= horizon)[:, None], earlier, groove).astype(np.float32), True


def _answered(his: Array, past: Cells) -> Array:
    """Return the groove that memory answered: the musician's; of bars without him the drums' own."""
    there = his[:, 0].reshape(-1, A_BAR).any(1).repeat(A_BAR)
    answered: Array = np.where(there[:, None], his, flattened(past)).astype(np.float32)
    return answered
