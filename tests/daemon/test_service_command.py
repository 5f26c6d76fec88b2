"""`pocketd service` with a systemctl of the test's own, which writes down what it is asked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pocket_core.errors import ConfigError, PocketError
from pocketd.champion import Nights, nights_folder
from pocketd.commands.service import command
from tests.commands import call, done
from tests.daemon.test_service import stand_in

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")

RUNNING = """
case "$*" in
*pocketd.service) cat <<END
LoadState=loaded
ActiveState=active
SubState=running
Result=success
ActiveEnterTimestamp=Sat 2026-11-21 17:40:00 UTC
StatusText=model follower, song Blues, loopback
WatchdogUSec=10s
NRestarts=2
END
;;
*pocketd-retrain.timer) echo ActiveState=active; echo NextElapseUSecRealtime=Sun 2026-11-22 03:32:10 UTC;;
*pocketd-retrain.service) echo ActiveState=inactive; echo Result=success
  echo ExecMainStatus=0; echo "ExecMainExitTimestamp=Sat 2026-11-21 03:41:07 UTC";;
esac
"""
NOT_THERE = """
case "$*" in
*pocketd.service) echo LoadState=not-found; echo ActiveState=inactive;;
*pocketd-retrain.service) echo ActiveState=inactive; echo Result=success;;
*.timer) echo ActiveState=inactive;;
esac
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the user's units; it is not there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "systemd" / "user"


def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str = RUNNING) -> None:
    stand_in(tmp_path, monkeypatch, f'echo "$@" >> {tmp_path}/asked\n{script}')


def asked(tmp_path: Path) -> list[str]:
    """Return what systemd was told to do; questions are left out."""
    lines = (tmp_path / "asked").read_text().splitlines()
    return [line.removeprefix("--user ") for line in lines if " show " not in line]


def run(*words: object) -> str:
    return done(call(command, *words)).output


