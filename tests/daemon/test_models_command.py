from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pocket_core import features
from pocket_core.errors import ModelError
from pocketd.cli import main
from pocketd.generators import shelf as shelf_of_sources
from pocketd.generators.graphs import generator_folder
from pocketd.generators.shelf import KINDS
from pocketd.model_shelf import shelf
from tests.daemon.generators.shipped import copied, damage
from tests.daemon.models_driver import config, invoke, listed, own_models, run
from tests.daemon.onnx_models import OLD_CARD, Tiny

SHIPPED = [shelved.name for shelved in shelf() if shelved.ships]
READS = {"file": "mine-reads.onnx", "sha256": "cc33", "width": 27, "context": 2}
MORE = {"encoder": READS, "mood": "merry"}
NO_TORCH = """
import sys
from pocketd.commands.models import command
command(sys.argv[1:], standalone_mode=False)
sys.exit(bool({"torch", "onnx", "pocket_export", "symusic"} & sys.modules.keys()))
"""


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of models; it is not there yet."""
    return own_models(tmp_path, monkeypatch)


def lines(text: str, name: str) -> list[str]:
    """Return a model's lines: of the table, and below it."""
    return [line.strip("│ ") for line in text.splitlines() if line.strip("│ ").startswith(name)]


# --- list ------------------------------------------------------------------------------------------------


def test_a_model_is_a_line_with_its_figures(own: Path) -> None:
    Tiny(hears=True).write(own, "mine")

    (line,) = lines(run("list"), "mine")

    cells = [cell.strip() for cell in line.split("│")]
    size = f"{(own / 'mine.onnx').stat().st_size / 1000:,.0f}"
    assert cells == ["mine", "", f"v{features.VERSION}", "yes", "yes", size, "9.13", "The tiny model mine."]


def test_what_ships_is_listed(own: Path) -> None:
    text = run("list")

    for name in SHIPPED:
        assert lines(text, name)


def test_a_source_is_a_line_with_its_figure_and_its_licence(tmp_path: Path) -> None:
    text = run("list", "--config", config(tmp_path, "source: groove\n"))

    (line,) = lines(text, "groove")
    cells = [cell.strip() for cell in line.split("│")]
    assert cells[:3] == ["groove", "yes", "yes"]
    assert cells[5] == "CC BY 4.0"
    assert lines(text, "bars")[0].split("│")[1].strip() == ""


def test_the_list_for_programs_has_the_sources_behind_the_models(own: Path) -> None:
    rows = listed()

    assert list(rows)[-4:] == list(KINDS)
    assert rows["bars"]["source"] is True
    assert rows["bars"]["in_use"] is False
    assert rows["bars"]["value"] == pytest.approx(0.86, abs=0.14)
    assert rows["bars"]["bytes"] > 1e6


def test_a_source_whose_card_is_damaged_says_so_below_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf_of_sources, "generator_folder", lambda: tmp_path)

    text = run("list")

    assert "bars.json: cannot be read" in text


def test_a_model_of_older_features_says_why_it_is_no_use(own: Path) -> None:
    Tiny(card=OLD_CARD).write(own, "oldest")

    row, why = lines(run("list"), "oldest")

    assert [cell.strip() for cell in row.split("│")][2:5] == ["v1", "no", "-"]
    assert why.startswith("oldest: made for features v1 of width 27")
    assert why.endswith("run `pocketd pretrain` again")


def test_a_model_without_a_card_is_listed_with_what_is_wrong(own: Path) -> None:
    Tiny().write(own, "bare").with_suffix(".json").unlink()

    row, why = lines(run("list"), "bare")

    assert [cell.strip() for cell in row.split("│")][2:5] == ["-", "no", "-"]
    assert "bare.json: cannot be read" in run("list")
    assert why.startswith("bare: ")


def test_the_one_in_use_is_marked_be_it_named_or_by_its_path(own: Path, tmp_path: Path) -> None:
    path = Tiny().write(own, "mine")

    for value in ("mine", str(path)):
        rows = listed("--config", config(tmp_path, f"model: {value}\n"))

        assert [name for name, row in rows.items() if row["in_use"]] == ["mine"]


def test_one_in_use_that_lies_elsewhere_is_listed_too(tmp_path: Path) -> None:
    path = Tiny().write(tmp_path / "elsewhere", "mine")

    rows = listed("--config", config(tmp_path, "model: elsewhere/mine.onnx\n"))

    assert rows["mine"]["path"] == str(path)
    assert rows["mine"]["in_use"] is True


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("none", "none, the grid"),
        ("gone", "gone, which is not there; `pocketd run` plays on the grid instead"),
    ],
)
def test_what_is_in_use_is_said_where_no_line_of_the_table_is_it(
    tmp_path: Path, value: str, said: str
) -> None:
    path = config(tmp_path, f"model: {value}\n")

    text = run("list", "--config", path)

    assert f"In use by {path}: {said}" in text.splitlines()
    assert not any(row["in_use"] for row in listed("--config", path).values())


