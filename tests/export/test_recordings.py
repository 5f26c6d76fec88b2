from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pocket_core.errors import DataError
from pocket_core.tempo import Meter
from pocket_export.groove import load
from pocket_export.recordings import Groove, Performance
from tests.export.archives import archive
from tests.export.test_groove import OFFICIAL


def played(name: str, *notes: int, split: str = "train", drummer: str = "drummer1") -> Performance:
    """Return a recording of quarter notes."""
    pitches = np.array(notes, np.int64)
    return Performance(
        *(name, drummer, "rock", "beat", split, 120.0, Meter()),
        *(np.arange(len(notes), dtype=np.float64), np.zeros_like(pitches), pitches, pitches + 1),
    )


def groove(*performances: Performance) -> Groove:
    return Groove("", "", performances)


def test_leaving_a_drummer_out_leaves_all_of_his_files_out_of_every_split(tmp_path: Path) -> None:
    whole = load(archive(tmp_path / "groove.zip"))

    rest, left_out = whole.without_drummer("drummer2"), whole.only_drummer("drummer2")

    assert rest.drummers == ("drummer1",)
    assert left_out.drummers == ("drummer2",)
    assert [len(left_out.split(name)) for name in ("train", "validation", "test")] == [2, 0, 1]
    assert {p.name for p in rest.performances} | {p.name for p in left_out.performances} == {
        p.name for p in whole.performances
    }
    assert len(rest.performances) + len(left_out.performances) == len(whole.performances)


def test_what_is_left_keeps_the_checksums_of_the_whole(tmp_path: Path) -> None:
    whole = load(archive(tmp_path / "groove.zip"))

    rest = whole.without_drummer("drummer1")

    assert (rest.sha256, rest.contents) == (whole.sha256, whole.contents)


def test_a_drummer_whom_nobody_knows_is_refused_with_those_there_are() -> None:
    band = groove(*(played(str(n), 36, drummer=f"drummer{n}") for n in (10, 2, 1)))

    with pytest.raises(DataError, match="'drummer3'; there are: drummer1, drummer2, drummer10"):
        band.without_drummer("drummer3")
    with pytest.raises(DataError, match="'drummer3'; there are"):
        band.only_drummer("drummer3")


def test_recordings_of_equal_notes_are_twins_whatever_info_says_of_them() -> None:
    first, second = played("a", 36, 38), replace(played("b", 36, 38), style="jazz", bpm=90.0)

    twins = groove(first, played("c", 36, 40), second, played("d", 36)).twins()

    assert [[p.name for p in group] for group in twins] == [["a", "b"]]


def test_recordings_that_differ_in_time_or_loudness_alone_are_no_twins() -> None:
    first = played("a", 36, 38)
    later, louder = replace(first, beats=first.beats + 1e-9), replace(first, velocities=first.velocities + 1)

    assert groove(first, later, louder).twins() == ()


def test_recordings_without_notes_are_no_twins() -> None:
    assert groove(played("a"), played("b")).twins() == ()


def test_twins_in_one_split_are_no_leak_and_twins_in_two_are() -> None:
    within = (played("a", 36), played("b", 36))
    across = (played("c", 38), played("d", 38, split="test"))

    leaks = groove(*within, *across).leaks()

    assert [[p.name for p in group] for group in leaks] == [["c", "d"]]


@pytest.mark.data
@pytest.mark.skipif(not OFFICIAL.exists(), reason=f"needs {OFFICIAL} (POCKETD_DATA)")
def test_nothing_in_the_data_set_stands_in_two_splits() -> None:
    whole = load(OFFICIAL)

    assert whole.leaks() == ()
    assert [[p.name for p in group] for group in whole.twins()] == [
        ["drummer2/session2/7_rock_130_beat_4-4.mid", "drummer2/session2/8_rock_130_beat_4-4.mid"]
    ]


@pytest.mark.data
@pytest.mark.skipif(not OFFICIAL.exists(), reason=f"needs {OFFICIAL} (POCKETD_DATA)")
def test_the_data_set_has_ten_drummers_and_every_meter() -> None:
    whole = load(OFFICIAL)

    assert whole.drummers == tuple(f"drummer{n}" for n in range(1, 11))
    assert {p.meter for p in whole.performances} == {
        *(Meter(n, 4) for n in (3, 4, 5)),
        *(Meter(n, 8) for n in (5, 6)),
    }
    assert sum(p.beat_type == "fill" for p in whole.performances) == 647
    assert sum(p.duration_s for p in whole.performances) / 3600 == pytest.approx(13.6, abs=0.05)
