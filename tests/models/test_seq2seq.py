from __future__ import annotations

import torch
from torch import Tensor

from pocket_core.features import COLUMNS, GROOVE, HABITS, OFFSET_SCALE, PORTRAIT, WIDTH
from pocket_core.predict import OUTPUTS
from pocket_core.score_features import SCORE_WIDTH
from pocket_models.lstm import PocketLSTM
from pocket_models.network import Reader
from pocket_models.seq2seq import Seq2Seq

OFFSET, EXPECTED, OWN = (OUTPUTS.index(name) for name in ("offset", "expected", "own"))


def network() -> Seq2Seq:
    torch.manual_seed(1)
    net = Seq2Seq(hidden=16, reading=6).eval()
    torch.nn.init.normal_(net.head.weight, std=0.1)
    return net


def scores(batch: int = 3, steps: int = 20) -> Tensor:
    torch.manual_seed(2)
    return torch.randn(batch, steps, SCORE_WIDTH)


def features(net: Seq2Seq, batch: int = 3, steps: int = 20) -> Tensor:
    """Features with the context behind them."""
    torch.manual_seed(3)
    return torch.cat([torch.randn(batch, steps, WIDTH), net.encode(scores(batch, steps))], -1).detach()


def test_step_after_step_says_what_the_whole_sequence_says() -> None:
    net = network()
    x, state, stepped = features(net), net.initial_state(3), []

    for t in range(x.shape[1]):
        said, state = net.step(x[:, t], state)
        stepped.append(said)

    whole, last = net(x)
    torch.testing.assert_close(torch.stack(stepped, 1), whole)
    torch.testing.assert_close(state, last)


def test_a_sequence_in_two_parts_is_the_sequence() -> None:
    net = network()
    x = features(net)

    first, state = net(x[:, :7])
    second, _ = net(x[:, 7:], state)

    torch.testing.assert_close(torch.cat([first, second], 1), net(x)[0])


def test_the_exported_step_is_the_step() -> None:
    net = network()
    x, state = features(net, batch=1), net.initial_state(1)
    step = net.one_step()

    said, *after = step(x[:, 4, :WIDTH], x[:, 4, WIDTH:], *state)

    wanted, following = net.step(x[:, 4], state)
    torch.testing.assert_close(said, wanted)
    torch.testing.assert_close(tuple(after), following)


def test_every_timestep_knows_the_score_before_it_and_behind_it() -> None:
    net, score = network(), scores(batch=1)
    other = score.clone()
    other[:, 10] += 1.0

    changed = (net.encode(other) - net.encode(score)).abs().amax((0, 2))

    assert (changed > 0).all()


def test_a_shorter_score_is_read_as_if_it_were_alone() -> None:
    net, score = network(), scores(batch=2)

    together = net.encode(score, [20, 7])

    torch.testing.assert_close(together[1, :7], net.encode(score[1:, :7])[0])
    torch.testing.assert_close(together[0], net.encode(score[:1])[0])


def test_the_exported_reader_reads_one_score() -> None:
    net, score = network(), scores(batch=1)

    torch.testing.assert_close(Reader(net)(score[0]), net.encode(score)[0])


def test_what_it_says_depends_on_the_score() -> None:
    net = network()
    x = features(net)
    unknown = x.clone()
    unknown[..., WIDTH:] = 0.0

    assert not torch.allclose(net(x)[0], net(unknown)[0])


def test_the_decoder_does_not_see_the_portrait_of_whom_it_does_not_hear() -> None:
    net = network()
    x = features(net)
    other = x.clone()
    other[..., PORTRAIT:HABITS] += 1.0

    torch.testing.assert_close(net(other)[0], net(x)[0])


def test_the_decoder_knows_the_drummers_habits() -> None:
    net = network()
    x = features(net)
    other = x.clone()
    other[:, 0, -net.context - 1] += 1.0  # the last of the habits, at the first timestep

    assert ((net(other)[0] - net(x)[0]).abs().amax((0, 2)) > 0).all()


def test_a_network_without_weights_says_what_the_template_expects() -> None:
    net = network()
    torch.nn.init.zeros_(net.head.weight)
    x = features(net)
    x[..., HABITS:WIDTH] = 0.0

    said, _ = net(x)

    groove = x[..., GROOVE] / OFFSET_SCALE
    for output in (OFFSET, EXPECTED, OWN):
        torch.testing.assert_close(said[..., output], groove)


def test_what_the_decoder_learns_the_encoder_learns_too() -> None:
    net = network()
    score = scores()

    net(torch.cat([torch.zeros(3, 20, len(COLUMNS)), net.encode(score)], -1))[0].sum().backward()

    for reader in (net.forwards, net.backwards):
        assert all(weight.grad is not None and weight.grad.any() for weight in reader.parameters())


def test_a_network_that_reads_no_score_adds_no_columns() -> None:
    assert PocketLSTM(hidden=4).encode(scores()).shape == (3, 20, 0)
