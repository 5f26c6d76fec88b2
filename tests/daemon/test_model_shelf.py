from __future__ import annotations

import json
from pathlib import Path

import pytest

from pocket_core.errors import ModelError
from pocket_core.types import Seconds
from pocketd.model import load_predictor
from pocketd.model_shelf import (
    find,
    in_config,
    read_card,
    read_sheet,
    shelf,
    shipped_folder,
)
from tests.daemon.models_driver import own_models
from tests.daemon.onnx_models import Tiny


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of models; it is not there yet."""
    return own_models(tmp_path, monkeypatch)


def names(*, ships: bool) -> list[str]:
    return [shelved.name for shelved in shelf() if shelved.ships is ships]


def test_a_users_own_models_lie_in_their_data(own: Path, tmp_path: Path) -> None:
    assert tmp_path in own.parents
    assert own.name == "models"


def test_a_folder_that_is_not_there_holds_no_models(own: Path) -> None:
    assert names(ships=False) == []
    assert not own.exists()


def test_the_shelf_has_what_ships_and_what_is_the_users_by_name(own: Path) -> None:
    for name in ("zither", "bongo-b", "bongo"):
        (Tiny()).write(own, name)

    assert names(ships=False) == ["bongo", "bongo-b", "zither"]
    assert "lstm" in names(ships=True)


def test_an_encoder_is_a_part_of_its_model_and_no_model(own: Path) -> None:
    Tiny(card={"encoder": {"file": "pair-reads.onnx", "sha256": "cc33"}}).write(own, "pair")
    (own / "pair-reads.onnx").write_bytes(b"a part")
    (own / "pair-other.onnx").write_bytes(b"no part")

    assert names(ships=False) == ["pair", "pair-other"]


def test_a_model_is_found_by_its_name(own: Path) -> None:
    path = Tiny().write(own, "mine")

    assert find("mine") == path
    assert find("lstm") == shipped_folder() / "lstm.onnx"


def test_what_is_found_by_its_name_can_be_played_by_its_name(own: Path) -> None:
    Tiny().write(own, "mine")

    assert load_predictor("mine", Seconds(1.0)).name == "mine"


def test_a_name_means_what_ships_whatever_the_user_has(own: Path) -> None:
    Tiny().write(own, "lstm")

    assert find("lstm") == shipped_folder() / "lstm.onnx"


def test_what_ships_is_found_whatever_has_become_of_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Path:
        raise OSError("stale file handle")

    monkeypatch.setattr("pocketd.model_shelf.own_folder", gone)

    assert find("lstm") == shipped_folder() / "lstm.onnx"


def test_a_path_is_a_file_with_or_without_its_suffix(tmp_path: Path) -> None:
    path = Tiny().write(tmp_path, "my.second")

    assert find(path) == path
    assert find(path.with_suffix("")) == path


def test_an_unknown_name_is_answered_with_the_names_there_are(own: Path) -> None:
    Tiny().write(own, "mine")

    with pytest.raises(ModelError, match=r"no model is called 'mnie'; there are: .*lstm.*, mine, none$"):
        find("mnie")


def test_a_path_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.onnx: no such model file"):
        find(tmp_path / "gone.onnx")


@pytest.mark.parametrize("path", ["/", "a" * 300 + ".onnx", "no/such/" + "a" * 300, "a\0b.onnx"])
def test_a_path_that_no_file_can_have_is_no_model(path: str) -> None:
    with pytest.raises(ModelError, match="no such model file"):
        find(path)


def test_a_config_names_what_ships_by_name_and_all_else_by_its_path_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Tiny().write(tmp_path, "mine")
    monkeypatch.chdir(tmp_path)

    assert in_config(shipped_folder() / "lstm.onnx") == "lstm"
    assert in_config(Path("mine.onnx")) == str(path)


def test_a_link_to_a_model_stays_a_link_in_a_config(tmp_path: Path) -> None:
    Tiny().write(tmp_path, "mine")
    link = tmp_path / "newest.onnx"
    link.symlink_to("mine.onnx")

    assert in_config(link) == str(link)


def test_a_link_to_what_ships_is_named_by_its_own_path(tmp_path: Path) -> None:
    # Of its own name, nothing ships.
    link = tmp_path / "mine.onnx"
    link.symlink_to(shipped_folder() / "lstm.onnx")

    assert in_config(link) == str(link)


def test_a_card_of_the_first_format_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "old.onnx"
    path.write_bytes(b"")
    old = {"name": "old", "format": 1, "features_version": 1, "width": 27, "sha256": "", "output": "offset_s"}
    path.with_suffix(".json").write_text(json.dumps(old))

    sheet = read_sheet(path)

    assert (sheet.features_version, sheet.width, sheet.hears, sheet.title) == (1, 27, None, None)
    assert sheet.validation_mae_ms is None


def test_a_card_keeps_what_no_format_of_today_has(tmp_path: Path) -> None:
    sheet = read_sheet(Tiny(card={"mood": "merry"}).write(tmp_path))

    assert sheet.model_extra == {"mood": "merry"}


def test_a_card_is_told_as_it_is_written(tmp_path: Path) -> None:
    path = Tiny().write(tmp_path)

    assert read_card(path) == path.with_suffix(".json").read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the whole file: Invalid JSON"),
        (b"\xff{", "the whole file: Invalid JSON"),
        (b"[]", "the whole file: "),
        (b'{"name": "a", "features_version": "x", "width": 1, "sha256": ""}', "features_version: "),
        (b'{"features_version": 1, "width": 1, "sha256": ""}', "name: Field required"),
    ],
)
def test_a_card_that_makes_no_sense_is_refused_by_its_key_in_one_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = Tiny().write(tmp_path)
    path.with_suffix(".json").write_bytes(content)

    with pytest.raises(ModelError) as caught:
        read_sheet(path)

    assert f"tiny.json: {said}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_card_is_named(tmp_path: Path) -> None:
    path = Tiny().write(tmp_path)
    path.with_suffix(".json").unlink()

    with pytest.raises(ModelError, match=r"tiny\.json: cannot be read: No such file"):
        read_sheet(path)


def test_a_card_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = Tiny().write(tmp_path)
    with path.with_suffix(".json").open("r+b") as file:
        file.truncate(2**20 + 1)

    with pytest.raises(ModelError, match="larger than 1 MiB"):
        read_sheet(path)
