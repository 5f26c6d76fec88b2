from __future__ import annotations

import torch
from torch import Tensor

from pocket_core.features import COLUMNS, GROOVE, HABITS, OFFSET_SCALE, WIDTH
from pocket_core.predict import OUTPUTS
from pocket_core.voices import VOICES
from pocket_models.follower import UNSEEN, Follower

OFFSET, EXPECTED, SPREAD, CHANCE, OWN = range(5)
STRAY, VELOCITY, VELOCITY_STRAY = (
    OUTPUTS.index(f"{what} {VOICES[0]}") for what in ("spread", "velocity", "velocity spread")
)


def network(seed: int = 1, *, scale: float = 0.5) -> Follower:
    """Return a network that has something to say: fresh ones say what template and habits do."""
    torch.manual_seed(seed)
    net = Follower(hidden=24, wide=16).eval()
    torch.nn.init.normal_(net.head.weight, std=scale)
    torch.nn.init.normal_(net.head.bias, std=scale)
    return net


def features(batch: int = 3, steps: int = 200, seed: int = 2) -> Tensor:
    torch.manual_seed(seed)
    x = torch.randn(batch, steps, WIDTH) * 0.5
    x[..., : len(VOICES)] = (x[..., : len(VOICES)] > 0.3).float()
    return x


def test_step_after_step_says_what_the_whole_sequence_says() -> None:
    net, x = network(), features()
    state, stepped = net.initial_state(3), []

    with torch.no_grad():
        for t in range(x.shape[1]):
            said, state = net.step(x[:, t], state)
            stepped.append(said)
        whole, last = net(x)

    torch.testing.assert_close(torch.stack(stepped, 1), whole, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(state, last, atol=1e-5, rtol=1e-5)


def test_what_is_exported_says_what_a_step_says() -> None:
    net, x = network(), features(batch=1)
    single, state = net.one_step(), net.initial_state(1)

    with torch.no_grad():
        for t in range(x.shape[1]):
            quick, quick_state = single(x[:, t], *state)
            said, state = net.step(x[:, t], state)
            torch.testing.assert_close(quick, said, atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(quick_state, state[0], atol=1e-5, rtol=1e-5)


def test_a_sequence_in_two_parts_is_the_sequence() -> None:
    net, x = network(), features(steps=20)

    first, state = net(x[:, :7])
    second, _ = net(x[:, 7:], state)

    torch.testing.assert_close(torch.cat([first, second], 1), net(x)[0])


def test_it_says_all_that_a_model_may_say() -> None:
    said, (state,) = network()(features(steps=5))

    assert said.shape == (3, 5, len(OUTPUTS))
    assert state.shape == (1, 3, 24)


def test_columns_that_it_does_not_see_change_nothing() -> None:
    net, x = network(), features(steps=20)
    other = x.clone()
    other[..., [COLUMNS.index(name) for name in UNSEEN]] += 5.0

    torch.testing.assert_close(net(other), net(x), atol=0.0, rtol=0.0)


def test_every_other_column_changes_something() -> None:
    net, x = network(), features(batch=1, steps=3)

    blind = []
    for column, name in enumerate(COLUMNS):
        other = x.clone()
        other[:, 0, column] += 3.0
        if torch.equal(net(other)[0][:, 1:], net(x)[0][:, 1:]):
            blind.append(name)

    assert blind == list(UNSEEN)


def test_the_forecast_lies_between_the_drummer_and_the_musician() -> None:
    said, _ = network(scale=2.0)(features())

    low = torch.minimum(said[..., EXPECTED], said[..., OWN])
    high = torch.maximum(said[..., EXPECTED], said[..., OWN])
    assert (said[..., OFFSET] >= low - 1e-6).all()
    assert (said[..., OFFSET] <= high + 1e-6).all()
    assert ((said[..., CHANCE] > 0) & (said[..., CHANCE] < 1)).any()


def certain(net: Follower, chance: float) -> Follower:
    """Return a network that is sure whether the musician plays."""
    with torch.no_grad():
        net.head.weight[CHANCE - 1] = 0.0  # the layer has no number for the forecast
        net.head.bias[CHANCE - 1] = chance
    return net


def test_where_the_musician_surely_plays_the_forecast_is_theirs() -> None:
    said, _ = certain(network(), 100.0)(features(steps=5))

    assert (said[..., CHANCE] == 1.0).all()
    torch.testing.assert_close(said[..., OFFSET], said[..., EXPECTED])


def test_where_nobody_plays_the_forecast_is_the_drummers() -> None:
    said, _ = certain(network(), -100.0)(features(steps=5))

    assert (said[..., CHANCE] < 1e-20).all()
    torch.testing.assert_close(said[..., OFFSET], said[..., OWN])


def test_spreads_are_never_nothing() -> None:
    said, _ = network(scale=5.0)(features())

    assert (said[..., SPREAD] > 0).all()
    assert (said[..., STRAY:VELOCITY] > 0).all()
    assert (said[..., VELOCITY_STRAY:] > 0).all()


def test_a_fresh_network_says_what_the_template_and_the_habits_do() -> None:
    net, x = Follower(hidden=8, wide=8).eval(), features(steps=4)

    said, _ = net(x)

    groove, n = x[..., GROOVE] / OFFSET_SCALE, len(VOICES)
    habit, hard = x[..., HABITS : HABITS + n], x[..., HABITS + n : HABITS + 2 * n]
    torch.testing.assert_close(said[..., EXPECTED], groove)
    torch.testing.assert_close(said[..., OWN + 1 : STRAY], groove[..., None] + habit / OFFSET_SCALE)
    torch.testing.assert_close(said[..., VELOCITY:VELOCITY_STRAY], 0.5 + hard)
    assert (said[..., CHANCE] == 0.5).all()


def test_dropout_acts_in_training_alone() -> None:
    torch.manual_seed(1)
    net, x = Follower(hidden=24, wide=16, dropout=0.5), features(steps=10)
    torch.nn.init.normal_(net.head.weight)

    learning = net.train()(x)[0], net.train()(x)[0]
    playing = net.eval()(x)[0], net.eval()(x)[0]

    assert not torch.equal(*learning)
    assert torch.equal(*playing)
