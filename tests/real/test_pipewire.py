"""Over PipeWire in JACK's place, as most desktops have it: the same back end, under `pw-jack`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.conftest import need

pytestmark = [pytest.mark.real, pytest.mark.alone]

PROJECT = Path(__file__).resolve().parents[2]
HITS = 300
PATIENCE = 60  # seconds
SESSION = """
pipewire & PIPEWIRE=$!
wireplumber & MANAGER=$!
for n in $(seq 50); do pw-cli info 0 >/dev/null 2>&1 && break; sleep 0.1; done
sleep 1
"$@" >&3
kill $MANAGER $PIPEWIRE
"""
PLAY = f"""
import json
from benchmarks.on_the_frame import measure

if __name__ == "__main__":
    found = measure({HITS}, 1, loaded=False, model="none")
    print(json.dumps([found.exact, len(found.errors), found.lost, found.doubled, found.reordered]))
"""

#: A device takes the graph over and goes, then the rate changes: how far our clock is from the machine's.
CHANGE = """
import json, subprocess, time
from pocketd.backends.jack import Jack

def said(*command):
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)

back_end = Jack("changes")
time.sleep(1.0)
ahead = []

def measure():
    time.sleep(2.0)
    ahead.append(back_end.now() - began - (time.perf_counter() - start))

began, start = back_end.now(), time.perf_counter()
device = "{ factory.name=support.null-audio-sink node.name=sink media.class=Audio/Sink object.linger=1 }"
said("pw-cli", "create-node", "adapter", device)
measure()
said("pw-cli", "destroy", "sink")
measure()
for rate in ("44100", "96000"):
    said("pw-metadata", "-n", "settings", "0", "clock.force-rate", rate)
    measure()
rate = back_end._client._client.samplerate
back_end.close()
print(json.dumps([ahead, rate]))
"""


def under_pipewire(folder: Path, *command: str) -> str:
    """Run a program in a session of its own with PipeWire, and return what it prints."""
    run = folder / "run"
    run.mkdir(mode=0o700)
    setting = {**os.environ, "XDG_RUNTIME_DIR": str(run), "PYTHONPATH": str(PROJECT)}
    inner = ("sh", "-c", SESSION, "session", "pw-jack", *command)
    with (folder / "said.txt").open("w+") as said:
        session = subprocess.run(
            ("sh", "-c", 'exec "$@" 3>&1 >&2', "outer", "dbus-run-session", "--", *inner),
            env=setting,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        said.seek(0)
        assert session.stdout, said.read()
    return session.stdout


@pytest.fixture(autouse=True)
def programs() -> None:
    need("pipewire", "wireplumber", "pw-jack", "pw-cli", "dbus-run-session")


def test_ports_tells_pipewire_from_jack(tmp_path: Path) -> None:
    told = under_pipewire(tmp_path, sys.executable, "-m", "pocketd", "ports")

    assert "JACK: there, as PipeWire" in told
    assert "pocketd run would use JACK: the first choice on this system" in told


def test_every_hit_comes_back_once_in_order_and_most_on_the_very_frame(tmp_path: Path) -> None:
    script = tmp_path / "play.py"
    script.write_text(PLAY)

    exact, came, lost, doubled, reordered = json.loads(
        under_pipewire(tmp_path, sys.executable, str(script)).splitlines()[-1]
    )

    assert (came, lost, doubled, reordered) == (HITS, 0, 0, 0)
    assert exact >= 0.9 * HITS  # without a sound card PipeWire's own timer drives it


def test_time_goes_on_as_devices_come_and_go_and_the_rate_changes(tmp_path: Path) -> None:
    script = tmp_path / "change.py"
    script.write_text(CHANGE)

    ahead, rate = json.loads(under_pipewire(tmp_path, sys.executable, str(script)).splitlines()[-1])

    assert rate == 96_000
    assert ahead == pytest.approx([0.0] * 4, abs=0.5)  # it loses a little where the graph is made anew
