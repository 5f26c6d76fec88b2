from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.errors import PocketError, TakeError
from pocket_core.likeness import Likeness
from pocket_core.tempo import Meter
from pocket_core.voices import VOICES
from pocketd.song_prints import Part
from pocketd.songs import Bar, Song, SongBook, bars_as_written

WHEN = "2026-11-20T12:00:00+01:00"


def song(name: str = "Blue", likeness: Likeness | None = None) -> Song:
    return Song(
        name=name,
        heard=WHEN,
        takes=1,
        bpm=120.0,
        numerator=4,
        denominator=4,
        bars=[Bar(bar=1, struck={"kick": [0, 24]}), Bar(bar=2, struck={})],
        likeness=likeness,
    )


names = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=80
) | st.sampled_from([".", "..", "../up", "a/b", "C:\\x", "nul.", " ", "%2F", "~", "x" * 80, "ß" * 80])


@settings(max_examples=100, deadline=None)
@given(name=names)
def test_a_song_of_any_name_comes_back_from_a_file_of_the_folder(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("songs")
    book = SongBook(folder)

    book.write(song(name))

    assert book.read(name) == song(name)
    assert [path.suffix for path in folder.iterdir()] == [".json"]
    assert list(book.parts()[0]) == [name]


bars = st.dictionaries(
    st.integers(1, 2000),
    st.frozensets(st.tuples(st.sampled_from(VOICES), st.integers(0, 767)), max_size=12),
    max_size=20,
)


@settings(max_examples=50, deadline=None)
@given(bars=bars)
def test_a_part_comes_back_from_its_file(
    bars: dict[int, frozenset[tuple[str, int]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    part = Part(97.5, Meter(6, 8), bars)
    book = SongBook(tmp_path_factory.mktemp("songs"))

    book.write(
        Song(
            name="Blue",
            heard=WHEN,
            takes=2,
            bpm=part.bpm,
            numerator=6,
            denominator=8,
            bars=bars_as_written(part),
        )
    )

    assert book.parts() == ({"Blue": part}, [])


def test_of_a_song_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    book = SongBook(tmp_path / "none")

    assert book.read("Blue") is None
    assert book.parts() == ({}, [])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"format": 1',
        b"\xff\xfe",
        b"[" * 5000,
        b'{"format":2,"name":"Blue","heard":"","takes":1,"bpm":120.0,"numerator":4,"denominator":4}',
        b'{"format":1,"name":"Blue","heard":"","takes":1,"bpm":0.0,"numerator":4,"denominator":4}',
        b'{"format":1,"name":"Blue","heard":"","takes":1,"bpm":120.0,"numerator":4,"denominator":4,'
        b'"likeness":{"mean":NaN}}',
        b'{"format":1,"name":"Blue","heard":"","takes":1,"bpm":120.0,"numerator":4,"denominator":4,'
        b'"likeness":{"mean":1e999}}',
        b'{"format":1,"name":"Blue","heard":"","takes":1,"bpm":120.0,"numerator":4,"denominator":4,'
        b'"bars":[{"bar":1,"struck":{"kick":[-1]}}]}',
    ],
)
def test_a_damaged_file_is_refused_in_a_line_and_keeps_no_other_song_away(
    tmp_path: Path, data: bytes
) -> None:
    book = SongBook(tmp_path)
    book.write(song("Stella"))
    (tmp_path / "Blue.json").write_bytes(data)

    with pytest.raises(TakeError, match=r"^[^\n]*Blue\.json is damaged[^\n]*delete it[^\n]*$"):
        book.read("Blue")

    parts, faults = book.parts()
    assert list(parts) == ["Stella"]
    assert len(faults) == 1


def test_a_file_of_another_song_is_not_taken_for_it(tmp_path: Path) -> None:
    book = SongBook(tmp_path)
    book.write(song("Stella"))
    (tmp_path / "Stella.json").rename(tmp_path / "Blue.json")

    with pytest.raises(TakeError, match="is of the song 'Stella', not of 'Blue'"):
        book.read("Blue")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "songs").write_text("no folder")

    with pytest.raises(PocketError, match="cannot make"):
        SongBook(tmp_path / "songs" / "here").write(song())


def test_what_a_musician_has_become_comes_back_to_the_bit(tmp_path: Path) -> None:
    book = SongBook(tmp_path)
    likeness = Likeness(mean=0.1 + 0.2, fast=-1 / 3)

    book.write(song(likeness=likeness))

    read = book.read("Blue")
    assert read is not None
    assert read.likeness == likeness
