from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pocket_core.errors import DataError
from pocket_core.phrases.generator import Ask
from pocket_core.phrases.kit import Kit
from pocket_core.types import Beats
from pocket_export.recordings import Groove
from pocket_export.sources.bars.data import bar_set
from pocket_export.sources.bars.figures import back_by_graphs, explained
from pocket_export.sources.bars.lessons import LIMBS, Weights, batches, loss_of, varied
from pocket_export.sources.bars.make import make
from pocket_export.sources.bars.training import Kind, train_bars
from pocket_export.sources.order import SourceOrder
from pocket_models.bar_vae import PITCHES, BeatGen
from pocketd.generators.bars import Bars
from pocketd.generators.graphs import load_graphs
from tests.export.sources.bars.players import player

PLAYED = (player(1), player(2), player(3, split="validation"))
GROOVE = Groove("0" * 64, "1" * 64, PLAYED)
SMALL = Kind(latent=4, kl=0.02, epochs=3, width=16, batch=8)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made")
    return make(SourceOrder("bars", out, "pocketd pretrain", "abc", quick=True), GROOVE, lambda *_: None)


def test_what_is_made_plays(card: Path) -> None:
    made = Bars(load_graphs("bars", card), Kit()).phrase(Ask(begin=Beats(0.0), length=Beats(8.0)))

    assert made.length == 8.0
    assert made.strokes


def test_nothing_but_the_model_is_left(card: Path) -> None:
    assert not list(card.parent.glob("*checkpoint*"))


def test_a_card_s_figures_are_those_of_its_graphs(card: Path) -> None:
    graphs, bars = load_graphs("bars", card), bar_set(PLAYED[2:])

    found = explained(bars, back_by_graphs(graphs, bars).expected)

    figures = (graphs.card.model_extra or {})["figures"]
    assert found.share == pytest.approx(figures["validation_explained"], abs=1e-4)


def test_a_data_set_without_a_validation_split_is_refused(tmp_path: Path) -> None:
    order = SourceOrder("bars", tmp_path, "pocketd pretrain", "abc", quick=True)

    with pytest.raises(DataError, match="4/4"):
        make(order, replace(GROOVE, performances=PLAYED[:2]), lambda *_: None)


@pytest.mark.parametrize("ours", [True, False])
def test_bars_come_back_better_with_every_epoch(ours: bool) -> None:
    bars = bar_set([player(seed, bars=8) for seed in range(4)])

    _, fitting = train_bars(replace(SMALL, ours=ours, epochs=6), bars, bars, seed=1, watch=lambda *_: None)

    assert fitting.history[-1].figure < fitting.history[0].figure


def test_a_training_that_broke_off_ends_as_the_whole_one(tmp_path: Path) -> None:
    bars = bar_set(PLAYED)
    whole, _ = train_bars(SMALL, bars, bars, seed=1, watch=lambda *_: None)

    def stop(_: float, done: object) -> None:
        if done is not None:
            raise KeyboardInterrupt

    kept = tmp_path / "kept.pt"
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            train_bars(SMALL, bars, bars, seed=1, watch=stop, checkpoint=kept, resume=True)
    resumed, _ = train_bars(SMALL, bars, bars, seed=1, watch=lambda *_: None, checkpoint=kept, resume=True)

    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_every_pitch_is_of_one_limb() -> None:
    assert sorted(place for limb in LIMBS for place in limb) == list(range(PITCHES))


def test_varied_bars_are_others_and_still_bars() -> None:
    bars = bar_set(PLAYED).bars
    kept = bars.copy()

    made = varied(bars, np.random.default_rng(1))

    assert np.array_equal(bars, kept)
    assert made.shape == bars.shape
    assert not np.array_equal(made, bars)
    assert 0.0 <= made.min() <= made.max() <= 1.0


def test_an_epoch_has_every_bar_once() -> None:
    bars = bar_set(PLAYED).bars

    seen = torch.cat(list(batches(bars, torch.Generator().manual_seed(1), 5))).numpy()

    assert sorted(map(bytes, seen)) == sorted(map(bytes, bars))


def test_the_published_loss_is_the_squared_error_and_the_divergence() -> None:
    torch.manual_seed(1)
    net = BeatGen(4).eval()
    x = torch.rand(2, 64, PITCHES)
    mean, spread = net.encode(x)
    off = ((net.expected(mean) - x) ** 2).sum() / 2
    kl = (
        torch.distributions.kl_divergence(
            torch.distributions.Normal(mean, (spread / 2).exp()), torch.distributions.Normal(0.0, 1.0)
        ).sum()
        / 2
    )

    assert float(loss_of(net, Weights(0.1))(x).detach()) == pytest.approx(
        float((off + 0.1 * kl).detach()), rel=1e-5
    )
