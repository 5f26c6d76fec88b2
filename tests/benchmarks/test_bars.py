from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.bars import KL_WEIGHTS, SIZES

from benchmarks import bars
from pocket_export.recordings import Groove
from pocket_export.sources.bars.training import Kind
from tests.export.sources.bars.players import player

TINY = Kind(latent=4, kl=0.02, epochs=1, width=16, batch=8)


def groove() -> Groove:
    drummers = [f"drummer{n}" for n in range(1, 11)]
    played = [player(n, drummer=name, split="train") for n, name in enumerate(drummers)]
    held = [player(20, split="validation"), player(21, split="test"), player(22)]
    return Groove("0" * 64, "1" * 64, (*played, *held))


def test_every_size_and_weight_is_on_the_plan() -> None:
    plan = [kind for split, kind in bars.plan_of("") if split == "drummers"]

    theirs = {(kind.latent, kind.kl) for kind in plan if not kind.ours}
    assert theirs == {(size, kl) for size in SIZES for kl in KL_WEIGHTS}
    assert {kind.latent for kind in plan if kind.ours} == set(SIZES)


def test_nobody_is_judged_by_bars_that_were_learnt_or_chosen_by() -> None:
    for split in bars.splits_of(groove(), 4).values():
        parts = [{bytes(bar) for bar in part.bars} for part in (split.train, split.chosen_by, split.test)]

        assert not parts[2] & parts[0]
        assert not parts[2] & parts[1]


def test_a_network_is_trained_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    split = bars.splits_of(groove(), 4)["official"]
    (_, epochs) = bars.trained(split, TINY, "data", seed=1)

    (_, again) = bars.trained(split, replace(TINY), "data", seed=1)

    assert epochs == again == 1
    assert len(list(tmp_path.rglob("*.pt"))) == 1
