"""The four that ship, with damaged files: each says what is wrong, and the process that has it lives."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pocketd.config_sections import GENERATORS
from pocketd.generators.graphs import generator_folder
from pocketd.generators.letters import Failed, Made
from pocketd.generators.load import load_generator
from pocketd.generators.presets import find_phrase, numbered
from pocketd.generators.session import Session
from tests.daemon.generators.test_session import setup, want

onnx = pytest.importorskip("onnx", reason="the train extra brings onnx, which spoils the graphs")


def asked(source: str, card: Path) -> Failed | Made:
    """Return what a session answers whose generator has this card."""
    here = Session(partial(load_generator, card=card), find_phrase, numbered, lambda _, kit: numbered(0, kit))
    here.take(setup(source=source))
    (answer,) = here.take(want(0.0))
    assert isinstance(answer, Failed | Made)
    return answer


def copied(source: str, folder: Path) -> Path:
    """Copy a generator, and return its card."""
    for file in generator_folder().glob(f"{source}.*"):
        shutil.copy(file, folder)
    return folder / f"{source}.json"


def graphs_of(card: Path) -> list[Path]:
    return [card.with_name(graph["file"]) for graph in json.loads(card.read_text())["graphs"].values()]


def missing(card: Path) -> None:
    graphs_of(card)[0].unlink()


def truncated(card: Path) -> None:
    graph = graphs_of(card)[0]
    graph.write_bytes(graph.read_bytes()[:1000])


def not_a_card(card: Path) -> None:
    card.write_text("{}")


def without_settings(card: Path) -> None:
    card.write_text(json.dumps({**json.loads(card.read_text()), "settings": {}}))


def without_graphs(card: Path) -> None:
    said = json.loads(card.read_text())
    name, graph = next(iter(said["graphs"].items()))
    card.write_text(json.dumps({**said, "graphs": {f"other_{name}": graph}}))


def of_other_shapes(card: Path) -> None:
    said = json.loads(card.read_text())
    first = next(iter(said["graphs"].values()))
    first["inputs"] = {name: [*shape[:-1], 7] for name, shape in first["inputs"].items()}
    card.write_text(json.dumps(said))


def not_a_number(card: Path) -> None:
    said = json.loads(card.read_text())
    for graph in said["graphs"].values():
        path = card.with_name(graph["file"])
        model = onnx.load(path)
        for weights in model.graph.initializer:
            array = onnx.numpy_helper.to_array(weights)
            if array.dtype == np.float32 and array.ndim == 2:
                spoilt = onnx.numpy_helper.from_array(np.full_like(array, np.nan), weights.name)
                weights.CopyFrom(spoilt)
        path.write_bytes(model.SerializeToString())
        graph["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    card.write_text(json.dumps(said))


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing": (missing, "cannot be read"),
    "truncated": (truncated, "the file is damaged or of another card"),
    "no card": (not_a_card, "run `pocketd pretrain` again"),
    "no settings": (without_settings, "pretrain"),
    "other graphs": (without_graphs, "pretrain"),
    "other shapes": (of_other_shapes, "export it again"),
    "NaN": (not_a_number, "gave NaN or infinity; train it again"),
}


@pytest.mark.parametrize("source", GENERATORS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_generator_says_what_is_wrong_and_what_to_do(
    source: str, damage: str, tmp_path: Path
) -> None:
    card = copied(source, tmp_path)
    spoil, says = DAMAGES[damage]
    spoil(card)

    answer = asked(source, card)

    assert isinstance(answer, Failed)
    assert says in answer.text
    assert "Error" not in answer.text


@pytest.mark.parametrize("source", GENERATORS)
def test_a_generator_that_is_whole_plays_from_anywhere(source: str, tmp_path: Path) -> None:
    answer = asked(source, copied(source, tmp_path))

    assert isinstance(answer, Made)
    assert answer.strokes