def test_a_name_that_two_models_have_means_the_one_that_ships_and_the_list_says_so(own: Path) -> None:
    path = Tiny().write(own, "lstm")

    assert f"lstm: the name means the first; the other is {path}" in run("list").splitlines()


def test_the_list_for_programs_has_all_of_it(own: Path) -> None:
    path = Tiny().write(own, "mine")

    assert listed()["mine"] == {
        "name": "mine",
        "path": str(path),
        "ships": False,
        "night": None,
        "in_use": False,
        "usable": True,
        "fault": None,
        "features_version": features.VERSION,
        "width": features.WIDTH,
        "hears": False,
        "bytes": path.stat().st_size,
        "validation_mae_ms": 9.126,
        "title": "The tiny model mine.",
    }


@pytest.mark.parametrize("figure", [math.nan, math.inf, 10**400])
def test_a_figure_that_is_no_number_of_ms_is_left_out_and_the_list_is_still_json(
    own: Path, figure: float
) -> None:
    Tiny(card={"figures": {"validation_mae_ms": figure}}).write(own, "mine")

    rows = {row["name"]: row for row in json.loads(run("list", "--json"), parse_constant=pytest.fail)}

    assert rows["mine"]["validation_mae_ms"] is None
    assert "mine" in run("show", "mine")


@pytest.mark.parametrize("key", ["wall_seconds", "state"])
def test_a_card_whose_numbers_cannot_be_is_refused_by_its_key(own: Path, key: str) -> None:
    huge = {"wall_seconds": math.nan, "state": [{"name": "h", "shape": [10**4000, 10**4000]}]}
    Tiny(card={key: huge[key]}).write(own, "mine")

    assert key in listed()["mine"]["fault"]
    with pytest.raises(ModelError, match=key):
        run("show", "mine")


def test_a_model_that_is_a_link_to_itself_is_listed_with_what_is_wrong(own: Path) -> None:
    own.mkdir(parents=True)
    (own / "loop.onnx").symlink_to("loop.onnx")

    assert "loop.json: cannot be read" in listed()["loop"]["fault"]


def test_a_card_cannot_move_the_cursor(own: Path) -> None:
    Tiny(card={"title": "\x1b[2J[bold]gone"}).write(own, "mine")

    assert "?[2J[bold]gone" in run("list")
    assert "?[2J[bold]gone" in run("show", "mine")


# --- show ------------------------------------------------------------------------------------------------


def test_what_benchmarks_said_is_shown_by_row(own: Path) -> None:
    row = {"benchmark": "follow", "name": "mine late commit 3 ms", "figures": {"mae_ms": 4.2, "steps": 9005}}
    Tiny(card={"test": [row]}).write(own, "mine")

    text = run("show", "mine")

    assert "follow, test split: mine late commit 3 ms\n  MAE 4.2 ms, steps 9,005\n" in text


def test_the_card_is_shown_with_what_made_it_and_figures_in_their_units(own: Path) -> None:
    path = Tiny(hears=True, outputs=41, card=MORE).write(own, "mine")

    text = run("show", "mine")

    squeezed = [" ".join(line.split()) for line in text.splitlines()]
    sha256 = json.loads(path.with_suffix(".json").read_text())["sha256"]
    for line in (
        "The tiny model mine.",
        "this build can use it",
        f"sha256 {sha256}",
        f"features version {features.VERSION}, {features.WIDTH} columns",
        "hears every onset of the musician",
        "remembers 1 number: h [1, 1]",
        "data none at all",
        "licence CC0",
        "sha256 of data aa11",
        "made by pocketd pretrain --model mine --seed 7",
        "seed 7",
        "commit 0123456789ab",
        "training took 1 h 2 min",
        "reads the whole score before it plays: mine-reads.onnx, sha256 cc33",
        'mood "merry"',
        "validation MAE 9.126 ms",
        "validation steps 7,483",
        "parity offset 2.6e-07 tenths of a second",
    ):
        assert line in squeezed


def test_the_card_of_an_older_model_is_shown_and_says_that_it_is_no_use(own: Path) -> None:
    path = Tiny(card=OLD_CARD).write(own, "oldest")

    text = run("show", path)

    assert "cannot use it: made for features v1 of width 27" in text
    assert "hears" not in text


def test_what_ships_is_shown() -> None:
    for name in SHIPPED:
        assert "made by" in run("show", name)


