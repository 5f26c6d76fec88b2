"""A network that follows itself, timestep by timestep."""

from __future__ import annotations

import torch

from pocket_core.features import DIFF, OFFSET_SCALE
from pocket_export.roll_out import roll_out
from tests.models.test_lstm import features, network


def test_a_roll_out_fills_diff_from_its_own_forecasts() -> None:
    net, x = network(), features(batch=1, steps=3)
    link = torch.tensor([[-1, 0, 0]])
    human = torch.tensor([[0.030, 0.0, 0.0]])
    said = torch.zeros(1, 3, 1)

    filled, _ = roll_out(net, x, link, net.initial_state(1), human=human, said=said, start=0)

    diff = OFFSET_SCALE * (0.030 - said[0, 0, 0])
    torch.testing.assert_close(filled[0, :, DIFF], torch.stack([torch.tensor(0.0), diff, diff]))
    torch.testing.assert_close(net(filled)[0], said)


def test_a_roll_out_in_parts_is_the_roll_out() -> None:
    net, x = network(), features(batch=2, steps=12)
    link = (torch.arange(12) - 3).clamp(min=-1).expand(2, 12)
    human, whole, parts = torch.randn(2, 12) / 100, torch.zeros(2, 12, 1), torch.zeros(2, 12, 1)

    state = net.initial_state(2)
    for start in (0, 5):
        cut = slice(start, (5, 12)[start > 0])
        _, state = roll_out(net, x[:, cut], link[:, cut], state, human=human, said=parts, start=start)

    roll_out(net, x, link, net.initial_state(2), human=human, said=whole, start=0)
    torch.testing.assert_close(parts, whole)


def test_a_roll_out_leaves_the_features_it_was_given() -> None:
    net, x = network(), features(batch=1, steps=4)
    before = x.clone()

    roll_out(
        net,
        x,
        torch.zeros(1, 4, dtype=torch.long),
        net.initial_state(1),
        human=torch.ones(1, 4),
        said=torch.zeros(1, 4, 1),
        start=0,
    )

    assert torch.equal(x, before)
