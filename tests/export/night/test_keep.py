"""How much of a night's lesson stays, with networks of one weight that matters."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from pocket_export.night.gate import Check
from pocket_export.night.keep import keep
from pocket_models.lstm import PocketLSTM
from pocket_models.network import Network


def network(bias: float) -> PocketLSTM:
    torch.manual_seed(1)
    net = PocketLSTM(hidden=4)
    with torch.no_grad():
        net.head.bias.fill_(bias)
    return net


def bias_of(net: Network) -> float:
    return net.get_parameter("head.bias").item()


def at_most(limit: float, asked: list[float] | None = None) -> Callable[[Network], list[Check]]:
    def judged(net: Network) -> list[Check]:
        if asked is not None:
            asked.append(bias_of(net))
        return [Check("fine", True, ""), Check("small", bias_of(net) <= limit, f"{bias_of(net):g}")]

    return judged


@pytest.mark.parametrize(
    ("limit", "share", "bias"),
    [(9.0, 1.0, 9.0), (7.0, 0.75, 7.0), (6.9, 0.5, 5.0), (3.0, 0.25, 3.0), (2.9, 1.0, 9.0)],
)
def test_the_largest_share_that_has_not_forgotten_stays_or_all_of_it(
    limit: float, share: float, bias: float
) -> None:
    after = network(9.0)

    kept = keep(network(1.0), after, at_most(limit))

    assert bias_of(after) == 9.0  # until it is told
    after.load_state_dict(kept.weights)
    assert (kept.share, bias_of(after)) == (share, bias)
    assert kept.checks[1].text == f"{bias:g}"


def test_whoever_has_not_forgotten_is_judged_once() -> None:
    asked: list[float] = []

    keep(network(1.0), network(2.0), at_most(2.0, asked))

    assert asked == [2.0]


def test_whatever_ends_it_all_that_was_learnt_is_there() -> None:
    after, asked = network(9.0), list[float]()

    def judged(net: Network) -> list[Check]:
        asked.append(bias_of(net))
        if len(asked) == 2:
            raise KeyboardInterrupt
        return [Check("small", False, "")]

    with pytest.raises(KeyboardInterrupt):
        keep(network(1.0), after, judged)

    assert asked == [9.0, 7.0]
    assert bias_of(after) == 9.0
