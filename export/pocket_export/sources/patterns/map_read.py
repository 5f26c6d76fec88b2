"""Reads what a map is made of: a table of patterns, and the files of a pattern space."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pocket_core.errors import ContractError, DataError, one_line
from pocket_core.phrases.patterns import STEPS, cells_of_patterns
from pocket_export.needs import need
from pocket_export.sources.patterns.genres import UNKNOWN
from pocket_export.sources.patterns.map_content import (
    NO_GENRE,
    Layer,
    MapContent,
    decode,
)
from pocket_export.sources.patterns.table import read_tsv
from pocketd.generators.graphs import Graphs, load_graphs
from pocketd.onnxfile import read_graph

LIKE = 1e-4  # how far the layers that were read may be from the graph that they were read from
LINEAR, RELU, SIGMOID = "Gemm", "Relu", "Sigmoid"


@dataclass(frozen=True, slots=True)
class Listed:
    """Patterns with where they are from."""

    patterns: NDArray[np.int64]  # (N, 32)
    genres: tuple[str, ...]
    names: tuple[str, ...]


def read_patterns(path: Path) -> Listed:
    """Read a table as `pocketd patterns distil` writes it, or as altsoph/drum_space is published.

    Raises:
        DataError: It cannot be read, or a line is no pattern.
    """
    lines = read_tsv(path)
    return Listed(
        np.array([line.pattern for line in lines], np.int64).reshape(-1, STEPS),
        tuple(NO_GENRE if line.genre == UNKNOWN else line.genre for line in lines),
        tuple(line.source or f"pattern {number}" for number, line in enumerate(lines, 1)),
    )


def read_content(listed: Listed, card: Path | None, title: str) -> MapContent:
    """Put patterns into a pattern space.

    Args:
        listed: The patterns.
        card: The space's card; None: the space that ships.
        title: Of the map.

    Raises:
        ModelError: The space is missing or damaged.
        DataError: There is no pattern, or the decoder is none that a page can compute.
        TrainingMissingError: onnx is not installed.
    """
    if not len(listed.patterns):
        raise DataError("no pattern to draw a map of; distil more files: pocketd patterns distil DIR")
    graphs = load_graphs("pattern", card)
    codes = _encode(graphs, listed.patterns)
    decoder = _layers(graphs, card)
    _compare(graphs, decoder, codes[:256])
    said = graphs.card.model_dump()
    licences = tuple(f"{key.capitalize()}: {said[key]}." for key in ("data", "licence") if said.get(key))
    return MapContent(
        title=title,
        patterns=listed.patterns,
        codes=codes,
        genres=listed.genres,
        names=listed.names,
        decoder=decoder,
        licences=licences,
        threshold=float(graphs.card.settings.get("threshold", 0.5)),
    )


def _run(graphs: Graphs, name: str, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the first output of a graph with one input, all rows at once where it takes them."""
    card = graphs.card.graphs.get(name)
    if card is None or len(card.inputs) != 1:
        raise ContractError(f"generator {graphs.card.name} has no {name} of one input; train it again")
    (given, shape), said = next(iter(card.inputs.items())), next(iter(card.outputs))
    batches = [rows] if shape[0] is None else np.split(rows, len(rows))
    return np.concatenate([graphs.run(name, **{given: batch})[said] for batch in batches])


def _encode(graphs: Graphs, patterns: NDArray[np.int64]) -> NDArray[np.float32]:
    return _run(graphs, "encoder", cells_of_patterns(patterns.tolist()))


def _layers(graphs: Graphs, card: Path | None) -> tuple[Layer, ...]:
    """Return the decoder's layers, out of its graph: Gemm, Relu, Gemm, ..., Gemm, Sigmoid."""
    need("onnx")
    import onnx
    from onnx import numpy_helper

    from pocketd.generators.graphs import generator_folder

    file = graphs.card.graphs["decoder"]
    path = (card or generator_folder() / "pattern.json").with_name(file.file)
    graph = onnx.load_from_string(read_graph(path, file.sha256)).graph
    weights = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    kinds = [node.op_type for node in graph.node]
    linear = kinds.count(LINEAR)
    if not linear or kinds != [LINEAR, RELU] * (linear - 1) + [LINEAR, SIGMOID]:
        raise DataError(
            f"{path}: a page can compute layers of {LINEAR}, {RELU} and at last {SIGMOID}, "
            f"this decoder has {', '.join(kinds)}; train it again"
        )
    try:
        return tuple(_layer(node, weights) for node in graph.node if node.op_type == LINEAR)
    except (KeyError, ValueError) as error:
        raise DataError(f"{path}: its layers cannot be read: {one_line(error)}; train it again") from error


def _layer(node: Any, weights: dict[str, NDArray[np.float32]]) -> Layer:
    turned = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
    weight = weights[node.input[1]]
    return Layer(weight if turned else weight.T, weights[node.input[2]])


def _compare(graphs: Graphs, decoder: tuple[Layer, ...], codes: NDArray[np.float32]) -> None:
    """Make sure that a page will say what the daemon says.

    Raises:
        ContractError: It would not.
    """
    apart = np.abs(_run(graphs, "decoder", codes).reshape(len(codes), -1) - decode(decoder, codes)).max()
    if not apart <= LIKE:  # NaN is not like anything
        raise ContractError(
            f"generator {graphs.card.name}: its layers are off its graph by {apart:.1e}; train it again"
        )
