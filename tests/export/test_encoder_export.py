from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from pocket_core.score_features import SCORE_WIDTH
from pocket_export.dataset import lessons
from pocket_export.duets import CYMBALS
from pocket_export.encoder_export import LENGTHS, check_encoder, export_encoder, of_lengths
from pocket_export.parity import TOLERANCE, ParityError
from pocket_models.seq2seq import Seq2Seq
from tests.export.performances import loose


def network(reading: int) -> Seq2Seq:
    torch.manual_seed(3)
    return Seq2Seq(hidden=8, reading=reading).eval()


def real_scores() -> list[NDArray[np.float32]]:
    made = lessons([loose(seed) for seed in range(4)], CYMBALS)
    return of_lengths(lesson.deaf().score for lesson in made)


@pytest.mark.parametrize("reading", [4, 128])
def test_the_exported_encoder_is_the_network_over_scores_of_any_length(reading: int) -> None:
    net = network(reading)

    parity = check_encoder(net, export_encoder(net), real_scores())

    assert parity.scores == len(LENGTHS)
    assert parity.context <= TOLERANCE


def test_real_scores_are_cut_or_repeated_to_each_length() -> None:
    scores = real_scores()

    assert [score.shape for score in scores] == [(length, SCORE_WIDTH) for length in (1, 2, 97, 500)]
    assert all(score.any(1).all() for score in scores)


def test_an_encoder_of_other_weights_is_refused() -> None:
    net = network(4)
    model = export_encoder(net)
    torch.nn.init.constant_(net.backwards.get_parameter("bias_ih_l0"), 0.3)

    with pytest.raises(ParityError, match="allowed is 1e-05; export it again"):
        check_encoder(net, model, real_scores())


def test_an_encoder_that_says_nan_is_refused() -> None:
    net = network(4)
    torch.nn.init.constant_(net.forwards.get_parameter("bias_ih_l0"), torch.nan)

    with pytest.raises(ParityError, match="off its network by nan"):
        check_encoder(net, export_encoder(net), real_scores())


def test_the_graph_takes_scores_of_any_length() -> None:
    graph = onnx.load_from_string(export_encoder(network(4))).graph

    ends = [*graph.input, *graph.output]
    shapes = {end.name: [d.dim_param or d.dim_value for d in end.type.tensor_type.shape.dim] for end in ends}
    assert shapes == {"score": ["T", SCORE_WIDTH], "context": ["T", 8]}
