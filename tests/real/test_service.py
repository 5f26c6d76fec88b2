"""The units as systemd reads them, and under a real `systemd --user`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pocketd.service_units import units
from tests.real import user_manager
from tests.real.conftest import need

pytestmark = pytest.mark.real

FOLDER = Path(__file__).parents[2] / "systemd"
PROGRAM = ("/bin/sh", "-m", "pocketd")
MOST_EXPOSED = 64  # of 100: it counts capabilities, of which a user's service has none


def verified(tmp_path: Path, *files: Path) -> tuple[int, str]:
    """Return what systemd says about units; nothing is all right."""
    need("systemd-analyze")
    tmp_path.chmod(0o700)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", *map(str, files)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_systemd_has_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    assert verified(tmp_path, *sorted(FOLDER.iterdir())) == (0, "")


@pytest.mark.parametrize(
    "name", ["plain.yaml", 'a "quoted" name.yaml', "50 % $HOME ;.yaml", "back\\slash", "größer"]
)
def test_systemd_has_nothing_to_say_about_units_with_paths_of_any_kind(tmp_path: Path, name: str) -> None:
    for unit, text in units(PROGRAM, Path("/home/me") / name).items():
        (tmp_path / unit).write_text(text)

    assert verified(tmp_path, *sorted(tmp_path.iterdir())) == (0, "")


def test_what_systemd_does_not_know_would_be_told(tmp_path: Path) -> None:
    wrong = tmp_path / "pocketd.service"
    wrong.write_text(units()["pocketd.service"].replace("WatchdogSec=", "WachtdogSec="))

    assert "WachtdogSec" in verified(tmp_path, wrong)[1]


@pytest.mark.parametrize("name", ["pocketd.service", "pocketd-retrain.service"])
def test_the_services_are_locked_away_as_far_as_it_goes(name: str) -> None:
    need("systemd-analyze")
    analyze = ["systemd-analyze", "security", "--offline=true", "--no-pager"]

    done = subprocess.run(
        [*analyze, f"--threshold={MOST_EXPOSED}", str(FOLDER / name)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout.splitlines()[-1]


@pytest.mark.alone
def test_under_a_real_systemd_it_starts_reloads_comes_back_learns_and_goes(
    tmp_path: Path,
) -> None:
    lacking = user_manager.missing()
    if lacking is not None:
        pytest.skip(lacking)

    told = user_manager.run(Path(__file__).with_name("systemd_story.py"), tmp_path)

    log = tmp_path / "log"
    assert told.status == 0, told.out + told.errors + (log.read_text() if log.exists() else "")
    result = json.loads(told.out.removeprefix("RESULT "))
    over = "loopback" if shutil.which("jackd") is None else "rtmidi over JACK"
    assert (result["install"]["code"], result["install"]["errors"]) == (0, "")
    assert result["started"] == {
        "Type": "notify",
        "ActiveState": "active",
        "StatusText": f"model follower, {over}",
        "NotifyAccess": "main",
        "WatchdogUSec": "2s",
        "Result": "success",
    }
    assert f"--config={tmp_path / '50 % of $HOME.yaml'}" in result["command"]
    assert "Seccomp:\t2" in result["process"]
    assert "pocketd-retrain.timer" in result["timers"]["out"]
    assert result["reload"]["code"] == 0
    assert result["reloaded"]
    assert result["after reload"] == {
        "ActiveState": "active",
        "NRestarts": "0",
        "StatusText": f"model none, song Blues, {over}",
    }
    assert result["came back"]
    assert result["after hang"]["ActiveState"] == "active"
    assert int(result["after hang"]["NRestarts"]) >= 1  # more where JACK has not let go of the old ports yet
    assert "Fatal Python error: Aborted" in result["log"]
    assert 'pocketd/loop.py", line' in result["log"]  # where it hung
    assert result["status"]["code"] == 0
    assert "started anew" in result["status"]["out"]
    assert result["take"]["code"] == 0, result["take"]
    assert result["start of a night"]["code"] == 0, result["night"]
    assert result["after a night"] == {"ActiveState": "inactive", "Result": "success", "ExecMainStatus": "0"}
    assert "meetings of 1 take" in result["night"]
    assert result["after stop"] == {"ActiveState": "inactive", "Result": "success"}
    assert result["status of a stopped one"]["code"] == 1
    assert result["uninstall"]["code"] == 0
    assert result["left"] == ["faster.conf", "now.conf"]
    assert result["config left"]
