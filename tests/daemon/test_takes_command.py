from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from pocket_core.errors import ConfigError, PocketError, TakeError
from pocket_core.types import Beats, Seconds
from pocketd.cli import main
from pocketd.desk_records import Fault, TakeEnd, TransportJump, encode
from pocketd.journal import JOURNAL, lock
from pocketd.take_keep import is_kept, keep
from pocketd.take_names import name_of
from pocketd.takes import REPORT, take_folders
from tests.daemon.take_story import T, hello
from tests.daemon.takes_driver import DAY, Takes, journal

OLD, NEW = "2026-10-01/120000", f"{DAY}/120000"
NO_TORCH = """
import sys
from pocketd.commands.takes import command
command(sys.argv[1:], standalone_mode=False)
sys.exit(bool({"torch", "onnx", "pocket_export", "symusic", "matplotlib", "pyarrow"} & sys.modules.keys()))
"""


@pytest.fixture
def takes(tmp_path: Path) -> Takes:
    return Takes(tmp_path)


def cells(text: str, name: str) -> list[str]:
    """Return a take's line of the table, cell by cell."""
    (line,) = [line for line in text.splitlines() if name in line]
    return [cell.strip() for cell in line.strip("│").split("│")]


# --- list ------------------------------------------------------------------------------------------------


def test_a_take_is_a_line_with_its_figures(takes: Takes) -> None:
    keep(takes.add())

    row = cells(takes.run("list"), NEW)

    assert row == [NEW, "Blue", "0:02", "4", "10.0", "5.0", "lstm", "stop", "kept"]


def test_the_list_is_oldest_first_and_for_programs_the_same(takes: Takes) -> None:
    takes.add()
    takes.add(OLD)

    old, new = takes.listed()

    assert (old["take"], new["take"]) == (OLD, NEW)
    assert new["quantised"] == {"mae_ms": 10.0, "sd_ms": 0.0, "met": 4}
    assert new["pocketd"] == {"mae_ms": 5.0, "sd_ms": 0.0, "met": 4}
    assert (new["song"], new["models"], new["how"], new["kept"]) == ("Blue", ["lstm"], "stop", False)
    assert new["bytes"] == sum(path.stat().st_size for path in Path(new["folder"]).iterdir())


def test_takes_of_one_song_or_since_a_day_are_asked_for(takes: Takes) -> None:
    takes.add(OLD)
    takes.add(NEW, journal(song="Green"))

    assert [row["take"] for row in takes.listed("--song", "Green")] == [NEW]
    assert [row["take"] for row in takes.listed("--since", "2026-11-01")] == [NEW]
    assert takes.listed("--song", "Red") == []
    assert "No takes in" in takes.run("list", "--song", "Red")


def test_where_there_are_no_takes_the_list_says_so(takes: Takes) -> None:
    assert takes.run("list") == f"No takes in {takes.root}.\n"
    assert takes.listed() == []


def test_a_take_that_was_cut_off_is_listed_with_what_it_holds(takes: Takes) -> None:
    takes.add(data=journal()[:-25], done=False)

    row = cells(takes.run("list"), NEW)

    assert row[3:8] == ["4", "10.0", "5.0", "lstm", "cut off"]
    assert not (takes.root / NEW / REPORT).exists()


def test_a_take_that_is_being_recorded_is_live(takes: Takes) -> None:
    folder = takes.add(data=journal()[:-25], done=False)
    held = lock(folder)

    assert cells(takes.run("list"), NEW)[7] == "live"
    assert held is not None
    held.close()


def test_a_damaged_take_is_told_beside_the_list(takes: Takes) -> None:
    takes.add(OLD, journal().replace(b'"timestep"', b'"timestop"', 1), done=False)
    takes.add()

    result = takes.invoke("list")

    assert NEW in result.stdout
    assert f"{OLD}: " in result.stderr
    assert "journal.jsonl, line 8: " in result.stderr


@pytest.mark.parametrize("change", [{"timesteps": 3}, {"summary": None}, {"take": {"format": 2}}])
def test_a_damaged_report_is_told_with_what_to_do(takes: Takes, change: dict[str, object]) -> None:
    folder = takes.add()
    report = json.loads((folder / REPORT).read_text())
    (folder / REPORT).write_text(json.dumps({**report, **change}))

    with pytest.raises(TakeError, match=r"take\.json is damaged .*; delete it, and the next start"):
        takes.run("show", "last")
    assert "take.json is damaged" in takes.invoke("list").stderr


