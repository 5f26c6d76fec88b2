"""From an exported model back to its network: what `pocketd retrain` begins with.

A model's weights lie in its ONNX file and nowhere else. They stand there as matrix products, in the order
that the step runs (`onnx_export`), and in the encoder as the exporter's own operators.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

from pocket_core.errors import ModelError
from pocket_core.features import VERSION, WIDTH
from pocket_core.score_features import SCORE_WIDTH
from pocket_export.encoder_export import check_encoder
from pocket_export.parity import check_parity
from pocket_export.schools import SCHOOLS
from pocket_export.train import Recipe
from pocket_models.network import Network, Product
from pocketd.model_shelf import EncoderSheet, read_sheet
from pocketd.onnxfile import read_graph

CHECKED = 8  # steps; a wrong weight shows at the second at the latest
#: Noise is far from any music: rounding alone may come to 1e-5 there, and it grows with the steps. What is
#: wrong is off by 0.01 and more.
SAME = 1e-3


def read_back(path: Path, *, dropout: float = 0.0) -> Network:
    """Return the network that a model was exported from, by its name, on the CPU.

    Args:
        path: The .onnx file, with its card beside it.
        dropout: Of the network, in training.

    Raises:
        ModelError: It cannot be read, is of no network that this build knows or of other features, or the
            network does not say what the model says.
    """
    sheet = read_sheet(path)
    model = read_graph(path, sheet.sha256)
    if sheet.name not in SCHOOLS:
        known = ", ".join(SCHOOLS)
        raise ModelError(f"{path} is called {sheet.name!r}, which no network is; there are: {known}")
    if (sheet.features_version, sheet.width) != (VERSION, WIDTH):
        raise ModelError(
            f"{path} wants features v{sheet.features_version} of width {sheet.width}, this build computes "
            f"v{VERSION} of width {WIDTH}; begin with a model that ships"
        )
    net = SCHOOLS[sheet.name].build(Recipe(dropout=dropout))
    encoder = None if sheet.encoder is None else _encoder(path, sheet.encoder)
    try:
        net.adopt(_products(model), [] if encoder is None else _tensors(encoder))
    except (ValueError, RuntimeError) as error:
        raise ModelError(
            f"{path} holds no weights of a {sheet.name} of this build ({' '.join(str(error).split())}); "
            "begin with a model that ships"
        ) from None
    chance = np.random.default_rng(0)
    check_parity(net, model, _noise(chance, WIDTH + net.context), SAME)
    if encoder is not None:
        check_encoder(net, encoder, [_noise(chance, SCORE_WIDTH)], SAME)
    return net


def _noise(chance: np.random.Generator, width: int) -> NDArray[np.float32]:
    return chance.uniform(-1.0, 1.0, (CHECKED, width)).astype(np.float32)


def _encoder(path: Path, sheet: EncoderSheet) -> bytes:
    return read_graph(path.parent / sheet.file, sheet.sha256)


def _products(model: bytes) -> list[Product]:
    """Return weight and bias of each matrix product whose weight stands in the model, in its order."""
    graph = onnx.load_from_string(model).graph
    constants = {part.name: numpy_helper.to_array(part) for part in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    products = []
    for node in graph.node:
        if node.op_type == "Gemm" and node.input[1] in constants:
            weight = constants[node.input[1]]
            turned = any(a.name == "transB" and a.i for a in node.attribute)
            bias = constants.get(node.input[2], np.zeros(weight.shape[0 if turned else 1], np.float32))
            products.append((_tensor(weight.T if turned else weight), _tensor(bias)))
    return products


def _tensors(model: bytes) -> list[Tensor]:
    graph = onnx.load_from_string(model).graph
    return [_tensor(numpy_helper.to_array(part)) for part in graph.initializer]


def _tensor(array: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.array(array, np.float32))
