from __future__ import annotations

import hashlib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_export import groove_cache
from pocket_export.groove import load
from pocket_export.groove_cache import cache_file, recall, remember
from pocket_export.recordings import Groove
from tests.export.archives import archive, files, midi
from tests.export.test_groove import OFFICIAL
from tests.export.test_recordings import played


def same(a: Groove, b: Groove) -> bool:
    """Whether two data sets are equal in every field, arrays with their types."""
    pairs = zip(a.performances, b.performances, strict=True)
    return (a.sha256, a.contents) == (b.sha256, b.contents) and all(
        _equal(getattr(p, field.name), getattr(q, field.name)) for p, q in pairs for field in fields(p)
    )


def _equal(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    return type(a) is type(b) and a == b


@pytest.fixture
def small(tmp_path: Path) -> Groove:
    return load(archive(tmp_path / "groove.zip"))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "made" / "for it" / "groove.cache"


def test_what_is_recalled_is_equal_to_what_was_parsed(small: Groove, cache: Path) -> None:
    remember(small, cache)

    recalled = recall(small.sha256, cache)

    assert recalled is not None
    assert same(recalled, small)
    assert [path.name for path in cache.parent.iterdir()] == [cache.name]


def test_a_recording_without_notes_is_recalled(tmp_path: Path, cache: Path) -> None:
    content = files()
    for name in sorted(content.keys() - {"info.csv"})[::2]:
        content[name] = midi([])
    sparse = load(archive(tmp_path / "groove.zip", content), cache=cache)

    recalled = recall(sparse.sha256, cache)

    assert recalled is not None
    assert same(recalled, sparse)


def test_an_archive_is_parsed_once(
    tmp_path: Path, small: Groove, monkeypatch: pytest.MonkeyPatch, user_folders: Path
) -> None:
    monkeypatch.setattr("pocket_export.groove._parsed", None)  # whoever parses now, fails

    assert same(load(tmp_path / "groove.zip"), small)
    assert cache_file().is_relative_to(user_folders)


def test_another_archive_is_not_recalled(small: Groove, cache: Path) -> None:
    remember(small, cache)

    assert recall(hashlib.sha256(b"another").hexdigest(), cache) is None


def test_an_older_format_is_not_recalled(small: Groove, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(small, cache)
    monkeypatch.setattr(groove_cache, "FORMAT", groove_cache.FORMAT + 1)

    assert recall(small.sha256, cache) is None


def test_what_another_parser_read_is_not_recalled(
    small: Groove, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(small, cache)
    monkeypatch.setattr(groove_cache, "version", lambda _name: "0.5.8")

    assert recall(small.sha256, cache) is None


@given(st.data())
def test_no_damaged_cache_is_recalled(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    file = tmp_path_factory.getbasetemp() / "damaged.cache"
    remember(Groove("a", "b", (played("c", 36, 38), played("d", 42))), file)
    content = bytearray(file.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    damage = data.draw(st.sampled_from(["flip", "cut", "grow"]))
    if damage == "flip":
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        content = content[:at] if damage == "cut" else content + b"?"
    file.write_bytes(content)

    assert recall("a", file) is None


def test_a_damaged_cache_is_written_anew(tmp_path: Path, small: Groove, cache: Path) -> None:
    remember(small, cache)
    cache.write_bytes(cache.read_bytes()[:-1])

    assert same(load(tmp_path / "groove.zip", cache=cache), small)
    assert recall(small.sha256, cache) is not None


def test_a_place_that_cannot_be_written_to_is_no_error(tmp_path: Path, small: Groove) -> None:
    (tmp_path / "file").touch()

    assert same(load(tmp_path / "groove.zip", cache=tmp_path / "file" / "cache"), small)


def test_a_folder_in_the_caches_place_is_no_error(tmp_path: Path, small: Groove) -> None:
    assert same(load(tmp_path / "groove.zip", cache=tmp_path), small)


def test_an_unpacked_data_set_is_read_anew_as_its_files_may_change(
    tmp_path: Path, small: Groove, cache: Path
) -> None:
    for name, content in files().items():
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_bytes(content)

    unpacked = load(tmp_path / "out", cache=cache)

    assert unpacked.sha256 == unpacked.contents == small.contents
    assert not cache.exists()


@pytest.mark.data
@pytest.mark.skipif(not OFFICIAL.exists(), reason=f"needs {OFFICIAL} (POCKETD_DATA)")
def test_the_whole_data_set_is_recalled_as_it_was_parsed(cache: Path) -> None:
    parsed = load(OFFICIAL, cache=cache)

    recalled = recall(parsed.sha256, cache)

    assert recalled is not None
    assert same(recalled, parsed)
