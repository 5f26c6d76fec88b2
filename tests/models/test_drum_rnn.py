from __future__ import annotations

import pytest
import torch

from pocket_core.phrases.step_features import KNOWN, POINTED, VELOCITIES, WIDTH
from pocket_core.phrases.steps import BITS
from pocket_models.drum_rnn import DrumRNN, PocketDrums


@pytest.mark.parametrize("attention", [0, 4])
def test_what_is_said_of_a_step_does_not_depend_on_later_ones(attention: int) -> None:
    torch.manual_seed(1)
    net = DrumRNN((8, 8), attention).eval()
    one, counters = torch.randint(512, (2, 12)), torch.ones(2, 12, 6)
    other = one.clone()
    other[:, 7:] = 3

    assert torch.allclose(net(one, counters)[:, :7], net(other, counters)[:, :7], atol=1e-6)
    assert not torch.allclose(net(one, counters)[:, 7:], net(other, counters)[:, 7:], atol=1e-6)


def test_attention_reaches_no_further_than_its_length() -> None:
    torch.manual_seed(1)
    net = DrumRNN((8,), 4, symbols=2).eval()
    with torch.no_grad():  # without memory of its own
        for weights in net.layers[0].parameters():
            weights.zero_()
    one, counters = torch.zeros(1, 12, dtype=torch.int64), torch.ones(1, 12, 6)
    other = one.clone()
    other[0, 0] = 1

    assert torch.allclose(net(one, counters)[0, 6:], net(other, counters)[0, 6:], atol=1e-6)


def test_our_steps_one_by_one_say_what_all_at_once_say() -> None:
    torch.manual_seed(1)
    net = PocketDrums(8).eval()
    x = torch.rand(2, 5, WIDTH)
    whole = net(x)[0]

    state, said = torch.zeros(2, 2, 8), []
    for step in range(5):
        logits, _, state = net(x[:, step : step + 1], state)
        said.append(logits)

    assert torch.allclose(torch.cat(said, 1), whole, atol=1e-5)


def test_a_pointer_lifts_the_symbol_that_it_points_at_and_no_other() -> None:
    torch.manual_seed(1)
    net = PocketDrums(8).eval()
    x = torch.zeros(1, 1, WIDTH)
    x[..., POINTED] = torch.from_numpy(BITS[[5, 5, 5, 5]]).flatten()
    known = x.clone()
    known[..., KNOWN] = 1.0
    with torch.no_grad():  # so that it only points
        next(iter(net.enter.parameters())).zero_()

    more = (net(known)[0] - net(x)[0]).detach()

    assert more[0, 0, 5] > 0.1
    assert more[0, 0].abs().sum() == pytest.approx(float(more[0, 0, 5]), abs=1e-5)


def test_velocities_lie_between_nothing_and_all() -> None:
    torch.manual_seed(1)
    net = PocketDrums(8).eval()

    mean, spread = net.velocities(torch.randn(3, 8), torch.ones(3, 9), torch.zeros(3, VELOCITIES))

    assert ((mean > 0) & (mean < 1)).all()
    assert (spread > 0).all()
