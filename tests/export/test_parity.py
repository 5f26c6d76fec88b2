from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from pocket_core.features import DIFF, WIDTH
from pocket_core.tempo import Meter
from pocket_export.dataset import lessons
from pocket_export.duets import CYMBALS
from pocket_export.onnx_export import export_step
from pocket_export.parity import STEPS, TOLERANCE, ParityError, check_parity, long_take
from pocket_models.lstm import Anchor, PocketLSTM
from tests.export.test_dataset import loose


def network(hidden: int, anchor: Anchor = Anchor.GROOVE) -> PocketLSTM:
    torch.manual_seed(3)
    return PocketLSTM(hidden=hidden, anchor=anchor).eval()


def real_features(net: PocketLSTM) -> NDArray[np.float32]:
    return long_take(net, lessons([loose(seed, bpm=110.0, meter=Meter()) for seed in range(4)], CYMBALS))


@pytest.mark.parametrize("anchor", Anchor)
@pytest.mark.parametrize("hidden", [8, 256])
def test_the_exported_step_is_the_network_over_2000_steps(hidden: int, anchor: Anchor) -> None:
    net = network(hidden, anchor)

    parity = check_parity(net, export_step(net), real_features(net))

    assert parity.steps == STEPS
    assert max(parity.offset, parity.state) <= TOLERANCE


def test_an_export_of_other_weights_is_refused() -> None:
    net = network(8)
    model = export_step(net)
    torch.nn.init.constant_(net.head.bias, 0.01)

    with pytest.raises(ParityError, match="allowed is 1e-05; export it again"):
        check_parity(net, model, real_features(net))


def test_a_network_that_says_nan_is_refused() -> None:
    net = network(8)
    torch.nn.init.constant_(net.head.bias, torch.nan)

    with pytest.raises(ParityError, match="off its network by nan"):
        check_parity(net, export_step(net), real_features(net))


def test_the_graph_has_the_names_and_shapes_that_the_daemon_asks_for() -> None:
    graph = onnx.load_from_string(export_step(network(256))).graph

    ends = [*graph.input, *graph.output]
    shapes = {end.name: [d.dim_value for d in end.type.tensor_type.shape.dim] for end in ends}
    assert shapes == {
        "x": [1, WIDTH],
        "h": [2, 1, 256],
        "c": [2, 1, 256],
        "offset_s": [1, 1],
        "h_next": [2, 1, 256],
        "c_next": [2, 1, 256],
    }


def test_a_long_take_has_the_networks_own_forecasts_in_diff() -> None:
    net = network(8)

    x = real_features(net)

    assert x.shape == (STEPS, WIDTH)
    assert np.count_nonzero(x[:, DIFF]) > STEPS / 2
