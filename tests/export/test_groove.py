from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from pathlib import Path

import pytest

from pocket_core.errors import ConfigError, DataError
from pocket_core.tempo import Meter
from pocket_export.groove import ARCHIVE, LARGEST, contents_sha256, find_data, load
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


def test_a_damaged_archive_names_the_file_that_suffered(tmp_path: Path) -> None:
    path = archive(tmp_path / "groove.zip")
    content = bytearray(path.read_bytes())
    content[content.rindex(b"MTrk") + 10] ^= 1  # in the last file, stored without compression
    path.write_bytes(content)

    with pytest.raises(DataError, match=r"drummer2/session1/5_.* cannot be read \(Bad CRC-32"):
        load(path)


def test_an_info_with_a_line_cut_short_is_refused(tmp_path: Path) -> None:
    content = files()
    content["info.csv"] = content["info.csv"].replace(b",test", b"").replace(b",110,", b",,")

    with pytest.raises(DataError, match="cannot be read"):
        load(archive(tmp_path / "groove.zip", content))


@pytest.mark.parametrize("damage", [b"\xff", b"a\rb,", b'"' + b"x" * 200_000])
def test_an_info_that_is_no_table_is_refused(tmp_path: Path, damage: bytes) -> None:
    content = files()
    content["info.csv"] = content["info.csv"] + damage + b"\n"

    with pytest.raises(DataError, match=r"info\.csv in .* cannot be read"):
        load(archive(tmp_path / "groove.zip", content))


@pytest.mark.parametrize(
    ("told", "instead"),
    [
        (b",110,", b",0,"),
        (b",110,", b",-5,"),
        (b",110,", b",nan,"),
        (b",4-4,", b",0-4,"),
        (b",4-4,", b",4-0,"),
    ],
)
def test_a_tempo_or_meter_that_cannot_be_is_refused_by_its_file(
    tmp_path: Path, told: bytes, instead: bytes
) -> None:
    content = files()
    content["info.csv"] = content["info.csv"].replace(told, instead, 1)

    with pytest.raises(DataError, match=r"1_rock_110_beat_4-4\.mid in .* \(info\.csv has it"):
        load(archive(tmp_path / "groove.zip", content))


@pytest.mark.parametrize("name", ["info.csv", "drummer1/session1/1_rock_110_beat_4-4.mid"])
def test_a_file_that_unpacks_to_more_than_the_data_set_has_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file, content in (files() | {name: bytes(LARGEST + 1)}).items():
            packed.writestr(file, content)

    with pytest.raises(DataError, match=f"{name} in .* more than 64 MiB"):
        load(path)


@pytest.mark.parametrize("name", ["/dev/zero", "../beside.mid"])
def test_a_folder_does_not_lead_out_of_itself(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(archive(tmp_path / "groove.zip")) as file:
        file.extractall(tmp_path)
    (tmp_path / "beside.mid").write_bytes(midi([(0, 36, 100)]))
    info = tmp_path / "groove" / "info.csv"
    info.write_bytes(info.read_bytes().replace(b"drummer1/session1/1_rock_110_beat_4-4.mid", name.encode()))

    with pytest.raises(DataError, match=rf"{name} in .* \(it lies outside\)"):
        load(tmp_path / "groove")


def test_info_says_how_long_a_recording_is(tmp_path: Path) -> None:
    groove = load(archive(tmp_path / "groove.zip"))

    assert [p.duration_s for p in groove.performances] == [10.0] * 5


def test_the_contents_are_the_same_packed_or_not_and_with_any_line_ends(tmp_path: Path) -> None:
    packed = archive(tmp_path / "groove.zip")
    with zipfile.ZipFile(packed) as file:
        file.extractall(tmp_path)
    info = tmp_path / "groove" / "info.csv"
    info.write_bytes(info.read_bytes().replace(b"\n", b"\r\n"))

    unpacked = load(tmp_path / "groove")

    assert unpacked.contents == unpacked.sha256 == load(packed).contents == contents_sha256(packed)
    assert load(packed).sha256 != load(packed).contents


def test_a_changed_note_changes_the_contents(tmp_path: Path) -> None:
    one, other = archive(tmp_path / "1.zip"), archive(tmp_path / "2.zip", files(seed=2))

    assert contents_sha256(one) != contents_sha256(other)


def test_without_a_midi_parser_the_way_to_get_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "symusic", None)

    with pytest.raises(DataError, match=r"takes symusic: pip install"):
        load(archive(tmp_path / "groove.zip"))


@pytest.fixture
def places(tmp_path: Path, user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Return the folders where data sets may lie, none of which is there."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("POCKETD_DATA", str(tmp_path / "named"))
    return {
        "named": tmp_path / "named",
        "shared": tmp_path / "shared" / "data",
        "fetched": user_folders / "data" / "pocketd" / "data",
    }


def fill(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return archive(folder / ARCHIVE)


def test_the_data_set_is_found_where_it_is_named_then_shared_then_fetched(places: dict[str, Path]) -> None:
    found = []
    for name in ("fetched", "shared", "named"):
        fill(places[name])
        found.append(find_data().resolve())

    assert found == [places[name] / ARCHIVE for name in ("fetched", "shared", "named")]


def test_an_unpacked_data_set_is_found(places: dict[str, Path]) -> None:
    with zipfile.ZipFile(fill(places["named"])) as file:
        file.extractall(places["shared"])
    (places["named"] / ARCHIVE).unlink()

    assert find_data().resolve() == places["shared"] / "groove"


def test_what_is_given_is_taken_before_all_others(places: dict[str, Path], tmp_path: Path) -> None:
    fill(places["named"])
    given = archive(tmp_path / "mine.zip")

    assert find_data(given) == given


def test_what_is_given_and_not_there_is_never_replaced(places: dict[str, Path], tmp_path: Path) -> None:
    fill(places["named"])

    with pytest.raises(DataError, match=r"no data set at .*mine\.zip; .*pocketd data fetch groove"):
        find_data(tmp_path / "mine.zip")


def test_where_there_is_none_all_places_are_told_and_how_to_get_it(places: dict[str, Path]) -> None:
    with pytest.raises(DataError, match="`pocketd data fetch groove` downloads it") as caught:
        find_data()

    assert all(str(places[name]) in str(caught.value) for name in ("named", "fetched"))
    assert "../shared/data" in str(caught.value)


def test_without_a_home_the_fetched_data_has_no_place(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pocket_export.groove.user_data_path", lambda *_, **__: Path("~/share"))

    with pytest.raises(ConfigError, match="no home folder"):
        find_data()


@pytest.mark.data
@pytest.mark.skipif(not OFFICIAL.exists(), reason=f"needs {OFFICIAL} (POCKETD_DATA)")
def test_the_official_archive_has_its_published_counts() -> None:
    groove = load(SHARED)

    assert [len(groove.split(name)) for name in ("train", "validation", "test")] == [897, 124, 129]
    assert (
        sum(len(p.beats) for p in groove.performances) == 446_311
    )  # of 446,312: symusic drops one that is struck twice at once
    assert sum(p.in_follow for p in groove.split("test")) == 74