def test_install_writes_enables_and_starts(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd(tmp_path, monkeypatch)

    text = run("install")

    assert sorted(path.name for path in home.iterdir()) == [
        "pocketd-retrain.service",
        "pocketd-retrain.timer",
        "pocketd.service",
    ]
    assert (
        f"ExecStart={sys.executable} -m pocketd run $POCKETD_OPTIONS"
        in (home / "pocketd.service").read_text()
    )
    assert asked(tmp_path) == [
        "daemon-reload",
        "enable pocketd.service pocketd-retrain.timer",
        "restart pocketd.service pocketd-retrain.timer",
    ]
    assert f"wrote {home / 'pocketd.service'}" in text.splitlines()
    assert "daemon      running since Sat 2026-11-21 17:40:00 UTC" in text.splitlines()


@pytest.mark.parametrize(("trains", "told"), [(True, False), (False, True)])
def test_where_nothing_could_be_trained_with_it_says_so(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trains: bool, told: bool
) -> None:
    systemd(tmp_path, monkeypatch)
    monkeypatch.setattr("pocketd.commands.service._can_train", lambda: trains)

    assert ("pip install 'pocketd[train]'" in run("install")) is told
    assert "pip install" not in run("install", "--without-retrain")


def test_a_configuration_is_written_in_full(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd(tmp_path, monkeypatch)
    (tmp_path / "my.yaml").write_text("amount: 0.5\n")
    monkeypatch.chdir(tmp_path)

    run("install", "--config", "my.yaml")

    assert f"--config={tmp_path / 'my.yaml'} " in (home / "pocketd.service").read_text()


def test_a_configuration_that_cannot_be_used_is_not_installed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd(tmp_path, monkeypatch)
    (tmp_path / "my.yaml").write_text("amount: 7\n")

    with pytest.raises(ConfigError, match="amount is 7"):
        run("install", "--config", tmp_path / "my.yaml")

    assert not home.exists()


def test_without_the_nightly_job_the_one_that_is_there_goes(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd(tmp_path, monkeypatch)
    run("install")
    (tmp_path / "asked").unlink()

    run("install", "--without-retrain")

    assert [path.name for path in home.iterdir()] == ["pocketd.service"]
    assert asked(tmp_path) == [
        "disable --now pocketd-retrain.timer pocketd-retrain.service",
        "daemon-reload",
        "enable pocketd.service",
        "restart pocketd.service",
    ]


def test_a_dry_run_prints_all_of_it_and_does_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd(tmp_path, monkeypatch)

    text = run("install", "--dry-run")

    assert f"--- {home / 'pocketd-retrain.timer'}" in text.splitlines()
    assert "OnCalendar=*-*-* 03:30" in text.splitlines()
    assert "$ systemctl --user restart pocketd.service pocketd-retrain.timer" in text.splitlines()
    assert not home.exists()
    assert not (tmp_path / "asked").exists()


def test_uninstall_stops_and_removes_the_units_and_nothing_else(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user_data: Path
) -> None:
    systemd(tmp_path, monkeypatch)
    run("install")
    (home / "other.service").write_text("somebody else's")
    take = user_data / "pocketd" / "takes" / "take.json"
    take.parent.mkdir(parents=True)
    take.write_text("{}")
    (tmp_path / "asked").unlink()

    text = run("uninstall")

    assert [path.name for path in home.iterdir()] == ["other.service"]
    assert take.exists()
    assert "takes and models stay" in text
    assert asked(tmp_path) == [
        "disable --now pocketd.service pocketd-retrain.timer pocketd-retrain.service",
        "daemon-reload",
        "reset-failed pocketd.service pocketd-retrain.service",
    ]


def test_uninstall_where_nothing_is_installed_says_so(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd(tmp_path, monkeypatch)

    assert "nothing was installed" in run("uninstall")


def test_status_tells_how_it_is_and_how_the_last_night_went(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd(tmp_path, monkeypatch)
    root = nights_folder()
    assert root is not None
    night = Nights(root).root / "2026-11-21-033000"
    night.mkdir(parents=True)
    (night / "report.txt").write_text("night 2026-11-21-033000: promoted, 2.31 ms closer\nand more\n")

    assert run("status").splitlines() == [
        "daemon      running since Sat 2026-11-21 17:40:00 UTC",
        "plays by    model follower, song Blues, loopback",
        "watchdog    after 10s without a sign of life; started anew 2 times",
        "next night  Sun 2026-11-22 03:32:10 UTC",
        "last night  Sat 2026-11-21 03:41:07 UTC: 2026-11-21-033000, promoted, 2.31 ms closer",
        "champion    follower, until a night has found a better one",
    ]


def test_status_of_a_daemon_that_does_not_run_ends_with_1(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = RUNNING.replace("=active", "=failed").replace("Result=success", "Result=watchdog")
    systemd(tmp_path, monkeypatch, failed)

    result = call(command, "status")

    assert result.exit_code == 1
    first, *_, last, _ = result.output.splitlines()
    assert first.startswith("daemon      not running: failed running, watchdog; ")
    assert last.startswith("last night  Sat 2026-11-21 03:41:07 UTC: watchdog, exit code 0; `journalctl")


def test_status_where_nothing_is_installed_says_what_to_do(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd(tmp_path, monkeypatch, NOT_THERE)

    result = call(command, "status")

    assert result.exit_code == 1
    assert result.output.splitlines()[0] == "daemon      not installed; `pocketd service install` does it"
    assert "next night  none; " in result.output
    assert "last night  none yet" in result.output


@pytest.mark.parametrize("words", ["install", "status", "uninstall"])
def test_where_nothing_runs_services_it_says_what_to_do(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PocketError, match=r"no systemd here to ask; .*`pocketd retrain --if-due` once a day"):
        run(words)

    assert not home.exists()


def test_a_manager_that_does_not_answer_is_one_line(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "echo 'Failed to connect to bus: No medium found' >&2; exit 1")

    with pytest.raises(PocketError, match=r"No medium found; start `pocketd run` at login"):
        run("install")

    assert not home.exists()


def test_a_start_that_fails_says_where_to_read_more(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd(tmp_path, monkeypatch, 'case "$*" in *restart*) echo "Job failed" >&2; exit 1;; esac')

    with pytest.raises(PocketError, match=r"Job failed; `journalctl --user -u pocketd` may say more"):
        run("install")
