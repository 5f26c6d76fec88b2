"""The space as a page or a program wants it: patterns, where they lie, and the decoder as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from pocket_core.errors import ModelError
from pocket_core.phrases.patterns import STEPS, cells_of_patterns
from pocket_export.sources.patterns.table import Line, read_tsv
from pocketd.generators.graphs import Graphs, generator_folder, load_graphs

TABLE = "pattern.tsv"  # beside the card: some of what it has learnt from
AT_ONCE = 4096  # patterns


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of the decoder: `weight @ x + bias`, then ReLU, or behind the last one the sigmoid."""

    weight: NDArray[np.float32]  # (out, in)
    bias: NDArray[np.float32]  # (out,)


@dataclass(frozen=True, slots=True)
class Space:
    """All that a page of the space needs; it decodes by itself."""

    patterns: NDArray[np.int64]  # (N, 32), each step 0..16383
    codes: NDArray[np.float32]  # (N, 4): where the encoder puts them
    genres: tuple[str, ...]  # of each; `genres.UNKNOWN` where it is not known
    names: tuple[str, ...]  # of each: the file that it is from
    decoder: tuple[Layer, ...]  # a code in, 448 chances out: cell = step * 14 + bit; over 0.5 is struck


def load_space(table: Path | None = None, card: Path | None = None) -> Space:
    """Load a space with patterns in it.

    Args:
        table: Patterns, as `pocketd patterns distil` writes them; None: some that the model has learnt from.
        card: Of the model; None: the one that ships.

    Raises:
        DataError: The table cannot be read.
        ModelError: The model is missing, damaged or not runnable.
        ContractError: It is none of patterns.
    """
    where = card or generator_folder() / "pattern.json"
    graphs = load_graphs("pattern", where)
    lines = read_tsv(table or where.with_name(TABLE))
    return Space(
        np.array([line.pattern for line in lines], np.int64).reshape(-1, STEPS),
        codes_of(graphs, lines),
        tuple(line.genre for line in lines),
        tuple(line.source for line in lines),
        decoder_layers(where.with_name(graphs.card.graphs["decoder"].file)),
    )


def codes_of(graphs: Graphs, lines: Sequence[Line]) -> NDArray[np.float32]:
    """Return where patterns lie, `float32[N, latent]`."""
    latent = graphs.card.graphs["encoder"].outputs["code"][1] or 0
    parts = [np.zeros((0, latent), np.float32)]
    for n in range(0, len(lines), AT_ONCE):
        cells = cells_of_patterns(line.pattern for line in lines[n : n + AT_ONCE])
        parts.append(graphs.run("encoder", cells=cells)["code"])
    return np.concatenate(parts)


def decoder_layers(path: Path) -> tuple[Layer, ...]:
    """Return the layers of a decoder's graph, in order.

    Raises:
        ModelError: It is no graph of fully connected layers.
    """
    try:
        graph = onnx.load(str(path)).graph
        arrays = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
        layers = []
        for node in graph.node:
            if node.op_type == "Gemm":
                turned = any(a.name == "transB" and a.i for a in node.attribute)
                weight = arrays[node.input[1]]
                layers.append(Layer(weight if turned else weight.T, arrays[node.input[2]]))
    except Exception as error:  # its parser raises what it trips over; all of it means damage
        raise ModelError(f"cannot read the layers of {path}; run `pocketd pretrain` again") from error
    if not layers:
        raise ModelError(f"{path} has no fully connected layers; run `pocketd pretrain` again")
    return tuple(layers)
