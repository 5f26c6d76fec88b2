"""Two-bar patterns from a latent space: near a pattern, between two patterns, or drawn from the whole space.

After Tikhonov's "Drum Patterns from Latent Space". Its patterns are struck or not; how hard is learnt from
recordings, by instrument, place in the bar and neighbours. What the autoencoder says of a given pattern is
never played itself: it says what changes on the way from there, so with nothing turned the pattern comes out
as it went in.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
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
    cells_of_patterns,
    digest,
    entropy,
    pattern_of,
    patterns_of_cells,
    phrase_of_pattern,
    varied,
)
from pocket_core.phrases.patterns import Pattern as Steps
from pocket_core.phrases.phrase import SAME, Phrase, joined
from pocket_core.types import Beats
from pocketd.generators.graphs import Graphs

Array = NDArray[np.float32]

SHORT = 4  # bytes of a digest that the card has
LASTS = 4  # patterns that are one idea: 8 bars; then another begins
CANDIDATES = 64  # that are drawn, for one to pass the filter
REACH = 0.25  # of the spread of all codes, at a temperature of 1: nine tenths of the strokes stay
FIRM = 3.0  # the logit of a given pattern's own cells
DENSITY_SWAY, VOICE_SWAY = 6.0, 8.0  # of the logit, from the least to the most
SURE = 1e-6  # nothing is surer
LITTLE = 0.5  # of the velocities' spread, at a temperature of 1
_THEME, _WALK = 1, 2  # seeds of their own


class Pattern:
    """The source `pattern`. It goes by temperature, density, voices and morph.

    With a start, temperature is how far from it; without, how far from the middle of the space what is drawn
    may lie. With `temperature` 0, `morph` 0 and nothing else turned a start that is a pattern comes out as it
    is. A phrase that begins in an odd bar begins with a pattern's second one.

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
            self._mean = _array(said["code_mean"])
            self._root = _array(said["code_root"])
            self._means = _array(said["velocities"])
            self._spreads = _array(said["velocity_spreads"])
            packed = base64.b64decode(said["known"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise ContractError(_lacks(graphs)) from error
        sizes = (self._root.shape, self._means.shape, self._spreads.shape)
        if sizes != ((len(self._mean),) * 2, (PLACES, BITS, CONTEXTS), (BITS,)):
            raise ContractError(_lacks(graphs))
        self._known = frozenset(packed[n : n + SHORT] for n in range(0, len(packed), SHORT))
        self._sd = np.sqrt((self._root**2).sum(1))
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
        noise = chance.standard_normal((count, len(self._mean)))
        codes = (self._mean + temperature * noise @ self._root.T).astype(np.float32)
        return patterns_of_cells(self._decoded(codes), 0.0)

    def _two_bars(self, ask: Ask, number: int) -> Phrase:
        """Return the pattern of two bars, counted from the song's beginning."""
        logits = self._way(ask, number) + DENSITY_SWAY * np.float32(ask.knobs.density - EVEN)
        logits = logits.reshape(STEPS, BITS) + VOICE_SWAY * (self._turned(ask) - EVEN)
        logits[:, self._turned(ask) <= 0.0] = -np.inf
        logits[:, UNHEARD] = -np.inf
        struck = logits > 0
        chance = np.random.default_rng((ask.seed, number & 0xFFFFFFFF))
        noise = LITTLE * min(ask.knobs.temperature, 1.0) * chance.standard_normal(struck.shape)
        velocities = velocities_of(struck, self._means, self._spreads, noise)
        (steps,) = patterns_of_cells(struck.astype(np.float32))
        return phrase_of_pattern(steps, self._kit, velocities)

    def _way(self, ask: Ask, number: int) -> Array:
        """Return logits of what is struck, `float32[448]`: start or goal themselves, and what is between."""
        start = self._idea(ask, number) if ask.start is None else pattern_of(ask.start, self._kit)
        share = np.float32(min(max(ask.knobs.morph, 0.0), 1.0)) if ask.goal is not None else np.float32(0)
        goal = start if ask.goal is None else pattern_of(ask.goal, self._kit)
        ends = self._encoded([start, goal])
        code = ends[0] + share * (ends[1] - ends[0]) + self._walk(ask, number)
        said = self._decoded(np.stack([*ends, code]))
        own = FIRM * (2 * cells_of_patterns([start, goal]) - 1)
        given = own - said[:2]
        mixed: Array = said[2] + given[0] + share * (given[1] - given[0])
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

        Where none does it is the most varied, and at a temperature of 0 the middle of the space.
        """
        theme = number // LASTS
        chance = np.random.default_rng((ask.seed, _THEME, theme & 0xFFFFFFFF))
        if ask.knobs.temperature <= 0.0:
            return self.drawn(1, 0.0, chance)[0]
        drawn = self.drawn(CANDIDATES, ask.knobs.temperature, chance)
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
