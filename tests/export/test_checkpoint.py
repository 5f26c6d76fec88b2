from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from pocket_core.errors import DataError
from pocket_export import checkpoint
from pocket_export.checkpoint import Checkpoint
from pocket_export.evaluate import Follow
from pocket_export.losses import Weights
from pocket_export.training import Epoch, Origin, Recipe, Training
from pocket_models.follower import Follower

RECIPE = Recipe(epochs=3, weights=Weights(meeting=1.5))
ORIGIN = Origin("follower", "pocketd pretrain", "0123456789ab", "Groove", "ab" * 32, "cd" * 32, 6, "drummer1")
EPOCH = Epoch(1, 2.5, Follow(9.5, 12.0, 11.0, 100), 9.5, 61.5)


def training(seed: int = 1, recipe: Recipe = RECIPE, origin: Origin = ORIGIN) -> Training:
    torch.manual_seed(seed)
    return Training(Follower(hidden=4, wide=4), recipe, origin)


def optimiser(of: Training) -> torch.optim.Optimizer:
    """Return one that has made a step."""
    made = torch.optim.AdamW(of.net.parameters(), lr=0.01)
    for weights in of.net.parameters():
        weights.grad = torch.ones_like(weights)
    made.step()
    return made


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A training of one epoch, as a file."""
    one = training()
    steps = optimiser(one)
    one.history, one.updates, one.best_ms = [EPOCH], 17, EPOCH.figure_ms
    one.best = {name: weights + 1 for name, weights in one.net.state_dict().items()}
    checkpoint.write(tmp_path / "c.pt", one, steps)
    return tmp_path / "c.pt"


def unpacked(path: Path) -> Checkpoint:
    return checkpoint.unpack(checkpoint.read(path), path)


def test_a_training_comes_back_as_it_was(written: Path) -> None:
    other = training(seed=2)
    steps = torch.optim.AdamW(other.net.parameters(), lr=0.01)

    unpacked(written).restore(other, steps)

    was = training()
    before = optimiser(was)
    assert (other.history, other.updates, other.best_ms) == ([EPOCH], 17, 9.5)
    assert other.origin == ORIGIN
    for name, weights in was.net.state_dict().items():
        assert torch.equal(other.net.state_dict()[name], weights)
        assert torch.equal(other.best[name], weights + 1)
    assert str(steps.state_dict()) == str(before.state_dict())


def test_a_checkpoint_tells_what_a_model_of_it_needs(written: Path) -> None:
    held = unpacked(written)

    assert (held.recipe, held.origin) == (RECIPE, ORIGIN)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "lstm"}, "model: follower, asked: lstm; train without --resume"),
        ({"contents_sha256": "ef" * 32}, "data: cdcd"),
        ({"most": 0}, "number of files a split: 6, asked: none"),
        ({"without": "drummer2"}, "drummer left out: drummer1, asked: drummer2"),
    ],
)
def test_another_training_is_refused_with_both_sides(
    written: Path, change: dict[str, Any], said: str
) -> None:
    other = training(origin=replace(ORIGIN, **change))

    with pytest.raises(DataError, match=said):
        unpacked(written).restore(other, optimiser(other))


def test_another_recipe_is_refused(written: Path) -> None:
    other = training(recipe=replace(RECIPE, rate=1.0))

    with pytest.raises(DataError, match=r"rate=0.0015.* asked is .*rate=1.0.*; train without --resume"):
        unpacked(written).restore(other, optimiser(other))


def test_a_training_that_went_on_with_other_code_names_both_commits(written: Path, tmp_path: Path) -> None:
    newer = training(origin=replace(ORIGIN, commit="ba9876543210", command="typed anew"))
    unpacked(written).restore(newer, steps := optimiser(newer))
    checkpoint.write(tmp_path / "newer.pt", newer, steps)
    again = training(origin=replace(ORIGIN, commit="ba9876543210"))

    unpacked(tmp_path / "newer.pt").restore(again, optimiser(again))

    assert newer.origin == replace(ORIGIN, commit="0123456789ab+ba9876543210")
    assert again.origin == newer.origin


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    whole = tmp_path / "c.pt"
    torch.save({"format": 1}, whole)

    with pytest.raises(DataError, match=r"c\.pt is damaged or of another version"):
        unpacked(whole)
    whole.write_bytes(b"PK and no more")
    with pytest.raises(DataError, match=r"c\.pt is damaged or of another version"):
        unpacked(whole)


def test_a_network_that_has_changed_since_is_refused(written: Path) -> None:
    wider = Training(Follower(hidden=5, wide=4), RECIPE, ORIGIN)

    with pytest.raises(DataError, match="of another follower than this build's; train without --resume"):
        unpacked(written).restore(wider, optimiser(training()))


@pytest.mark.parametrize("name", ["net", "optimiser"])
def test_weights_that_are_none_are_refused(written: Path, name: str) -> None:
    torch.save(torch.load(written) | {name: None}, written)
    other = training()

    with pytest.raises(DataError, match="of another follower than this build's"):
        unpacked(written).restore(other, optimiser(other))


def test_a_checkpoint_without_an_epoch_is_refused(written: Path) -> None:
    torch.save(torch.load(written) | {"history": []}, written)

    with pytest.raises(DataError, match=r"c\.pt has no epoch in it"):
        unpacked(written)


def test_any_damage_is_refused_in_a_line(written: Path) -> None:
    # A checkpoint as torch wrote it before zip: its reader trips in more ways.
    held = torch.load(written)
    torch.save(held, written, _use_new_zipfile_serialization=False)
    whole, chance = written.read_bytes(), random.Random(1)

    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(5):
            damaged[chance.randrange(4000)] = chance.randrange(256)
        with suppress(DataError):
            checkpoint.unpack(bytes(damaged), written)


def test_a_checkpoint_of_another_format_is_refused(tmp_path: Path) -> None:
    torch.save({"format": 2}, tmp_path / "c.pt")

    with pytest.raises(DataError, match="is of format 2, this build reads 1"):
        unpacked(tmp_path / "c.pt")


def test_a_checkpoint_that_is_no_file_is_not_read() -> None:
    with pytest.raises(DataError, match="/dev/zero is no file"):
        checkpoint.read(Path("/dev/zero"))


def test_a_checkpoint_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no checkpoint .*c\.pt; only a training that broke off"):
        checkpoint.read(tmp_path / "c.pt")
