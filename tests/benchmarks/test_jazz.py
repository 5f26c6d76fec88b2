"""The recordings as they are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.jazz import DUO_FILE, TRIO_FOLDER, Onset, duo, load, load_duos, load_trios, match

from pocket_core.errors import DataError
from pocket_core.types import Seconds

HEADER = "duo,session,condition,latency_ms,jitter_scale,instrument,onset_s,midi_note,velocity\n"


def onsets(*times: float) -> list[Onset]:
    return [Onset(Seconds(at), 51, 90) for at in times]


def write_duos(folder: Path, *lines: str) -> None:
    path = folder / DUO_FILE
    path.parent.mkdir(parents=True)
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines), "utf-8")


def write_trio(folder: Path, mix: str) -> None:
    path = folder / TRIO_FOLDER
    path.mkdir(parents=True)
    (path / "a-tune_mix.txt").write_text(mix, "utf-8")
    (path / "a-tune_drums.txt").write_text("0.95\tNew Point\n1.52\tNew Point\n2.2\tNew Point\n", "utf-8")
    (path / "a-tune_piano.txt").write_text("1.12\tNew Point\n1.33\tNew Point\n", "utf-8")
    (path / "a-tune_bass.txt").write_text("1.0\n\n", "utf-8")


def test_the_onset_on_a_beat_is_the_nearest_within_its_window() -> None:
    beats = np.array([1.0, 2.0, np.nan, 4.0, 5.0])
    found = match(beats, onsets(0.8, 0.95, 1.04, 2.24, 3.7, 5.26), early=0.125, late=0.25)

    assert [None if onset is None else onset.at for onset in found] == [1.04, 2.24, None, None, None]


def test_the_drummers_quarter_notes_are_the_beats_and_the_pianists_the_nearest() -> None:
    it = duo("made up", 0, onsets(0.0, 0.5, 1.0, 1.02, 2.0), onsets(0.03, 0.45, 1.5, 1.98))

    assert it.beats == pytest.approx(np.array([0.0, 0.5, 1.0, np.nan, 2.0]), nan_ok=True)
    assert it.drums.times == pytest.approx(it.beats, nan_ok=True)
    assert it.musicians[0].times == pytest.approx(np.array([0.03, 0.45, np.nan, np.nan, 1.98]), nan_ok=True)


def test_a_duo_is_read_in_order_of_time_with_its_latency(tmp_path: Path) -> None:
    write_duos(
        tmp_path,
        "1,2,3,45,0.5,Drums,1.0,51,80",
        "1,2,3,45,0.5,Drums,0.5,36,70",
        "1,2,3,45,0.5,Keys,0.52,60,64",
    )
    (it,) = load_duos(tmp_path)

    assert (it.name, it.latency_ms) == ("duo 1 session 2 condition 3", 45)
    assert it.drums.onsets == (Onset(Seconds(0.5), 36, 70), Onset(Seconds(1.0), 51, 80))
    assert it.musicians[0].onsets == (Onset(Seconds(0.52), 60, 64),)


def test_a_trio_has_its_bar_lines_and_three_parts_about_its_beats(tmp_path: Path) -> None:
    write_trio(tmp_path, "1.0\t0.4\n1.5\t1.1\n2.0\t1.2\n")
    (it,) = load_trios(tmp_path)

    assert it.first == 3  # the fourth beat of the pick-up
    assert it.beats == pytest.approx(np.array([1.0, 1.5, 2.0]))
    assert it.drums.times == pytest.approx(np.array([0.95, 1.52, np.nan]), nan_ok=True)
    assert [part.player for part in it.musicians] == ["piano", "bass"]
    assert it.musicians[0].times == pytest.approx(np.array([1.12, np.nan, np.nan]), nan_ok=True)


def test_beats_that_leave_one_out_are_refused(tmp_path: Path) -> None:
    write_trio(tmp_path, "1.0\t0.4\n1.5\t1.2\n")

    with pytest.raises(DataError, match=r"a-tune_mix\.txt cannot be read \(its beats do not follow"):
        load_trios(tmp_path)


@pytest.mark.parametrize("line", ["1,1,1,0,0.0,Drums,soon,51,80", "1,1,1,0,0.0,Drums,1.0,51,0"])
def test_a_damaged_duo_is_refused(tmp_path: Path, line: str) -> None:
    write_duos(tmp_path, line)

    with pytest.raises(DataError, match=r"onsets\.csv cannot be read"):
        load_duos(tmp_path)


def test_missing_recordings_say_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="name the folder that holds jazz_duos and jazz_trios with --data"):
        load(tmp_path)
    with pytest.raises(DataError, match="no recordings at"):
        load_trios(tmp_path)
