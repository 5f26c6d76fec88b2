from __future__ import annotations

import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from pocket_core.errors import ConfigError, DataError
from pocket_export.data_command import InterruptedFetchError, app, bring, inspect
from pocket_export.fetch import FetchError
from pocket_export.groove import find_data
from tests.commands import call, done
from tests.export.archives import archive, files
from tests.export.test_fetch import as_published
from tests.export.test_groove import OFFICIAL
from tests.export.web import Site, serving

NO_TORCH = """
import sys
from pocket_export.data_command import app
app(["show", "--data", sys.argv[1]], standalone_mode=False)
sys.exit(bool({"torch", "onnx"} & sys.modules.keys()))
"""


def run(*words: object) -> str:
    """Run `pocketd data` and return what it prints."""
    return done(call(app, *words, env={"COLUMNS": "200"})).output


def unpacked(folder: Path) -> Path:
    with zipfile.ZipFile(archive(folder / "copy.zip")) as file:
        file.extractall(folder)
    return folder


@pytest.fixture
def console() -> Console:
    return Console(width=200, record=True)


def test_a_download_says_where_it_lies_and_a_second_finds_it(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    published = archive(tmp_path / "published.zip")
    with serving(Site(published.read_bytes())) as site:
        release = replace(as_published(published), url=site.url)

        first = bring(release, tmp_path / "data", None, console)
        second = bring(release, tmp_path / "data", None, console)

    assert first == second == tmp_path / "data" / release.name
    assert site.asked == [None]
    text = console.export_text()
    assert "Checked: its SHA-256 is as published" in text
    assert f"It lies at {first}" in text
    assert "It has been fetched before" in text


def test_a_second_try_says_from_where_it_goes_on(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    published = archive(tmp_path / "published.zip")
    with serving(Site(published.read_bytes(), breaks_after=1234)) as site:
        release = replace(as_published(published), url=site.url)
        with pytest.raises(FetchError):
            bring(release, tmp_path / "data", None, console)
        site.breaks_after, site.ranges = None, False

        bring(release, tmp_path / "data", None, console)

    text = console.export_text()
    assert "going on at 1,234" in text
    assert "The server cannot go on where it broke off" in text


def test_ctrl_c_is_told_with_a_code_of_its_own(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pocket_export.fetch.download", interrupted)

    with pytest.raises(InterruptedFetchError, match="the same command goes on") as caught:
        bring(as_published(archive(tmp_path / "published.zip")), tmp_path / "data", None, console)

    assert caught.value.exit_code == 130


def test_another_file_in_its_place_is_left_alone(tmp_path: Path, console: Console) -> None:
    release = as_published(archive(tmp_path / "published.zip"))
    other = archive(tmp_path / release.name, files(seed=2))
    before = other.read_bytes()

    with pytest.raises(DataError, match="it stands where the data set goes, move it away"):
        bring(release, tmp_path, None, console)

    assert other.read_bytes() == before


def test_the_licence_stands_before_anything_else_happens(tmp_path: Path) -> None:
    other = archive(tmp_path / "other.zip")

    result = call(app, "fetch", "groove", "--archive", other, "--out", tmp_path / "d")

    assert isinstance(result.exception, DataError)
    assert "CC BY 4.0" in result.output
    assert "Learning to Groove with Inverse Sequence Transformations" in result.output


def test_an_unpacked_data_set_is_checked_and_told(tmp_path: Path) -> None:
    text = run("fetch", "groove", "--dir", unpacked(tmp_path))

    assert "Found: 5 files, 396 notes, 0.0 hours, 2 drummers; 3 train, 1 validation, 1 test" in text
    assert "they are not those that were published" in text
    assert f"It lies at {tmp_path / 'groove'}" in text
    assert f"Next: pocketd data show --data {tmp_path / 'groove'}" in text


def test_an_unpacked_data_set_as_published_is_known(tmp_path: Path, console: Console) -> None:
    folder = unpacked(tmp_path)

    inspect(as_published(tmp_path / "copy.zip"), folder, console)

    assert "byte for byte, those that were published" in console.export_text()


def test_an_unpacked_data_set_that_lacks_a_file_is_refused_with_its_name(tmp_path: Path) -> None:
    gone = sorted(unpacked(tmp_path).rglob("*.mid"))[0]
    gone.unlink()

    with pytest.raises(DataError, match=rf"{gone.name} in .* cannot be read"):
        run("fetch", "groove", "--dir", tmp_path)


def test_an_archive_is_no_unpacked_data_set(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no unpacked data set; pass an archive with --archive"):
        run("fetch", "groove", "--dir", archive(tmp_path / "groove.zip"))


@pytest.mark.parametrize("other", ["--archive", "--out"])
def test_a_folder_to_check_goes_nowhere(tmp_path: Path, other: str) -> None:
    with pytest.raises(ConfigError, match="leave out --out and --archive"):
        run("fetch", "groove", "--dir", tmp_path, other, tmp_path / "x")


def test_a_data_set_that_nobody_knows_is_a_usage_error() -> None:
    result = call(app, "fetch", "grove")

    assert result.exit_code == 2
    assert "groove" in result.output


def test_show_prints_the_table_and_where_it_is_from(tmp_path: Path) -> None:
    data = archive(tmp_path / "groove.zip")

    text = run("show", "--data", data)

    assert "drummer2" in text
    assert f"CC BY 4.0, Gillick et al. 2019, at {data}" in text


def test_looking_at_data_never_loads_torch(tmp_path: Path) -> None:
    data = archive(tmp_path / "groove.zip")

    ended = subprocess.run([sys.executable, "-c", NO_TORCH, str(data)], capture_output=True, check=False)

    assert ended.returncode == 0, ended.stderr.decode()


@pytest.mark.data
@pytest.mark.skipif(not OFFICIAL.exists(), reason=f"needs {OFFICIAL} (POCKETD_DATA)")
def test_a_local_copy_of_the_official_archive_is_found_from_then_on(
    tmp_path: Path, user_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    official = OFFICIAL.resolve()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POCKETD_DATA", raising=False)

    run("fetch", "groove", "--archive", official)

    assert find_data().is_relative_to(user_folders)
    assert find_data().read_bytes() == official.read_bytes()
