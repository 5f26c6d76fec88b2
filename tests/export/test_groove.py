from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from pocket_core.errors import DataError
from pocket_core.tempo import Meter
from pocket_export.groove import load
from tests.export.archives import archive, files, midi

SHARED = Path(os.environ.get("POCKETD_DATA", "../shared/data"))
OFFICIAL = SHARED / "groove-v1.0.0-midionly.zip"


def test_the_archive_is_read_with_what_info_says_of_each_file(tmp_path: Path) -> None:
    groove = load(archive(tmp_path / "groove.zip"))

    first = groove.split("train")[0]
    assert (first.drummer, first.style, first.bpm, first.meter) == ("drummer1", "rock", 110.0, Meter(4, 4))
    assert first.in_follow
    assert [len(groove.split(name)) for name in ("train", "validation", "test")] == [3, 1, 1]


def test_notes_come_in_quarter_notes_with_their_voices(tmp_path: Path) -> None:
    content = files()
    name = next(iter(content.keys() - {"info.csv"}))
    # 35 and 36 are both the kick, 60 is no drum of the kit
    content[name] = midi([(0, 35, 100), (240, 60, 90), (480, 36, 80), (720, 51, 70)])

    performance = next(p for p in load(archive(tmp_path / "g.zip", content)).performances if p.name == name)

    assert performance.beats.tolist() == [0.0, 1.0, 1.5]
    assert performance.voices.tolist() == [0, 0, 8]
    assert performance.velocities.tolist() == [100, 80, 70]


def test_a_folder_reads_as_the_archive_does(tmp_path: Path) -> None:
    with zipfile.ZipFile(archive(tmp_path / "groove.zip")) as file:
        file.extractall(tmp_path / "out")

    groove = load(tmp_path / "out")

    packed = load(tmp_path / "groove.zip")
    assert [p.name for p in groove.performances] == [p.name for p in packed.performances]
    assert all(
        (a.beats == b.beats).all() for a, b in zip(groove.performances, packed.performances, strict=True)
    )


def test_the_sha256_is_that_of_the_archive(tmp_path: Path) -> None:
    path = archive(tmp_path / "groove.zip")

    groove = load(path)

    assert groove.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_smoke_run_reads_the_first_files_of_each_split(tmp_path: Path) -> None:
    groove = load(archive(tmp_path / "groove.zip"), most=1)

    assert [p.split for p in groove.performances] == ["train", "validation", "test"]


def test_a_missing_file_is_named_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no data set at .*nothing\.zip; pass .* with --data"):
        load(tmp_path / "nothing.zip")


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "groove.zip").write_bytes(b"MThd")

    with pytest.raises(DataError, match="is not a zip archive"):
        load(tmp_path / "groove.zip")


def test_another_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no info\.csv inside"):
        load(archive(tmp_path / "other.zip", {"README": b"something else"}))


def test_a_folder_without_the_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds neither info\.csv nor"):
        load(tmp_path)


def test_an_info_of_another_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="lacks drummer, style, bpm"):
        load(archive(tmp_path / "other.zip", {"info.csv": b"file,label\na,b\n"}))


def test_a_file_that_info_names_but_is_not_there_is_named(tmp_path: Path) -> None:
    content = files()
    gone = sorted(content.keys() - {"info.csv"})[0]
    del content[gone]

    with pytest.raises(DataError, match=f"{gone} in .* cannot be read"):
        load(archive(tmp_path / "groove.zip", content))


def test_a_damaged_midi_file_is_named(tmp_path: Path) -> None:
    content = files()
    damaged = sorted(content.keys() - {"info.csv"})[0]
    content[damaged] = b"MThd and no more"

    with pytest.raises(DataError, match=f"{damaged} in .* cannot be read"):
        load(archive(tmp_path / "groove.zip", content))


@pytest.mark.data
@pytest.mark.skipif(not OFFICIAL.exists(), reason=f"needs {OFFICIAL} (POCKETD_DATA)")
def test_the_official_archive_has_its_published_counts() -> None:
    groove = load(SHARED)

    assert [len(groove.split(name)) for name in ("train", "validation", "test")] == [897, 124, 129]
    assert (
        sum(len(p.beats) for p in groove.performances) == 446_311
    )  # of 446,312: symusic drops one that is struck twice at once
    assert sum(p.in_follow for p in groove.split("test")) == 74
