from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pocket_core import features
from pocket_core.errors import ContractError, ModelError
from pocket_core.predict import NOTHING, ZeroPredictor
from pocket_core.types import Beats, Seconds
from pocketd.model import REST, OnnxPredictor, load_predictor

onnx = pytest.importorskip("onnx", reason="the train extra brings onnx, which builds these small models")

LIMIT = Seconds(0.010)
X = np.zeros(features.WIDTH, np.float32)
HERE = Beats(0.0)


@dataclass
class Recipe:
    """A model that adds its first feature to its state, and says the state times `gain`, in seconds.

    What else it says is 1, 2, 3 ... thousandths more.
    """

    gain: float = 0.001
    outputs: int = 1
    hears: bool = False
    width: int = features.WIDTH
    version: int = features.VERSION
    state: tuple[int, ...] = (1, 1)
    graph_state: tuple[int, ...] | None = None  # where the graph differs from its card
    card: dict[str, Any] = field(default_factory=dict)  # what to write over the card's values

    def write(self, folder: Path, name: str = "tiny") -> Path:
        helper, floats = onnx.helper, onnx.TensorProto.FLOAT
        shape = list(self.graph_state or self.state)
        model = helper.make_model(
            helper.make_graph(
                [
                    helper.make_node("Gather", ["x", "first"], ["struck"], axis=1),
                    helper.make_node("Add", ["struck", "h"], ["h_next"]),
                    helper.make_node("Gather", ["h_next", "first"], ["one"], axis=1),
                    helper.make_node("Mul", ["one", "gain"], ["offset"]),
                    helper.make_node("Add", ["offset", "thousandths"], ["said"]),
                ],
                name,
                [
                    helper.make_tensor_value_info("x", floats, [1, self.width]),
                    helper.make_tensor_value_info("h", floats, shape),
                ],
                [
                    helper.make_tensor_value_info("said", floats, [1, self.outputs]),
                    helper.make_tensor_value_info("h_next", floats, shape),
                ],
                [
                    onnx.numpy_helper.from_array(np.array([0], np.int64), "first"),
                    onnx.numpy_helper.from_array(np.array([self.gain], np.float32), "gain"),
                    onnx.numpy_helper.from_array(
                        np.arange(self.outputs, dtype=np.float32)[None] / 1000, "thousandths"
                    ),
                ],
            ),
            opset_imports=[helper.make_opsetid("", 17)],
            ir_version=8,
        )
        path = folder / f"{name}.onnx"
        path.write_bytes(model.SerializeToString())
        card = {
            "name": name,
            "format": 2,
            "features_version": self.version,
            "width": self.width,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "state": [{"name": "h", "shape": list(self.state)}],
            "output": "said",
            "outputs": self.outputs,
            "hears": self.hears,
            "licence": "MIT",
        }
        path.with_suffix(".json").write_text(json.dumps(card | self.card))
        return path


