from __future__ import annotations

import gc
import hashlib
import signal
import socket
import zipfile
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import numpy as np
import pytest

from pocket_core.errors import DataError, PocketError
from pocket_export.fetch import GROOVE, FetchError, Release, adopt, check, download, waiting
from pocket_export.groove import contents_sha256
from tests.daemon.full_disk import files_no_larger_than
from tests.export.archives import archive, files
from tests.export.test_groove import OFFICIAL
from tests.export.web import Site, serving

CONTENT = np.random.default_rng(1).bytes(300_000)
NAME = "groove.zip"


def release(site: Site, content: bytes = CONTENT) -> Release:
    """Return what the site should have."""
    return Release(site.url, NAME, len(content), hashlib.sha256(content).hexdigest(), "")


def unwatched(_done: int) -> None:
    pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(Site(CONTENT)) as site:
        yield site


def broken_off(site: Site, folder: Path, after: int) -> None:
    """Download until the server hangs up."""
    site.breaks_after = after
    with pytest.raises(FetchError):
        download(release(site), folder, unwatched)
    site.breaks_after = None


def test_a_download_is_there_whole_and_says_how_far_it_is(site: Site, tmp_path: Path) -> None:
    told: list[int] = []

    path = download(release(site), tmp_path / "made" / "for it", told.append)

    assert path == tmp_path / "made" / "for it" / NAME
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    assert told[0] == 0
    assert told[-1] == len(CONTENT)
    assert told == sorted(told)


def test_a_server_that_hangs_up_half_way_leaves_what_came_and_nothing_under_the_name(
    site: Site, tmp_path: Path
) -> None:
    site.breaks_after = 100_000

    with pytest.raises(FetchError, match=r"broke off at 100,000 of 300,000 bytes; what came is kept"):
        download(release(site), tmp_path, unwatched)

    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}.part"]
    assert waiting(release(site), tmp_path) == 100_000


@pytest.mark.parametrize("after", [1, 99_999, 299_999])
def test_the_next_download_asks_only_for_what_is_missing(site: Site, tmp_path: Path, after: int) -> None:
    broken_off(site, tmp_path, after)

    path = download(release(site), tmp_path, unwatched)

    assert path.read_bytes() == CONTENT
    assert site.asked == [None, f"bytes={after}-"]


def test_a_server_without_ranges_sends_it_all_again(site: Site, tmp_path: Path) -> None:
    site.ranges = False
    broken_off(site, tmp_path, 100_000)
    told: list[int] = []

    path = download(release(site), tmp_path, told.append)

    assert path.read_bytes() == CONTENT
    assert told[0] == 0


def test_a_server_that_does_not_say_how_much_it_sends_will_do(site: Site, tmp_path: Path) -> None:
    site.tells_length = False

    assert download(release(site), tmp_path, unwatched).read_bytes() == CONTENT


def test_wrong_bytes_are_thrown_away(site: Site, tmp_path: Path) -> None:
    site.content = CONTENT[:-1] + b"?"
    wanted = release(site)

    with pytest.raises(DataError, match=f"the published one is {wanted.sha256}; it was thrown away"):
        download(wanted, tmp_path, unwatched)

    assert not list(tmp_path.iterdir())


