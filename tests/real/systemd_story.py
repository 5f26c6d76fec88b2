"""Runs beside the manager of `user_manager`: installs pocketd as a service, reloads it, hangs it, removes it.

There is a take to learn from, so the nightly job has a night.

It plays over a JACK server where jackd is installed, so that the units are seen not to lock JACK away. Prints
one line `RESULT` with JSON, and leaves judging it to the test outside.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mido
from benchmarks.jack_server import jack_server

DAEMON, NIGHT = "pocketd.service", "pocketd-retrain.service"
#: So that nobody waits for ten seconds, in the way that a user would do it; and there is no journal here.
FASTER = """[Service]
WatchdogSec=2
RestartSec=0.1
StandardOutput=append:{log}
StandardError=append:{log}
"""
NIGHTLY = """[Service]
CPUSchedulingPolicy=other
Nice=0
StandardOutput=append:{log}
StandardError=append:{log}
"""
PATIENCE_S = 40.0
NOBODY = 2**30  # more than any process id


def main(home: Path) -> None:
    """Do it all, and tell."""
    if shutil.which("jackd") is None:
        _play(home, {"backend": "loopback"})
        return
    with jack_server("service") as server:
        systemctl("set-environment", f"JACK_DEFAULT_SERVER={server.name}", "JACK_NO_START_SERVER=1")
        _play(home, {"midi_api": "jack"})


def _play(home: Path, midi: dict[str, object]) -> None:
    config = home / "50 % of $HOME.yaml"  # systemd would read more into it
    takes = home / "takes"
    set_up: dict[str, object] = {**midi, "meter_display": "off"}
    config.write_text(json.dumps({**set_up, "takes": {"folder": str(takes)}}))
    units = home / ".config" / "systemd" / "user"
    (units / f"{DAEMON}.d").mkdir(parents=True)
    (units / f"{DAEMON}.d" / "faster.conf").write_text(FASTER.format(log=home / "log"))
    (units / f"{NIGHT}.d").mkdir()
    (units / f"{NIGHT}.d" / "now.conf").write_text(NIGHTLY.format(log=home / "night"))
    result: dict[str, Any] = {}

    result["install"] = pocketd("service", "install", "--config", str(config))
    result["started"] = show("Type", "ActiveState", "StatusText", "NotifyAccess", "WatchdogUSec", "Result")
    if result["started"]["ActiveState"] != "active":
        sys.exit(f"not active: {result} {(home / 'log').read_text()}")
    result["command"] = Path(f"/proc/{pid()}/cmdline").read_bytes().decode().split("\0")
    result["process"] = Path(f"/proc/{pid()}/status").read_text()
    result["timers"] = systemctl("list-timers", "--all", "--no-pager")

    set_up |= {"model": "none", "takes": {"folder": str(takes), "song": "Blues"}}
    config.write_text(json.dumps(set_up))
    result["reload"] = systemctl("reload", DAEMON)
    result["reloaded"] = until(lambda: "model none" in show("StatusText")["StatusText"])
    result["after reload"] = show("ActiveState", "StatusText", "NRestarts")

    hung = pid()
    os.kill(hung, signal.SIGSTOP)
    result["came back"] = until(
        lambda: pid() not in (NOBODY, hung) and show("ActiveState") == {"ActiveState": "active"}
    )
    result["log"] = (home / "log").read_text()
    result["after hang"] = show("ActiveState", "NRestarts", "StatusText")
    result["status"] = pocketd("service", "status")

    result["take"] = pocketd("takes", "import", *_parts(home), "--config", str(config))
    result["start of a night"] = systemctl("start", NIGHT)
    result["after a night"] = show("ActiveState", "Result", "ExecMainStatus", unit=NIGHT)
    result["night"] = (home / "night").read_text()

    result["stop"] = systemctl("stop", DAEMON)
    result["after stop"] = show("ActiveState", "Result")
    result["status of a stopped one"] = pocketd("service", "status")
    result["uninstall"] = pocketd("service", "uninstall")
    result["left"] = sorted(path.name for path in units.rglob("*") if path.is_file() or path.is_symlink())
    result["config left"] = config.exists()
    print("RESULT", json.dumps(result), flush=True)


def _parts(home: Path) -> list[str]:
    """Write a drum track and a musician who is late, and return the options that name them."""
    told = []
    for option, channel, note, late in (("--drums", 9, 36, 0), ("--human", 0, 60, 20)):
        track = mido.MidiTrack()
        for n in range(320):  # forty bars of eighths, 120 BPM
            before = 120 + late if n == 0 else 120
            track += [
                mido.Message("note_on", channel=channel, note=note, velocity=96, time=before),
                mido.Message("note_off", channel=channel, note=note, velocity=64, time=120),
            ]
        path = home / f"{option.strip('-')}.mid"
        mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(path)
        told += [option, str(path)]
    return told


def pocketd(*words: str) -> dict[str, object]:
    """Run the command as a user would."""
    return _run(sys.executable, "-m", "pocketd", *words)


def systemctl(*words: str) -> dict[str, object]:
    """Ask the manager."""
    return _run("systemctl", "--user", *words)


def show(*properties: str, unit: str = DAEMON) -> dict[str, str]:
    """Return what the manager knows of a unit."""
    said = str(systemctl("show", f"--property={','.join(properties)}", unit)["out"])
    return dict(line.partition("=")[::2] for line in said.splitlines())


def pid() -> int:
    """Return the daemon's process id; where there is none, one that nobody has."""
    return int(show("MainPID")["MainPID"]) or NOBODY


def until(true: Callable[[], bool]) -> bool:
    """Wait for it; False: it did not come to be so."""
    end = time.monotonic() + PATIENCE_S
    while not (so := true()) and time.monotonic() < end:
        time.sleep(0.1)
    return so


def _run(*command: str) -> dict[str, object]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {"code": done.returncode, "out": done.stdout, "errors": done.stderr}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
