"""The daemon and the nightly job under the user's systemd: install, look, remove."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_config_path

from pocketd.service_ask import ask
from pocketd.service_plan import Plan, Step
from pocketd.service_state import Health, Night
from pocketd.service_units import DAEMON, RETRAIN, TIMER, units

WAY_OUT = "`journalctl --user -u pocketd` may say more"
NO_MANAGER = (
    "start `pocketd run` at login by what this system has, and let it run `pocketd retrain --if-due` "
    "once a day, as cron does by `30 3 * * * pocketd retrain --if-due`"
)
OF_DAEMON = "LoadState,ActiveState,SubState,Result,ActiveEnterTimestamp,StatusText,WatchdogUSec,NRestarts"
OF_RETRAIN = "ActiveState,Result,ExecMainStatus,ExecMainExitTimestamp"


class Systemd:
    """The user's service manager."""

    way_out = WAY_OUT

    def __init__(self) -> None:
        self._folder = user_config_path() / "systemd" / "user"

    def see(self) -> None:
        """See that it answers. Raises PocketError where it does not: what to do then."""
        ask(_systemctl("show", "--property=Version"), NO_MANAGER)

    def install(self, program: Sequence[str], config: Path | None, *, retrain: bool) -> Plan:
        """Return how to install, or to install anew: whoever runs is started again."""
        texts = units(program, config, retrain=retrain)
        wanted = (DAEMON, TIMER) if retrain else (DAEMON,)
        return Plan(
            first=() if retrain else self._stopped(TIMER, RETRAIN),
            files={self._folder / name: text.encode() for name, text in texts.items()},
            gone=() if retrain else (self._folder / RETRAIN, self._folder / TIMER),
            then=(
                Step(_systemctl("daemon-reload")),
                Step(_systemctl("enable", *wanted)),
                Step(_systemctl("restart", *wanted)),
            ),
        )

    def uninstall(self) -> Plan:
        """Return how to remove what `install` brings; takes and models stay."""
        return Plan(
            first=self._stopped(DAEMON, TIMER, RETRAIN),
            gone=tuple(self._folder / name for name in (DAEMON, RETRAIN, TIMER)),
            then=(
                Step(_systemctl("daemon-reload")),
                Step(_systemctl("reset-failed", DAEMON, RETRAIN), may_fail=True),
            ),
        )

    def health(self) -> Health:
        """Look how it is. Raises PocketError where systemd does not say."""
        daemon = self._show(DAEMON, OF_DAEMON)
        timer = self._show(TIMER, "ActiveState,NextElapseUSecRealtime")
        night = self._show(RETRAIN, OF_RETRAIN)
        running = daemon.get("ActiveState") in ("active", "reloading")
        state = " ".join(filter(None, (daemon.get("ActiveState"), daemon.get("SubState"))))
        if daemon.get("Result", "success") != "success":
            state += f", {daemon['Result']}"
        return Health(
            installed=daemon.get("LoadState") == "loaded",
            running=running,
            state=state,
            logs=WAY_OUT,
            since=daemon.get("ActiveEnterTimestamp") or None if running else None,
            says=daemon.get("StatusText") or None,
            watchdog=daemon.get("WatchdogUSec") if daemon.get("WatchdogUSec") != "0" else None,
            restarts=int(daemon.get("NRestarts") or 0),
            night=Night(
                scheduled=timer.get("ActiveState") == "active",
                next=timer.get("NextElapseUSecRealtime") or None,
                under_way=night.get("ActiveState") == "activating",
                last=night.get("ExecMainExitTimestamp") or None,
                fault=_fault(night),
            ),
        )

    def _stopped(self, *names: str) -> tuple[Step, ...]:
        there = [name for name in names if (self._folder / name).exists()]
        return (Step(_systemctl("disable", "--now", *there), may_fail=True),) if there else ()

    def _show(self, unit: str, properties: str) -> dict[str, str]:
        said = ask(_systemctl("show", f"--property={properties}", unit), NO_MANAGER)
        return dict(line.partition("=")[::2] for line in said.splitlines() if "=" in line)


def _fault(night: dict[str, str]) -> str | None:
    if not night.get("ExecMainExitTimestamp") or night.get("Result") == "success":
        return None
    return f"{night.get('Result')}, exit code {night.get('ExecMainStatus')}; `journalctl --user -u {RETRAIN}`"


def _systemctl(*words: str) -> tuple[str, ...]:
    return ("systemctl", "--user", *words)
