"""What is asked for where a generator shall be trained, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from pocket_export.recordings import Groove

Watch = Callable[[float, "Round | None"], None]  # told the share of the epoch that is done, and its end


@dataclass(frozen=True, slots=True)
class Round:
    """What an epoch came to."""

    number: int  # from 1
    loss: float
    figure: float  # on validation, to be made small
    validation: str  # the same in words, with units, for people
    seconds: float


@dataclass(frozen=True, slots=True)
class SourceOrder:
    """What to make. The same in every run that shall give the same weights."""

    name: str  # of `pocket_export.sources.workshop.WORKSHOPS`
    out: Path
    command: str  # as the card shall quote it
    commit: str  # of the code
    seed: int = 1
    epochs: int | None = None  # at most; None: as usual
    resume: bool = False
    quick: bool = False  # a smoke run: the groove holds few files, and the nets may be small
    patterns: Path | None = None  # folder of multi-track files that patterns are distilled from
    without: str = ""  # the drummer who is left out; empty: nobody
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def checkpoint(self) -> Path:
        """Where the training is kept until it is done."""
        return self.out / f"{self.name}.checkpoint.pt"


Make = Callable[[SourceOrder, Groove, Watch], Path]  # returns the path of the card
