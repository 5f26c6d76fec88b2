from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pocket_core import features
from pocket_core.errors import ModelError
from pocket_core.settings import Settings
from pocket_core.types import Beats, Seconds
from pocketd.casting import Cast, make_cast
from pocketd.config import Config
from pocketd.midifile import read_score
from pocketd.model import OnnxPredictor, load_predictor
from pocketd.render import render
from tests.daemon.reading_pair import Pair
from tests.daemon.test_known_score import write
from tests.daemon.test_model import Recipe

X = np.zeros(features.WIDTH, np.float32)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """A hit at beats 0, 1 and 3; the first of them to the second is half a second."""
    return write(tmp_path / "song.mid", [(0.0, 36), (1.0, 38), (3.0, 36)])


def cast(**config: object) -> Cast:
    return make_cast(Config.model_validate({key: str(value) for key, value in config.items()}))


def offset(cast: Cast, beat: float) -> float:
    player = cast.player
    return player.step(X, player.initial_state(), Beats(beat))[0].offset


def test_a_model_that_reads_nothing_plays_and_nobody_stands_in(tmp_path: Path) -> None:
    alone = cast(model=Recipe().write(tmp_path), model_without_score="no such model")

    assert (alone.player.name, alone.reader, alone.fault) == ("tiny", None, None)


def test_without_a_score_another_model_stands_in(tmp_path: Path) -> None:
    waiting = cast(model=Pair().write(tmp_path), model_without_score=Recipe().write(tmp_path))

    assert (waiting.player.name, waiting.fault) == ("tiny", None)
    assert waiting.reader is not None
    assert waiting.reader.name == "reading"


def test_with_a_score_the_model_plays_from_it(tmp_path: Path, song: Path) -> None:
    playing = cast(model=Pair().write(tmp_path), score=song, model_without_score="none")

    assert playing.player.name == "reading"
    assert [offset(playing, beat) for beat in (0.0, 1.0, 0.5)] == pytest.approx([0.005, 0.010, 0.0])


def test_a_model_that_was_told_no_score_steps_as_if_it_were_nowhere_in_it(tmp_path: Path) -> None:
    model = load_predictor(Pair(step_gain=0.001).write(tmp_path), Seconds(10.0))
    assert isinstance(model, OnnxPredictor)

    _, state = model.step(X, model.initial_state(), Beats(0.0))
    said, _ = model.step(X, state, Beats(1.0))

    assert said.offset == pytest.approx(0.001)
    assert model.faults == 0


def test_a_missing_encoder_is_a_fault_and_the_other_model_plays(tmp_path: Path, song: Path) -> None:
    model = Pair().write(tmp_path)
    (tmp_path / "reading.encoder.onnx").unlink()

    faulty = cast(model=model, score=song, model_without_score=Recipe().write(tmp_path))

    assert faulty.player.name == "tiny"
    assert faulty.instead == "model tiny plays"
    assert faulty.fault is not None
    assert "the encoder of model reading: " in faulty.fault
    assert "cannot be read: No such file" in faulty.fault


def test_a_damaged_encoder_is_a_fault_and_the_other_model_plays(tmp_path: Path) -> None:
    model = Pair().write(tmp_path)
    (tmp_path / "reading.encoder.onnx").write_bytes(b"hello")

    faulty = cast(model=model, model_without_score=Recipe().write(tmp_path))

    assert faulty.player.name == "tiny"
    assert "the file is damaged" in (faulty.fault or "")


def test_where_both_are_missing_the_grid_plays_and_both_are_told(tmp_path: Path) -> None:
    model = Pair().write(tmp_path)
    (tmp_path / "reading.encoder.onnx").unlink()

    faulty = cast(model=model, model_without_score="lsmt")

    assert faulty.instead == "playing without a model"
    assert faulty.fault is not None
    assert "encoder.onnx: cannot be read" in faulty.fault
    assert "no model is called 'lsmt'" in faulty.fault


def test_whoever_stands_in_may_not_need_a_score_itself(tmp_path: Path) -> None:
    model = Pair().write(tmp_path)

    faulty = cast(model=model, model_without_score=model)

    assert faulty.player.name == "none"
    assert faulty.fault == "model_without_score is reading, which needs a score itself; choose another"


def test_a_cast_is_another_where_model_score_or_understudy_is(tmp_path: Path, song: Path) -> None:
    model, other = Pair().write(tmp_path), Pair(gain=0.02).write(tmp_path, "other")

    this = cast(model=model, model_without_score="none")
    same = cast(model=model, model_without_score="none")
    others = [
        cast(model=other, model_without_score="none"),
        cast(model=model, model_without_score="none", score=song),
        cast(model=model, model_without_score=Recipe().write(tmp_path)),
        cast(model="none"),
    ]

    assert this.is_as(same)
    assert not any(this.is_as(cast) for cast in others)


def test_a_render_knows_its_drums_and_so_does_a_model_that_reads(tmp_path: Path, song: Path) -> None:
    model = load_predictor(Pair().write(tmp_path), Seconds(10.0))
    drums = read_score(song)

    rendered = render(replace(drums, notes=()), drums, Settings(restore=0.0), model)

    assert [record.forecast_ms for record in rendered.records] == pytest.approx([5.0, 10.0, 20.0])


def test_a_render_by_a_model_that_cannot_read_fails_in_one_line(tmp_path: Path, song: Path) -> None:
    model = load_predictor(Pair(one=float("nan")).write(tmp_path), Seconds(10.0))
    drums = read_score(song)

    with pytest.raises(ModelError, match="its encoder gave NaN or infinity"):
        render(drums, drums, Settings(), model)
