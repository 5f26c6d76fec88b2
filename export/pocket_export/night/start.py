"""Whom a night begins with, and who is to be beaten: the champion, or who plays while it cannot.

A champion that cannot be read ends no night. The daemon plays the `follower` that ships meanwhile, so that is
who the night's candidate is compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pocket_core.errors import ModelError
from pocket_core.types import Seconds
from pocket_export.read_back import read_back
from pocketd.champion import FOLLOWER, Nights, Pointer
from pocketd.model import load_predictor
from pocketd.model_shelf import find

UNLIMITED = Seconds(1.0)  # no step is too slow; the daemon finds that out by itself


@dataclass(frozen=True, slots=True)
class Start:
    """What a night finds."""

    pointer: Pointer | None  # None: it is damaged, and nothing can be switched
    model: Path  # that goes on learning
    rival: Path | None  # who plays now; None: its network cannot be had from its file
    remarks: Sequence[str] = ()  # what was not as it should be, a line each


def who_begins(nights: Nights, start: str) -> Start:
    """Return what a night begins with.

    Args:
        nights: Their folder.
        start: A model that ships, for where no champion can go on learning.

    Raises:
        ModelError: What ships cannot be read.
    """
    instead = f"the night began with the {start} that ships"
    try:
        pointer = nights.read()
    except ModelError as error:
        said = f"{error}; {FOLLOWER} plays meanwhile, {instead}, and nothing can be switched"
        return Start(None, find(start), find(FOLLOWER), [said])
    if pointer.champion is None:  # whoever names another than who ships has chosen
        return Start(pointer, find(start), find(start))
    try:
        champion = find(nights.place(pointer.champion))
        load_predictor(champion, UNLIMITED)
    except ModelError as error:
        said = f"the champion cannot play: {error}; {FOLLOWER} plays meanwhile, and {instead}"
        return Start(pointer, find(start), find(FOLLOWER), [said])
    try:
        read_back(champion)
    except ModelError as error:
        said = f"the champion cannot go on learning: {error}; {instead}"
        return Start(pointer, find(start), None, [said])
    return Start(pointer, champion, champion)
