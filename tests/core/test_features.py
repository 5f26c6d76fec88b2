"""The vector a model sees."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from pocket_core import habits, portrait
from pocket_core.features import COLUMNS, HABITS, OFFSETS, PAPER, PORTRAIT, WIDTH, Context, vector
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
    beats_since_previous=None,
    portrait=tuple(range(portrait.WIDTH)),
    habits=tuple(range(-habits.WIDTH, 0)),
)


def column(context: Context, name: str) -> float:
    return float(vector(context)[COLUMNS.index(name)])


def test_a_hit_with_nothing_known_around_it() -> None:
    x = vector(ALONE)

    assert x.shape == (WIDTH,)
    assert x.dtype == np.float32
    half = math.sqrt(0.5)
    assert x[:PAPER] == pytest.approx(
        [1, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 1, half, half, 0, -1, 0, 1, 0, 1, 0, 0, 0, 1], abs=1e-6
    )
    assert x[PAPER:PORTRAIT] == pytest.approx([1, 1, 0, 0, -1, 0, 1], abs=1e-6)


def test_behind_the_place_come_the_musician_and_then_the_drummer() -> None:
    x = vector(ALONE)

    assert x[PORTRAIT:HABITS].tolist() == list(ALONE.portrait)
    assert x[HABITS:].tolist() == list(ALONE.habits)


def test_an_onset_without_a_drum_strikes_no_voice() -> None:
    assert vector(replace(ALONE, voices=()))[:9].tolist() == [0.0] * 9


def test_every_column_has_a_name_of_its_own_and_every_offset_a_column() -> None:
    assert len(set(COLUMNS)) == WIDTH == 210
    assert set(OFFSETS) <= set(COLUMNS)
    assert not any(word in name for name in OFFSETS for word in ("velocity", "age", "known", "share"))


def test_offsets_are_tenths_of_a_second() -> None:
    context = replace(ALONE, diff=Seconds(-0.020), groove=Seconds(0.010), heard=Seconds(0.050))

    assert [column(context, c) for c in ("diff", "groove", "heard")] == pytest.approx([-0.2, 0.1, 0.5])


def test_gaps_and_ages_are_clipped() -> None:
    context = replace(
        ALONE,
        since_previous=Seconds(9.0),
        to_next=Seconds(5.0),
        heard_age=Beats(99.0),
        beats_since_previous=Beats(18.0),
    )

    names = ("since previous", "to next", "heard age", "beats since previous")
    assert [column(context, name) for name in names] == [2.0, 2.0, 1.0, 1.0]


def test_an_unknown_next_is_not_a_next_at_once() -> None:
    known = replace(ALONE, to_next=Seconds(0.0))

    assert column(known, "to next known") == 1.0
    assert column(ALONE, "to next known") == 0.0
