"""A night on several processes, as `torchrun` starts them: the first does the night, the others only train.

Until they are called to train, and in between, the others wait for the first one, at no cost.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pocket_core.errors import DataError
from pocket_export.night.fine_tune import Order, fine_tune
from pocket_export.parallel import ALONE, Company
from pocket_export.train import Origin, Recipe, Training, Watch, train
from pocket_models.network import Network

WAIT = timedelta(hours=26)  # for each other; a take may run for a day, and the night holds still meanwhile


@dataclass(frozen=True, slots=True)
class _Call:
    """What the others need to know."""

    net: Network
    recipe: Recipe
    resume: bool


class Crew:
    """The processes of a night, as the first one has them.

    Args:
        company: That it leads.
    """

    def __init__(self, company: Company = ALONE) -> None:
        self.company = company
        self._listens = True  # whether the others wait for a call

    def train(
        self, net: Network, order: Order, watch: Watch, *, checkpoint: Path, origin: Origin, resume: bool
    ) -> Training:
        """Train a network with all of them; arguments and errors as of `fine_tune`.

        Raises:
            CompanyError: One of them has gone.
        """
        self.company.tell(_Call(net, order.recipe, resume))
        self._listens = False
        try:
            training = fine_tune(
                net, order, watch, checkpoint=checkpoint, resume=resume, origin=origin, company=self.company
            )
        except DataError:  # which each of them has come to by itself
            self._listens = True
            raise
        self._listens = True
        return training

    def dismiss(self) -> None:
        """Let the others go, if they wait; those who are at it see by themselves that it has ended."""
        if self._listens:
            self._listens = False
            self.company.tell()


def train_along(company: Company) -> None:
    """Be one of the others, until there is nothing more to do.

    Raises:
        CompanyError: Another process has gone.
    """

    def nothing(*_: object) -> None:
        pass

    while True:
        call: _Call | None = company.tell()
        if call is None:
            return
        with suppress(DataError):  # the first one tells it, and may call again
            train(
                call.net,
                lambda _: (),
                (),
                call.recipe,
                checkpoint=Path(),  # it is the first one's to read and write
                resume=call.resume,
                watch=nothing,
                company=company,
            )
