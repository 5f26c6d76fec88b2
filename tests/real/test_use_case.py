"""The paper's use case from beginning to end: three takes of a song, a night between two, what it came to.

Hydrogen plays straight eighths, jack_midi_clock is the DAW's clock, jack_midi_dump the recorder, and the
musician swings. The drums begin with the paper's first network, which has heard no musician.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.jack_server import PERIOD, JackServer, jack_server

from tests.real.conftest import need
from tests.real.hydrogen_song import SHIPPED, Stroke, write_song
from tests.real.jack_programs import LOOK_AHEAD, NEEDED, connect, dumped, play_along, studio, transport
from tests.real.rig import Daemon, Listener, Player, daemon, hits, read

pytestmark = [pytest.mark.real, pytest.mark.alone, pytest.mark.data]

DATA = Path(os.environ.get("POCKETD_DATA", "../shared/data"))
BPM, BARS = 120, 14
SONG = "the tune"
MODEL = "lstm-solo"  # the paper's first network
KICK, SNARE, HAT = 36, 38, 42
STRAIGHT = [
    *(Stroke(eighth * 24, HAT, 80) for eighth in range(8)),
    *(Stroke(tick, KICK, 110) for tick in (0, 96)),
    *(Stroke(tick, SNARE, 100) for tick in (48, 144)),
]
SWING = 60 / BPM * (2 / 3 - 1 / 2)  # seconds: how much later a swung off-beat is
LAST_BARS = 6
EPOCHS = "10"  # with three the song's mean is learnt, and little of what goes beyond it
CONFIG = {
    "drums_lead_ms": 0,
    "late_commit": False,
    "snap_ms": PERIOD * 1000 + 1,  # Hydrogen's hits come at the start of a period
    "songs": {"0": SONG},
    "retrain": {"start": MODEL, "style": "variance", "a": 3, "b": 4, "groove": str(DATA.resolve())},
}


@pytest.fixture
def jack() -> Iterator[JackServer]:
    need(*NEEDED)
    if not SHIPPED.exists():
        pytest.skip(f"no {SHIPPED}")
    if not list(DATA.glob("groove-*.zip")):
        pytest.skip(f"no Groove archive in {DATA}; point POCKETD_DATA at its folder")
    with jack_server("use-case", audio_ports=2) as server:
        yield server


def pocketd(config: Path, *words: str) -> str:
    """Run a command of pocketd's and return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "pocketd", *words, "--config", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def play_a_take(folder: Path, model: str) -> Daemon:
    """Play the song once, as a daemon that begins with a model."""
    with daemon(folder, model=model, **CONFIG) as running:
        ticks, human, control = (
            Listener("mclk_out", client="jack_midi_clock"),
            Player("human"),
            Player("control"),
        )
        for source, target in (
            ("Hydrogen-midi:TX", "pocketd:drums"),
            ("jack_midi_clock:mclk_out", "pocketd:control"),
            ("pocketd:out", "midi-monitor:input"),
        ):
            connect(source, target)
        control.send(bytes((0xC0, 0)))  # the song's number
        time.sleep(3.0)  # its model is loaded meanwhile
        transport("locate 0", "play")
        onsets = [n / 2 + (n % 2) / 6 for n in range(BARS * 8 - 2)]
        play_along(ticks, human, onsets, BPM, BARS)
        transport("stop")
        time.sleep(LOOK_AHEAD + 1.0)
        for end in (ticks, human, control):
            end.close()
        code, said = running.end()
        assert code == 0, said
    return running


def reached(report: Path, within: float = 0.5) -> float:
    """Return how far the drums were moved in a take's last bars, as a share of the musician's swing.

    Args:
        report: The take's.
        within: Where in the beat.
    """
    steps = json.loads(report.read_text())["timesteps"]
    last = max(step["bar"] for step in steps)
    moved = [s["played_ms"] for s in steps if s["bar"] > last - LAST_BARS and s["beat"] % 1 == within]
    assert len(moved) >= 2 * LAST_BARS
    return float(sum(moved) / len(moved) / (SWING * 1000))


def models_of(report: Path) -> set[str]:
    """Return the checksums of the models that have played a take."""
    take, *rest = read(report.with_name("journal.jsonl"))
    hellos = [take["hello"], *(record for record in rest if record["kind"] == "hello")]
    return {hello["sha256"] for hello in hellos}


def test_straight_drums_swing_by_the_third_take_of_a_song_for_nights_lie_between(
    jack: JackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    write_song(tmp_path / "song.h2song", BPM, STRAIGHT)
    nights = tmp_path / "data" / "pocketd" / "nights"

    with studio(tmp_path, tmp_path / "song.h2song", BPM):
        for take in range(3):
            running = play_a_take(tmp_path, MODEL if take == 0 else "champion")
            if take < 2:
                pocketd(running.config, "retrain", "--takes", str(running.takes), "--epochs", EPOCHS)
                night = max(path.name for path in nights.glob("20*"))
                # short takes are too few for the gate, whose verdict a person may overrule for one song
                pocketd(running.config, "models", "use", night, "--song", SONG)

    reports = sorted((tmp_path / "takes").rglob("take.json"))
    share = [reached(report) for report in reports]
    assert len(reports) == 3
    assert abs(share[0]) < 0.3
    assert 0.7 < share[2] < 1.3, share
    assert abs(reached(reports[2], within=0.0)) < 0.25  # and what is on the beat stays there
    takes = [json.loads(report.read_text())["take"] for report in reports]
    assert [(take["song"], take["models"]) for take in takes] == [(SONG, [MODEL])] * 3
    learnt = sorted(nights.glob(f"20*/{MODEL}.onnx"))
    for report, model in zip(reports[1:], learnt, strict=True):
        assert models_of(report) == {hashlib.sha256(model.read_bytes()).hexdigest()}
    picture = tmp_path / "third.png"
    pocketd(running.config, "takes", "plot", "last", "--bars", "9-12", "--out", str(picture))
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert len(hits(dumped(tmp_path / "dump.txt"))) > 3 * BARS * len(STRAIGHT) * 0.9
