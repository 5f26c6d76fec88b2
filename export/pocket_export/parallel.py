"""Several processes that train one network together, as `torchrun` starts them.

Each learns from its share of every batch; the gradients of all are added up, so that every process makes the
same update. What is decided once, such as which lessons an epoch has and what validation says, the first
process decides and tells the others. What goes between them goes through gloo, by way of the CPU.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn

from pocket_core.errors import PocketError, one_line

LONGEST_WAIT = timedelta(hours=2)  # for a process that still prepares lessons, validates or exports

T = TypeVar("T")


class CompanyError(PocketError):
    """Another process of the training has gone."""


@dataclass(frozen=True, slots=True)
class Company:
    """The processes that train together, as one of them sees it."""

    rank: int = 0  # 0..size - 1
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether it is the first: the one that draws lessons, judges, writes files and shows progress."""
        return self.rank == 0

    def tell(self, said: T | None = None) -> T:
        """Return what the first process says; the others say nothing.

        Raises:
            CompanyError: Another process has gone.
        """
        held: list[Any] = [said]
        if self.size > 1:
            _together(lambda: distributed.broadcast_object_list(held, src=0))
        told: T = held[0]
        return told

    def deal(self, hands: Sequence[T] = ()) -> T:
        """Return this process's part of what the first one hands out.

        Args:
            hands: One a process; of the others empty.

        Raises:
            CompanyError: Another process has gone.
        """
        if self.size == 1:
            return hands[0]
        dealt: list[Any] = [None]
        given = list(hands) if self.leads else None
        _together(lambda: distributed.scatter_object_list(dealt, given, src=0))
        hand: T = dealt[0]
        return hand

    def total(self, *values: float) -> tuple[float, ...]:
        """Return the sums of all processes' values, the same to each of them.

        Raises:
            CompanyError: Another process has gone.
        """
        if self.size == 1:
            return values
        sums = torch.tensor(values, dtype=torch.float64)
        _together(lambda: distributed.all_reduce(sums))
        return tuple(sums.tolist())

    def add_gradients(self, net: nn.Module) -> None:
        """Replace each gradient by the sum of all processes'; whoever has none adds nothing.

        Raises:
            CompanyError: Another process has gone.
        """
        if self.size == 1:
            return
        parameters = list(net.parameters())
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        self._in_one(gradients, distributed.all_reduce)

    def align(self, net: nn.Module) -> None:
        """Take over the first process's weights.

        Raises:
            CompanyError: Another process has gone.
        """
        if self.size > 1:
            self._in_one(
                [weights.data for weights in net.parameters()], lambda flat: distributed.broadcast(flat, 0)
            )

    def _in_one(self, tensors: Sequence[Tensor], exchange: Callable[[Tensor], object]) -> None:
        """Exchange tensors as one, in place."""
        flat = torch.cat([tensor.flatten() for tensor in tensors]).cpu()
        _together(lambda: exchange(flat))
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))


ALONE = Company()


@contextmanager
def company(wait: timedelta = LONGEST_WAIT) -> Iterator[Company]:
    """Join the processes that `torchrun` has started, as its environment says; else be alone.

    Args:
        wait: For each other, at most; one that has died is noticed at once.

    Raises:
        CompanyError: They do not find each other.
    """
    told = os.environ.get("WORLD_SIZE", "1")
    if not told.isdecimal():
        raise CompanyError(f"WORLD_SIZE is {told!r}, no number of processes; torchrun sets it, or nobody")
    if int(told) < 2 or "RANK" not in os.environ:
        yield ALONE
        return
    # Optimisers import it. Once a group is there it holds on to it, so that gloo's threads live on until the
    # process ends, which they then may abort.
    import_module("torch._dynamo")
    try:
        distributed.init_process_group("gloo", timeout=wait)
    except (RuntimeError, ValueError) as error:
        raise CompanyError(
            f"cannot meet the other processes of this training ({one_line(error)}); "
            "start them all with torchrun"
        ) from error
    try:
        yield Company(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def _together(exchange: Callable[[], object]) -> None:
    try:
        exchange()
    except RuntimeError as error:  # gloo's are of no other kind
        raise CompanyError(
            f"another process of this training has gone ({one_line(error)}); "
            "start it again, `pretrain` with --resume, and it goes on from its last epoch"
        ) from error
