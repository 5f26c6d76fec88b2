from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pocket_core.errors import ContractError, DataError, ModelError
from pocket_export.sources.patterns.map_read import read_content, read_patterns
from tests.export.sources.patterns.map_data import decoder, small
from tests.export.sources.patterns.spaces import graph, write_space, write_table

ONES = ",".join(["1"] * 32)


def test_a_table_comes_back_with_genres_and_names(tmp_path: Path) -> None:
    content = small()

    listed = read_patterns(write_table(tmp_path, content))

    assert (listed.patterns == content.patterns).all()
    assert (listed.genres, listed.names) == (content.genres, content.names)


def test_a_published_table_of_codes_and_points_gets_numbers_for_names(tmp_path: Path) -> None:
    path = tmp_path / "patterns.tsv"
    path.write_text(f"{ONES}\t0.1,0.2,0.3,0.4\n")

    listed = read_patterns(path)

    assert (listed.genres, listed.names) == (("",), ("pattern 1",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2,3\trock\tfile\t3\n", "line 1"),
        (f"{ONES}\n1,2,3\n", "line 2"),
        (ONES.replace("1", "x", 1), "line 1"),
        (ONES.replace("1", "16384", 1), "line 1"),
        (ONES.replace("1", "-1", 1), "line 1"),
    ],
)
def test_what_is_no_table_is_refused_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "patterns.tsv"
    path.write_text(text)

    with pytest.raises(DataError, match=said):
        read_patterns(path)


def test_a_table_that_is_not_there_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="pocketd patterns distil"):
        read_patterns(tmp_path / "patterns.tsv")


def test_the_layers_of_a_space_are_those_of_its_graph(tmp_path: Path) -> None:
    content = small()
    card = write_space(tmp_path, content)

    read = read_content(read_patterns(write_table(tmp_path, content)), card, "A map")

    assert read.codes.shape == (60, 4)
    assert read.threshold == pytest.approx(0.4)
    assert read.licences == ("Data: made up.", "Licence: CC0.")
    for layer, expected in zip(read.decoder, content.decoder, strict=True):
        np.testing.assert_array_equal(layer.weight, expected.weight)
        np.testing.assert_array_equal(layer.bias, expected.bias)


def test_a_decoder_of_other_layers_is_refused(tmp_path: Path) -> None:
    content = small()
    card = write_space(tmp_path, content, graph(decoder(), "code", "likely", extra="Tanh"))

    with pytest.raises(DataError, match="Tanh"):
        read_content(read_patterns(write_table(tmp_path, content)), card, "A map")


def test_a_decoder_that_says_other_things_than_a_page_would_is_refused(tmp_path: Path) -> None:
    content = small()
    card = write_space(tmp_path, content, _with_alpha(graph(decoder(), "code", "likely")))

    with pytest.raises(ContractError, match="off its graph"):
        read_content(read_patterns(write_table(tmp_path, content)), card, "A map")


def test_an_empty_table_has_no_map(tmp_path: Path) -> None:
    (tmp_path / "patterns.tsv").write_text("")

    with pytest.raises(DataError, match="no pattern"):
        read_content(read_patterns(tmp_path / "patterns.tsv"), None, "A map")


def test_a_space_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    listed = read_patterns(write_table(tmp_path, small()))

    with pytest.raises(ModelError, match=r"pattern\.json"):
        read_content(listed, tmp_path / "pattern.json", "A map")


def _with_alpha(model: bytes) -> bytes:
    """Return a decoder whose first layer counts double, in a way that its weights do not show."""
    import onnx
    from onnx import helper

    read = onnx.load_from_string(model)
    read.graph.node[0].attribute.append(helper.make_attribute("alpha", 2.0))
    return bytes(read.SerializeToString())
