from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pocket_core.errors import DataError
from pocket_core.phrases.generator import Ask, Onset
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import Stroke
from pocket_core.types import Beats
from pocket_export.recordings import Groove
from pocket_export.sources.grooves.make import make
from pocket_export.sources.grooves.training import QUICK, Bench, lessons_of, train_answer
from pocket_export.sources.order import Round, SourceOrder
from pocketd.generators.graphs import load_graphs
from pocketd.generators.groove import Groove as Source
from tests.export.performances import loose

PLAYED = tuple(
    replace(loose(seed, bars=9), name=f"{seed}.mid", split=split)
    for seed, split in enumerate(("train", "train", "validation"))
)
GROOVE = Groove("0" * 64, "1" * 64, PLAYED)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made")
    return make(SourceOrder("groove", out, "pocketd pretrain", "abc", quick=True), GROOVE, lambda *_: None)


def test_what_is_made_plays_with_and_without_a_memory(card: Path) -> None:
    source = Source(load_graphs("groove", card), Kit())
    heard = tuple(Onset(Beats(n / 2), 90) for n in range(16))
    ask = Ask(Beats(8.0), Beats(8.0), heard)

    phrases = [source.phrase(asked) for asked in (ask, replace(ask, before=(Stroke(Beats(4.0), 36, 90),)))]

    assert all(phrase.length == 8.0 for phrase in phrases)
    assert phrases[0] != phrases[1]


def test_nothing_but_the_model_is_left(card: Path) -> None:
    assert not list(card.parent.glob("*checkpoint*"))


def test_every_network_has_figures_and_thresholds(card: Path) -> None:
    graphs = load_graphs("groove", card)

    said = graphs.card.settings

    assert set(graphs.card.graphs) == {"answer", "alone", "encode", "decode"}
    assert all(len(said[key]) == 9 for key in ("thresholds", "alone_thresholds", "decoder_thresholds"))


def test_a_data_set_without_windows_is_refused(tmp_path: Path) -> None:
    order = SourceOrder("groove", tmp_path, "pocketd pretrain", "abc", quick=True)

    with pytest.raises(DataError, match="lacks beats"):
        make(order, replace(GROOVE, performances=PLAYED[:1]), lambda *_: None)


def test_a_training_that_hears_itself_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    size = replace(QUICK, epochs=4)
    lessons = lessons_of(GROOVE, quick=True)

    def bench(folder: str, *, resume: bool = False) -> Bench:
        order = SourceOrder("groove", tmp_path / folder, "pocketd pretrain", "abc", resume=resume, quick=True)
        order.out.mkdir(exist_ok=True)
        return Bench(size, lessons, order, "made-up")

    def broken(_share: float, done: Round | None) -> None:
        if done is not None and done.number == 3:
            raise KeyboardInterrupt

    whole, _ = train_answer(bench("whole"), lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        train_answer(bench("broken"), broken)
    again, _ = train_answer(bench("broken", resume=True), lambda *_: None)

    for one, other in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
        assert np.isfinite(one.detach().numpy()).all()
