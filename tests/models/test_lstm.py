from __future__ import annotations

import torch

from pocket_core.features import DIFF, GROOVE, OFFSET_SCALE, WIDTH
from pocket_models.lstm import Anchor, PocketLSTM, roll_out


def network(anchor: Anchor = Anchor.GROOVE) -> PocketLSTM:
    torch.manual_seed(1)
    return PocketLSTM(anchor=anchor, hidden=16).eval()


def features(batch: int = 3, steps: int = 20) -> torch.Tensor:
    torch.manual_seed(2)
    return torch.randn(batch, steps, WIDTH)


def test_step_after_step_says_what_the_whole_sequence_says() -> None:
    net, x = network(), features()
    state, stepped = net.initial_state(3), []

    for t in range(x.shape[1]):
        offset, state = net.step(x[:, t], state)
        stepped.append(offset)

    whole, last = net(x)
    torch.testing.assert_close(torch.stack(stepped, 1), whole)
    torch.testing.assert_close(state, last)


def test_a_sequence_in_two_parts_is_the_sequence() -> None:
    net, x = network(), features()

    first, state = net(x[:, :7])
    second, _ = net(x[:, 7:], state)

    torch.testing.assert_close(torch.cat([first, second], 1), net(x)[0])


def test_a_network_without_weights_says_what_the_template_expects() -> None:
    net, x = network(Anchor.GROOVE), features()
    torch.nn.init.zeros_(net.head.weight)

    offsets, _ = net(x)

    torch.testing.assert_close(offsets, x[..., GROOVE] / OFFSET_SCALE)


def test_a_deafened_network_hears_no_musician() -> None:
    net, x = network(Anchor.GRID), features()
    net.deafen()
    quiet = x.clone()
    quiet[..., DIFF:] = 0.0

    offsets, _ = net(x)

    torch.testing.assert_close(offsets, net(quiet)[0])


def test_deafness_outlasts_training() -> None:
    net, x = network(Anchor.GRID).train(), features()
    net.deafen()
    x[..., DIFF:] = 0.0
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=0.1)

    for _ in range(3):
        optimiser.zero_grad()
        net(x)[0].square().mean().backward()
        optimiser.step()

    assert not net.weights(0)[0][:, DIFF:].any()


def test_a_roll_out_fills_diff_from_its_own_forecasts() -> None:
    net, x = network(), features(batch=1, steps=3)
    link = torch.tensor([[-1, 0, 0]])
    human = torch.tensor([[0.030, 0.0, 0.0]])
    forecasts = torch.zeros(1, 3)

    filled, _ = roll_out(net, x, link, net.initial_state(1), human=human, forecasts=forecasts, start=0)

    diff = OFFSET_SCALE * (0.030 - forecasts[0, 0])
    torch.testing.assert_close(filled[0, :, DIFF], torch.stack([torch.tensor(0.0), diff, diff]))
    torch.testing.assert_close(net(filled)[0], forecasts)


def test_a_roll_out_in_parts_is_the_roll_out() -> None:
    net, x = network(), features(batch=2, steps=12)
    link = (torch.arange(12) - 3).clamp(min=-1).expand(2, 12)
    human, whole, parts = torch.randn(2, 12) / 100, torch.zeros(2, 12), torch.zeros(2, 12)

    state = net.initial_state(2)
    for start in (0, 5):
        cut = slice(start, (5, 12)[start > 0])
        _, state = roll_out(net, x[:, cut], link[:, cut], state, human=human, forecasts=parts, start=start)

    roll_out(net, x, link, net.initial_state(2), human=human, forecasts=whole, start=0)
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
        forecasts=torch.zeros(1, 4),
        start=0,
    )

    assert torch.equal(x, before)
