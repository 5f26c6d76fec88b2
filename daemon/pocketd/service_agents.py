"""The daemon and the nightly job as macOS' launch agents: launchd.plist(5)."""

from __future__ import annotations

import plistlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DAEMON, RETRAIN = "pocketd", "pocketd.retrain"  # labels
HOUR, MINUTE = 3, 30  # local time, each night; after a sleep it is made up for
AGAIN_S = 10  # seconds, before one that has ended is started again


def agents(
    program: Sequence[str], config: Path | None, logs: Path, *, retrain: bool = True
) -> dict[str, bytes]:
    """Return the property lists by their labels.

    Args:
        program: How pocketd is called: a program's path in full, and words before its command.
        config: The configuration to play by, in full; None: the one that ships.
        logs: The folder for what they print.
        retrain: With the nightly job.
    """
    options = [] if config is None else [f"--config={config}"]
    found: dict[str, dict[str, Any]] = {
        DAEMON: {
            "ProgramArguments": [*program, "run", *options],
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": AGAIN_S,
            "ProcessType": "Interactive",  # else the system slows it down
            "StandardOutPath": str(logs / "pocketd.log"),
            "StandardErrorPath": str(logs / "pocketd.log"),
        }
    }
    if retrain:
        found[RETRAIN] = {
            "ProgramArguments": [*program, "retrain", "--if-due", *options],
            "StartCalendarInterval": {"Hour": HOUR, "Minute": MINUTE},
            "ProcessType": "Background",
            "LowPriorityIO": True,
            "Nice": 19,
            "StandardOutPath": str(logs / "pocketd-retrain.log"),
            "StandardErrorPath": str(logs / "pocketd-retrain.log"),
        }
    return {label: plistlib.dumps({"Label": label, **keys}) for label, keys in found.items()}
