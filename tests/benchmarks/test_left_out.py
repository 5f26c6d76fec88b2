"""A drummer left out: one training each, kept, and every file with the model that never heard its drummer."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from benchmarks.duets import Duet
from benchmarks.follow import RUNS, Outcome
from benchmarks.left_out import EPOCHS, TrainingError, main, score, train, train_all
from benchmarks.scores import Errors
from benchmarks.through_engine import Run
from rich.console import Console

from pocketd.model_shelf import shipped_folder

from .humanise_archive import archive, line

QUIET = Console(quiet=True)
SHIPPED = shipped_folder()

#: In the place of Python: notes how it was called, and makes a model of the same name that ships.
TRAINS = f"""#!{sys.executable}
import shutil, sys
from pathlib import Path
words = sys.argv[1:]
said = dict(zip(words[3::2], words[4::2]))
out = Path(said["--out"])
out.mkdir(parents=True)
for ending in (".onnx", ".json"):
    shutil.copy(Path({str(SHIPPED)!r}) / (said["--model"] + ending), out)
with (out.parent / "calls").open("a") as calls:
    print(*words, file=calls)
"""
BREAKS = f"""#!{sys.executable}
import sys
print("pocketd: the disk\\n  is full", file=sys.stderr)
sys.exit(3)
"""
ENDS = f"#!{sys.executable}\n"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")


def instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    """Have the trainings run a script."""
    script = tmp_path / "python"
    script.write_text(text)
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


def duet(name: str, drummer: int) -> Duet:
    return Duet(name, drummer, 120.0, (), (), ())


def test_a_model_is_trained_without_the_drummer_as_anybody_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, tmp_path, TRAINS)

    path = train("lstm", 7, Path("data"), tmp_path / "cache", 3)

    folder = tmp_path / "cache" / "lstm-without-drummer7-3-epochs"
    assert path == folder / "lstm.onnx"
    assert path.is_file()
    words = "-m pocketd pretrain --data data --model lstm --without drummer7"
    assert (
        folder.parent / "calls"
    ).read_text() == f"{words} --out {folder} --epochs 3 --threads 1 --resume\n"


def test_each_drummer_is_trained_without_once_and_then_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, tmp_path, TRAINS)
    cache = tmp_path / "cache"

    first, again = (
        train_all("lstm", [1, 7], Path("data"), cache=cache, epochs=3, processes=2, console=QUIET)
        for _ in range(2)
    )

    assert first == again == {n: cache / f"lstm-without-drummer{n}-3-epochs" / "lstm.onnx" for n in (1, 7)}
    assert len((cache / "calls").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("script", "said"),
    [(BREAKS, "without drummer 7 ended with 3: pocketd: the disk is full"), (ENDS, "ended with 0")],
    ids=["breaks off", "makes nothing"],
)
def test_a_training_that_breaks_off_or_makes_no_model_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    instead(monkeypatch, tmp_path, script)

    with pytest.raises(TrainingError, match=said) as told:
        train("lstm", 7, Path("data"), tmp_path / "cache", 3)

    assert "\n" not in str(told.value)


def test_every_file_is_played_by_the_model_that_never_heard_its_drummer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def engines(
        duets: Sequence[Duet], models: Sequence[str], processes: int, console: Console
    ) -> dict[str, dict[Run, list[Outcome]]]:
        """Return outcomes that say who played which file."""
        assert (processes, console) == (1, QUIET)
        nothing = np.zeros(0)
        return {
            model: {
                run: [
                    Outcome(e, e) for d in duets for e in [Errors(model + d.name, 0, nothing, None, nothing)]
                ]
                for run in RUNS
            }
            for model in models
        }

    monkeypatch.setattr("benchmarks.left_out.run_engines", engines)
    duets = [duet("a", 7), duet("b", 1), duet("c", 7), duet("d", 10)]
    trained = {number: Path(f"without{number}-") for number in (1, 7, 10)}

    found = score(duets, trained, 1, QUIET)

    assert found.keys() == set(RUNS)
    for outcomes in found.values():
        assert [outcome.forecast.file for outcome in outcomes] == [
            *("without7-a", "without1-b", "without7-c", "without10-d")
        ]


@pytest.mark.parametrize(("goal", "ended"), [(0.05, (0, "goal 5%: met")), (-0.01, (1, "goal -1%: NOT MET"))])
def test_the_command_says_what_leaving_out_costs_and_whether_that_meets_the_goal(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    goal: float,
    ended: tuple[int, str],
) -> None:
    archive(tmp_path, *(line(f"drummer{n}/{n}.mid", "test") for n in (1, 7)), bars={"1": 6, "7": 6})
    cache = tmp_path / "cache"
    for number in (1, 7):  # the model that ships, as if it had been trained so: nothing is lost
        folder = cache / f"lstm-without-drummer{number}-{EPOCHS}-epochs"
        folder.mkdir(parents=True)
        for ending in (".onnx", ".json"):
            (folder / f"lstm{ending}").symlink_to(SHIPPED / f"lstm{ending}")
    monkeypatch.setattr("benchmarks.left_out.WITHIN", goal)

    code = main(["--data", str(tmp_path), "--model", "lstm", "--cache", str(cache), "--processes", "1"])

    assert code == ended[0]
    text = capsys.readouterr().out
    assert f"+0.0% against every drummer known; {ended[1]}" in text
    assert "lstm, drummer left out, as played" in text
    assert "drummer 1  drummer 7" in text
