"""The generators that ship, and what makes each."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pocket_export.recordings import Groove
from pocket_export.sources.order import Make, SourceOrder, Watch


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where a generator is made; loaded only when it is."""

    module: str  # has `make`, a `pocket_export.sources.order.Make`, and `EPOCHS`

    def make(self, order: SourceOrder, groove: Groove, watch: Watch) -> Path:
        """Train it and write its files; return the path of its card."""
        make: Make = importlib.import_module(self.module).make
        return make(order, groove, watch)

    @property
    def epochs(self) -> int:
        """How many passes over the data are usual."""
        return int(importlib.import_module(self.module).EPOCHS)


WORKSHOPS: Mapping[str, Workshop] = {
    "presets": Workshop("pocket_export.sources.presets"),
    "bars": Workshop("pocket_export.sources.bars.make"),
    "continue": Workshop("pocket_export.sources.continuing.make"),
    "pattern": Workshop("pocket_export.sources.patterns.make"),
    "groove": Workshop("pocket_export.sources.grooves.make"),
}
