"""A model that reads the score, small enough to be understood: two hand-made graphs and their card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pocket_core import features
from pocket_core.score_features import SCORE_WIDTH, TO_NEXT

onnx = pytest.importorskip("onnx", reason="the train extra brings onnx, which builds these small models")


@dataclass
class Pair:
    """An encoder that says how long it is to the next timestep, and how many there were so far.

    The decoder adds up `gain` times the one, `count_gain` times the other, and `step_gain` times the number
    of steps that it has taken.
    """

    gain: float = 0.01
    count_gain: float = 0.0
    step_gain: float = 0.0
    encoder_width: int = SCORE_WIDTH
    one: float = 1.0  # what the encoder counts by
    card: dict[str, Any] = field(default_factory=dict)  # what to write over the card's values
    encoder_card: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path, name: str = "reading") -> Path:
        """Write the four files and return the path of the model."""
        path, encoder = folder / f"{name}.onnx", folder / f"{name}.encoder.onnx"
        path.write_bytes(self._decoder())
        encoder.write_bytes(self._encoder())
        card = {
            "name": name,
            "format": 2,
            "features_version": features.VERSION,
            "width": features.WIDTH,
            "sha256": digest(path),
            "state": [{"name": "h", "shape": [1, 1]}],
            "output": "said",
            "outputs": 1,
            "hears": False,
            "encoder": {
                "file": encoder.name,
                "sha256": digest(encoder),
                "width": self.encoder_width,
                "context": 2,
                **self.encoder_card,
            },
            **self.card,
        }
        path.with_suffix(".json").write_text(json.dumps(card))
        return path

    def _decoder(self) -> bytes:
        return _model(
            [
                ("MatMul", ["context", "gains"], ["of_score"]),
                ("Mul", ["h", "step_gain"], ["of_steps"]),
                ("Add", ["of_score", "of_steps"], ["said"]),
                ("Add", ["h", "one"], ["h_next"]),
            ],
            inputs={"x": [1, features.WIDTH], "context": [1, 2], "h": [1, 1]},
            outputs={"said": [1, 1], "h_next": [1, 1]},
            weights={
                "gains": np.array([[self.gain], [self.count_gain]], np.float32),
                "step_gain": np.array([self.step_gain], np.float32),
                "one": np.array([1.0], np.float32),
            },
        )

    def _encoder(self) -> bytes:
        return _model(
            [
                ("MatMul", ["score", "to_next"], ["gap"]),
                ("MatMul", ["score", "nothing"], ["zeros"]),
                ("Add", ["zeros", "one"], ["ones"]),
                ("CumSum", ["ones", "axis"], ["count"]),
                ("Concat", ["gap", "count"], ["context"]),
            ],
            inputs={"score": ["T", self.encoder_width]},
            outputs={"context": ["T", 2]},
            weights={
                "to_next": np.eye(self.encoder_width, dtype=np.float32)[:, TO_NEXT : TO_NEXT + 1],
                "nothing": np.zeros((self.encoder_width, 1), np.float32),
                "one": np.array([self.one], np.float32),
                "axis": np.array(0, np.int64),
            },
        )


def digest(path: Path) -> str:
    """Return the digest that a card has of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _model(
    nodes: list[tuple[str, list[str], list[str]]],
    *,
    inputs: Mapping[str, list[Any]],
    outputs: Mapping[str, list[Any]],
    weights: dict[str, np.ndarray[Any, Any]],
) -> bytes:
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    extra = {"Concat": {"axis": 1}}
    graph = helper.make_graph(
        [helper.make_node(kind, given, made, **extra.get(kind, {})) for kind, given, made in nodes],
        "hand-made",
        [helper.make_tensor_value_info(name, floats, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, floats, shape) for name, shape in outputs.items()],
        [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())
