from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pocket_core.errors import DataError
from pocket_core.phrases.hvo import A_BAR
from pocket_core.phrases.phrase import BAR
from pocket_export.sources.report.material import (
    SONG_BARS,
    held_out,
    onsets_of,
    places,
    shared_out,
    songs,
)
from tests.export.sources.report.players import groove


def test_the_bar_in_which_a_recording_breaks_off_is_left_out(tmp_path: Path) -> None:
    found = held_out(groove(tmp_path), "test")

    assert [song.bars for song in found] == [19]
    assert found[0].genre == "rock"


def test_a_split_without_beats_is_refused(tmp_path: Path) -> None:
    data = groove(tmp_path).only_drummer("drummer1")

    with pytest.raises(DataError, match="the test split has no beat"):
        held_out(data, "test")


def test_a_place_has_two_bars_before_and_the_drummer_as_the_musician(tmp_path: Path) -> None:
    data = groove(tmp_path)

    found = places(data, held_out(data, "test"), 3)

    assert len(found) == 3
    whole = songs(data.split("validation"))[0].cells
    assert found[0].start.length == 2 * BAR
    assert np.array_equal(found[0].real.cells.hits, whole.cut(2 * A_BAR, 18 * A_BAR).hits)
    assert found[0].real.bars == SONG_BARS
    assert found[0].heard == onsets_of(found[0].real.cells)
    assert found[0] == found[1]  # a recording that is too short for more is asked again


def test_onsets_are_the_loudest_of_each_sixteenth_where_it_was_played(tmp_path: Path) -> None:
    song = held_out(groove(tmp_path), "test")[0]

    onsets = onsets_of(song.cells)

    first = song.cells.velocities[0]
    assert onsets[0].velocity == round(float(first.max()) * 127)
    assert onsets[0].beat == pytest.approx(float(song.cells.offsets[0, first.argmax()]) / 4)
    assert len(onsets) == int(song.cells.hits.any(1).sum())


def test_songs_are_shared_out_as_the_genres_are() -> None:
    assert shared_out(10, {"jazz": 100, "rock": 300, "funk": 100}) == {"rock": 6, "funk": 2, "jazz": 2}
    assert sum(shared_out(7, {"a": 5, "b": 5, "c": 5}).values()) == 7
    assert shared_out(1, {"rock": 300, "jazz": 100}) == {"rock": 1}