def test_a_song_s_name_moves_no_cursor(takes: Takes) -> None:
    takes.add(data=journal(song="Blue\x1b[2J"))

    assert "\x1b" not in takes.run("list") + takes.run("show", "last")


# --- show ------------------------------------------------------------------------------------------------


def test_a_take_is_shown_with_all_that_a_person_asks(takes: Takes) -> None:
    more = (
        Fault(at=Seconds(T + 1), about="model", text="too slow"),
        TransportJump(at=Seconds(T + 1.5), left=Beats(3.0), entered=Beats(1.0)),
        hello(model="none", sha256=None),
    )
    folder = takes.add(data=journal(*more, source="hands.mid over beat.mid"))
    keep(folder)

    text = takes.run("show", "last")

    for said in (
        NEW,
        "Blue",
        "2026-11-20 12:00:00+01:00",
        "hands.mid over beat.mid, imported",
        "0:02, 4 timesteps",
        "120.0 BPM, 4/4, from the top",
        "the musician was 10.0 ms behind the grid in the mean",
        "lstm, then none",
        "pocketd 0.1.0 on loopback, look-ahead 120 ms",
        "the transport stopped",
        f"{folder}, 0.0 MB, kept: it is never removed",
        "0:01  model: too slow",
        "0:02  the song jumped from beat 3 to 1",
    ):
        assert said in text
    assert cells(text, "quantised")[1:] == ["10.00", "0.00", "4"]
    assert cells(text, "pocketd  ")[1:] == ["5.00", "0.00", "4"]


def test_a_take_is_shown_for_programs(takes: Takes) -> None:
    takes.add()

    assert [json.loads(takes.run("show", "last", "--json"))] == takes.listed()


def test_missing_lines_are_told(takes: Takes) -> None:
    data = journal().replace(encode(TakeEnd(how="stop")), b'{"kind":"dropped","records":7}\n')
    takes.add(data=data + encode(TakeEnd(how="stop")))

    assert "7 log lines are missing" in takes.run("show", "last")


# --- plot ------------------------------------------------------------------------------------------------


