"""Starts the process outside real time, which keeps the takes and draws the meter, and may be slow, or die.

    real-time process ─ Outbox ─ socket ─ desk ─┬─ Recorder ─ takes on disk
                    └─ Line ─ socket ─┐         ├─ StandingKeeper ─ a file for `pocketd doctor`
                                      │         ├─ MeterReader ─ terminal
                                      └─────────┴─ StudioKeeper ─ the generators' process

This side is light: what the desk itself needs is imported in its own process only.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass

from pocket_core.types import Seconds
from pocketd.champion import nights_folder
from pocketd.config import Config
from pocketd.generators.line import Line
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


@dataclass(frozen=True, slots=True)
class Helpers:
    """What runs outside real time, as the real-time process sees it."""

    outbox: Outbox  # where to put records
    line: Line  # to the generators
    desk: DeskProcess | None  # None: the system starts no process, and the drums go on without

    def hang_up(self, patience: Seconds) -> None:
        """Send what waits for at most `patience`; then they end."""
        self.line.close()
        self.outbox.close(patience)


def spawn_desk(config: Config) -> Helpers:
    """Start the desk; of what is open here it inherits the standard streams and its sockets, no MIDI system.

    Where the system starts no process, outbox and line are dead.
    """
    ours, theirs = socket.socketpair()
    near, far = socket.socketpair()
    with theirs, far:
        theirs.set_inheritable(True)
        far.set_inheritable(True)
        command = [sys.executable, "-m", "pocketd.desk_main", "--socket", str(theirs.fileno())]
        command += ["--studio", str(far.fileno())]
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
                pass_fds=(theirs.fileno(), far.fileno()) if os.name == "posix" else (),
                process_group=0 if os.name == "posix" else None,  # Ctrl-C is not for the desk
            )
        except OSError:
            ours.close()
            near.close()
            return Helpers(Outbox(None), Line(None), None)
    return Helpers(Outbox(ours), Line(near), DeskProcess(process))
