"""The published samples of altsoph/drum_space, as far as they are here: the first 2,000, and all that passed.

Line: 32 comma-separated steps, a tab, the point of the latent space. What passed is in the order in which it
was drawn, so of the first 2,000 it is known which did.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pocket_core.errors import DataError
from pocket_core.phrases.patterns import Pattern, digest, entropy, varied
from pocket_export.sources.patterns.table import Line, read_tsv

FOLDER = "drum_space"
WAYS = ("vae", "ae", "acai")
ALL = 10_000  # samples that were drawn


@dataclass(frozen=True, slots=True)
class Published:
    """What the files of one network say, as counts of 10,000 samples; those marked are of the first 2,000."""

    passing: int
    distinct: int
    entropy_passing: float
    varied: float  # of the first, scaled
    known: float  # of the first, scaled: varied, and dropped all the same
    silent: float  # of the first, scaled
    entropy: float  # of the first
    contradictions: int  # samples that the recovered filter says another thing of than the files


def read_published(folder: Path, way: str) -> Published:
    """Read the files of a network.

    Args:
        folder: That holds `drum_space`.
        way: vae, ae or acai.

    Raises:
        DataError: They are missing or damaged.
    """
    raw = read_tsv(folder / FOLDER / f"sampled2k_{way}_raw")
    kept = read_tsv(folder / FOLDER / f"sampled10k_{way}_filtered")
    if not raw or not kept:
        raise DataError(f"the files of {way} in {folder / FOLDER} are empty; fetch them again")
    scale = ALL / len(raw)
    passed = _passed(raw, kept)
    lively = [varied(line.pattern) for line in raw]
    dropped = {digest(x.pattern) for x, a, b in zip(raw, lively, passed, strict=True) if a and not b}
    kept_marks = {digest(line.pattern) for line in kept}
    wrong = sum(not varied(line.pattern) for line in kept)  # kept, and not varied
    wrong += len(dropped & kept_marks)  # dropped as known, and a rotation of it kept
    return Published(
        len(kept),
        len(kept_marks),
        float(np.mean([entropy(line.pattern) for line in kept])),
        sum(lively) * scale,
        (sum(lively) - sum(passed)) * scale,
        sum(not any(line.pattern) for line in raw) * scale,
        float(np.mean([entropy(line.pattern) for line in raw])),
        wrong,
    )


def kept_samples(folder: Path, way: str) -> list[Pattern]:
    """Return the samples of a network that passed, in the order in which they were drawn.

    Raises:
        DataError: The file is missing or damaged.
    """
    return [line.pattern for line in read_tsv(folder / FOLDER / f"sampled10k_{way}_filtered")]


def _passed(raw: list[Line], kept: list[Line]) -> list[bool]:
    """Return of the first samples which passed: what is next of those that did, did."""
    found, place = list[bool](), 0
    for line in raw:
        same = place < len(kept) and kept[place].pattern == line.pattern
        found.append(same)
        place += same
    return found
