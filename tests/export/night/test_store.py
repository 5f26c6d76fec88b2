"""Where takes lie: a folder, or a URL; what is finished there, in order of playing, and what can go wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from pocket_core.errors import ConfigError
from pocket_export.night.gather import gather
from pocket_export.night.make_way import MakeWayError
from pocket_export.night.store import Archive, Folder, Store, StoreError, in_order, open_store
from pocket_export.night.task import Unread
from pocket_export.night.tasks import read
from tests.export.night.partners import song, take

FIRST, SECOND = "2026-11-20/120000", "2026-11-20/120100"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two takes of this machine's, and one of another's that began as the second."""
    folder = tmp_path_factory.mktemp("takes")
    for n in range(2):
        take(folder, of=song(4), minutes=n, seed=n)
    take(folder / "studio b", of=song(4), minutes=1, seed=2)
    return folder


@pytest.fixture(params=["folder", "file", "memory"])
def store(root: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """Return the same takes, wherever they lie."""
    if request.param == "memory":
        memory = fsspec.filesystem("memory")
        memory.put(f"{root}/", "/takes/", recursive=True)
        yield open_store("memory://takes")
        memory.rm("/takes", recursive=True)
    else:
        yield open_store(str(root) if request.param == "folder" else f"file://{root}")


def test_takes_are_the_same_wherever_they_lie(store: Store) -> None:
    names = store.takes()

    assert names == [FIRST, SECOND, f"studio b/{SECOND}"]
    found = gather(store, names, lambda share: None)
    assert [duet.about.take for duet in found.duets] == names
    assert store.size(FIRST) > 10_000


def test_a_copy_of_a_take_is_learnt_from_once(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / FIRST, tmp_path / FIRST)
    shutil.copytree(root / FIRST, tmp_path / "backup" / FIRST)
    store = open_store(str(tmp_path))

    found = gather(store, store.takes(), lambda share: None)

    assert [duet.about.take for duet in found.duets] == [FIRST]
    assert found.unread == [Unread(f"backup/{FIRST}", f"a copy of {FIRST}")]


def test_in_this_machines_own_folder_are_this_machines_takes_alone(root: Path) -> None:
    assert Folder(root).takes() == [FIRST, SECOND]


def test_a_take_that_has_vanished_is_named_with_where_it_lay(store: Store) -> None:
    found = read(store, "2026-11-20/130000")

    assert isinstance(found, Unread)
    assert found.take == "2026-11-20/130000"
    assert found.why.startswith(f"cannot read {store}/2026-11-20/130000/journal.jsonl: ")


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_not_finished_or_no_take_is_left_out(root: Path, tmp_path: Path, kind: str) -> None:
    shutil.copytree(root, tmp_path / "takes")
    here = tmp_path / "takes"
    (here / FIRST / "take.json").unlink()
    (here / SECOND / "journal.jsonl").unlink()
    shutil.copytree(here / "studio b" / SECOND, here / "2026-11-20" / ".going-120100")

    store = open_store(str(here) if kind == "folder" else f"file://{here}")

    assert store.takes() == [f"studio b/{SECOND}"]


def test_takes_of_several_machines_are_in_order_of_playing() -> None:
    names = ["b/2026-11-20/120000", "2026-11-20/120000-10", "2026-11-20/120000-2", "a/2026-11-21/090000"]

    found = in_order([*names, "2026-11-20/120000", "songs", "a/b/2026-11-20/120000"])

    assert found == [
        "2026-11-20/120000",
        "b/2026-11-20/120000",
        "2026-11-20/120000-2",
        "2026-11-20/120000-10",
        "a/2026-11-21/090000",
    ]


def test_a_folder_that_is_not_there_yet_has_no_takes(tmp_path: Path) -> None:
    assert Folder(tmp_path / "none").takes() == []


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match=r"cannot list the takes in .*file: Not a directory"):
        Folder(tmp_path / "file").takes()


def test_an_archive_with_nothing_in_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"memory://elsewhere: there is nothing; takes"):
        open_store("memory://elsewhere").takes()


def test_a_take_that_begins_while_takes_are_listed_is_no_fault_of_the_archive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stopped(system: object, root: str) -> list[str]:
        raise MakeWayError("a take has begun")

    monkeypatch.setattr(fsspec.get_filesystem_class("memory"), "find", stopped)

    with pytest.raises(MakeWayError):
        open_store("memory://takes").takes()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nfs3000://takes", r"Protocol not known: nfs3000; s3://bucket/folder is such a URL"),
        ("adl://somewhere/takes", r"adl.*; install what brings it"),
    ],
)
def test_a_url_that_cannot_be_one_is_told_at_once(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"takes in {url}: .*{said}"):
        open_store(url)


def test_a_protocol_whose_package_is_missing_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(url: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)

    with pytest.raises(ConfigError, match=r"Install s3fs to access S3; pip install 'pocketd\[s3\]'"):
        open_store("s3://bucket/takes")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ftp://me:secret@studio/takes", "ftp://studio/takes"),
        ("ftp://me:se@cr/et@studio/takes", "ftp://studio/takes"),
        ("https://studio/takes?sig=secret", "https://studio/takes"),
        ("abfs://container@account/takes", "abfs://container@account/takes"),
    ],
)
def test_a_password_in_a_url_is_told_to_nobody(url: str, shown: str) -> None:
    assert str(Archive(url)) == shown


@pytest.mark.parametrize("machine", [os.fsdecode(b"B\xfcro"), "\x1b[31mred", "a\nb"])
def test_a_name_that_cannot_be_told_is_none(machine: str) -> None:
    assert in_order([f"{machine}/2026-11-20/120000", "Büro/2026-11-20/120000"]) == ["Büro/2026-11-20/120000"]
