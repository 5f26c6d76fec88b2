"""By which settings a take was played, from when on: a configuration may be read again in mid-take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pydantic import ValidationError

from pocket_core.errors import TakeError
from pocket_core.settings import Settings
from pocketd.config import Config
from pocketd.journal import JournalSource
from pocketd.take_content import TakeContent

ELSEWHERE = frozenset({"model", "takes", "retrain", "meter_display"})  # keys that say nothing of the playing


@dataclass(frozen=True, slots=True, eq=False)
class Rig:
    """How a take was played from a time on."""

    start: float  # seconds on the take's clock
    settings: Settings


def read_rigs(take: TakeContent, path: JournalSource) -> list[Rig]:
    """Return how a take was played, in order; a model or a song that changes is no other rig.

    Raises:
        TakeError: A configuration is of another pocketd.
    """
    said = [next(group) for _, group in groupby(take.hellos, key=lambda hello: _of_the_rig(hello.config))]
    return [Rig(hello.at, _settings(hello.config, path)) for hello in said]


def rig_at(rigs: Sequence[Rig], at: float) -> Rig:
    """Return the one of a time; before all of them it is the first."""
    return next((rig for rig in reversed(rigs) if rig.start <= at), rigs[0])


def _of_the_rig(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in ELSEWHERE}


def _settings(config: Mapping[str, Any], path: JournalSource) -> Settings:
    try:
        return Config.model_validate(config).settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "clash":  # of one key with another; where it is, only its context says
            context = first.get("ctx", {})
            key = f"{context.get('key', key)}: {context.get('text', first['msg'])}"
        raise TakeError(
            f"{path} was played with a configuration of another pocketd ({key}); "
            "it can be kept and shown, not learnt from"
        ) from None
