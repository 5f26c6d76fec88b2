"""How drums settle: what a language model of steps says, and that bars are played again as they were.

A drummer decides bar by bar, or beat by beat, to play what was played before, and then plays all of it; a
network that draws each sixteenth by itself hardly ever does. So behind the steps is a hidden Markov chain.
Its states are the network at some temperatures, and copies: of the beat, and of the whole bar, so many bars
before. The state changes where a beat begins; a copy of a bar begins where a bar does and lasts as long. It
is never known, only what each step tells of it: a copy that fits step after step becomes certain, one that
does not is dropped at once. Source: mixtures of experts that switch, Herbster and Warmuth 1998; hidden Markov
models, Rabiner 1989.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import A_BAR

A_BEAT = A_BAR // 4
NEVER = 1e-300  # how likely a copy is where the step is another one: less than any network says

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Settling:
    """The chain: S states, those of the network, of beats and of bars in this order."""

    heats: tuple[float, ...]  # temperatures of the network's softmax
    beats: tuple[int, ...]  # bars before, of which a beat is copied
    bars: tuple[int, ...]  # bars before, of which a bar is copied
    begin: Floats  # (S,), of the first step; only the network can begin
    at_bar: Floats  # (S, S), from the state of a row to that of a column, where a bar begins; rows sum to 1
    at_beat: Floats  # (S, S), where a beat begins within a bar

    @property
    def lags(self) -> NDArray[np.int64]:
        """Return how many steps before each copy's step lies."""
        return np.array((*self.beats, *self.bars), np.int64) * A_BAR

    def more(self, factor: float) -> Settling:
        """Return the chain where the odds that a bar is copied are so many times as great."""
        at_bar = self.at_bar.copy()
        at_bar[:, len(self.heats) + len(self.beats) :] *= factor
        return replace(self, at_bar=at_bar / at_bar.sum(1, keepdims=True))

    def onward(self, weights: Floats, step: int, symbols: NDArray[np.int64]) -> Floats:
        """Return the chances of the states at a step, from those after the step before, `(..., S)`.

        Nothing is copied that lies before the first step, nor what begins a bar's length of silence: drums
        would never come back from it.

        Args:
            weights: `(..., S)`.
            step: Sixteenths of the song.
            symbols: All before this step, `(..., T)`.
        """
        if step % A_BEAT:
            return weights
        moved = weights @ (self.at_beat if step % A_BAR else self.at_bar)
        moved[..., len(self.heats) :] *= self._sound(symbols)
        return np.asarray(moved / moved.sum(-1, keepdims=True))

    def chances(self, weights: Floats, logits: NDArray[np.float32], symbols: NDArray[np.int64]) -> Floats:
        """Return the logarithm of each symbol's chances, `(W, 512)`.

        Args:
            weights: Of the states at this step, `(W, S)`.
            logits: The network's, `(W, 512)`.
            symbols: All before this step, `(W, T)`.
        """
        bent = logits - logits.max(1, keepdims=True)
        mixed = np.zeros(logits.shape)
        for n, heat in enumerate(self.heats):
            likely = np.exp(bent / heat)
            mixed += weights[:, [n]] / likely.sum(1, keepdims=True, dtype=np.float64) * likely
        copies = self._copies(symbols)
        rows, which = np.nonzero(copies >= 0)
        np.add.at(mixed, (rows, copies[rows, which]), weights[rows, len(self.heats) + which])
        least = np.finfo(np.float64).tiny
        return np.asarray(np.log(np.maximum(mixed / mixed.sum(1, keepdims=True), least)))

    def after(
        self,
        weights: Floats,
        logits: NDArray[np.float32],
        symbols: NDArray[np.int64],
        came: NDArray[np.int64],
    ) -> Floats:
        """Return the chances of the states once a step is known, `(W, S)`.

        Args:
            weights: At this step, before it was known.
            logits: The network's, `(W, 512)`.
            symbols: All before this step, `(W, T)`.
            came: The step, `(W,)`.
        """
        network = self._network(logits, came)
        copies = np.where(self._copies(symbols) == came[:, None], 1.0, NEVER)
        known = weights * np.concatenate([network, copies], 1)
        return np.asarray(known / known.sum(1, keepdims=True))

    def fits(self, symbols: NDArray[np.int64], logits: NDArray[np.float32]) -> Floats:
        """Return how likely each state makes each step from the second on, `(T - 1, S)`.

        Args:
            symbols: `(T,)`.
            logits: The network's before each of those steps, `(T - 1, 512)`.
        """
        came = symbols[1:]
        places = np.arange(1, len(symbols))[:, None] - self.lags
        same = (places >= 0) & (symbols[np.maximum(places, 0)] == came[:, None])
        return np.concatenate([self._network(logits, came), np.where(same, 1.0, NEVER)], 1)

    def read(
        self, symbols: NDArray[np.int64], logits: NDArray[np.float32], position: int = 0
    ) -> tuple[Floats, Floats]:
        """Return the nats of each step from the second on, and the chances of the states after the last.

        Args:
            symbols: `(T,)`, one at least.
            logits: The network's before each step from the second on, `(T - 1, 512)`.
            position: Of the first step, sixteenths of the song.

        Returns:
            `(T - 1,)` and `(S,)`.
        """
        fits, weights, nats = self.fits(symbols, logits), self.begin, list[Floats]()
        at, count = 1, len(symbols)
        while at < count:  # a beat at a time, or what there is of it: within one the state stays
            end = min(at + A_BEAT - (position + at) % A_BEAT, count)
            weights = self.onward(weights, position + at, symbols[:at])
            known = weights * np.cumprod(fits[at - 1 : end - 1], 0)
            sums = known.sum(1)
            nats.append(np.log(np.concatenate([[1.0], sums[:-1]]) / sums))
            weights, at = known[-1] / sums[-1], end
        return np.concatenate([np.zeros(0), *nats]), weights

    def told(self) -> dict[str, Any]:
        """Return it as a card has it."""
        return {
            "heats": list(self.heats),
            "beats": list(self.beats),
            "bars": list(self.bars),
            **{name: np.round(getattr(self, name), 5).tolist() for name in ("begin", "at_bar", "at_beat")},
        }

    def _copies(self, symbols: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what each copy would play next, `(W, copies)`; -1 where there was nothing yet."""
        places = symbols.shape[1] - self.lags
        return np.where(places >= 0, symbols[:, np.maximum(places, 0)], -1)

    def _sound(self, symbols: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether each copy has something to play within a bar, `(..., copies)`."""
        struck = np.zeros((*symbols.shape[:-1], symbols.shape[-1] + 1), np.int64)
        struck[..., 1:] = np.cumsum(symbols > 0, -1)
        begin = symbols.shape[-1] - self.lags
        first = np.maximum(begin, 0)
        heard = struck[..., np.minimum(first + A_BAR, symbols.shape[-1])] > struck[..., first]
        return np.asarray(heard & (begin >= 0))

    def _network(self, logits: NDArray[np.float32], came: NDArray[np.int64]) -> Floats:
        """Return how likely the network makes what came at each heat, `(N, H)`."""
        bent = logits - logits.max(1, keepdims=True)
        there = bent[np.arange(len(came)), came].astype(np.float64)
        sums = [np.exp(bent / heat).sum(1, dtype=np.float64) for heat in self.heats]
        return np.stack(
            [np.exp(there / heat) / whole for heat, whole in zip(self.heats, sums, strict=True)], 1
        )


def settling_of(told: Mapping[str, Any]) -> Settling:
    """Return the chain that a card tells of.

    Raises:
        ValueError: It is none: something is missing, or of another shape.
    """
    try:
        heats, beats, bars = (tuple(told[name]) for name in ("heats", "beats", "bars"))
        begin, at_bar, at_beat = (_shares(told[name]) for name in ("begin", "at_bar", "at_beat"))
    except (KeyError, TypeError) as error:
        raise ValueError(f"no chain of states: {error}") from None
    states = len(heats) + len(beats) + len(bars)
    if not heats or begin.shape != (states,) or {at_bar.shape, at_beat.shape} != {(states, states)}:
        raise ValueError(f"a chain of {states} states has tables of other shapes")
    return Settling(heats, beats, bars, begin, at_bar, at_beat)


def _shares(told: Sequence[Any]) -> Floats:
    """Return rows that sum to 1 again, once they were rounded."""
    shares = np.asarray(told, np.float64)
    return np.asarray(shares / shares.sum(-1, keepdims=True))
