"""A network read back from its export says what it said; anything else is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pocket_core.errors import ModelError
from pocket_core.features import WIDTH
from pocket_core.score_features import SCORE_WIDTH
from pocket_export import read_back as read_back_module
from pocket_export.card import StateTensor, describe_encoder, make_card, write_model
from pocket_export.encoder_export import export_encoder
from pocket_export.onnx_export import OUTPUT, export_step, state_shapes
from pocket_export.parity import ParityError, check_parity
from pocket_export.read_back import read_back
from pocket_export.schools import SCHOOLS
from pocket_export.train import Recipe
from pocket_models.network import Network, Product
from pocketd.model_shelf import find


def exported(name: str, folder: Path, *, called: str = "", loud: float = 1.0) -> tuple[Network, Path]:
    """Export a network with weights of chance, biases and output layer too; `loud` times as large."""
    torch.manual_seed(5)
    net = SCHOOLS[name].build(Recipe(dropout=0.0)).eval()
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(torch.randn_like(weight) * 0.02).mul_(loud)
    model, encoder = export_step(net), export_encoder(net) if net.context else None
    card = make_card(
        called or name,
        model,
        state=tuple(StateTensor(part, shape) for part, shape in state_shapes(net).items()),
        output=OUTPUT,
        outputs=net.outputs,
        hears=net.hears,
        title="",
        licence="",
        data="",
        data_sha256="",
        contents_sha256="",
        command="",
        seed=1,
        commit="",
        wall_seconds=0.0,
        figures={},
        encoder=None if encoder is None else describe_encoder(called or name, encoder, net.context),
    )
    return net, write_model(folder, model, card, encoder)


@pytest.mark.parametrize("name", SCHOOLS)
def test_what_is_read_back_says_what_was_exported(name: str, tmp_path: Path) -> None:
    net, path = exported(name, tmp_path)

    again = read_back(path)

    score = torch.rand(1, 40, SCORE_WIDTH) - 0.5
    x = torch.rand(1, 40, WIDTH, generator=torch.Generator().manual_seed(1)) - 0.5
    with torch.no_grad():
        wanted = net.forward(torch.cat([x, net.encode(score)], -1))[0]
        found = again.eval().forward(torch.cat([x, again.encode(score)], -1))[0]
    assert np.abs((wanted - found).numpy()).max() < 1e-5


@pytest.mark.parametrize("name", SCHOOLS)
def test_every_model_that_ships_can_be_read_back(name: str) -> None:
    assert read_back(find(name)).outputs in (1, 41)


def test_a_model_that_noise_excites_until_rounding_shows_is_read_back(tmp_path: Path) -> None:
    net, path = exported("lstm", tmp_path, loud=16.0)
    noise = np.random.default_rng(0).uniform(-1.0, 1.0, (200, WIDTH)).astype(np.float32)
    with pytest.raises(ParityError, match="allowed is 1e-05"):
        check_parity(net, path.read_bytes(), noise)

    again = read_back(path)

    assert torch.allclose(next(again.parameters()), next(net.parameters()), atol=1e-5)


def test_a_network_whose_weights_got_mixed_up_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, path = exported("lstm", tmp_path)
    products = read_back_module._products

    def mixed(model: bytes) -> list[Product]:
        (weight, bias), *rest = products(model)
        return [(weight.roll(1, 0), bias), *rest]

    monkeypatch.setattr(read_back_module, "_products", mixed)

    with pytest.raises(ParityError, match="off its network"):
        read_back(path)


def test_a_model_of_another_name_is_no_network_of_ours(tmp_path: Path) -> None:
    _, path = exported("lstm", tmp_path, called="mine")

    with pytest.raises(ModelError, match=r"'mine', which no network is; there are: follower"):
        read_back(path)


def test_a_model_with_the_weights_of_another_is_refused(tmp_path: Path) -> None:
    _, path = exported("lstm", tmp_path, called="follower")

    with pytest.raises(ModelError, match=r"holds no weights of a follower"):
        read_back(path)


def test_a_model_of_other_features_is_refused(tmp_path: Path) -> None:
    _, path = exported("lstm", tmp_path)
    card = path.with_suffix(".json")
    card.write_text(json.dumps({**json.loads(card.read_text()), "features_version": 1}))

    with pytest.raises(ModelError, match=r"wants features v1 .* begin with a model that ships"):
        read_back(path)
