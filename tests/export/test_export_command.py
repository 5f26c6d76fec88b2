from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import typer

from pocket_core.errors import ConfigError, DataError
from pocket_core.types import Seconds
from pocket_export.export_command import export
from pocket_export.groove import Groove, load
from pocket_export.pretrain import Order, pretrain
from pocket_export.schools import SCHOOLS
from pocket_export.train import Epoch
from pocketd.model import load_predictor
from tests.commands import call, done
from tests.export.archives import archive, files

APP = typer.Typer()
APP.command()(export)


def run(*words: object) -> str:
    return done(call(APP, *words)).output


def order(folder: Path, epochs: int = 3) -> Order:
    recipe = replace(SCHOOLS["lstm"].recipe, epochs=epochs)
    return Order("lstm", recipe, folder, "pocketd pretrain --model lstm", without="drummer2")


def learnt_from(data: Path) -> Groove:
    return load(data).without_drummer("drummer2")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return archive(tmp_path / "groove.zip")


@pytest.fixture
def broken_off(tmp_path: Path, data: Path) -> Path:
    """The checkpoint of a training that was interrupted in its second epoch."""
    torch.set_num_threads(1)

    def interrupt(share: float, epoch: Epoch | None) -> None:
        if epoch is None and broken.checkpoint.exists():
            raise KeyboardInterrupt

    broken = order(tmp_path / "training")
    with pytest.raises(KeyboardInterrupt):
        pretrain(broken, learnt_from(data), interrupt)
    return broken.checkpoint


def test_a_training_that_was_broken_off_makes_a_model(tmp_path: Path, broken_off: Path, data: Path) -> None:
    said = run("--checkpoint", broken_off, "--model", "lstm", "--out", tmp_path / "made", "--data", data)

    assert "the best of 1 epochs of at most 3: 1, MAE" in said
    assert load_predictor(tmp_path / "made" / "lstm.onnx", Seconds(10.0)).name == "lstm"
    card = json.loads((tmp_path / "made" / "lstm.json").read_text())
    assert card["command"] == "pocketd pretrain --model lstm"
    assert card["data"].endswith("without drummer2")
    assert card["figures"]["epochs"] == card["figures"]["best_epoch"] == 1
    assert card["figures"]["parity_steps"] == 2000
    assert (tmp_path / "made" / "lstm.history.csv").read_text().count("\n") == 2


def test_the_model_is_the_one_that_the_training_would_have_made(tmp_path: Path, data: Path) -> None:
    whole = order(tmp_path / "training", epochs=1)

    def keep(share: float, epoch: Epoch | None) -> None:
        if epoch is not None:
            (tmp_path / "kept.pt").write_bytes(whole.checkpoint.read_bytes())

    path = pretrain(whole, learnt_from(data), keep)
    run("--checkpoint", tmp_path / "kept.pt", "--out", tmp_path / "made", "--data", data)

    assert path is not None
    for name in ("lstm.onnx", "lstm.json", "lstm.md", "lstm.history.csv"):
        assert (tmp_path / "made" / name).read_bytes() == path.with_name(name).read_bytes()


def test_the_training_can_go_on_afterwards(tmp_path: Path, broken_off: Path, data: Path) -> None:
    before = broken_off.read_bytes()

    run("--checkpoint", broken_off, "--out", tmp_path / "made", "--data", data)

    assert broken_off.read_bytes() == before


def test_another_model_than_the_checkpoints_is_refused(tmp_path: Path, broken_off: Path) -> None:
    with pytest.raises(ConfigError, match="is of lstm, asked is follower; leave out --model"):
        run("--checkpoint", broken_off, "--model", "follower", "--out", tmp_path)


def test_another_data_set_than_it_was_trained_on_is_refused(tmp_path: Path, broken_off: Path) -> None:
    other = archive(tmp_path / "other.zip", files(seed=2))

    with pytest.raises(DataError, match="trained on another data set than this"):
        run("--checkpoint", broken_off, "--out", tmp_path, "--data", other)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.pt").write_bytes(b"hello")

    with pytest.raises(DataError, match=r"c\.pt is damaged"):
        run("--checkpoint", tmp_path / "c.pt", "--out", tmp_path)


def test_a_place_that_cannot_be_a_folder_is_refused(broken_off: Path, data: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot make the folder .*; choose another --out"):
        run("--checkpoint", broken_off, "--out", data / "inside", "--data", data)