def test_going_on_from_damaged_bytes_ends_in_a_fresh_start(site: Site, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(b"?" * 1000)

    with pytest.raises(DataError, match="thrown away"):
        download(release(site), tmp_path, unwatched)

    assert download(release(site), tmp_path, unwatched).read_bytes() == CONTENT


@pytest.mark.parametrize("have", [0, 1000])
def test_a_file_of_another_size_is_refused_before_it_comes(site: Site, tmp_path: Path, have: int) -> None:
    part = tmp_path / f"{NAME}.part"
    part.write_bytes(CONTENT[:have])
    site.content = b"<html>log in to this network</html>" * 100

    with pytest.raises(DataError, match=r"has 3,500 bytes, the published archive 300,000"):
        download(release(site), tmp_path, unwatched)

    assert part.read_bytes() == CONTENT[:have]


def test_a_part_that_is_too_long_is_begun_again(site: Site, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT + b"more")

    path = download(release(site), tmp_path, unwatched)

    assert path.read_bytes() == CONTENT
    assert site.asked == [None]


def test_a_part_that_is_whole_needs_no_network(site: Site, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT)

    path = download(release(site), tmp_path, unwatched)

    assert path.read_bytes() == CONTENT
    assert site.asked == []


def test_a_server_that_refuses_to_go_on_is_asked_for_all_of_it(site: Site, tmp_path: Path) -> None:
    broken_off(site, tmp_path, 100_000)
    site.status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE

    path = download(release(site), tmp_path, unwatched)

    assert path.read_bytes() == CONTENT
    assert site.asked == [None, "bytes=100000-", None]


def test_a_part_of_another_place_is_not_taken(site: Site, tmp_path: Path) -> None:
    broken_off(site, tmp_path, 100_000)
    site.shifted = 1

    with pytest.raises(FetchError, match="sent another part than it was asked for"):
        download(release(site), tmp_path, unwatched)

    assert waiting(release(site), tmp_path) == 100_000


def test_a_file_that_is_gone_is_told_with_the_servers_word(site: Site, tmp_path: Path) -> None:
    site.status = HTTPStatus.NOT_FOUND

    with pytest.raises(FetchError, match=r"answered 404 Not Found; .* --archive"):
        download(release(site), tmp_path, unwatched)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # urllib leaves a socket open
@pytest.mark.parametrize("where", ["http://[", "http://../", f"http://{'a' * 70}.example/"])
def test_a_server_that_leads_astray_is_told_in_one_line(site: Site, tmp_path: Path, where: str) -> None:
    site.leads_to = where

    with pytest.raises(FetchError, match=r"^cannot reach http.*: .* --archive$"):
        download(release(site), tmp_path, unwatched)

    gc.collect()


def test_no_network_is_told_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        nobody = Site(CONTENT, url=f"http://127.0.0.1:{taken.getsockname()[1]}/{NAME}")

        with pytest.raises(FetchError, match=r"cannot reach http.*: Connection refused; .* --archive"):
            download(release(nobody), tmp_path, unwatched)


def test_a_full_disk_is_told_and_the_download_goes_on_once_there_is_room(site: Site, tmp_path: Path) -> None:
    with files_no_larger_than(100_000), pytest.raises(PocketError, match=r"cannot write .*\.part: .* room"):
        download(release(site), tmp_path, unwatched)

    kept = waiting(release(site), tmp_path)
    assert 0 < kept <= 100_000
    assert download(release(site), tmp_path, unwatched).read_bytes() == CONTENT
    assert site.asked == [None, f"bytes={kept}-"]


def test_a_folder_that_cannot_be_made_is_told(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(PocketError, match=r"cannot write .* choose another --out"):
        download(release(site), tmp_path / "file" / "folder", unwatched)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt, also where the tests run in the background and a shell has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_leaves_a_download_that_goes_on(site: Site, tmp_path: Path) -> None:
    def impatient(done: int) -> None:
        if done:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        download(release(site), tmp_path, impatient)

    kept = waiting(release(site), tmp_path)
    assert 0 < kept < len(CONTENT)
    assert not (tmp_path / NAME).exists()
    assert download(release(site), tmp_path, unwatched).read_bytes() == CONTENT
    assert site.asked == [None, f"bytes={kept}-"]


def as_published(path: Path) -> Release:
    """Return an archive as if its makers had published it."""
    content = path.read_bytes()
    return Release("", NAME, len(content), hashlib.sha256(content).hexdigest(), contents_sha256(path))


def test_a_local_copy_goes_into_its_place(tmp_path: Path) -> None:
    copy = archive(tmp_path / "copy.zip")

    path = adopt(as_published(copy), copy, tmp_path / "data")

    assert path == tmp_path / "data" / NAME
    assert path.read_bytes() == copy.read_bytes()
    assert list(path.parent.iterdir()) == [path]


def test_a_local_copy_may_lie_in_its_place(tmp_path: Path) -> None:
    copy = archive(tmp_path / NAME)
    before = copy.read_bytes()

    assert adopt(as_published(copy), copy, tmp_path) == copy
    assert copy.read_bytes() == before


def test_the_same_files_packed_anew_are_known_by_what_is_in_them(tmp_path: Path) -> None:
    published = as_published(archive(tmp_path / "published.zip"))
    anew = tmp_path / "anew.zip"
    with zipfile.ZipFile(anew, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in sorted(files().items()):
            file.writestr(f"elsewhere/{name}", content)

    assert not check(published, anew)
    assert check(published, tmp_path / "published.zip")


def test_another_archive_is_refused_and_nothing_written(tmp_path: Path) -> None:
    published = as_published(archive(tmp_path / "published.zip"))
    other = archive(tmp_path / "other.zip", files(seed=2))

    with pytest.raises(
        DataError, match=rf"other\.zip is not {NAME}: its SHA-256 is .* the files inside differ"
    ):
        adopt(published, other, tmp_path / "data")

    assert not (tmp_path / "data").exists()


def test_the_archive_with_the_sound_is_refused_by_its_size(tmp_path: Path) -> None:
    large = tmp_path / "large.zip"
    with large.open("wb") as file:
        file.truncate(1 << 30)

    with pytest.raises(DataError, match="the one without sound is meant"):
        check(GROOVE, large)


def test_a_local_copy_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no file .*gone\.zip"):
        adopt(GROOVE, tmp_path / "gone.zip", tmp_path)


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    copy = archive(tmp_path / "copy.zip")

    with pytest.raises(PocketError, match=r"cannot copy to .* choose another --out"):
        adopt(as_published(copy), copy, copy / "folder")


@pytest.mark.data
@pytest.mark.skipif(not OFFICIAL.exists(), reason=f"needs {OFFICIAL} (POCKETD_DATA)")
def test_the_recordings_at_hand_are_those_that_were_published() -> None:
    assert contents_sha256(OFFICIAL) == GROOVE.contents
