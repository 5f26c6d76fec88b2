"""A pattern space on disk: graphs as the legacy exporter writes them, by hand, and a table of patterns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pocket_core.phrases.patterns import CELLS
from pocket_export.sources.patterns.map_content import Layer, MapContent
from pocket_export.sources.patterns.map_read import LINEAR, RELU, SIGMOID


def graph(
    layers: Sequence[Layer], given: str, said: str, last: str | None = SIGMOID, extra: str = ""
) -> bytes:
    """Return a chain of layers as ONNX."""
    nodes, weights, at = [], [], given
    for number, layer in enumerate(layers):
        names = [f"{number}.weight", f"{number}.bias"]
        weights += [
            numpy_helper.from_array(a, n) for a, n in zip((layer.weight, layer.bias), names, strict=True)
        ]
        ends = number == len(layers) - 1
        kind = last if ends else (extra or RELU)
        out = said if ends and kind is None else f"{number}.sum"
        nodes.append(helper.make_node(LINEAR, [at, *names], [out], transB=1))
        if kind is not None:
            nodes.append(helper.make_node(kind, [out], [said if ends else f"{number}.out"]))
        at = f"{number}.out"
    ends_of = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", size])
        for name, size in ((given, layers[0].weight.shape[1]), (said, layers[-1].weight.shape[0]))
    ]
    made = helper.make_model(
        helper.make_graph(nodes, "chain", ends_of[:1], ends_of[1:], weights),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
    )
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def write_space(folder: Path, content: MapContent, decoder: bytes | None = None) -> Path:
    """Write a space whose encoder is one layer, and return its card."""
    encoder = (
        Layer(
            np.random.default_rng(5).normal(0, 0.1, (4, CELLS)).astype(np.float32), np.zeros(4, np.float32)
        ),
    )
    graphs = {
        "encoder": ("cells", CELLS, "code", 4, graph(encoder, "cells", "code", last=None)),
        "decoder": ("code", 4, "likely", CELLS, decoder or graph(content.decoder, "code", "likely")),
    }
    card = {
        "name": "pattern",
        "format": 1,
        "kind": "pattern",
        "data": "made up",
        "licence": "CC0",
        "settings": {"threshold": 0.4},
        "graphs": {
            name: {
                "file": f"pattern.{name}.onnx",
                "sha256": hashlib.sha256(data).hexdigest(),
                "inputs": {given: [None, wide]},
                "outputs": {said: [None, far]},
            }
            for name, (given, wide, said, far, data) in graphs.items()
        },
    }
    for name, (*_, data) in graphs.items():
        (folder / f"pattern.{name}.onnx").write_bytes(data)
    path = folder / "pattern.json"
    path.write_text(json.dumps(card))
    return path


def write_table(folder: Path, content: MapContent) -> Path:
    """Write the patterns of a map as a table."""
    path = folder / "patterns.tsv"
    rows = zip(content.patterns.tolist(), content.genres, content.names, strict=True)
    lines = [f"{','.join(map(str, steps))}\t{genre or 'unknown'}\t{name}\t3\n" for steps, genre, name in rows]
    path.write_text("".join(lines))
    return path
