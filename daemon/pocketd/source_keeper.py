"""Lets the engine know where the drums come from: the loop's part in sources."""

from __future__ import annotations

from dataclasses import replace

from pocket_core.engine import Engine
from pocketd.config import Config
from pocketd.desk_answers import WishAnswer
from pocketd.generators.letters import Given
from pocketd.sources.choice import Choice
from pocketd.sources.file_part import FilePart


class SourceKeeper:
    """Follows a source that may change while it plays.

    Args:
        source: Where the drums come from; None: always from the DAW.
        engine: Whose lead is the source's.
    """

    def __init__(self, source: Choice | None, engine: Engine) -> None:
        self._source = source
        self._engine = engine

    @property
    def fault(self) -> str:
        """What is wrong with the source, in a line; empty: nothing."""
        return "" if self._source is None else self._source.fault

    def follow(self, config: Config) -> Config:
        """Return the configuration with the source that plays by now; the engine goes by that one's lead."""
        source = self._source
        if source is None or source.name == config.source:
            return config
        config = config.model_copy(update={"source": source.name})
        lead = config.settings().drums_lead
        self._engine.configure(replace(self._engine.settings, drums_lead=lead))
        source.retime(self._engine.settings)
        return config

    def wish(self, answer: WishAnswer) -> None:
        """Let the map of patterns have its way."""
        if self._source is not None:
            self._source.give(Given(pattern=answer.pattern, goal=answer.goal), answer.morph)
            self._source.want(answer.source)

    def configure(self, asked: Config, file: FilePart) -> None:
        """Go by another configuration; another source or file plays from the next bar line on."""
        if self._source is not None:
            self._source.configure(asked, self._engine.settings)
            self._source.follow_file(file)

    def close(self) -> None:
        """Hang up: the generators' process ends."""
        if self._source is not None:
            self._source.close()
