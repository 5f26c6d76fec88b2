"""Takes in an S3-style store, read over real HTTP by this process, by readers, and by a night."""

from __future__ import annotations

from collections.abc import Iterator

import fsspec
import pytest

from pocket_export.night.gather import gather
from pocket_export.night.store import StoreError, open_store
from tests.export.night.partners import song, take
from tests.real.object_store import environment, object_store, upload

pytestmark = pytest.mark.real

NAMES = ["2026-11-20/120000", *(f"studio-{n}/2026-11-20/120000" for n in range(4))]


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    """Forget whom another test asked: fsspec keeps what reaches a store for as long as the process lives."""
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    yield
    fsspec.get_filesystem_class("s3").clear_instance_cache()


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a store with a take of this machine's and those of four others who began together."""
    root = tmp_path_factory.mktemp("takes")
    take(root, of=song(4))
    for n in range(4):
        take(root / f"studio-{n}", of=song(4), seed=10 + n)
    with object_store() as endpoint, pytest.MonkeyPatch.context() as patch:
        for key, value in environment(endpoint).items():
            patch.setenv(key, value)
        upload(root, "label")
        yield endpoint


def idle(share: float) -> None:
    pass


@pytest.mark.parametrize("count", [1, 5], ids=["in this process", "by others"])
def test_takes_of_a_bucket_are_read(endpoint: str, count: int) -> None:
    store = open_store("s3://label/takes")

    names = store.takes()

    assert names == NAMES
    found = gather(store, names[:count], idle, processes=2)
    assert [duet.about.take for duet in found.duets] == names[:count]


def test_a_bucket_that_is_not_there_is_told(endpoint: str) -> None:
    with pytest.raises(StoreError, match=r"cannot list the takes in s3://nobodys/takes: it is not there"):
        open_store("s3://nobodys/takes").takes()


def test_a_folder_of_a_bucket_that_is_not_there_is_told(endpoint: str) -> None:
    with pytest.raises(StoreError, match=r"s3://label/takse: there is nothing"):
        open_store("s3://label/takse").takes()


def test_a_bucket_without_a_name_is_told(endpoint: str) -> None:
    with pytest.raises(StoreError, match=r"cannot list the takes in s3://: "):
        open_store("s3://").takes()


def test_a_store_that_does_not_answer_is_told(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    with pytest.raises(StoreError, match=r"cannot list the takes in s3://label/elsewhere: .*127\.0\.0\.1:9"):
        open_store("s3://label/elsewhere").takes()
