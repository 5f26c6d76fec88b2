"""Starts the process outside real time, which keeps the takes and draws the meter, and may be slow, or die.

    real-time process ─ Outbox ─ socket ─ desk ─┬─ Recorder ─ takes on disk
                                                ├─ StandingKeeper ─ a file for `pocketd doctor`
                                                └─ MeterReader ─ terminal

This side is light: what the desk itself needs is imported in its own process only.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from pocket_core.types import Seconds
from pocketd.champion import nights_folder
from pocketd.config import Config
from pocketd.outbox import Outbox
from pocketd.standing import standing_path


class DeskProcess:
    """The desk as the real-time process sees it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def wait(self, patience: Seconds) -> bool:
        """Wait for it to finish its take, after `Outbox.close`; False if `patience` did not suffice."""
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True


def spawn_desk(config: Config) -> tuple[Outbox, DeskProcess | None]:
    """Start the desk; of what is open here it inherits the standard streams and its socket, no MIDI system.

    Returns:
        Where to put records, and the process; a dead outbox and None where the system starts no process:
        the drums go on without.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.set_inheritable(True)
        command = [sys.executable, "-m", "pocketd.desk_main", "--socket", str(theirs.fileno())]
        command += ["--display", config.meter_display]
        if config.takes.record:
            command += ["--takes", str(config.takes_folder), "--songs", str(config.songs_folder)]
            limits = (("--keep-days", config.takes.keep_days), ("--quota-mb", config.takes.quota_mb))
            command += [word for key, value in limits if value is not None for word in (key, str(value))]
        if (nights := nights_folder()) is not None:
            command += ["--nights", str(nights)]
        if (standing := standing_path(config.client)) is not None:
            command += ["--standing", str(standing), "--daemon", str(os.getpid())]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                close_fds=os.name == "posix",
                pass_fds=(theirs.fileno(),) if os.name == "posix" else (),
                process_group=0 if os.name == "posix" else None,  # Ctrl-C is not for the desk
            )
        except OSError:
            ours.close()
            return Outbox(None), None
    return Outbox(ours), DeskProcess(process)
