from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pocket_core.types import Seconds
from pocketd import __version__
from pocketd.cli import main
from pocketd.config import load
from pocketd.midifile import read_score, write_score
from pocketd.performance import perform

DUET = perform(Seconds(6.0))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run the command line and return its exit code."""
    monkeypatch.setattr("sys.argv", ["pocketd", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code if isinstance(ended.value.code, int) else 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with h.mid and d.mid."""
    write_score(tmp_path / "h.mid", DUET.human, DUET.human.stream(), "h")
    write_score(tmp_path / "d.mid", DUET.drums, DUET.drums.stream(), "d")
    return tmp_path


def render(monkeypatch: pytest.MonkeyPatch, folder: Path, *more: object) -> int:
    return run(
        monkeypatch,
        *("render", "--human", folder / "h.mid", "--drums", folder / "d.mid", "--out", folder / "o.mid"),
        *("--report", folder / "r.json", "--model", "none", *more),
    )


def test_the_version_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(monkeypatch, "--version")

    assert code == 0
    assert capsys.readouterr().out == f"pocketd {__version__}\n"


def test_help_lists_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(monkeypatch, "--help")

    assert code == 0
    text = capsys.readouterr().out
    listed = {line.strip("│ ").partition(" ")[0] for line in text.splitlines()}
    assert listed >= {"run", "ports", "demo", "render", "models", "data", "pretrain", "evaluate", "export"}


def test_help_says_where_every_setting_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "400")

    run(monkeypatch, "--help")

    said = re.search(r"explained in (.*);", capsys.readouterr().out)
    assert said is not None
    assert load(Path(said[1])) == load(None)


def test_what_plays_stands_apart_from_what_trains(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "--help")

    plays, _, trains = capsys.readouterr().out.partition("Training")
    assert plays.index(" demo ") < plays.index(" ports ") < plays.index(" run ")
    assert " pretrain " in trains


def test_a_family_of_commands_that_another_package_brings_is_found_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(monkeypatch, "data", "--help")

    assert code == 0
    text = capsys.readouterr().out
    for name in ("fetch", "show"):
        assert name in text


def test_what_is_wrong_inside_a_family_of_commands_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(monkeypatch, "data", "show", "--data", tmp_path / "nothing.zip")

    assert code == 2
    errors = capsys.readouterr().err
    assert errors.startswith("pocketd: no data set at")
    assert errors.count("\n") == 1


def test_an_unknown_command_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "rnder") == 2


def test_a_render_writes_drums_and_report_and_prints_the_table(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = render(monkeypatch, folder)

    assert code == 0
    assert len(read_score(folder / "o.mid").notes) == len(DUET.drums.notes)
    summary = json.loads((folder / "r.json").read_text())["summary"]
    text = capsys.readouterr().out
    assert f"{summary['pocketd']['mae_ms']:.2f}" in text
    assert "events in" in text


def test_a_render_is_the_same_each_time(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    render(monkeypatch, folder)
    first = [(folder / name).read_bytes() for name in ("o.mid", "r.json")]
    render(monkeypatch, folder)

    assert [(folder / name).read_bytes() for name in ("o.mid", "r.json")] == first


def test_amount_0_without_late_commit_leaves_the_drums_where_they_are(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    code = render(monkeypatch, folder, "--amount", 0, "--no-late-commit")

    assert code == 0
    played = {step["played_ms"] for step in json.loads((folder / "r.json").read_text())["timesteps"]}
    assert played == {0.0}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (("--amount", 1.5), (2, "--amount 1.5 is outside 0 to 1")),
        (("--amount", "nan"), (2, "--amount nan is outside")),
        (("--lookahead-ms", 5), (2, "--lookahead-ms 5 is outside")),
        (("--transport-ms", -1), (2, "--transport-ms -1 is outside")),
        (("--human", "nowhere.mid"), (2, "there is no file nowhere.mid")),
        (("--drums", "/"), (2, "is a folder")),
        (("--out", "/nowhere/o.mid"), (1, "cannot write")),
        (("--report", "/nowhere/r.json"), (1, "cannot write")),
        (("--model", "no-such-model"), (4, "no-such-model")),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[object, ...],
    expected: tuple[int, str],
) -> None:
    ended = render(monkeypatch, folder, *more)

    errors = capsys.readouterr().err
    assert ended == expected[0]
    assert expected[1] in errors
    assert errors.startswith("pocketd: ")
    assert errors.count("\n") == 1
    assert not (folder / "o.mid").exists()


def test_a_render_never_overwrites_what_it_reads(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "d.mid").read_bytes()

    code = render(monkeypatch, folder, "--out", folder / "d.mid")

    assert code == 2
    assert "named twice" in capsys.readouterr().err
    assert (folder / "d.mid").read_bytes() == before


def test_a_demo_of_one_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(monkeypatch, "demo", "--loopback", "--human", folder / "h.mid")

    assert code == 2
    assert "both --human and --drums" in capsys.readouterr().err


def test_a_demo_never_overwrites_what_it_reads(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    human, drums = (folder / "h.mid").rename(folder / "human.mid"), folder / "d.mid"

    code = run(monkeypatch, "demo", "--loopback", "--human", human, "--drums", drums, "--out", folder)

    assert code == 2
    assert "human.mid is named twice" in capsys.readouterr().err
