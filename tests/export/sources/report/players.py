"""Sources for tests: one that replays recordings, one that breaks, one that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pocket_core.errors import ModelError
from pocket_core.phrases.generator import Ask, Generator
from pocket_core.phrases.hvo import A_BAR, cells_of_strokes
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import Phrase
from pocket_core.types import Beats
from pocket_export.groove import Groove, load
from pocket_export.sources.report.material import Song
from pocket_export.sources.report.rows import Load
from pocket_export.sources.report.yardsticks import Copyist
from tests.export.archives import archive, files


class Replayer(Copyist):
    """Plays recordings as they are; its codes are which sixteenths have a kick."""

    def codes(self, phrases: Sequence[Phrase]) -> NDArray[np.float32]:
        """See `Coder.codes`."""
        return np.stack(
            [cells_of_strokes(phrase.strokes, Kit(), Beats(0.0), A_BAR).hits[:, 0] for phrase in phrases]
        )


class Broken:
    """Fails."""

    name = "groove"

    def phrase(self, ask: Ask) -> Phrase:
        """See `Generator.phrase`."""
        raise ZeroDivisionError("no luck today")


def loader(songs: Sequence[Song]) -> Load:
    """Return what loads `bars`, that replays, and `groove`, that breaks, and knows nobody else."""

    def find(name: str, kit: Kit) -> Generator:
        match name:
            case "bars":
                return Replayer(songs)
            case "groove":
                return Broken()
            case "pattern":
                raise ImportError("No module named 'pocketd.generators.pattern'")
        raise ModelError(f"{name}.json: cannot be read; run `pocketd pretrain --model {name}`")

    return find


def groove(folder: Path, *, bars: int = 20) -> Groove:
    """Return a small made-up data set whose beats are long enough to be asked in."""
    return load(archive(folder / "groove.zip", files(bars=bars)), cache=folder / "cache")
