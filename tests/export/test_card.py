from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pocket_core.errors import DataError, PocketError
from pocket_core.features import VERSION, WIDTH
from pocket_core.score_features import SCORE_WIDTH
from pocket_export.card import (
    Card,
    Judged,
    StateTensor,
    describe_encoder,
    judge,
    make_card,
    page,
    write_model,
)
from pocketd.model import Card as DaemonCard

MODEL, ENCODER = b"onnx bytes", b"more onnx bytes"


def card() -> Card:
    return make_card(
        "lstm",
        MODEL,
        state=(StateTensor("h", (2, 1, 256)), StateTensor("c", (2, 1, 256))),
        output="said",
        outputs=1,
        hears=False,
        title="A network.",
        licence="CC BY 4.0",
        data="Groove",
        data_sha256="ab" * 32,
        contents_sha256="cd" * 32,
        command="pocketd pretrain",
        seed=1,
        commit="0123456789ab",
        wall_seconds=61.23,
        figures={"validation_mae_ms": 9.5},
    )


def test_the_sidecar_says_what_the_daemon_checks(tmp_path: Path) -> None:
    path = write_model(tmp_path / "new", MODEL, card())

    said = json.loads(path.with_suffix(".json").read_text())
    assert said["name"] == "lstm"
    assert said["format"] == 2
    assert (said["features_version"], said["width"]) == (VERSION, WIDTH)
    assert said["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert said["state"] == [{"name": "h", "shape": [2, 1, 256]}, {"name": "c", "shape": [2, 1, 256]}]
    assert (said["output"], said["outputs"], said["hears"]) == ("said", 1, False)
    assert DaemonCard.model_validate(said).name == "lstm"
    assert "encoder" not in said


def test_a_model_that_cannot_be_written_whole_leaves_the_old_one(tmp_path: Path) -> None:
    path = write_model(tmp_path, b"the old one", card())
    path.with_suffix(".md").unlink()
    path.with_suffix(".md").mkdir()

    with pytest.raises(PocketError, match=r"cannot write .*lstm\.md: it is a folder"):
        write_model(tmp_path, MODEL, card())

    assert path.read_bytes() == b"the old one"


def test_the_page_names_data_licence_command_and_figures(tmp_path: Path) -> None:
    path = write_model(tmp_path, MODEL, card())

    page = path.with_suffix(".md").read_text()
    facts = ["Groove", "CC BY 4.0", "pocketd pretrain", "seed 1", "0123456789ab", "61 s", "9.5"]
    facts += ["ab" * 32, "cd" * 32, "the offset in seconds"]
    assert [fact for fact in facts if fact not in page] == []


def test_the_page_of_a_model_that_says_more_says_what(tmp_path: Path) -> None:
    said = page(replace(card(), outputs=41))

    assert "41 numbers: offset, expected, spread, chance, own; of each voice offset, spread, velocity" in said


def test_a_model_that_reads_the_score_is_written_with_its_encoder(tmp_path: Path) -> None:
    described = describe_encoder("lstm", ENCODER, 256)

    path = write_model(tmp_path, MODEL, replace(card(), encoder=described), ENCODER)

    assert (tmp_path / "lstm.encoder.onnx").read_bytes() == ENCODER
    said = json.loads(path.with_suffix(".json").read_text())
    assert said["encoder"] == {
        "file": "lstm.encoder.onnx",
        "sha256": hashlib.sha256(ENCODER).hexdigest(),
        "width": SCORE_WIDTH,
        "context": 256,
    }
    assert DaemonCard.model_validate(said).encoder is not None
    assert f"by `lstm.encoder.onnx`, sha256 `{described.sha256}`: {SCORE_WIDTH} columns in, 256 out" in page(
        replace(card(), encoder=described)
    )


def test_only_the_three_files_are_left(tmp_path: Path) -> None:
    write_model(tmp_path, MODEL, card())

    assert sorted(p.name for p in tmp_path.iterdir()) == ["lstm.json", "lstm.md", "lstm.onnx"]


JUDGED = (
    Judged("follow", "lstm", {"mae_ms": 10.1234567, "steps": 9005}),
    Judged("follow", "lstm late commit 3.0 ms", {"mae_ms": 4.2, "wait_ms": 2.75}),
)


def test_what_benchmarks_say_gets_into_card_and_page_and_nothing_else_changes(tmp_path: Path) -> None:
    path = write_model(tmp_path, MODEL, card())
    before = json.loads(path.with_suffix(".json").read_text())

    judge(path, JUDGED)

    said = json.loads(path.with_suffix(".json").read_text())
    assert said.pop("test")[1] == {
        "benchmark": "follow",
        "name": "lstm late commit 3.0 ms",
        "figures": {"mae_ms": 4.2, "wait_ms": 2.75},
    }
    assert said == before
    assert path.read_bytes() == MODEL
    text = path.with_suffix(".md").read_text()
    assert "## follow, test split" in text
    assert "| lstm | 10.123 | 9005 |  |" in text
    assert "| lstm late commit 3.0 ms | 4.2 |  | 2.75 |" in text
    judge(path, JUDGED[:1])  # again: they are replaced
    assert len(json.loads(path.with_suffix(".json").read_text())["test"]) == 1


def test_a_card_that_is_none_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "lstm.json").write_text('{"name": "lstm"}')

    with pytest.raises(DataError, match=r"lstm\.json is no card of this build's"):
        judge(tmp_path / "lstm.onnx", JUDGED)

    assert (tmp_path / "lstm.json").read_text() == '{"name": "lstm"}'
