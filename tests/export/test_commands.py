from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from pocket_core.errors import ConfigError, DataError
from pocket_core.settings import Settings
from pocket_core.types import Beats, Seconds
from pocket_export.commands import InterruptedTrainingError, interruptible, pretrain
from pocket_export.schools import SCHOOLS
from pocketd.known_score import read_known
from pocketd.model import OnnxPredictor, load_predictor
from pocketd.model_shelf import shipped_folder
from tests.commands import call, done
from tests.export.archives import archive, midi
from tests.export.test_train_log import scalars

APP = typer.Typer()
APP.command()(pretrain)


def run(*words: object) -> None:
    done(call(APP, *words))


def test_a_smoke_run_makes_models_that_the_daemon_loads(tmp_path: Path) -> None:
    data = archive(tmp_path / "groove.zip")

    run("--data", data, "--out", tmp_path / "made", "--quick", "--epochs", 1, "--threads", 1)

    for name in SCHOOLS:
        assert load_predictor(tmp_path / "made" / f"{name}.onnx", step_limit=Seconds(10.0)).name == name
    assert not list((tmp_path / "made").glob("*.pt"))


def test_a_model_that_reads_the_score_is_made_with_its_encoder(tmp_path: Path) -> None:
    data = archive(tmp_path / "groove.zip")
    song = tmp_path / "song.mid"
    song.write_bytes(midi([(0, 36, 90), (240, 42, 80), (480, 38, 100)]))

    run("--data", data, "--out", tmp_path, "--model", "seq2seq", "--quick", "--epochs", 1, "--threads", 1)

    card = json.loads((tmp_path / "seq2seq.json").read_text())
    assert card["encoder"]["file"] == "seq2seq.encoder.onnx"
    assert card["figures"]["parity_scores"] == 4
    predictor = load_predictor(tmp_path / "seq2seq.onnx", step_limit=Seconds(10.0))
    assert isinstance(predictor, OnnxPredictor)
    assert predictor.encoder is not None
    contexts = predictor.encoder.read(read_known(song, Settings()))
    assert contexts.at(Beats(0.5)) is not None


def test_the_card_of_a_smoke_run_says_so(tmp_path: Path) -> None:
    data = archive(tmp_path / "groove.zip")

    run("--data", data, "--out", tmp_path, "--model", "lstm", "--quick", "--epochs", 1, "--seed", 7)

    card = json.loads((tmp_path / "lstm.json").read_text())
    assert card["command"] == "pocketd pretrain --data groove.zip --model lstm --epochs 1 --seed 7 --quick"
    assert card["seed"] == 7
    assert card["data"].endswith("3 files to train on, 1 to choose by")


def test_two_processes_make_a_model_together(tmp_path: Path) -> None:
    data = archive(tmp_path / "groove.zip")
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    words += ["-m", "pocketd", "pretrain", "--data", str(data), "--model", "lstm", "--quick", "--epochs", "1"]

    done = subprocess.run(
        [*words, "--out", str(tmp_path)], capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch 1: loss") == 1
    assert done.stdout.count("wrote ") == 1
    card = json.loads((tmp_path / "lstm.json").read_text())
    assert card["command"].startswith("torchrun --nproc-per-node 2 -m pocketd pretrain --data groove.zip")


def test_a_drummer_can_be_left_out(tmp_path: Path) -> None:
    data = archive(tmp_path / "groove.zip")

    words = ("--out", tmp_path, "--model", "lstm", "--quick", "--epochs", 1, "--without", "drummer2")
    run("--data", data, *words)

    card = json.loads((tmp_path / "lstm.json").read_text())
    assert card["data"].endswith("1 files to train on, 1 to choose by, without drummer2")
    assert "--without drummer2" in card["command"]


def test_who_leaves_out_all_who_can_be_judged_is_told(tmp_path: Path) -> None:
    data = archive(tmp_path / "groove.zip")

    with pytest.raises(DataError, match="lacks files to train on or to choose by"):
        run("--data", data, "--out", tmp_path, "--quick", "--without", "drummer1")


def test_a_model_that_lacks_a_drummer_may_not_replace_what_ships(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="say where with --out"):
        run("--data", tmp_path, "--without", "drummer1")


def test_a_log_is_kept_for_each_model(tmp_path: Path) -> None:
    data = archive(tmp_path / "groove.zip")

    run("--data", data, "--out", tmp_path, "--model", "lstm", "--quick", "--log", tmp_path / "log")

    assert [epoch for _, epoch in scalars(tmp_path / "log" / "lstm")["epoch/number"]] == [1.0, 2.0]


def test_an_interrupted_training_says_how_to_go_on(tmp_path: Path) -> None:
    kept = tmp_path / "lstm.checkpoint.pt"
    with (
        pytest.raises(InterruptedTrainingError, match="before the first epoch was over"),
        interruptible(kept),
    ):
        raise KeyboardInterrupt

    kept.write_bytes(b"")
    with (
        pytest.raises(
            InterruptedTrainingError, match=rf"--resume goes on; `pocketd export --checkpoint {kept}"
        ),
        interruptible(kept),
    ):
        raise KeyboardInterrupt


def test_of_several_processes_the_first_alone_speaks_of_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible(None):
        raise KeyboardInterrupt


def test_a_smoke_run_may_not_replace_the_models_that_ship(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="say where it goes with --out"):
        run("--data", tmp_path, "--quick")


def test_an_unknown_model_is_refused_with_those_there_are(tmp_path: Path) -> None:
    known = "follower, seq2seq, lstm, lstm-solo, presets, bars, continue, pattern, groove, all"
    with pytest.raises(ConfigError, match=rf"'gru'; there are: {known}"):
        run("--data", tmp_path, "--model", "gru")


@pytest.mark.parametrize("option", ["--out", "--log"])
def test_a_place_that_cannot_be_a_folder_is_refused_before_training(tmp_path: Path, option: str) -> None:
    (tmp_path / "file").touch()
    places = {"--out": tmp_path / "made", option: tmp_path / "file" / "folder"}

    with pytest.raises(ConfigError, match=rf"make the folder .*file/folder: .* choose another {option}"):
        run("--quick", *(word for place in places.items() for word in place))


def test_a_missing_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data set at"):
        run("--data", tmp_path / "nothing.zip", "--out", tmp_path)


@pytest.mark.parametrize("name", ["lstm", "lstm-solo"])
def test_the_models_that_ship_load_and_their_cards_are_complete(name: str) -> None:
    predictor = load_predictor(shipped_folder() / f"{name}.onnx", step_limit=Seconds(10.0))

    card = json.loads((shipped_folder() / f"{name}.json").read_text())
    assert predictor.name == name
    assert card["licence"].startswith("CC BY 4.0")
    figures = card["figures"]
    assert figures["parity_steps"] == 2000
    assert figures["validation_drummer_mae_ms"] < figures["validation_quantised_drummer_mae_ms"]
    assert "-dirty" not in card["commit"]
