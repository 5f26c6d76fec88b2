from __future__ import annotations

from pathlib import Path

import pytest

from pocket_core.errors import ModelError
from pocketd.config_sections import GENERATORS
from pocketd.generators.graphs import generator_folder
from pocketd.generators.shelf import HEADLINES, as_json, card_path, page, read_sheet, shelf, shelved
from tests.daemon.generators.shipped import copied


def test_what_ships_is_in_the_order_of_the_controllers_and_each_card_has_its_headline() -> None:
    sources = shelf()

    assert [source.name for source in sources] == list(GENERATORS)
    assert all(source.fault is None and source.size > 100_000 for source in sources)
    assert all(source.sheet is not None and source.sheet.headline for source in sources)


def test_a_headline_is_the_card_s_figure_in_words(tmp_path: Path) -> None:
    sheet = read_sheet(copied(tmp_path, "bars", figures={HEADLINES["bars"][0]: 0.8635}))

    assert sheet.headline == "0.86 of the energy"
    assert read_sheet(generator_folder() / "pattern.json").licences == "CC BY 4.0; BSD-3-Clause"


def test_a_card_without_the_figure_has_no_headline(tmp_path: Path) -> None:
    source = shelved("bars", copied(tmp_path, "bars", figures={}))

    assert source.sheet is not None
    assert source.sheet.headline == ""
    assert as_json(source, "bars")["value"] is None


def test_a_graph_that_is_missing_makes_a_source_of_no_use(tmp_path: Path) -> None:
    card = copied(tmp_path, "pattern")
    (tmp_path / "pattern.decoder.onnx").unlink()

    source = shelved("pattern", card)

    assert source.fault == f"{tmp_path / 'pattern.decoder.onnx'}: no such file; install pocketd again"
    assert "cannot use it" in "\n".join(page(source))


def test_a_card_that_cannot_be_read_is_told_where_and_has_no_page(tmp_path: Path) -> None:
    source = shelved("bars", tmp_path / "bars.json")

    assert source.sheet is None
    assert "bars.json: cannot be read" in str(source.fault)
    with pytest.raises(ModelError, match="cannot be read"):
        page(source)


def test_a_page_has_the_graphs_the_data_the_command_and_the_figures() -> None:
    text = "\n".join(page(shelf()[0]))

    squeezed = " ".join(text.split())
    assert text.startswith("bars\n")
    for said in (
        "makes drums as source: bars",
        "decoder bars.decoder.onnx, sha256 ",
        "licence CC BY 4.0",
        "seed 1",
    ):
        assert said in squeezed
    assert "figures" in text


def test_a_name_or_a_card_is_a_source_and_a_model_is_none() -> None:
    assert card_path("groove") == generator_folder() / "groove.json"
    assert card_path("mine/groove.json") == Path("mine/groove.json")
    assert card_path("follower") is None
    assert card_path("mine/follower.onnx") is None
