"""The space of patterns and its critic."""

from __future__ import annotations

import torch

from pocket_models.pattern_space import CELLS, Critic, PatternSpace, mixed


def test_a_space_is_as_wide_as_published() -> None:
    space = PatternSpace()

    widths = [tuple(each.shape) for name, each in space.named_parameters() if name.endswith("weight")]

    assert widths == [(64, 448), (32, 64), (4, 32), (32, 4), (64, 32), (448, 64)]


def test_a_variational_space_encodes_to_its_means() -> None:
    space, cells = PatternSpace(variational=True), torch.rand(3, CELLS)

    assert torch.equal(space.encode(cells), space.gaussian(cells)[0])


def test_a_critic_that_is_held_teaches_others_alone() -> None:
    critic, cells = Critic(), torch.rand(3, CELLS, requires_grad=True)

    critic.held(cells).sum().backward()  # type: ignore[no-untyped-call]

    assert cells.grad is not None
    assert cells.grad.abs().sum() > 0
    assert all(each.grad is None for each in critic.parameters())


def test_halfway_is_as_far_from_both_ends() -> None:
    codes = torch.tensor([[0.0, 2.0], [4.0, 0.0]])

    between = mixed(codes, torch.tensor([0.5, 0.0]), torch.tensor([1, 0]))

    assert between.tolist() == [[2.0, 1.0], [4.0, 0.0]]
