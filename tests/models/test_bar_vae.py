from __future__ import annotations

import pytest
import torch
from torch import nn

from pocket_models.bar_vae import PITCHES, STEPS, BarVAE, BeatGen, PocketBars

NETS = pytest.mark.parametrize("net", [BeatGen(4), PocketBars(4, 16, 1, 2)], ids=["theirs", "ours"])


@NETS
def test_bars_go_to_codes_and_back_to_bars(net: BarVAE) -> None:
    mean, spread = net.encode(torch.rand(3, STEPS, PITCHES))
    logits, velocities = net.decode(mean)

    assert mean.shape == spread.shape == (3, 4)
    assert logits.shape == velocities.shape == net.expected(mean).shape == (3, STEPS, PITCHES)


@NETS
def test_a_code_is_drawn_by_chance_only_while_it_learns(net: BarVAE) -> None:
    mean, spread = torch.zeros(1, 4), torch.zeros(1, 4)

    drawn = net.train().drawn(mean, spread)

    assert not torch.equal(drawn, mean)
    assert torch.equal(net.eval().drawn(mean, spread), mean)


def test_the_published_one_strikes_wherever_it_says_anything() -> None:
    torch.manual_seed(1)
    net = BeatGen(4).eval()
    logits, velocities = net.decode(torch.randn(2, 4))

    assert torch.equal(logits > 0, velocities > 1e-6)


def test_the_published_one_is_as_large_as_its_code_makes_it() -> None:
    widths = [tuple(part.weight.shape) for part in BeatGen().encoder if isinstance(part, nn.Conv1d)]

    assert widths == [(64, 22, 3), (128, 64, 3), (256, 128, 3), (512, 256, 3)]


def test_ours_expects_a_stroke_by_its_chance() -> None:
    torch.manual_seed(1)
    net = PocketBars(4, 16, 1, 2).eval()
    code = torch.randn(2, 4)
    logits, velocities = net.decode(code)

    assert torch.allclose(net.expected(code), logits.sigmoid() * velocities)
    assert float(logits.detach().sigmoid().mean()) < 0.05  # before it has learnt, most cells are silent
