"""The vector a model sees."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from pocket_core.features import COLUMNS, WIDTH, Context, vector
from pocket_core.tempo import MeterMap
from pocket_core.types import Beats, Seconds

ALONE = Context(
    voices=(0, 2),
    since_previous=None,
    to_next=None,
    bpm=120.0,
    place=MeterMap().position(Beats(0.5)),
    diff=None,
    diff_age=None,
    diff_fresh=False,
    groove=Seconds(0.0),
    heard=None,
    heard_age=None,
)


def column(context: Context, name: str) -> float:
    return float(vector(context)[COLUMNS.index(name)])


def test_a_hit_with_nothing_known_around_it() -> None:
    x = vector(ALONE)

    assert x.shape == (WIDTH,)
    assert x.dtype == np.float32
    half = math.sqrt(0.5)
    assert x == pytest.approx(
        [1, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 1, half, half, 0, -1, 0, 1, 0, 1, 0, 0, 0, 1], abs=1e-6
    )


def test_offsets_are_tenths_of_a_second() -> None:
    context = replace(ALONE, diff=Seconds(-0.020), groove=Seconds(0.010), heard=Seconds(0.050))

    assert [column(context, c) for c in ("diff", "groove", "heard")] == pytest.approx([-0.2, 0.1, 0.5])


def test_gaps_and_ages_are_clipped() -> None:
    context = replace(ALONE, since_previous=Seconds(9.0), to_next=Seconds(5.0), heard_age=Beats(99.0))

    assert [column(context, c) for c in ("since previous", "to next", "heard age")] == [2.0, 2.0, 1.0]


def test_an_unknown_next_is_not_a_next_at_once() -> None:
    known = replace(ALONE, to_next=Seconds(0.0))

    assert column(known, "to next known") == 1.0
    assert column(ALONE, "to next known") == 0.0
