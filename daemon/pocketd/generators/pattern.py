"""Two-bar patterns from a latent space: near a pattern, between two patterns, or drawn from the whole space.

After Tikhonov's "Drum Patterns from Latent Space". Its patterns are struck or not; how hard is learnt from
recordings, by instrument, place in the bar and neighbours. What the autoencoder says of a given pattern is
never played itself: it says what changes on the way from there, so with nothing turned the pattern comes out
as it went in.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pocket_core.errors import ContractError
from pocket_core.phrases.generator import EVEN, Ask
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.pattern_velocities import CONTEXTS, PLACES, velocities_of
from pocket_core.phrases.patterns import (
    BITS,
    LENGTH,
    STEPS,
    UNHEARD,
    VOICE_OF_BIT,
    bit_of,
    cells_of_patterns,
    digest,
    entropy,
    note_of,
    pattern_of,
    patterns_of_cells,
    varied,
)
from pocket_core.phrases.patterns import Pattern as Steps
from pocket_core.phrases.phrase import SAME, SIXTEENTH, Phrase, Stroke, joined, phrase_of
from pocket_core.types import Beats
from pocketd.generators.graphs import Graphs

Array = NDArray[np.float32]

SHORT = 4  # bytes of a digest that the card has
LASTS = 4  # patterns that are one idea: 8 bars; then another begins
CANDIDATES = 64  # that are drawn, for one to pass the filter
REACH = 0.25  # of the spread of all codes, at a temperature of 1: nine tenths of the strokes stay
FIRM = 1.0  # the logit that a given pattern's own cells have at least, for it comes out as it is
FEWEST, MOST = 0.4, 1.6  # of the strokes there are at the middle of density, at its least and its most
VOICE_SWAY = 8.0  # of the logit, from the least to the most
SURE = 1e-6  # nothing is surer
LITTLE = 0.5  # of the velocities' spread, at a temperature of 1
_THEME, _WALK = 1, 2  # seeds of their own


class _Clouds:
    """Where patterns lie in the space: a mixture of Gaussians.

    Args:
        weights: `(K,)`.
        means: `(K, D)`.
        roots: `(K, D * (D + 1) / 2)`: the lower triangles, row by row; a covariance is root @ root.T.

    Raises:
        ValueError: They do not fit each other.
    """

    def __init__(self, weights: Array, means: Array, roots: Array) -> None:
        count, size = means.shape
        rows = np.tril_indices(size)
        if weights.shape != (count,) or not (weights > 0).all() or roots.shape != (count, len(rows[0])):
            raise ValueError("clouds that do not fit each other")
        self._weights = weights.astype(np.float64) / weights.sum(dtype=np.float64)
        self._means = means
        self._roots = np.zeros((count, size, size), np.float32)
        self._roots[:, *rows] = roots

    @property
    def spread(self) -> Array:
        """The standard deviations of all together, `(D,)`."""
        middle = self._weights @ self._means
        apart = (self._roots**2).sum(2) + (self._means - middle) ** 2
        spread: Array = np.sqrt(self._weights @ apart)
        return spread

    def drawn(self, count: int, temperature: float, chance: np.random.Generator) -> Array:
        """Return points, `float32[count, D]`, of clouds by lot; at a temperature of 0 their middles."""
        cloud = chance.choice(len(self._weights), count, p=self._weights)
        noise = temperature * chance.standard_normal((count, self._means.shape[1]))
        beside = np.einsum("nij,nj->ni", self._roots[cloud], noise)
        points: Array = (self._means[cloud] + beside).astype(np.float32)
        return points


@dataclass(frozen=True, slots=True)
class _End:
    """Two bars that a way begins or ends with."""

    steps: Steps
    strokes: Mapping[tuple[int, int], tuple[Stroke, ...]]  # by step and bit; none where nobody has played it

    def velocity(self, cell: tuple[int, int], usual: int) -> int:
        """Return how hard a cell is struck: as here, or as is usual."""
        return max((stroke.velocity for stroke in self.strokes.get(cell, ())), default=usual)


class Pattern:
    """The source `pattern`. It goes by temperature, density, voices and morph.

    With a start, temperature is how far from it; without, how far from the middle of a cloud of patterns what
    is drawn may lie. With `temperature` 0, `morph` 0 and nothing else turned a start comes out as it is;
    whatever is turned, a stroke that stays has the velocity, note and place that it had, and what is new is
    struck as drummers do. Of a start longer than two bars those are played that stand there in the song. A
    phrase that begins in an odd bar begins with a pattern's second one.

    Args:
        graphs: `encoder` and `decoder`.
        kit: Its notes.

    Raises:
        ContractError: The card lacks what it needs.
    """

    name = "pattern"

    def __init__(self, graphs: Graphs, kit: Kit) -> None:
        said = graphs.card.settings
        self._graphs = graphs
        self._kit = kit
        try:
            self._clouds = _Clouds(
                _array(said["cloud_weights"]), _array(said["cloud_means"]), _array(said["cloud_roots"])
            )
            self._means = _array(said["velocities"])
            self._spreads = _array(said["velocity_spreads"])
            packed = base64.b64decode(said["known"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise ContractError(_lacks(graphs)) from error
        sizes = (self._means.shape, self._spreads.shape)
        if sizes != ((PLACES, BITS, CONTEXTS), (BITS,)):
            raise ContractError(_lacks(graphs))
        self._known = frozenset(packed[n : n + SHORT] for n in range(0, len(packed), SHORT))
        self._sd = self._clouds.spread
        self._voices = np.array([VOICE_OF_BIT.get(bit, -1) for bit in range(BITS)])

    def phrase(self, ask: Ask) -> Phrase:
        """See `Generator.phrase`."""
        first = int((ask.begin + SAME) // LENGTH)
        last = max(int(np.ceil((ask.begin + ask.length - SAME) / LENGTH)), first + 1)
        made = [self._two_bars(ask, number) for number in range(first, last)]
        begin = Beats(max(ask.begin - first * LENGTH, 0.0))
        return joined(made).cut(begin, Beats(begin + ask.length))

    def codes(self, phrases: Sequence[Phrase]) -> Array:
        """Return where phrases lie in the latent space, `float32[N, z]`; of each its first two bars."""
        return self._encoded([pattern_of(phrase, self._kit) for phrase in phrases])

    def passes(self, steps: Steps) -> bool:
        """Return whether a pattern is varied, and none that was learnt from."""
        return varied(steps) and digest(steps)[:SHORT] not in self._known

    def drawn(self, count: int, temperature: float, chance: np.random.Generator) -> list[Steps]:
        """Return patterns from anywhere in the space, `count` of them, whether they pass or not."""
        return patterns_of_cells(self._decoded(self._clouds.drawn(count, temperature, chance)), 0.0)

    def _two_bars(self, ask: Ask, number: int) -> Phrase:
        """Return the pattern of two bars, counted from the song's beginning."""
        start = self._end(ask.start, number) if ask.start is not None else _End(self._idea(ask, number), {})
        goal = self._end(ask.goal, number) if ask.goal is not None else start
        share = min(max(ask.knobs.morph, 0.0), 1.0) if ask.goal is not None else 0.0
        turned = self._turned(ask)
        logits = self._way((start, goal), share, self._walk(ask, number))
        logits = logits.reshape(STEPS, BITS) + VOICE_SWAY * (turned - EVEN)
        logits[:, turned <= 0.0] = -np.inf
        logits[:, UNHEARD] = -np.inf
        struck = self._as_many(logits, 1 + ask.knobs.sway(1 - FEWEST, MOST - 1))
        chance = np.random.default_rng((ask.seed, number & 0xFFFFFFFF))
        noise = LITTLE * min(max(ask.knobs.temperature, 0.0), 1.0) * chance.standard_normal(struck.shape)
        usual = velocities_of(struck, self._means, self._spreads, noise)
        return self._played(struck, usual, (start, goal), share)

    def _as_many(self, logits: Array, share: float) -> NDArray[np.bool_]:
        """Return what is struck, `bool[32, 14]`: of what is over 0 the accents, or what is likeliest besides.

        By number, for of a pattern that it is given the network is too sure to be swayed. What drummers
        strike hard at its place in the bar stays longest: the beat.

        Args:
            logits: `float32[32, 14]`; one of -inf is never struck.
            share: How many, of those over 0; 1 leaves all as it is, 0 or less nothing.
        """
        struck = logits > 0
        if share == 1.0:
            return struck
        weight = logits
        if share < 1.0:
            accents = velocities_of(struck, self._means, self._spreads, np.zeros(struck.shape))
            weight = np.where(struck, accents, 0).astype(np.float32)
        count = min(max(round(share * int(struck.sum())), 0), int(np.isfinite(logits).sum()))
        found = np.zeros(logits.size, np.bool_)
        found[np.argsort(-weight, axis=None, kind="stable")[:count]] = True
        return found.reshape(logits.shape)

    def _end(self, phrase: Phrase, number: int) -> _End:
        """Return two bars of a phrase: of a longer one those that stand there in the song."""
        laps = max(int(np.ceil((phrase.length - SAME) / LENGTH)), 1)
        begin = Beats(number % laps * LENGTH)
        here = phrase.filling(Beats(laps * LENGTH)).cut(begin, Beats(begin + LENGTH))
        strokes: dict[tuple[int, int], tuple[Stroke, ...]] = {}
        for stroke in here.strokes:
            bit = bit_of(stroke.note, self._kit)
            if bit is not None:
                cell = round(stroke.beat / SIXTEENTH) % STEPS, bit
                strokes[cell] = (*strokes.get(cell, ()), stroke)
        return _End(pattern_of(here, self._kit), strokes)

    def _played(
        self, struck: NDArray[np.bool_], usual: NDArray[np.int64], ends: tuple[_End, _End], share: float
    ) -> Phrase:
        """Return what is struck, each cell as the nearer end has it, as hard as both do."""
        nearer = ends[share > 0.5]
        strokes = list[Stroke]()
        for step, bit in np.argwhere(struck).tolist():
            cell, note = (step, bit), note_of(bit, self._kit)
            one, other = (end.velocity(cell, int(usual[cell])) for end in ends)
            between = one + share * (other - one)
            own = nearer.strokes.get(cell, ())
            if not own and note is not None:
                strokes.append(Stroke(Beats(step * SIXTEENTH), note, round(between)))
            loudest = max((stroke.velocity for stroke in own), default=1)
            strokes += [replace(each, velocity=_scaled(each.velocity, between / loudest)) for each in own]
        return phrase_of(strokes, LENGTH)

    def _way(self, ends: tuple[_End, _End], share: float, beside: Array) -> Array:
        """Return logits of what is struck, `float32[448]`: the ends themselves, and what is between.

        Args:
            ends: Start and goal.
            share: 0..1: how far from the one to the other.
            beside: `float32[D]`: how far from the way.
        """
        steps = [end.steps for end in ends]
        codes = self._encoded(steps)
        code = codes[0] + np.float32(share) * (codes[1] - codes[0]) + beside
        said = self._decoded(np.stack([*codes, code]))
        own = np.where(cells_of_patterns(steps) > 0, np.maximum(said[:2], FIRM), np.minimum(said[:2], -FIRM))
        given = own - said[:2]
        mixed: Array = said[2] + given[0] + np.float32(share) * (given[1] - given[0])
        return mixed

    def _walk(self, ask: Ask, number: int) -> Array:
        """Return how far from the way it is: a path that goes on from one pattern to the next."""
        theme, place = divmod(number, LASTS)
        here, there = (
            np.random.default_rng((ask.seed, _WALK, n & 0xFFFFFFFF)).standard_normal(len(self._sd))
            for n in (theme, theme + 1)
        )
        share = place / LASTS
        path = ((1 - share) * here + share * there) / np.hypot(1 - share, share)
        far: Array = (REACH * ask.knobs.temperature * path * self._sd).astype(np.float32)
        return far

    def _idea(self, ask: Ask, number: int) -> Steps:
        """Return a pattern from anywhere in the space, the same over `LASTS` patterns: the first that passes.

        Where none does it is the most varied.
        """
        theme = number // LASTS
        chance = np.random.default_rng((ask.seed, _THEME, theme & 0xFFFFFFFF))
        drawn = self.drawn(CANDIDATES, max(ask.knobs.temperature, 0.0), chance)
        return next((steps for steps in drawn if self.passes(steps)), None) or max(drawn, key=entropy)

    def _turned(self, ask: Ask) -> Array:
        """Return the voices' knobs by instrument, `float32[14]`; one that is of no voice is not turned."""
        turned: Array = np.array([*ask.knobs.voices, EVEN], np.float32)[self._voices]
        return turned

    def _encoded(self, patterns: Sequence[Steps]) -> Array:
        codes: Array = self._graphs.run("encoder", cells=cells_of_patterns(patterns))["code"]
        return codes

    def _decoded(self, codes: Array) -> Array:
        """Return logits, `float32[N, 448]`: over 0 is struck."""
        said = self._graphs.run("decoder", code=codes.astype(np.float32))["chances"]
        chances = np.clip(said, SURE, 1 - SURE)
        logits: Array = np.log(chances / (1 - chances))
        return logits


def _scaled(velocity: int, factor: float) -> int:
    return min(max(round(velocity * factor), 1), 127)


def _array(said: Any) -> Array:
    array = np.array(said, np.float32)
    if not np.isfinite(array).all():
        raise ValueError("not finite")
    return array


def _lacks(graphs: Graphs) -> str:
    return (
        f"generator {graphs.card.name} lacks settings of this build, or has others; "
        "run `pocketd pretrain --model pattern` again"
    )
