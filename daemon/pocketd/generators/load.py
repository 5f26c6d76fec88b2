"""A generator by its name."""

from __future__ import annotations

from pathlib import Path

from pocket_core.errors import ModelError
from pocket_core.phrases.generator import Generator
from pocket_core.phrases.kit import Kit
from pocketd.generators.graphs import load_graphs


def load_generator(name: str, kit: Kit, card: Path | None = None) -> Generator:
    """Load a generator.

    Args:
        name: bars, continue, pattern or groove.
        kit: Its notes.
        card: Its card; None: that which ships.

    Raises:
        ModelError: Nobody is called so, or its files are missing or damaged.
    """
    match name:
        case "bars":
            from pocketd.generators.bars import Bars

            return Bars(load_graphs("bars", card), kit)
        case "continue":
            from pocketd.generators.continuing import Continuing

            return Continuing(load_graphs("continue", card), kit)
        case "pattern":
            from pocketd.generators.pattern import Pattern

            return Pattern(load_graphs("pattern", card), kit)
        case "groove":
            from pocketd.generators.groove import Groove

            return Groove(load_graphs("groove", card), kit)
        case _:
            raise ModelError(f"no source is called {name!r}; there are bars, continue, pattern and groove")
