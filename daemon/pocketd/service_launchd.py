"""The daemon and the nightly job under macOS' launchd: install, look, remove. Not run on a Mac so far."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from pocket_core.errors import PocketError
from pocketd.service_agents import DAEMON, HOUR, MINUTE, RETRAIN, agents
from pocketd.service_ask import ask
from pocketd.service_plan import Plan, Step
from pocketd.service_state import Health, Night


class Launchd:
    """The user's domain of launchd.

    Args:
        home: The user's.
        user: Their number; None: whoever runs this.
    """

    def __init__(self, home: Path, user: int | None = None) -> None:
        self._agents = home / "Library" / "LaunchAgents"
        self._logs = home / "Library" / "Logs"
        self._domain = f"gui/{os.getuid() if user is None else user}"
        self.way_out = f"{self._logs / 'pocketd.log'} may say more"

    def see(self) -> None:
        """See that it answers. Raises PocketError where it does not: what to do then."""
        ask(("launchctl", "print", self._domain), "log in at the screen, not over the network, and try again")

    def install(self, program: Sequence[str], config: Path | None, *, retrain: bool) -> Plan:
        """Return how to install, or to install anew: whoever runs is started again."""
        lists = agents(program, config, self._logs, retrain=retrain)
        return Plan(
            first=tuple(self._out(label) for label in (DAEMON, RETRAIN)),
            files={self._file(label): data for label, data in lists.items()},
            gone=() if retrain else (self._file(RETRAIN),),
            then=tuple(
                Step(("launchctl", "bootstrap", self._domain, str(self._file(label)))) for label in lists
            ),
        )

    def uninstall(self) -> Plan:
        """Return how to remove what `install` brings; takes and models stay."""
        labels = (DAEMON, RETRAIN)
        return Plan(
            first=tuple(self._out(label) for label in labels),
            gone=tuple(self._file(label) for label in labels),
        )

    def health(self) -> Health:
        """Look how it is."""
        said, night = self._print(DAEMON), self._print(RETRAIN)
        state = re.search(r"^\s*state = (.+)$", said or "", re.MULTILINE)
        runs = state is not None and state[1] == "running"
        code = re.search(r"^\s*last exit code = (\d+)", night or "", re.MULTILINE)
        return Health(
            installed=self._file(DAEMON).exists(),
            running=runs,
            state="not loaded" if said is None else "unknown" if state is None else state[1],
            logs=self.way_out,
            night=Night(
                scheduled=night is not None,
                next=f"at {HOUR:02}:{MINUTE:02}",
                under_way="state = running" in (night or ""),
                fault=f"exit code {code[1]}" if code is not None and code[1] != "0" else None,
            ),
        )

    def _print(self, label: str) -> str | None:
        try:
            return ask(("launchctl", "print", f"{self._domain}/{label}"), self.way_out)
        except PocketError:  # it is not loaded
            return None

    def _out(self, label: str) -> Step:
        return Step(("launchctl", "bootout", f"{self._domain}/{label}"), may_fail=True)

    def _file(self, label: str) -> Path:
        return self._agents / f"{label}.plist"