def test_a_picture_of_a_take_is_written_where_one_asks(takes: Takes, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    takes.add()

    said = takes.run("plot", "last", "--out", tmp_path / "a.png")

    assert said == f"wrote {tmp_path / 'a.png'}: bar 1\n"
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_is_named_by_its_take(
    takes: Takes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    takes.add()
    monkeypatch.chdir(tmp_path)

    takes.run("plot", "last")

    assert (tmp_path / "2026-11-20-120000.png").exists()


@pytest.mark.parametrize("bars", ["", "x", "9-", "-9", "9-3", "1.5"])
def test_bars_that_are_none_are_refused_with_an_example(takes: Takes, bars: str) -> None:
    takes.add()

    with pytest.raises(ConfigError, match=r"--bars .* names no bars; write them as 9-16, or 9 for one"):
        takes.run("plot", "last", f"--bars={bars}")


def test_a_picture_of_another_suffix_is_refused(takes: Takes, tmp_path: Path) -> None:
    takes.add()

    with pytest.raises(ConfigError, match=r"--out .*a\.pdf is not named as a PNG"):
        takes.run("plot", "last", "--out", tmp_path / "a.pdf")
    assert not (tmp_path / "a.pdf").exists()


def test_a_picture_where_nothing_can_be_written_is_an_error(takes: Takes, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    takes.add()

    with pytest.raises(PocketError, match="cannot write"):
        takes.run("plot", "last", "--out", tmp_path / "none" / "a.png")


# --- keep and purge --------------------------------------------------------------------------------------


def test_kept_takes_stay_until_that_is_undone(takes: Takes) -> None:
    folder = takes.add(OLD)

    said = takes.run("keep", "last")
    kept = is_kept(folder)
    undone = takes.run("keep", OLD, "--undo")

    assert (said, kept) == (f"{OLD} is kept\n", True)
    assert (undone, is_kept(folder)) == (f"{OLD} is kept no longer\n", False)


def test_keeping_one_that_is_not_there_keeps_none(takes: Takes) -> None:
    folder = takes.add()

    with pytest.raises(TakeError, match="there is no take 1999"):
        takes.run("keep", "last", "1999")
    assert not is_kept(folder)


def test_a_purge_removes_what_is_old_and_says_how_much_room_that_makes(takes: Takes) -> None:
    takes.add(OLD)
    takes.add(f"{date.today():%Y-%m-%d}/000000")
    keep(takes.add("2026-10-02/120000"))

    said = takes.run("purge", "--older-than", "2d", "--yes")

    assert len(take_folders(takes.root)) == 2
    assert said.splitlines()[0].split() == [OLD, "0.0", "MB", "older", "than", "2", "days"]
    assert said.splitlines()[1] == "removed 1 take, 0.0 MB"


def test_a_dry_run_removes_nothing(takes: Takes) -> None:
    takes.add(OLD)

    said = takes.run("purge", "--older-than", "1h", "--dry-run")

    assert said.splitlines()[-1] == "1 take, 0.0 MB would go."
    assert len(take_folders(takes.root)) == 1


def test_a_purge_by_name_removes_those(takes: Takes) -> None:
    takes.add(OLD)
    takes.add()

    takes.run("purge", OLD, "--yes")

    assert [name_of(folder) for folder in take_folders(takes.root)] == [NEW]


def test_a_purge_to_the_quota_removes_the_oldest(takes: Takes) -> None:
    takes.configure(quota_mb=1)
    big = journal(*(hello(config={"fill": "x" * 10_000}) for _ in range(110)))
    takes.add(OLD, big)
    takes.add(NEW)

    takes.run("purge", "--to-quota", "--yes")

    assert [name_of(folder) for folder in take_folders(takes.root)] == [NEW]


def test_where_nothing_has_to_go_a_purge_says_so(takes: Takes) -> None:
    takes.add()

    assert takes.run("purge", "--older-than", "5000w") == "Nothing has to go.\n"


def test_without_a_terminal_a_purge_asks_nobody_and_removes_nothing(takes: Takes) -> None:
    takes.add(OLD)

    with pytest.raises(PocketError, match="nothing was removed, as nobody can be asked; add --yes"):
        takes.run("purge", OLD)
    assert len(take_folders(takes.root)) == 1


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
@pytest.mark.parametrize(("answer", "left"), [(b"n\n", 1), (b"y\n", 0)])
def test_on_a_terminal_a_purge_asks(takes: Takes, answer: bytes, left: int) -> None:
    takes.add(OLD)
    ours, theirs = os.openpty()
    os.write(ours, answer)

    command = [sys.executable, "-m", "pocketd", "takes", "purge", OLD, "--config", str(takes.config)]
    done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=60, check=False)

    os.close(ours)
    os.close(theirs)
    assert "Remove 1 take, 0.0 MB, for good? [y/N]" in done.stdout
    assert len(take_folders(takes.root)) == left
    assert done.returncode == left


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "say what shall go: takes by name, --older-than 30d, or --to-quota"),
        (("--to-quota",), r"needs a quota; set takes\.quota_mb"),
        (("--older-than", "soon"), "--older-than soon is no age"),
    ],
)
def test_a_purge_that_cannot_be_meant_is_refused(takes: Takes, words: tuple[str, ...], why: str) -> None:
    takes.add()

    with pytest.raises(ConfigError, match=why):
        takes.run("purge", *words)


def test_a_kept_take_is_not_purged_by_name(takes: Takes) -> None:
    keep(takes.add())

    with pytest.raises(PocketError, match="is kept; `pocketd takes keep --undo` it first"):
        takes.run("purge", "last", "--yes")


def test_a_take_that_is_being_recorded_is_not_purged_by_name(takes: Takes) -> None:
    held = lock(takes.add(data=journal()[:-25], done=False))

    with pytest.raises(PocketError, match="is being recorded; stop the transport first"):
        takes.run("purge", "last", "--yes")
    assert held is not None
    held.close()


# --- the command itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("show", "x"), ("plot", "x"), ("keep", "x"), ("export", "x", "--to", "y")])
def test_a_take_that_is_not_there_is_an_error_of_one_line(
    takes: Takes, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    takes.add()
    monkeypatch.setattr(sys, "argv", ["pocketd", "takes", *words, "--config", str(takes.config)])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said == (f"pocketd: there is no take x in {takes.root}; `pocketd takes list` names them all\n")


def test_a_damaged_journal_is_an_error_that_names_file_and_line(takes: Takes, tmp_path: Path) -> None:
    takes.add(data=journal().replace(b'"timestep"', b'"timestop"', 1), done=False)

    for words in (("show", "last"), ("plot", "last"), ("export", "last", "--to", tmp_path / "a.csv")):
        with pytest.raises(TakeError, match=rf"{JOURNAL}, line 8: "):
            takes.run(*words)


def test_looking_at_takes_imports_neither_torch_nor_what_it_does_not_need(takes: Takes) -> None:
    takes.add()

    for words in (["list"], ["show", "last"]):
        command = [sys.executable, "-c", NO_TORCH, *words, "--config", str(takes.config)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
