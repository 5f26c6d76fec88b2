from __future__ import annotations

import torch

from pocket_core.features import DIFF, GROOVE, OFFSET_SCALE, PAPER, WIDTH
from pocket_models import cells
from pocket_models.lstm import Anchor, PocketLSTM


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

    torch.testing.assert_close(offsets[..., 0], x[..., GROOVE] / OFFSET_SCALE)


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

    assert not cells.weights(net.lstm, 0)[0][:, DIFF:].any()


def test_it_sees_the_papers_columns_alone() -> None:
    net, x = network(), features()
    other = x.clone()
    other[..., PAPER:] += 1.0

    torch.testing.assert_close(net(other), net(x), atol=0.0, rtol=0.0)


def test_the_exported_step_is_the_step() -> None:
    for anchor in Anchor:
        net, x = network(anchor), features(batch=1, steps=1)[:, 0]
        h, c = (torch.randn_like(part) for part in net.initial_state(1))

        said, *after = net.one_step()(x, h, c)

        wanted, state = net.step(x, (h, c))
        torch.testing.assert_close(said, wanted)
        torch.testing.assert_close(tuple(after), state)
