from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import typer

from pocket_core.errors import ConfigError, DataError
from pocket_export.sources.patterns.map_command import draw_map, show
from pocketd.generators.graphs import generator_folder
from tests.commands import call, done
from tests.export.sources.patterns.map_data import ring, small
from tests.export.sources.patterns.spaces import write_space, write_table

APP = typer.Typer()
APP.command("map")(draw_map)
APP.command("show")(show)
SERVE = (  # in the background a shell has SIGINT ignored
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from tests.export.sources.patterns.test_map_command import APP; APP()"
)


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path]:
    """Return a table and a space's card."""
    content = small()
    return write_table(tmp_path, content), write_space(tmp_path, content)


def test_the_map_is_a_page_of_all_patterns(made: tuple[Path, Path], tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    table, card = made

    result = done(call(APP, "map", "--patterns", table, "--model", card, "--out", tmp_path / "out.html"))

    assert "60 patterns" in result.output
    page = (tmp_path / "out.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "folder/file 59.mid" in page


def test_while_the_map_is_laid_out_a_bar_says_how_long_it_takes_yet(
    made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    monkeypatch.setenv("COLUMNS", "100")
    table, card = made

    result = done(call(APP, "map", "--patterns", table, "--model", card, "--out", tmp_path / "out.html"))

    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", result.stderr)
    assert re.search(r"laying out 60 patterns by t-SNE\W+left (0:00:0\d|-:--:--)", shown)


def test_without_a_table_the_map_is_of_that_which_lies_here_else_of_what_ships(
    made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    table, card = made
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    shipped = done(call(APP, "map", "--most", 50)).output
    (here / "patterns.tsv").write_bytes(table.read_bytes())
    mine = done(call(APP, "map", "--model", card)).output

    assert f"wrote map.html: 50 patterns of {generator_folder() / 'pattern.tsv'}" in shipped.replace("\n", "")
    assert "wrote map.html: 60 patterns of patterns.tsv" in mine


def test_the_map_never_takes_the_place_of_what_it_is_made_of(made: tuple[Path, Path]) -> None:
    table, card = made

    with pytest.raises(ConfigError, match="twice"):
        done(call(APP, "map", "--patterns", table, "--model", card, "--out", table))


def test_any_other_page_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<!doctype html>my diary")

    with pytest.raises(DataError, match="no map of pocketd's"):
        done(call(APP, "show", tmp_path / "page.html"))


def test_a_port_that_is_taken_is_told_of(tmp_path: Path) -> None:
    from pocket_export.sources.patterns.map_page import page_of

    (tmp_path / "map.html").write_text(page_of(small(), ring(), "t-SNE"))
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError, match="port"):
        done(call(APP, "show", tmp_path / "map.html", "--port", taken.getsockname()[1]))


def test_a_served_map_is_the_file_and_ctrl_c_ends_it_well(tmp_path: Path) -> None:
    from pocket_export.sources.patterns.map_page import page_of

    path = tmp_path / "map.html"
    path.write_text(page_of(small(), ring(), "t-SNE"))
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", SERVE, "show", str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+/\S+/", process.stdout.readline())
        assert address is not None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        served = opener.open(address[0], timeout=10).read()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()

    assert served == path.read_bytes()
    assert "ended" in rest
    assert process.returncode == 0