def test_the_card_for_programs_is_as_it_is_written(own: Path) -> None:
    path = Tiny().write(own, "mine")

    assert run("show", "mine", "--json") == path.with_suffix(".json").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_card_of_a_source_is_shown_by_name_and_by_its_path(kind: str) -> None:
    path = generator_folder() / f"{kind}.json"

    assert run("show", kind) == run("show", path)
    assert "made by" in run("show", kind)
    assert run("show", kind, "--json") == path.read_text().rstrip() + "\n"


@pytest.mark.parametrize(("name", "said"), [("nobody", "no model is called 'nobody'"), ("none", "the grid")])
def test_what_is_no_model_has_no_card(name: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        run("show", name)


# --- verify ----------------------------------------------------------------------------------------------


def test_a_model_that_holds_is_told_with_its_times(own: Path) -> None:
    Tiny(bias=0.004).write(own, "mine")

    text = run("verify", "mine")

    assert re.fullmatch(
        r"mine  holds: 2 times 500 steps, p50 [\d.]+ ms, p99 [\d.]+ ms, longest [\d.]+ ms of 8 ms; "
        r"where nothing is known \+4\.0 ms\n",
        text,
    )


def test_a_source_that_holds_is_told_with_its_times() -> None:
    text = run("verify", "pattern")

    assert re.fullmatch(
        r"pattern  holds: 2 times 12 bars of the same \d+ strokes, p50 [\d.]+ ms, "
        r"longest [\d.]+ ms of 400 ms\n",
        text,
    )


def test_a_damaged_source_fails_and_the_exit_code_is_1(tmp_path: Path) -> None:
    card = copied(tmp_path, "pattern")
    damage(card)

    result = invoke("verify", card)

    assert result.exit_code == 1
    assert result.output.startswith("pattern  fails: ")


def test_a_source_is_no_model_to_be_used(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="`source: groove` in the configuration"):
        run("use", "groove", "--config", config(tmp_path, "amount: 1\n"))


def test_each_failure_is_a_line_and_the_exit_code_is_1(own: Path, tmp_path: Path) -> None:
    Tiny().write(own, "good")
    Tiny(frozen=True, bias=0.2).write(own, "bad")
    old = Tiny(card=OLD_CARD).write(tmp_path, "oldest")

    result = invoke("verify", "good", "bad", old, "gone")

    assert result.exit_code == 1
    told = [line.split(None, 1) for line in result.output.splitlines()]
    assert [name for name, _ in told] == ["good", "bad", "bad", "bad", "oldest", "gone"]
    said = [text.split(" ")[0] for _, text in told]
    assert said == ["holds:", "fails:", "fails:", "stepped:", "fails:", "fails:"]
    assert "made for features v1" in told[4][1]
    assert "no model is called 'gone'" in told[5][1]


def test_without_names_all_are_verified_and_the_configured_one_too(own: Path, tmp_path: Path) -> None:
    Tiny().write(own, "mine")

    result = invoke("verify", "--config", config(tmp_path, "model: gone\n"))

    names = {line.split()[0] for line in result.output.splitlines()}
    assert names == {*SHIPPED, *KINDS, "mine", "gone"}


def test_what_a_hit_may_move_is_the_configurations(own: Path, tmp_path: Path) -> None:
    Tiny(bias=0.060).write(own, "mine")

    result = invoke("verify", "mine", "--config", config(tmp_path, "max_late_ms: 50\n"))

    assert "it says +60.0 ms, and a hit may move -108 to +50 ms" in result.output
    assert result.exit_code == 1


def test_no_torch_and_no_training_code_is_ever_imported(own: Path) -> None:
    Tiny().write(own, "mine")

    for words in (("list",), ("show", "mine"), ("verify", "mine")):
        done = subprocess.run([sys.executable, "-c", NO_TORCH, *words], check=False, capture_output=True)

        assert (done.returncode, done.stderr) == (0, b"")


# --- errors and help -------------------------------------------------------------------------------------


def test_what_is_wrong_is_told_in_one_line_and_by_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["pocketd", "models", "show", "nobody"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 4
    errors = capsys.readouterr().err
    assert errors.startswith("pocketd: no model is called 'nobody'; there are: ")
    assert errors.count("\n") == 1


def test_help_teaches_the_way_from_looking_to_using() -> None:
    text = " ".join(run("--help").split())

    for word in ("list", "show", "verify", "use", "pocketd models use NAME --config FILE"):
        assert word in text


@pytest.mark.parametrize("name", ["verify", "use"])
def test_help_tells_the_exit_codes(name: str) -> None:
    assert "Exit codes: 0 " in " ".join(run(name, "--help").split())
