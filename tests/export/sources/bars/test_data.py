from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pocket_core.errors import DataError
from pocket_export.groove import load
from pocket_export.sources.bars.data import bar_set, by_file_order, of_drummers, without
from tests.export.performances import played
from tests.export.sources.bars.players import player

OFFICIAL = Path(os.environ.get("POCKETD_DATA", "../shared/data")) / "groove-v1.0.0-midionly.zip"


def test_recordings_in_other_meters_are_left_out() -> None:
    waltz = replace(player(2), name="drummer1/2_jazz_120_beat_3-4.mid")

    found = bar_set([player(1), waltz])

    assert found.names == ("drummer1/1_rock_110_beat_4-4.mid",)


def test_a_data_set_without_4_4_is_refused() -> None:
    with pytest.raises(DataError, match="no recording is in 4/4"):
        bar_set([played((0.0, 1))])


def test_each_bar_knows_its_file() -> None:
    found = bar_set([player(1, bars=3), player(2, bars=5)])

    assert np.bincount(found.files).tolist() == [3, 5]
    assert found.bars.shape[1:] == (64, 22)


def test_the_last_bars_are_those_of_the_last_names() -> None:
    whole = bar_set([player(9, bars=4), player(1, bars=3)])

    first, last = by_file_order(whole, 4)

    assert {whole.names[file] for file in first.files} == {whole.names[1]}
    assert {whole.names[file] for file in last.files} == {whole.names[0]}


def test_drummers_are_with_or_without() -> None:
    both = [player(1), player(2, drummer="drummer3")]

    assert of_drummers(both, ["drummer3"]) == both[1:]
    assert without(both, ["drummer3"]) == both[:1]


@pytest.mark.data
@pytest.mark.skipif(not OFFICIAL.exists(), reason=f"needs {OFFICIAL} (POCKETD_DATA)")
def test_the_recordings_have_as_many_bars_as_beatgen_counted() -> None:
    found = bar_set(load(OFFICIAL).performances)

    assert len(found) == 21_695
    assert found.energy == pytest.approx(7.40, abs=0.005)
