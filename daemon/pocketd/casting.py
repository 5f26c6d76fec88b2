"""Who plays: the model that was asked for, and who stands in while it does not know the score."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pocket_core.errors import MidiFileError, ModelError
from pocket_core.predict import Predictor, ZeroPredictor
from pocket_core.types import Seconds
from pocketd.champion import CHAMPION, FOLLOWER
from pocketd.config import Config
from pocketd.encoder import Contexts, EncoderError
from pocketd.known_score import KnownScore, read_known
from pocketd.model import Loaded, OnnxPredictor, load_or_none, load_predictor
from pocketd.model_shelf import NONE, candidates


@dataclass(frozen=True, slots=True)
class Cast:
    """Who there is to play."""

    player: Predictor  # from the start
    fault: str | None = None  # why that is not what was asked for, one line
    reader: OnnxPredictor | None = None  # was asked for, and needs to know the score
    contexts: Contexts | None = None  # what the reader makes of the whole song, where a file says it
    understudy: Predictor = field(default_factory=ZeroPredictor)  # plays where the reader does not

    @property
    def instead(self) -> str:
        """Who plays in spite of a fault, to be said behind it."""
        name = self.player.name
        return "playing without a model" if name == NONE else f"model {name} plays"

    def is_as(self, other: Cast) -> bool:
        """Say whether nothing would be another if this one played instead."""
        scores = [None if cast.contexts is None else cast.contexts.score.places for cast in (self, other)]
        if self.reader is None or other.reader is None:
            return self.reader is other.reader and _same(self.player, other.player)
        return (
            scores[0] == scores[1]
            and _same(self.reader, other.reader)
            and _same(self.understudy, other.understudy)
        )


def make_cast(config: Config) -> Cast:
    """Load what the configuration asks for; where that fails, who stands in plays, for the drums go on.

    Reads files, and a score if one is named; not for the running loop's thread.
    """
    limit = Seconds(config.step_limit_ms / 1000)
    trouble: str | None = None
    try:
        if config.model == CHAMPION:
            loaded = _champion(config.takes.song, limit)
            asked, trouble = loaded.predictor, loaded.fault
        else:
            asked = load_predictor(config.model, limit)
    except EncoderError as error:
        understudy = _understudy(config, limit)
        return Cast(understudy.predictor, _together(str(error), understudy.fault))
    except ModelError as error:
        return Cast(ZeroPredictor(), str(error))
    if not isinstance(asked, OnnxPredictor) or asked.encoder is None:
        return Cast(asked, trouble)
    understudy = _understudy(config, limit)
    stand_in, fault = understudy.predictor, _together(trouble, understudy.fault)
    if config.score is None:
        return Cast(stand_in, fault, asked, None, stand_in)
    try:
        contexts = asked.encoder.read(read_known(Path(config.score), config.settings()))
    except (MidiFileError, EncoderError) as error:
        return Cast(stand_in, _together(str(error), fault), asked, None, stand_in)
    asked.know(contexts)
    return Cast(asked, fault, asked, contexts, stand_in)


def tell_score(predictor: Predictor, score: KnownScore) -> None:
    """Let a model know the score that it is to play, if it reads any.

    Raises:
        EncoderError: It cannot read it.
    """
    if isinstance(predictor, OnnxPredictor) and predictor.encoder is not None:
        predictor.know(predictor.encoder.read(score))


def _champion(song: str | None, limit: Seconds) -> Loaded:
    """Load who is to play a song; where that fails the champion of all songs, or who ships, and the fault.

    Raises:
        ModelError: Nobody can be loaded.
    """
    fault: str | None = None
    try:
        *names, last = candidates(song)
    except ModelError as error:
        names, last, fault = [], FOLLOWER, str(error)
    for name in names:
        try:
            return Loaded(load_predictor(name, limit), fault)
        except ModelError as error:
            fault = _together(fault, f"the champion cannot play: {error}")
    return Loaded(load_predictor(last, limit), fault)


def _understudy(config: Config, limit: Seconds) -> Loaded:
    loaded = load_or_none(config.model_without_score, limit)
    if isinstance(loaded.predictor, OnnxPredictor) and loaded.predictor.encoder is not None:
        return Loaded(
            ZeroPredictor(),
            f"model_without_score is {loaded.predictor.name}, which needs a score itself; choose another",
        )
    return loaded


def _together(*faults: str | None) -> str | None:
    return "; ".join(fault for fault in faults if fault is not None) or None


def _same(a: Predictor, b: Predictor) -> bool:
    if isinstance(a, OnnxPredictor) and isinstance(b, OnnxPredictor):
        return a.sha256 == b.sha256 and a.step_limit == b.step_limit
    return a.name == b.name
