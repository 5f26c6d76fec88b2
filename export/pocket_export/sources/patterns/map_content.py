"""What a map shows: patterns with where they lie in the latent space, and the decoder that made it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pocket_core.errors import DataError
from pocket_core.phrases.patterns import BITS, CELLS, STEPS

NO_GENRE = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of the decoder: `weight @ x + bias`, then ReLU, or the sigmoid behind the last one."""

    weight: NDArray[np.float32]  # (out, in)
    bias: NDArray[np.float32]  # (out,)


def _no_patterns() -> NDArray[np.int64]:
    return np.zeros((0, STEPS), np.int64)


@dataclass(frozen=True, slots=True)
class MapContent:
    """All that the page is made of.

    Raises:
        DataError: The parts do not fit each other.
    """

    title: str
    patterns: NDArray[np.int64]  # (N, 32), each step 0..16383, N >= 1
    codes: NDArray[np.float32]  # (N, D): where the encoder puts them
    genres: tuple[str, ...]  # of each; `NO_GENRE` where it is not known
    names: tuple[str, ...]  # of each: the file it is from, or whatever tells it apart
    decoder: tuple[Layer, ...]  # D numbers in, 448 probabilities out
    licences: tuple[str, ...] = ()  # a sentence for each collection
    threshold: float = 0.5  # a cell that is likelier is struck; 0..1, both left out
    known: NDArray[np.int64] = field(default_factory=_no_patterns)  # (M, 32): trained on, but not drawn

    def __post_init__(self) -> None:
        """Refuse parts that do not fit."""
        count = len(self.patterns)
        if not count:
            raise DataError("no pattern to draw a map of; distil more files: pocketd patterns distil DIR")
        for what, patterns in (("patterns", self.patterns), ("known patterns", self.known)):
            if patterns.ndim != 2 or patterns.shape[1] != STEPS:
                raise DataError(f"{what} have the shape {patterns.shape}, a map wants (N, {STEPS})")
            if patterns.size and not (patterns.min() >= 0 and patterns.max() < 2**BITS):
                raise DataError(f"{what} have steps outside 0..{2**BITS - 1}; distil them again")
        if self.codes.ndim != 2 or len(self.codes) != count or not np.isfinite(self.codes).all():
            raise DataError(f"{count} patterns need as many finite codes, these are {self.codes.shape}")
        if len(self.genres) != count or len(self.names) != count:
            raise DataError(
                f"{count} patterns need as many genres and names; "
                f"there are {len(self.genres)} and {len(self.names)}"
            )
        if not 0.0 < self.threshold < 1.0:
            raise DataError(f"the threshold is {self.threshold}; it has to lie between 0 and 1")
        self._check_decoder()

    def _check_decoder(self) -> None:
        width = self.codes.shape[1]
        for number, layer in enumerate(self.decoder, 1):
            if layer.weight.ndim != 2 or layer.weight.shape[1] != width:
                raise DataError(f"decoder layer {number} is {layer.weight.shape}, it is fed {width} numbers")
            width = layer.weight.shape[0]
            if layer.bias.shape != (width,):
                raise DataError(f"decoder layer {number} has {layer.bias.shape} biases for {width} outputs")
        if width != CELLS or not self.decoder:
            raise DataError(f"the decoder says {width} numbers, a pattern has {CELLS}; train it again")


def decode(decoder: tuple[Layer, ...], codes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what the decoder says, as the page computes it.

    Args:
        decoder: Its layers.
        codes: `(N, D)`.

    Returns:
        `(N, 448)`: how likely each cell is struck.
    """
    x = codes.astype(np.float64)
    for layer in decoder[:-1]:
        x = np.maximum(x @ layer.weight.T.astype(np.float64) + layer.bias, 0.0)
    last = decoder[-1]
    raw = x @ last.weight.T.astype(np.float64) + last.bias
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * raw)))  # the sigmoid, without overflow


def thin_out(content: MapContent, most: int, seed: int) -> MapContent:
    """Return a map of at most so many patterns, drawn by lot; the others are still known to the filter."""
    count = len(content.patterns)
    if count <= most:
        return content
    order = np.random.default_rng(seed).permutation(count)
    kept, rest = np.sort(order[:most]), np.sort(order[most:])
    return MapContent(
        title=content.title,
        patterns=content.patterns[kept],
        codes=content.codes[kept],
        genres=tuple(content.genres[i] for i in kept),
        names=tuple(content.names[i] for i in kept),
        decoder=content.decoder,
        licences=content.licences,
        threshold=content.threshold,
        known=np.concatenate([content.known, content.patterns[rest]]),
    )
