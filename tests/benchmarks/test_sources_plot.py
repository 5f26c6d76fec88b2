"""That the pictures of the sources are those of the README's commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.sources_plot import COMMANDS, main, riff

from pocket_core.errors import ConfigError
from pocket_core.phrases.phrase import BAR

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


@pytest.mark.parametrize("source", COMMANDS)
def test_the_readme_shows_each_source_in_the_command_that_its_picture_is_of(source: str) -> None:
    command, picture = README.index(f"{COMMANDS[source]}\n"), README.index(f"(docs/source-{source}.png)")

    assert command < picture


def test_a_picture_is_drawn_where_it_is_told_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")

    assert main(["--only", "groove", str(tmp_path)]) == 0

    assert (tmp_path / "source-groove.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["source-groove.png"]
    assert f"wrote {tmp_path / 'source-groove.png'}, " in capsys.readouterr().out


def test_a_source_that_there_is_not_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no source is called 'daw'; there are bars, cont"):
        main(["--only", "bars,daw", str(tmp_path)])
    assert list(tmp_path.iterdir()) == []


def test_the_riff_is_four_bars_off_the_grid_and_of_more_than_one_loudness() -> None:
    struck = riff()

    assert struck.length == 4 * BAR
    assert len({stroke.velocity for stroke in struck.strokes}) == 3
    assert any(stroke.offset for stroke in struck.strokes)
