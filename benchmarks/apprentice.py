"""A network that goes on learning from one take after the other, as it does between nights, unrehearsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from benchmarks.network_player import NetworkPlayer
from benchmarks.studio import STEADY, Track
from pocket_core.settings import Settings
from pocket_core.types import Seconds
from pocket_export.night.fine_tune import Order, fine_tune, usual_recipe
from pocket_export.night.take_duets import TakeDuet
from pocket_export.night.take_lessons import Passed, lessons_of_take
from pocket_export.night.targets import Rule
from pocket_export.read_back import read_back
from pocketd.model_shelf import find


class Apprentice:
    """A network that begins as it ships.

    Args:
        model: A name of those that ship.
        seed: Of all chance in what it learns.
    """

    def __init__(self, model: str, seed: int) -> None:
        torch.set_num_threads(1)
        self._model = model
        self._recipe = usual_recipe(model, seed=seed)
        self._net = read_back(find(model), dropout=self._recipe.dropout)
        self._bias = Seconds(0.0)
        self._first = True

    @property
    def settings(self) -> Settings:
        """Return how it plays: the song's bias, and no late commit."""
        return replace(STEADY, song_late=self._bias)

    def player(self, track: Track) -> NetworkPlayer:
        """Return it as what the engine asks, with the score read."""
        return NetworkPlayer(self._net, track.known(STEADY))

    def learn(self, take: Sequence[TakeDuet], rule: Rule) -> int:
        """Learn from one take, of which nothing is kept to judge by; return how many meetings teach.

        Args:
            take: Its parts, in order.
            rule: How targets are made.
        """
        lessons = lessons_of_take(take, rule, first=self._first, keep=False)
        if isinstance(lessons, Passed):
            return 0
        self._bias, self._first = lessons[0].bias, False
        order = Order(self._model, lessons, (), (), self._recipe, rehearsal=0.0)
        fine_tune(self._net, order, lambda *_: None)
        return sum(lesson.meetings for lesson in lessons)
