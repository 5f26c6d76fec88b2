"""The encoder of a model that reads the score: from a whole score to a context for each of its timesteps.

It is a graph of its own, `score float32[T, SCORE_WIDTH]` in and `context float32[T, C]` out, which runs once
when a score is known.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from pocket_core.errors import ModelError, one_line
from pocket_core.score_features import SCORE_WIDTH, score_rows
from pocket_core.types import Beats
from pocketd.known_score import KnownScore, place_of
from pocketd.onnxfile import read_graph, start_session

PASSES = 3  # of a loop, so that the middle one has neighbours on both sides
AHEAD = Beats(4.0)  # so far beyond a loop's end a timestep may come before the jump is known


class EncoderError(ModelError):
    """An encoder that is missing, damaged or of no use. The model beside it may be sound."""


class EncoderCard(BaseModel):
    """What a model's card says of its encoder."""

    file: str = Field(pattern=r"^[^/\\\p{C}]{1,200}\.onnx$")  # beside the model
    sha256: str
    width: int  # columns of the score
    context: int = Field(ge=1, le=4096)  # columns that come out


class Contexts:
    """What an encoder made of a score, by position.

    Args:
        score: The score.
        rows: `float32[T, C]`, in the order of its timesteps.
    """

    def __init__(self, score: KnownScore, rows: NDArray[np.float32]) -> None:
        self.score = score
        places = [place_of(step.beat) for step in score.steps]
        self._rows = {place: rows[i : i + 1] for i, place in enumerate(places)}

    def at(self, beat: Beats) -> NDArray[np.float32] | None:
        """Return the context of a position, `float32[1, C]`; None: the score has no timestep there.

        What lies a little behind a loop's end is taken to be its beginning.
        """
        repeat = self.score.repeat
        if repeat is not None and repeat.left <= beat < repeat.left + AHEAD:
            beat = Beats(beat - repeat.length)
        return self._rows.get(place_of(beat))


class Encoder:
    """A loaded encoder. It keeps nothing from score to score, so any thread may use it.

    Args:
        name: Of the model.
        card: What it is.
        session: An ONNX Runtime session of a graph that agrees with the card.
    """

    def __init__(self, name: str, card: EncoderCard, session: Any) -> None:
        self._name = name
        self._session = session
        self.unknown = np.zeros((1, card.context), np.float32)  # the context of what the score does not have
        self.unknown.flags.writeable = False

    def read(self, score: KnownScore) -> Contexts:
        """Read a score; a loop as if it came round for ever.

        Raises:
            EncoderError: The graph fails, or what it says is of no use.
        """
        rows = score_rows(score.steps, score.tempo, score.meters, score.repeat)
        count, passes = len(rows), 1 if score.repeat is None else PASSES
        if not count:
            return Contexts(score, np.zeros((0, self.unknown.shape[1]), np.float32))
        try:
            (contexts,) = self._session.run(["context"], {"score": np.tile(rows, (passes, 1))})
        except Exception as error:  # whatever it is, the drums go on
            raise EncoderError(f"model {self._name}: its encoder failed: {one_line(error)}") from None
        middle = contexts[passes // 2 * count :][:count]
        if middle.shape != (count, self.unknown.shape[1]) or not np.isfinite(middle).all():
            raise EncoderError(f"model {self._name}: its encoder gave NaN or infinity; export it again")
        return Contexts(score, middle)


def load_encoder(name: str, model: Path, card: EncoderCard) -> Encoder:
    """Load the encoder of a model.

    Args:
        name: Of the model.
        model: Its .onnx file, beside which the encoder lies.
        card: From the model's card.

    Raises:
        EncoderError: It is missing, damaged, or made for other columns.
    """
    path = model.with_name(card.file)
    if card.width != SCORE_WIDTH:
        raise EncoderError(
            f"{path}: the encoder of model {name} reads {card.width} columns of a score, this build has "
            f"{SCORE_WIDTH}; run `pocketd pretrain` again"
        )
    wanted = {"score": (None, card.width), "context": (None, card.context)}
    try:
        return Encoder(name, card, start_session(path, read_graph(path, card.sha256), wanted))
    except ModelError as error:
        raise EncoderError(f"the encoder of model {name}: {error}") from None
