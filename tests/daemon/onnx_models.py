"""Tiny models with their cards, made by hand; each can be wrong in one way."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pocket_core import features
from pocket_core.predict import OUTPUTS

onnx = pytest.importorskip("onnx", reason="the train extra brings onnx, which builds these small models")


@dataclass
class Tiny:
    """A model whose state is half of itself and its first column; it says a hundredth of that, and `bias`."""

    bias: float = 0.0  # seconds
    outputs: int = 1
    hears: bool = False
    frozen: bool = False  # its state never changes
    noisy: bool = False  # it never says the same twice
    rooted: bool = False  # it adds the root of column 9: NaN where that is negative
    card: dict[str, Any] = field(default_factory=dict)  # what to write over the card's values

    def write(self, folder: Path, name: str = "tiny") -> Path:
        """Write model and card; return the path of the model."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.onnx"
        path.write_bytes(self._graph(name))
        self.write_card(path)
        return path

    def write_card(self, path: Path) -> None:
        """Write the card of a model that lies there, with its checksum as it is now."""
        card = {
            "name": path.stem,
            "format": 2,
            "features_version": features.VERSION,
            "width": features.WIDTH,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "state": [{"name": "h", "shape": [1, 1]}],
            "output": "said",
            "outputs": self.outputs,
            "hears": self.hears,
            "title": f"The tiny model {path.stem}.",
            "licence": "CC0",
            "data": "none at all",
            "data_sha256": "aa11",
            "contents_sha256": "bb22",
            "command": f"pocketd pretrain --model {path.stem} --seed 7",
            "seed": 7,
            "commit": "0123456789ab",
            "wall_seconds": 3725.0,
            "figures": {
                "validation_mae_ms": 9.126,
                "validation_steps": 7483.0,
                "parity_offset_tenths_s": 2.6e-07,
            },
        }
        path.with_suffix(".json").write_text(json.dumps(card | self.card, indent=2) + "\n")

    def _graph(self, name: str) -> bytes:
        node, floats, ints = onnx.helper.make_node, onnx.TensorProto.FLOAT, np.int64
        nodes = [
            node("Gather", ["x", "first"], ["struck"], axis=1),
            node("Mul", ["h", "half"], ["kept"]),
            node("Add", ["struck", "kept"], ["moved"]),
            node("Identity", ["h" if self.frozen else "moved"], ["h_next"]),
            node("Mul", ["moved", "hundredth"], ["small"]),
            node("Add", ["small", "bias"], ["plain"]),
            node("Gather", ["x", "ninth"], ["gap"], axis=1),
            node("Sqrt", ["gap"], ["root"]) if self.rooted else node("Sub", ["gap", "gap"], ["root"]),
            node("Add", ["plain", "root"], ["summed"]),
            node("RandomUniformLike", ["summed"], ["random"], low=0.0, high=0.01),
            node("Add", ["summed", "random" if self.noisy else "nothing"], ["one"]),
            node("Expand", ["one", "shape"], ["said"]),
        ]
        constants = {
            "first": np.array([0], ints),
            "ninth": np.array([9], ints),
            "half": np.array([[0.5]], np.float32),
            "hundredth": np.array([[0.01]], np.float32),
            "bias": np.array([[self.bias]], np.float32),
            "nothing": np.array([[0.0]], np.float32),
            "shape": np.array([1, self.outputs], ints),
        }
        info = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(
            nodes,
            name,
            [info("x", floats, [1, features.WIDTH]), info("h", floats, [1, 1])],
            [info("said", floats, [1, self.outputs]), info("h_next", floats, [1, 1])],
            [onnx.numpy_helper.from_array(value, key) for key, value in constants.items()],
        )
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
        content: bytes = model.SerializeToString()
        return content


ALL_OUTPUTS = len(OUTPUTS)
OLD_CARD: dict[str, Any] = {"format": 1, "features_version": 1, "width": 27, "outputs": None, "hears": None}
