"""Single bars from a latent space: near a bar, between two bars, or around bars of the training set.

After BeatGen (Sojak & Lindermeir). A cell is struck where its chance is over the threshold of the card,
not, as there, wherever the decoder gives anything above 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.bar_grid import PITCHES, grid_of, phrase_of_grid
from pocket_core.phrases.generator import EVEN, Ask, Knobs
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, SAME, Phrase, joined
from pocket_core.types import Beats
from pocketd.generators.graphs import Graphs

Array = NDArray[np.float32]

PHRASE_BARS = 4  # that vary one theme; the last of them goes further
THEME, OWN, FILL = (
    0.6,
    0.4,
    1.6,
)  # of the spread: a phrase's, a bar's, and by how much a last bar goes further
REACH = 0.35  # of the spread of all bars, at a temperature of 1
FEWER, MORE = 6.0, 2.0  # see `Knobs.sway`: from 9 to 31 strokes a bar
VOICE_SWAY = 6.0  # of the logit, from the least to the most
STILL = Knobs()


class Bars:
    """The source `bars`. It goes by temperature, density, voices and morph.

    Args:
        graphs: `encoder` and `decoder`.
        kit: Its notes.

    Raises:
        ContractError: The card lacks what it needs.
    """

    name = "bars"

    def __init__(self, graphs: Graphs, kit: Kit) -> None:
        self._graphs = graphs
        self._kit = kit
        self._threshold = float(graphs.numbers("threshold_logit"))
        self._means = graphs.numbers("velocity_means", len(PITCHES))  # of what the decoder says
        self._factors = graphs.numbers("velocity_factors", len(PITCHES))  # by how much it is too even
        self._spread = graphs.numbers("latent_sd", None)
        self._anchors = graphs.numbers("anchors", None, len(self._spread))  # codes of bars that were played
        voices = [Kit().voice(pitch) for pitch in PITCHES]
        self._voices = np.array([0 if voice is None else voice for voice in voices])

    def phrase(self, ask: Ask) -> Phrase:
        """See `Generator.phrase`."""
        first = int((ask.begin + SAME) // BAR)
        last = int(np.ceil((ask.begin + ask.length - SAME) / BAR))
        bars = [self._bar(ask, number) for number in range(first, last)]
        begin = Beats(ask.begin - first * BAR)
        return joined(bars).cut(begin, Beats(begin + ask.length))

    def reconstruct(self, bar: Phrase) -> Phrase:
        """Return a bar as the latent space has it."""
        return self._decoded(self._encoded(bar, 0), STILL)

    def interpolate(self, a: Phrase, b: Phrase, steps: int, knobs: Knobs = STILL) -> list[Phrase]:
        """Return bars on the straight way from one bar to another in the latent space, both ends included.

        It goes by density and voices.
        """
        one, other = self._encoded(a, 0), self._encoded(b, 0)
        shares = np.linspace(0.0, 1.0, steps) if steps > 1 else np.zeros(1)
        return [self._decoded(one + np.float32(share) * (other - one), knobs) for share in shares]

    def near(self, bar: Phrase, spread: float, count: int, chance: np.random.Generator) -> list[Phrase]:
        """Return bars around a bar.

        Args:
            bar: Its first bar counts.
            spread: How far, as a share of how far all bars are apart, >= 0.
            count: How many.
            chance: Decides which.
        """
        code = self._encoded(bar, 0)
        noise = chance.standard_normal((count, len(self._spread))).astype(np.float32)
        return [self._decoded(code + np.float32(spread) * self._spread * row, STILL) for row in noise]

    def codes(self, phrases: Sequence[Phrase]) -> Array:
        """Return where the first bars of phrases lie in the latent space, `float32[N, z]`."""
        return np.stack([self._encoded(phrase, 0) for phrase in phrases])

    def _bar(self, ask: Ask, number: int) -> Phrase:
        theme, place = divmod(number, PHRASE_BARS)
        whole = np.random.default_rng((ask.seed, theme))
        own = np.random.default_rng((ask.seed, 1, number))
        code = self._base(ask, number, whole)
        size = len(self._spread)
        noise = THEME * whole.standard_normal(size) + OWN * own.standard_normal(size)
        far = REACH * ask.knobs.temperature * (FILL if place == PHRASE_BARS - 1 else 1.0)
        return self._decoded(code + (far * noise).astype(np.float32) * self._spread, ask.knobs)

    def _base(self, ask: Ask, number: int, whole: np.random.Generator) -> Array:
        """Return where a bar varies from: the start's, the way to the goal's, or one that somebody played."""
        if ask.start is None:
            anchor: Array = self._anchors[int(whole.integers(len(self._anchors)))]
            return anchor
        start = self._encoded(ask.start, number)
        if ask.goal is None or ask.knobs.morph <= 0.0:
            return start
        goal = self._encoded(ask.goal, number)
        return start + np.float32(ask.knobs.morph) * (goal - start)

    def _encoded(self, phrase: Phrase, number: int) -> Array:
        """Return the code of a bar of a phrase, counted round and round."""
        begin = Beats(number % max(round(phrase.length / BAR), 1) * BAR)
        grid = grid_of(phrase.filling(Beats(begin + BAR)).cut(begin, Beats(begin + BAR)), self._kit)
        code: Array = self._graphs.run("encoder", bars=grid[None])["mean"][0]
        return code

    def _decoded(self, code: Array, knobs: Knobs) -> Phrase:
        said = self._graphs.run("decoder", z=code[None].astype(np.float32))
        logits = said["logits"][0] - self._threshold + knobs.sway(FEWER, MORE)
        voices = np.array(knobs.voices, np.float32)[self._voices]
        logits = logits + VOICE_SWAY * (voices - EVEN)
        logits[:, voices <= 0.0] = -np.inf
        velocities = self._means + self._factors * (said["velocities"][0] - self._means)
        velocities = np.clip(velocities, 1 / 127, 1.0)
        return phrase_of_grid(np.where(logits >= 0, velocities, 0.0).astype(np.float32), self._kit)
