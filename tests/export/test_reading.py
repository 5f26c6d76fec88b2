from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from pocket_export.dataset import lessons
from pocket_export.duets import CYMBALS
from pocket_export.evaluate import follow, forecast, gather
from pocket_export.lesson import Lesson
from pocket_export.reading import MARGIN, around
from pocket_export.train import Epoch, Recipe, train
from pocket_models.seq2seq import Seq2Seq
from tests.export.performances import loose

RECIPE = Recipe(epochs=2, batch=4, chunk=24, rate=1e-2, dropout=0.0, bfloat16=False)


def network() -> Seq2Seq:
    torch.manual_seed(1)
    return Seq2Seq(hidden=8, reading=4)


def taught(*bars: int) -> list[Lesson]:
    made = lessons([loose(seed, bars=long) for seed, long in enumerate(bars)], CYMBALS)
    return [lesson.deaf() for lesson in made]


def silent(share: float, epoch: Epoch | None) -> None:
    """Watch nothing."""


def learn(net: Seq2Seq, own: Sequence[Lesson], recipe: Recipe = RECIPE) -> None:
    train(net, lambda number: own, own[:1], recipe, watch=silent)


def test_near_both_ends_of_a_score_a_chunk_is_read_with_all_of_it() -> None:
    net, batch = network(), gather(taught(4, 2, 1))
    length = batch.lengths[0]
    assert length < MARGIN

    part = around(net, batch, 8, 16)

    whole = net.encode(batch.score, batch.lengths)[: batch.alive(8), 8:16]
    for row, read, wanted in zip(batch.lengths, part, whole, strict=False):
        torch.testing.assert_close(read[: row - 8], wanted[: row - 8])


def test_far_from_both_ends_a_chunk_is_read_with_its_margins_alone() -> None:
    net, batch = network(), gather(taught(40))
    first, stop = 100, 124
    other = replace(batch, score=batch.score.clone())
    other.score[:, : first - MARGIN] += 1.0
    other.score[:, stop + MARGIN :] += 1.0

    torch.testing.assert_close(around(net, other, first, stop), around(net, batch, first, stop))


def test_what_lies_beyond_the_margins_hardly_matters() -> None:
    net, batch = network(), gather(taught(40))

    part = around(net, batch, 100, 124)

    whole = net.encode(batch.score, batch.lengths)[:, 100:124]
    torch.testing.assert_close(part, whole, atol=1e-4, rtol=0.0)


def test_a_network_that_reads_learns() -> None:
    own, net = taught(6, 5, 4), network()
    before = follow(net, own).mae_ms

    learn(net, own, replace(RECIPE, epochs=8))

    assert follow(net, own).mae_ms < before
    assert net.forwards.get_parameter("weight_ih_l0").grad is not None


def test_where_no_score_is_known_the_encoder_learns_nothing() -> None:
    net = network()
    before = {name: weights.clone() for name, weights in net.state_dict().items()}

    learn(net, taught(4, 3), replace(RECIPE, unread=1.0, decay=0.0))

    after = net.state_dict()
    changed = {name.split(".")[0] for name in after if not torch.equal(after[name], before[name])}
    assert changed == {"decoder", "head"}


def test_which_scores_are_not_known_is_left_to_the_seed() -> None:
    own = taught(4, 3, 3, 2)
    nets = [network() for _ in range(3)]

    for net, seed in zip(nets, (1, 1, 2), strict=True):
        learn(net, own, replace(RECIPE, seed=seed, unread=0.5))

    first, second, other = (net.state_dict() for net in nets)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_forecasts_do_not_depend_on_who_is_beside() -> None:
    net, own = network(), taught(6, 3, 1)
    torch.nn.init.normal_(net.head.weight, std=0.1)

    together = {len(lesson): f for lesson, f in forecast(net, own)}

    for lesson in own:
        ((_, alone),) = forecast(net, [lesson])
        np.testing.assert_allclose(together[len(lesson)], alone, atol=1e-6)


def test_forecasts_are_made_with_the_whole_score() -> None:
    net, (lesson,) = network(), taught(6)
    torch.nn.init.normal_(net.head.weight, std=0.1)
    ((_, whole),) = forecast(net, [lesson])

    ((_, cut),) = forecast(net, [lesson.rows(np.arange(len(lesson) - 5))])

    assert not np.allclose(whole[: len(cut)], cut, atol=1e-6)
