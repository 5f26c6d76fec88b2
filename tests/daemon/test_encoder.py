from __future__ import annotations

from pathlib import Path

import pytest

from pocket_core.errors import ModelError
from pocket_core.score_features import SCORE_WIDTH, Repeat
from pocket_core.tempo import MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats
from pocketd.encoder import Contexts, Encoder, EncoderCard, EncoderError, load_encoder
from pocketd.known_score import KnownScore, make_steps
from tests.daemon.reading_pair import Pair, digest

TEMPO = TempoMap([TempoChange(Beats(0.0), 120.0)])


def score(*beats: float, repeat: Repeat | None = None) -> KnownScore:
    """A kick at each beat, at 120 BPM."""
    return KnownScore(make_steps((Beats(beat), (0,)) for beat in beats), TEMPO, MeterMap(), repeat)


def told(contexts: Contexts, beat: float) -> list[float] | None:
    """Seconds to the next, and the number of the timestep."""
    row = contexts.at(Beats(beat))
    return None if row is None else [round(float(value), 6) for value in row[0]]


def card(encoder: Path, width: int = SCORE_WIDTH, context: int = 2) -> EncoderCard:
    return EncoderCard(file=encoder.name, sha256=digest(encoder), width=width, context=context)


@pytest.fixture
def encoder(tmp_path: Path) -> Encoder:
    model = Pair().write(tmp_path)
    return load_encoder("reading", model, card(tmp_path / "reading.encoder.onnx"))


def test_every_timestep_has_its_context(encoder: Encoder) -> None:
    contexts = encoder.read(score(0.0, 1.0, 1.5))

    assert [told(contexts, beat) for beat in (0.0, 1.0, 1.5)] == [[0.5, 1], [0.25, 2], [2.0, 3]]


def test_a_position_that_the_score_does_not_have_has_none(encoder: Encoder) -> None:
    contexts = encoder.read(score(0.0, 1.0))

    assert [told(contexts, beat) for beat in (0.5, 1 / 12, -1.0, 2.0)] == [None] * 4
    assert encoder.unknown.tolist() == [[0.0, 0.0]]


def test_a_loop_is_read_as_if_it_came_round_for_ever(encoder: Encoder) -> None:
    contexts = encoder.read(score(4.0, 6.0, 7.0, repeat=Repeat(Beats(4.0), Beats(8.0))))

    # half a second from the last to the first; it is the third of the middle pass of three
    assert told(contexts, 7.0) == [0.5, 6.0]


def test_a_little_behind_a_loops_end_is_its_beginning(encoder: Encoder) -> None:
    contexts = encoder.read(score(4.0, 6.0, repeat=Repeat(Beats(4.0), Beats(8.0))))

    assert told(contexts, 8.0) == told(contexts, 4.0) == [1.0, 3.0]
    assert (told(contexts, 12.0), told(contexts, 2.0)) == (None, None)


def test_a_score_without_drums_has_no_contexts(encoder: Encoder) -> None:
    assert encoder.read(score()).at(Beats(0.0)) is None


def test_a_missing_encoder_is_named(tmp_path: Path) -> None:
    model = Pair().write(tmp_path)
    described = card(tmp_path / "reading.encoder.onnx")
    (tmp_path / "reading.encoder.onnx").unlink()

    with pytest.raises(EncoderError, match=r"the encoder of model reading: .*encoder\.onnx: cannot be read"):
        load_encoder("reading", model, described)


def test_a_damaged_encoder_is_refused_by_its_digest(tmp_path: Path) -> None:
    model, path = Pair().write(tmp_path), tmp_path / "reading.encoder.onnx"
    described = card(path)
    path.write_bytes(path.read_bytes()[:-7])

    with pytest.raises(ModelError, match="the file is damaged"):
        load_encoder("reading", model, described)


def test_an_encoder_for_other_columns_is_refused(tmp_path: Path) -> None:
    model = Pair(encoder_width=20).write(tmp_path)

    with pytest.raises(EncoderError, match="reads 20 columns of a score, this build has 333"):
        load_encoder("reading", model, card(tmp_path / "reading.encoder.onnx", width=20))


def test_a_graph_of_other_shapes_than_its_card_is_refused(tmp_path: Path) -> None:
    model = Pair().write(tmp_path)

    with pytest.raises(EncoderError, match=r"its graph has context\[T, 2\].* its card says context\[T, 3\]"):
        load_encoder("reading", model, card(tmp_path / "reading.encoder.onnx", context=3))


def test_an_encoder_that_says_nan_is_a_fault_and_no_context(tmp_path: Path) -> None:
    model = Pair(one=float("nan")).write(tmp_path)
    encoder = load_encoder("reading", model, card(tmp_path / "reading.encoder.onnx"))

    with pytest.raises(EncoderError, match="its encoder gave NaN or infinity"):
        encoder.read(score(0.0))


def test_a_card_may_name_no_file_elsewhere() -> None:
    with pytest.raises(ValueError, match="file"):
        EncoderCard(file="../other.onnx", sha256="0", width=SCORE_WIDTH, context=2)
