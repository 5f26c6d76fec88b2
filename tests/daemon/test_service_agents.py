from __future__ import annotations

import plistlib
from pathlib import Path

from pocketd.service_agents import DAEMON, RETRAIN, agents
from pocketd.service_launchd import Launchd

PROGRAM = ("/opt/venv/bin/python", "-m", "pocketd")
CONFIG = Path("/Users/me/my config.yaml")


def test_the_daemon_runs_from_the_login_on_and_comes_back() -> None:
    found = plistlib.loads(agents(PROGRAM, CONFIG, Path("/logs"))[DAEMON])

    assert found["Label"] == "pocketd"
    assert found["ProgramArguments"] == [*PROGRAM, "run", "--config=/Users/me/my config.yaml"]
    assert found["RunAtLoad"] is True
    assert found["KeepAlive"] == {"SuccessfulExit": False}


def test_the_nightly_job_runs_at_half_past_three_and_lets_others_first() -> None:
    found = plistlib.loads(agents(PROGRAM, None, Path("/logs"))[RETRAIN])

    assert found["ProgramArguments"] == [*PROGRAM, "retrain", "--if-due"]
    assert found["StartCalendarInterval"] == {"Hour": 3, "Minute": 30}
    assert (found["ProcessType"], found["Nice"], found["LowPriorityIO"]) == ("Background", 19, True)


def test_without_the_nightly_job_there_is_the_daemon_alone() -> None:
    assert set(agents(PROGRAM, None, Path("/logs"), retrain=False)) == {DAEMON}


def test_agents_are_loaded_into_the_users_own_domain_after_old_ones_are_out(tmp_path: Path) -> None:
    plan = Launchd(tmp_path, 501).install(PROGRAM, None, retrain=True)

    folder = tmp_path / "Library" / "LaunchAgents"
    assert [step.words[1:] for step in plan.first] == [
        ("bootout", "gui/501/pocketd"),
        ("bootout", "gui/501/pocketd.retrain"),
    ]
    assert all(step.may_fail for step in plan.first)
    assert [step.words[1:] for step in plan.then] == [
        ("bootstrap", "gui/501", str(folder / "pocketd.plist")),
        ("bootstrap", "gui/501", str(folder / "pocketd.retrain.plist")),
    ]
    assert set(plan.files) == {folder / "pocketd.plist", folder / "pocketd.retrain.plist"}


def test_removing_takes_the_agents_out_and_their_files_away(tmp_path: Path) -> None:
    plan = Launchd(tmp_path, 501).uninstall()

    assert [step.words[1] for step in plan.first] == ["bootout", "bootout"]
    assert [path.name for path in plan.gone] == ["pocketd.plist", "pocketd.retrain.plist"]
