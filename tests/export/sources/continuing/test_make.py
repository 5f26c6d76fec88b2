from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pocket_core.errors import DataError
from pocket_core.phrases.generator import Ask, Knobs
from pocket_core.phrases.kit import Kit
from pocket_core.types import Beats
from pocket_export.recordings import Groove
from pocket_export.sources.continuing.data import tracks
from pocket_export.sources.continuing.lessons import lesson_count, lessons
from pocket_export.sources.continuing.make import make
from pocket_export.sources.continuing.published import SMALL, train_published
from pocket_export.sources.continuing.reading import read_by_graphs, settled_nats
from pocket_export.sources.continuing.samples import TRIED, sampled, settled
from pocket_export.sources.order import SourceOrder
from pocketd.generators.continuing import Continuing
from pocketd.generators.graphs import load_graphs
from pocketd.generators.speaker import Speaker, settling_on
from tests.export.performances import loose

PLAYED = tuple(
    replace(loose(seed, bars=9), name=f"{seed}.mid", split=split)
    for seed, split in enumerate(("train", "train", "validation"))
)
GROOVE = Groove("0" * 64, "1" * 64, PLAYED)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made")
    return make(SourceOrder("continue", out, "pocketd pretrain", "abc", quick=True), GROOVE, lambda *_: None)


def test_what_is_made_plays(card: Path) -> None:
    continuing = Continuing(load_graphs("continue", card), Kit())

    made = continuing.phrase(Ask(begin=Beats(0.0), length=Beats(8.0)))
    one = continuing.continue_from(None, 2, Knobs(), 1, beam=2, one_drum=True)

    assert made.length == one.length == 8.0
    assert made.strokes


def test_nothing_but_the_model_is_left(card: Path) -> None:
    assert not list(card.parent.glob("*checkpoint*"))


def test_the_graphs_read_a_track_and_go_on_from_it(card: Path) -> None:
    graphs, known = load_graphs("continue", card), tracks(PLAYED)

    (read, *_) = read_by_graphs(graphs, known)
    (piece, *_) = sampled(Speaker(graphs), known, 1.0, 1)

    assert len(read.nats) == len(known[0].steps) - 1
    assert np.isfinite(read.nats).all()
    assert len(piece) == 256


def test_how_drums_settle_is_on_the_card(card: Path) -> None:
    graphs, known = load_graphs("continue", card), tracks(PLAYED)
    settling = settling_on(graphs, "step")

    (nats, *_) = settled_nats(graphs, known, settling)

    assert len(nats) == len(known[0].steps) - 1
    assert np.isfinite(nats).all()
    assert graphs.card.settings["settling"]["step"]["more"] in TRIED
    assert graphs.card.settings["settling"]["one_step"]["more"] == 1.0


def test_of_what_was_tried_what_repeats_as_drummers_do_is_taken(card: Path) -> None:
    graphs, known = load_graphs("continue", card), tracks(PLAYED)[:1]
    told = graphs.card.settings
    asked = list[float]()

    def speaker(more: float) -> Speaker:
        asked.append(more)
        step = {**told["settling"]["step"], "more": 0.0 if more == 2.0 else 1e9}
        return Speaker(graphs.told({**told, "settling": {**told["settling"], "step": step}}))

    best, found, wanted = settled(speaker, known, 1)

    assert set(asked) == set(TRIED)
    assert best == 2.0  # these drummers play no bar twice
    assert wanted.exact == 0.0
    assert found.exact < 0.5


def test_a_data_set_without_tracks_is_refused(tmp_path: Path) -> None:
    order = SourceOrder("continue", tmp_path, "pocketd pretrain", "abc", quick=True)

    with pytest.raises(DataError, match="lacks beats"):
        make(order, replace(GROOVE, performances=PLAYED[:1]), lambda *_: None)


def test_an_epoch_has_as_many_lessons_as_it_says() -> None:
    known = tracks([replace(loose(seed, bars=12 * seed), name=f"{seed}.mid") for seed in range(1, 5)]) * 6

    held = list(lessons(known, np.random.default_rng(1)))

    assert len(held) == lesson_count(known)
    assert all(float(one.counts.max()) == 1.0 for one in held)


def test_the_published_network_learns_and_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    known = [replace(track, steps=track.steps.cut(0, 24)) for track in tracks(PLAYED)[:1]]
    kept = tmp_path / "kept.pt"
    train_published(SMALL, known, 2, seed=1, checkpoint=kept)

    _, resumed = train_published(SMALL, known, 11, seed=1, checkpoint=kept)

    _, whole = train_published(SMALL, known, 11, seed=1)
    assert resumed.steps == [1, 11]
    assert resumed.perplexities == pytest.approx(whole.perplexities)
    assert whole.perplexities[0] > whole.perplexities[1]
