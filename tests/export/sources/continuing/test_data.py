from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pocket_core.phrases.steps import BITS
from pocket_core.tempo import Meter
from pocket_export.groove import find_data, load
from pocket_export.sources.continuing.data import one_drum_tracks, tracks, varied
from tests.export.performances import loose, played

SEVEN_BARS = played(*[(float(n), 0) for n in range(28)], (27.75, 1))


def test_a_recording_becomes_a_track_with_its_style_and_tempo() -> None:
    (track,) = tracks([replace(SEVEN_BARS, style="rock/halftime")])

    assert (track.setting.style, track.setting.bpm) == ("rock", 120.0)
    assert track.steps.symbols.tolist() == [*[1, 0, 0, 0] * 27, 1, 0, 0, 2]


@pytest.mark.parametrize(
    "other", [replace(SEVEN_BARS, beat_type="fill"), replace(SEVEN_BARS, meter=Meter(3, 4))]
)
def test_fills_and_other_meters_are_left_out(other: object) -> None:
    assert tracks([other]) == []  # type: ignore[list-item]


def test_other_styles_are_left_out_where_one_is_wanted() -> None:
    jazz = replace(SEVEN_BARS, style="jazz/fast")

    assert [track.setting.style for track in tracks([jazz, SEVEN_BARS], "rock")] == ["rock"]


def test_a_varied_track_strikes_no_more_than_the_track_and_is_never_silent() -> None:
    (track,) = tracks([loose(1, bars=16)])

    for seed in range(40):
        other = varied(track, np.random.default_rng(seed))

        assert np.array_equal(BITS[other.steps.symbols] > 0, other.steps.velocities > 0)
        assert 0 < (other.steps.velocities > 0).sum() <= (track.steps.velocities > 0).sum()


def test_one_drum_strikes_where_anything_is_struck() -> None:
    (track,) = tracks([loose(1, bars=16)])

    (one,) = one_drum_tracks([track])

    assert np.array_equal(one.steps.symbols > 0, track.steps.symbols > 0)
    assert set(one.steps.symbols.tolist()) == {0, 2}


@pytest.mark.data
def test_the_official_split_of_rock_has_the_known_tracks() -> None:
    groove = load(find_data())

    found = {name: tracks(groove.split(name), "rock") for name in ("train", "validation", "test")}

    assert {name: len(part) for name, part in found.items()} == {"train": 100, "validation": 14, "test": 16}
    symbols = np.concatenate([track.steps.symbols for part in found.values() for track in part])
    assert len(np.unique(symbols)) == 97
