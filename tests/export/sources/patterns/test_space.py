"""Sampling, the filter, and the space that is made of both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from pocket_core.phrases.generator import Ask, Knobs
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.patterns import (
    BITS,
    STEPS,
    cells_of_patterns,
    digest,
    pattern_of,
    phrase_of_pattern,
)
from pocket_core.types import Beats
from pocket_export.groove import ARCHIVE, find_data, load
from pocket_export.sources.order import SourceOrder
from pocket_export.sources.patterns.data import pattern_set, splits
from pocket_export.sources.patterns.figures import filtered
from pocket_export.sources.patterns.make import SHIPS, TABLE, make
from pocket_export.sources.patterns.published import read_published
from pocket_export.sources.patterns.realism import nearest
from pocket_export.sources.patterns.sampling import (
    Mixture,
    calibrated,
    fitted,
    logits_at,
    mixture,
)
from pocket_export.sources.patterns.table import Line, read_tsv
from pocket_export.sources.patterns.training import Kind, train_space
from pocket_models.pattern_space import PatternSpace
from pocketd.generators.graphs import load_graphs
from pocketd.generators.pattern import Pattern

SHARED = Path(os.environ.get("POCKETD_DATA", "../shared/data"))
there = pytest.mark.skipif(not (SHARED / ARCHIVE).exists(), reason=f"needs {SHARED / ARCHIVE} (POCKETD_DATA)")
samples = pytest.mark.skipif(
    not (SHARED / "drum_space").exists(), reason=f"needs {SHARED / 'drum_space'} (POCKETD_DATA)"
)
ROCK = (5, 0, 4, 0, 6, 0, 4, 1, 4, 0, 5, 0, 6, 0, 4, 0) * 2
DULL = (5, 4) * 16
SILENT = (0,) * 32


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_the_filter_counts_rotations_once_and_leaves_out_what_was_learnt() -> None:
    turned = ROCK[3:] + ROCK[:3]
    new = (1, 2, 3, 4) * 8

    found = filtered([ROCK, turned, new, new, DULL, SILENT], {digest(ROCK)})

    assert (found.passing, found.varied, found.known, found.distinct, found.silent) == (2, 4, 2, 1, 1)


def test_a_set_keeps_the_first_of_all_rotations_and_counts_for_all() -> None:
    made = pattern_set([Line(ROCK, "rock", "a", 3), Line(ROCK[5:] + ROCK[:5], "jazz", "b", 4)])

    assert made.lines == [Line(ROCK, "rock", "a", 7)]


def test_calibrated_samples_strike_each_instrument_as_often_as_patterns_do() -> None:
    torch.manual_seed(1)
    space, cells = PatternSpace(), cells_of_patterns([ROCK])
    source = fitted(np.random.default_rng(1).standard_normal((50, 4)).astype(np.float32))

    logits = logits_at(space, source.draw(5000, np.random.default_rng(2))).reshape(-1, STEPS, BITS)
    struck = (logits > calibrated(space, source, cells, 1)).mean((0, 1))

    assert struck == pytest.approx(cells.reshape(-1, BITS).mean(0), abs=0.02)


def test_a_fitted_gaussian_has_the_covariance_of_the_codes() -> None:
    codes = np.random.default_rng(1).multivariate_normal([1, 2], [[2, 1], [1, 3]], 4000).astype(np.float32)

    drawn = fitted(codes).draw(50_000, np.random.default_rng(2))

    assert np.cov(drawn.T) == pytest.approx(np.cov(codes.T), abs=0.1)


def test_a_mixture_finds_the_clouds_that_codes_are_in() -> None:
    chance = np.random.default_rng(1)
    middles = np.array([[0, 0], [9, 9]])
    codes = (middles[chance.integers(0, 2, 4000)] + chance.standard_normal((4000, 2))).astype(np.float32)

    found = mixture(codes, seed=1, parts=2)

    assert found.means[np.argsort(found.means[:, 0])] == pytest.approx(middles, abs=0.2)
    drawn = found.draw(50_000, np.random.default_rng(2))
    assert np.cov(drawn.T) == pytest.approx(np.cov(codes.T), abs=0.5)


def test_few_codes_have_one_cloud() -> None:
    codes = np.random.default_rng(1).standard_normal((20, 3)).astype(np.float32)

    assert mixture(codes, seed=1).means.shape == (1, 3)


def test_a_cloud_is_as_wide_as_its_root_says() -> None:
    root = np.array([[2.0, 0.0], [1.0, 1.0]], np.float32)

    drawn = Mixture(np.ones(1, np.float32), np.zeros((1, 2), np.float32), root[None]).draw(
        50_000, np.random.default_rng(1)
    )

    assert np.cov(drawn.T) == pytest.approx(root @ root.T, abs=0.1)


def test_the_nearest_is_as_far_as_cells_differ() -> None:
    other = (4, *ROCK[1:])  # without one kick

    assert nearest(cells_of_patterns([ROCK, other]), cells_of_patterns([ROCK, DULL])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("way", ["ae", "vae", "acai"])
def test_a_space_learns_what_it_is_shown(way: Literal["ae", "vae", "acai"]) -> None:
    cells = cells_of_patterns([ROCK, DULL, (1, 2, 3, 4) * 8] * 64)
    kind = replace(Kind("ae", 40, kl=0.1), way=way)

    _, fitting = train_space(kind, cells, cells, seed=1, watch=lambda *_: None)

    assert fitting.history[-1].figure < 0.7 * fitting.history[0].figure


@pytest.mark.data
@samples
def test_the_recovered_filter_says_of_every_published_sample_what_happened_to_it() -> None:
    found = read_published(SHARED, "acai")

    assert (found.passing, found.distinct, found.contradictions) == (5581, 5067, 0)


@pytest.mark.data
@there
def test_a_space_is_made_and_plays_what_it_is_given(tmp_path: Path) -> None:
    order = SourceOrder("pattern", tmp_path, "pocketd pretrain", "", epochs=1, quick=True)

    card = make(order, load(find_data(SHARED), most=12), lambda *_: None)

    lines = read_tsv(card.with_name(TABLE))
    steps = lines[0].pattern
    start = phrase_of_pattern(steps, Kit())
    pattern = Pattern(load_graphs("pattern", card), Kit())
    played = pattern.phrase(Ask(Beats(0.0), Beats(8.0), start=start, knobs=Knobs(temperature=0.0)))
    assert pattern_of(played) == steps
    assert not pattern.passes(steps)
    assert len(pattern.codes([start])[0]) == SHIPS.latent
    assert {line.source.split("/")[0] for line in lines} >= {"groove"}


@pytest.mark.data
@there
def test_splits_share_no_file() -> None:
    made = splits(load(find_data(SHARED), most=40), None)

    names = [set(each.names) for each in made.values()]
    assert sum(map(len, names)) == len(set().union(*names))
