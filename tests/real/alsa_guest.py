"""Runs inside the machine of `alsa_vm`: plays a duet through `pocketd run`, by each back end for ALSA.

DAW, musician and recorder are ALSA's own programs.

Prints one line `RESULT` with JSON, and leaves judging it to the test outside.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

CONFIG = {
    "clock": "internal",  # aplaymidi sends no clock; the first hit starts the song
    "tempo": 100,
    "drums_lead_ms": 0,
    "look_ahead_ms": 200,
    "model": "none",
    "meter_display": "off",
}
SETTLE = 1.0  # seconds, where a program gives no sign of being ready


def main() -> None:
    """Play, record, and tell."""
    ports = subprocess.run(
        [sys.executable, "-m", "pocketd", "ports"], capture_output=True, text=True, check=False
    )
    result = {
        "auto": played("auto"),
        "rtmidi": played("rtmidi"),
        "ports": ports.stdout,
        "torch": has_torch(),
        "step": model_step(),
    }
    print("RESULT", json.dumps(result), flush=True)


def played(backend: str) -> dict[str, object]:
    """Play by a back end, and return what was heard and said."""
    takes = Path("/tmp") / backend
    config = {**CONFIG, "backend": backend, "takes": {"folder": str(takes)}}
    Path("/tmp/config.yaml").write_text(json.dumps(config))
    pocketd = start(sys.executable, "-m", "pocketd", "run", "--config", "/tmp/config.yaml")
    assert pocketd.stdout is not None
    ready = pocketd.stdout.readline()
    address = dict(re.findall(r"pocketd:(\w+) (\d+:\d+)", ready))
    dump = start("aseqdump", "-p", address["out"])
    recorder = start("arecordmidi", "-p", address["out"], "-b", "120", "-t", "480", "/tmp/out.mid")
    time.sleep(SETTLE)
    start("aplaymidi", "-p", f"{address['drums']},{address['human']}", "duet.mid").wait()
    time.sleep(1.0)
    recorder.send_signal(signal.SIGINT)
    recorder.wait()
    dump.send_signal(signal.SIGINT)
    dumped, _ = dump.communicate()
    pocketd.send_signal(signal.SIGTERM)
    _, said = pocketd.communicate()
    (take,) = takes.rglob("journal.jsonl")
    return {
        "ready": ready,
        "said": said,
        "code": pocketd.returncode,
        "dump": dumped,
        "recorded": Path("/tmp/out.mid").read_bytes().hex(),
        "journal": take.read_text(),
    }


def start(*command: str) -> subprocess.Popen[str]:
    """Start a program."""
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def has_torch() -> bool:
    """Say whether the base install brought torch along."""
    try:
        import torch  # noqa: F401
    except ImportError:
        return False
    return True


def model_step() -> list[float]:
    """Return offsets of the shipped model, by what the base install has."""
    import numpy as np

    from pocket_core.features import WIDTH
    from pocket_core.types import Beats, Seconds
    from pocketd.model import load_predictor

    model = load_predictor("lstm", Seconds(10.0))
    state = model.initial_state()
    offsets = []
    for _ in range(3):
        prediction, state = model.step(np.zeros(WIDTH, np.float32), state, Beats(0.0))
        offsets.append(float(prediction.offset))
    return offsets


if __name__ == "__main__":
    main()
