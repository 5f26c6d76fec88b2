from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from pocket_core.features import DIFF, WIDTH
from pocket_export.dataset import lessons
from pocket_export.duets import CYMBALS
from pocket_export.onnx_export import export_step
from pocket_export.parity import STEPS, TOLERANCE, ParityError, check_parity, long_take
from pocket_models.follower import Follower
from pocket_models.lstm import Anchor, PocketLSTM
from pocket_models.network import Network
from pocket_models.seq2seq import Seq2Seq
from tests.export.performances import loose


def network(hidden: int, anchor: Anchor = Anchor.GROOVE) -> PocketLSTM:
    torch.manual_seed(3)
    return PocketLSTM(hidden=hidden, anchor=anchor).eval()


def follower(hidden: int, wide: int) -> Follower:
    """Return a network as far from its template as a trained one."""
    torch.manual_seed(3)
    net = Follower(hidden=hidden, wide=wide).eval()
    torch.nn.init.normal_(net.head.weight, std=0.2)
    return net


def reader(hidden: int, reading: int) -> Seq2Seq:
    """Return a network that reads the score, as far from its template as a trained one."""
    torch.manual_seed(3)
    net = Seq2Seq(hidden=hidden, reading=reading).eval()
    torch.nn.init.normal_(net.head.weight, std=0.2)
    return net


def real_features(net: Network) -> NDArray[np.float32]:
    return long_take(net, lessons([loose(seed) for seed in range(4)], CYMBALS))


@pytest.mark.parametrize("anchor", Anchor)
@pytest.mark.parametrize("hidden", [8, 256])
def test_the_exported_step_is_the_network_over_2000_steps(hidden: int, anchor: Anchor) -> None:
    net = network(hidden, anchor)

    parity = check_parity(net, export_step(net), real_features(net))

    assert parity.steps == STEPS
    assert max(parity.offset, parity.state) <= TOLERANCE


@pytest.mark.parametrize(("hidden", "wide"), [(8, 4), (192, 128)])
def test_the_exported_follower_is_the_follower_over_2000_steps(hidden: int, wide: int) -> None:
    net = follower(hidden, wide)

    parity = check_parity(net, export_step(net), real_features(net))

    assert parity.steps == STEPS
    assert max(parity.offset, parity.state) <= TOLERANCE


@pytest.mark.parametrize(("hidden", "reading"), [(8, 4), (256, 128)])
def test_the_exported_step_of_a_reader_is_its_decoder_over_2000_steps(hidden: int, reading: int) -> None:
    net = reader(hidden, reading)

    x = real_features(net)
    parity = check_parity(net, export_step(net), x)

    assert x.shape == (STEPS, WIDTH + 2 * reading)
    assert x[:, WIDTH:].any(1).all()
    assert parity.steps == STEPS
    assert max(parity.offset, parity.state) <= TOLERANCE


def counting(step: float) -> PocketLSTM:
    """Return a network one of whose cells forgets nothing and adds `step` at each timestep."""
    net = network(8)
    for name, weight in net.lstm.named_parameters():
        if "bias_hh_l0" in name:
            gates = weight.detach().view(4, 8)  # i, f, g, o
            gates[:, 0] = torch.tensor([30.0, 30.0, torch.atanh(torch.tensor(step)), 0.0])
        else:
            weight.detach().view(-1, 8, *weight.shape[1:])[:, 0] = 0.0
    return net


def test_a_cell_that_counts_far_is_held_to_its_size() -> None:
    net = counting(0.0317)

    parity = check_parity(net, export_step(net), real_features(net))

    assert net(torch.from_numpy(real_features(net))[None])[1][1].max() > 60
    assert parity.state <= TOLERANCE


def test_a_cell_that_counts_otherwise_is_refused() -> None:
    net = counting(0.0317)

    with pytest.raises(ParityError, match=r"in the state, allowed is 1e-05"):
        check_parity(counting(0.0318), export_step(net), real_features(net))


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
        "said": [1, 1],
        "h_next": [2, 1, 256],
        "c_next": [2, 1, 256],
    }


def test_the_followers_graph_says_all_that_a_model_may_say() -> None:
    graph = onnx.load_from_string(export_step(follower(24, 16))).graph

    ends = [*graph.input, *graph.output]
    shapes = {end.name: [d.dim_value for d in end.type.tensor_type.shape.dim] for end in ends}
    assert shapes == {"x": [1, WIDTH], "h": [1, 1, 24], "said": [1, 41], "h_next": [1, 1, 24]}


def test_the_readers_graph_takes_a_context_beside_the_features() -> None:
    graph = onnx.load_from_string(export_step(reader(24, 16))).graph

    ends = [*graph.input, *graph.output]
    shapes = {end.name: [d.dim_value for d in end.type.tensor_type.shape.dim] for end in ends}
    state = {name: [2, 1, 24] for name in ("h", "c", "h_next", "c_next")}
    assert shapes == {"x": [1, WIDTH], "context": [1, 32], "said": [1, 41], **state}


def test_a_long_take_of_a_network_that_hears_has_its_onsets_without_drums() -> None:
    x = real_features(follower(8, 4))

    assert x.shape == (STEPS, WIDTH)
    assert np.count_nonzero(~x[:, :9].any(1)) > STEPS / 10


def test_a_long_take_has_the_networks_own_forecasts_in_diff() -> None:
    net = network(8)

    x = real_features(net)

    assert x.shape == (STEPS, WIDTH)
    assert np.count_nonzero(x[:, DIFF]) > STEPS / 2