class Ticks:
    """A clock that moves on by `step` each time it is read."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.time = 0.0

    def __call__(self) -> Seconds:
        self.time += self.step
        return Seconds(self.time)


def load(path: Path, clock: Ticks | None = None) -> OnnxPredictor:
    predictor = load_predictor(path, LIMIT, clock or Ticks(0.001))
    assert isinstance(predictor, OnnxPredictor)
    return predictor


def struck(value: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    x = X.copy()
    x[0] = value
    return x


def test_none_is_the_grid() -> None:
    assert isinstance(load_predictor("none", LIMIT), ZeroPredictor)


def test_a_step_hands_the_state_on_and_leaves_the_old_one_alone(tmp_path: Path) -> None:
    predictor = load(Recipe().write(tmp_path))
    first = predictor.initial_state()

    one, second = predictor.step(struck(5.0), first, HERE)
    two, _ = predictor.step(struck(2.0), second, HERE)

    assert one.offset == pytest.approx(0.005)
    assert two.offset == pytest.approx(0.007)
    assert first[0][0, 0] == 0.0
    assert second[0][0, 0] == 5.0
    assert predictor.faults == 0


def test_what_a_step_gave_outlives_the_next(tmp_path: Path) -> None:
    model = load(Recipe().write(tmp_path))
    first, after_first = model.step(struck(1.0), model.initial_state(), HERE)

    again, _ = model.step(struck(5.0), after_first, HERE)

    assert first.offset == pytest.approx(0.001)
    assert [part.tolist() for part in after_first] == [[[1.0]]]
    assert again.offset == pytest.approx(0.006)


def test_all_that_a_model_says_is_read(tmp_path: Path) -> None:
    predictor = load(Recipe(outputs=41).write(tmp_path))

    said, _ = predictor.step(struck(5.0), predictor.initial_state(), HERE)

    ms = iter(range(5, 46))
    assert said.offset == pytest.approx(0.001 * next(ms))
    assert said.meeting is not None
    assert said.voicing is not None
    meeting = (said.meeting.expected, said.meeting.spread, said.meeting.chance)
    assert meeting == pytest.approx([0.001 * next(ms) for _ in meeting])
    next(ms)  # where a drummer would play the first stroke: for training alone
    for part in ("offsets", "spreads", "velocities", "velocity_spreads"):
        assert getattr(said.voicing, part) == pytest.approx([0.001 * next(ms) for _ in range(9)])


def test_a_model_of_one_output_says_the_offset_alone(tmp_path: Path) -> None:
    predictor = load(Recipe().write(tmp_path))

    said, _ = predictor.step(struck(5.0), predictor.initial_state(), HERE)

    assert (said.meeting, said.voicing) == (None, None)


def test_a_card_knows_how_late_a_song_s_musician_is(tmp_path: Path) -> None:
    predictor = load(Recipe(card={"bias_ms": {"So What": 12.5}}).write(tmp_path))

    assert isinstance(predictor, OnnxPredictor)
    assert [predictor.late_in(song) for song in ("So What", "Blue in Green", None)] == [0.0125, 0.0, 0.0]


@pytest.mark.parametrize("hears", [True, False])
def test_its_card_says_whether_a_model_hears(tmp_path: Path, hears: bool) -> None:
    assert load(Recipe(hears=hears).write(tmp_path)).hears is hears


def test_a_loaded_model_tells_its_name_and_its_digest(tmp_path: Path) -> None:
    path = Recipe().write(tmp_path)

    predictor = load(path)

    assert predictor.name == "tiny"
    assert predictor.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(ModelError, match=r"no model is called 'lsmt'; there are: .*none"):
        load_predictor("lsmt", LIMIT)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.onnx: no such model file"):
        load_predictor(tmp_path / "gone.onnx", LIMIT)


def test_a_missing_card_is_named(tmp_path: Path) -> None:
    path = Recipe().write(tmp_path)
    path.with_suffix(".json").unlink()

    with pytest.raises(ModelError, match=r"tiny\.json: cannot be read: No such file"):
        load_predictor(path, LIMIT)


def test_a_truncated_model_is_refused_by_its_digest(tmp_path: Path) -> None:
    path = Recipe().write(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(ModelError, match="the file is damaged"):
        load_predictor(path, LIMIT)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.data())
def test_any_flipped_bit_is_refused(tmp_path: Path, data: st.DataObject) -> None:
    path = Recipe().write(tmp_path)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) * 8 - 1))
    content[place // 8] ^= 1 << place % 8
    path.write_bytes(content)

    with pytest.raises(ModelError, match="the file is damaged"):
        load_predictor(path, LIMIT)


def test_what_is_no_onnx_is_refused_in_one_line(tmp_path: Path) -> None:
    path = Recipe().write(tmp_path)
    path.write_bytes(b"hello")
    card = json.loads(path.with_suffix(".json").read_text())
    card["sha256"] = hashlib.sha256(b"hello").hexdigest()
    path.with_suffix(".json").write_text(json.dumps(card))

    with pytest.raises(ModelError, match="ONNX Runtime refuses it") as caught:
        load_predictor(path, LIMIT)

    assert "\n" not in str(caught.value)


def test_without_onnx_runtime_there_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Recipe().write(tmp_path)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(ModelError, match=r"ONNX Runtime cannot be loaded: .*; install pocketd again"):
        load_predictor(path, LIMIT)


def test_a_model_of_other_features_says_both_sides_and_the_way_out(tmp_path: Path) -> None:
    path = Recipe(width=20, version=9).write(tmp_path)

    with pytest.raises(ContractError) as caught:
        load_predictor(path, LIMIT)

    assert str(caught.value) == (
        f"model tiny wants features v9 of width 20, this build computes v{features.VERSION} "
        f"of width {features.WIDTH}; run `pocketd pretrain` again"
    )


def test_a_graph_of_other_shapes_than_its_card_is_refused(tmp_path: Path) -> None:
    path = Recipe(state=(1, 2), graph_state=(1, 3)).write(tmp_path)

    with pytest.raises(ContractError, match=r"its graph has h\[1, 3\].* its card says h\[1, 2\]"):
        load_predictor(path, LIMIT)


def test_a_graph_that_says_less_than_its_card_is_refused(tmp_path: Path) -> None:
    path = Recipe(card={"outputs": 41}).write(tmp_path)

    with pytest.raises(ContractError, match=r"its graph has .*said\[1, 1\].* its card says .*said\[1, 41\]"):
        load_predictor(path, LIMIT)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("format", 1, "format: Input should be 2"),
        ("outputs", 5, "outputs: Input should be 1 or 41"),
        ("hears", "perhaps", "hears: "),
        ("width", "wide", "width: "),
        ("state", [{"name": "h"}], r"state\.0\.shape: Field required"),
        ("state", [{"name": "h", "shape": [1, 0]}], r"state\.0\.shape\.1: .* greater than or equal to 1"),
        ("state", [{"name": "h", "shape": [1, 10**18]}], r"state\.0\.shape\.1: .* less than or equal to"),
        ("state", [{"name": "h", "shape": [2**15, 2**15]}], "state: 1073741824 numbers, at most 1048576 are"),
        ("state", [{"name": "h", "shape": [1, 1]}] * 2, "state: two inputs of a step have one name"),
        ("state", [{"name": "x", "shape": [1, 210]}], "state: two inputs of a step have one name"),
        ("name", "tiny\nready:", "name: String should match"),
        (
            "encoder",
            {"file": "a\0.onnx", "sha256": "", "width": 1, "context": 1},
            r"encoder\.file: String should match",
        ),
    ],
)
def test_a_card_that_makes_no_sense_is_refused_by_its_key(
    tmp_path: Path, key: str, value: object, said: str
) -> None:
    path = Recipe(card={key: value}).write(tmp_path)

    with pytest.raises(ModelError, match=rf"tiny\.json: {said}"):
        load_predictor(path, LIMIT)


def test_a_card_that_is_no_json_is_refused_in_one_line(tmp_path: Path) -> None:
    path = Recipe().write(tmp_path)
    path.with_suffix(".json").write_bytes(b"\xff{")

    with pytest.raises(ModelError, match=r"tiny\.json") as caught:
        load_predictor(path, LIMIT)

    assert "\n" not in str(caught.value)


def test_a_state_that_would_be_written_over_the_features_is_refused(tmp_path: Path) -> None:
    # The graph agrees with its card: its state is its input, and both would be one array.
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    model = helper.make_model(
        helper.make_graph(
            [
                helper.make_node("Identity", ["x"], ["x_next"]),
                helper.make_node("ReduceMean", ["x"], ["said"], axes=[1]),
            ],
            "tiny",
            [helper.make_tensor_value_info("x", floats, [1, features.WIDTH])],
            [
                helper.make_tensor_value_info("said", floats, [1, 1]),
                helper.make_tensor_value_info("x_next", floats, [1, features.WIDTH]),
            ],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    ).SerializeToString()
    state = [{"name": "x", "shape": [1, features.WIDTH]}]
    path = Recipe(card={"state": state, "sha256": hashlib.sha256(model).hexdigest()}).write(tmp_path)
    path.write_bytes(model)

    with pytest.raises(ModelError, match="two inputs of a step have one name"):
        load_predictor(path, LIMIT)


def test_a_card_that_is_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = Recipe().write(tmp_path)
    path.with_suffix(".json").unlink()
    os.mkfifo(path.with_suffix(".json"))

    with pytest.raises(ModelError, match=r"tiny\.json: is a pipe"):
        load_predictor(path, LIMIT)


def test_weights_in_another_file_are_refused(tmp_path: Path) -> None:
    path = Recipe().write(tmp_path)
    model = onnx.load(path)
    onnx.external_data_helper.convert_model_to_external_data(model, location="weights.bin", size_threshold=0)
    onnx.save_model(model, path)
    card = json.loads(path.with_suffix(".json").read_text())
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(card))

    with pytest.raises(ModelError, match="keeps weights in another file"):
        load_predictor(path, LIMIT)


def test_a_file_that_is_too_large_is_not_even_loaded(tmp_path: Path) -> None:
    path = Recipe().write(tmp_path)
    with path.open("r+b") as file:
        file.truncate(65 * 2**20)

    with pytest.raises(ModelError, match="larger than 64 MiB"):
        load_predictor(path, LIMIT)


@pytest.mark.parametrize(("value", "said"), [(np.nan, "NaN or infinity"), (1e6, "1e.03 s; at most 1 s")])
def test_a_step_that_makes_no_sense_is_no_offset_a_fresh_state_and_a_fault(
    tmp_path: Path, value: float, said: str
) -> None:
    predictor = load(Recipe().write(tmp_path))

    prediction, state = predictor.step(struck(value), predictor.initial_state(), HERE)

    assert prediction == NOTHING
    assert state is predictor.initial_state()
    assert predictor.faults == 1
    assert predictor.fault is not None
    assert said.replace("1e.03", "1e+03") in predictor.fault


def test_a_state_of_another_model_is_a_fault_and_no_exception(tmp_path: Path) -> None:
    predictor = load(Recipe().write(tmp_path))

    prediction, _ = predictor.step(X, (np.zeros((3, 3), np.float32),), HERE)

    assert prediction == NOTHING
    assert predictor.fault is not None
    assert "a step failed" in predictor.fault


def test_the_first_good_step_ends_the_fault(tmp_path: Path) -> None:
    predictor = load(Recipe().write(tmp_path))
    _, state = predictor.step(struck(np.nan), predictor.initial_state(), HERE)

    prediction, _ = predictor.step(struck(3.0), state, HERE)

    assert prediction.offset == pytest.approx(0.003)
    assert predictor.fault is None
    assert predictor.faults == 1


def test_each_kind_of_fault_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    predictor = load(Recipe().write(tmp_path))

    for value in (np.nan, np.nan, 1e6, np.nan):
        predictor.step(struck(value), predictor.initial_state(), HERE)

    assert len(caplog.messages) == 2


def test_nonsense_in_any_of_its_outputs_is_a_fault(tmp_path: Path) -> None:
    predictor = load(Recipe(outputs=41).write(tmp_path))

    prediction, _ = predictor.step(struck(3e38), (np.full((1, 1), 3e38, np.float32),), HERE)

    assert prediction == NOTHING
    assert predictor.faults == 1


def test_a_slow_model_rests_and_is_tried_again(tmp_path: Path) -> None:
    clock = Ticks(0.001)
    predictor = load(Recipe().write(tmp_path), clock)
    state = predictor.initial_state()
    clock.step = 0.011  # each step now seems to take 11 ms
    slow = [predictor.step(struck(1.0), state, HERE)[0].offset for _ in range(7)]

    clock.step = 0.001
    resting = predictor.step(struck(1.0), state, HERE)[0]
    fault = predictor.fault
    clock.time += REST
    after = predictor.step(struck(1.0), state, HERE)[0].offset

    assert slow == pytest.approx([0.001] * 4 + [0.0] * 3)
    assert resting == NOTHING
    assert fault is not None
    assert "5 of 10 steps took over 10 ms" in fault
    assert after == pytest.approx(0.001)
    assert predictor.fault is None


def test_a_slow_step_now_and_then_is_forgiven(tmp_path: Path) -> None:
    clock = Ticks(0.001)
    predictor = load(Recipe().write(tmp_path), clock)
    state = predictor.initial_state()

    for n in range(100):
        clock.step = 0.011 if n % 3 == 0 else 0.001
        predictor.step(struck(1.0), state, HERE)

    assert predictor.faults == 0


def test_a_model_that_gives_nan_on_silence_is_not_loaded(tmp_path: Path) -> None:
    path = Recipe(gain=float("nan")).write(tmp_path)

    with pytest.raises(ModelError, match="model tiny: a step gave NaN or infinity"):
        load_predictor(path, LIMIT)
