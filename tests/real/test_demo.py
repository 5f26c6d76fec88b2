"""The demo over JACK's real ports, with the daemon in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.jack_server import NoServerError, jack_server

from pocket_core.types import Seconds
from pocketd.midifile import read_score
from pocketd.performance import perform

pytestmark = [pytest.mark.real, pytest.mark.alone]
DEMO = (sys.executable, "-m", "pocketd", "demo", "--model", "none")


@pytest.fixture(autouse=True)
def jack() -> Iterator[None]:
    try:
        with jack_server("demo"):
            yield
    except NoServerError as error:
        pytest.skip(str(error))


def test_every_hit_comes_back_over_jack(tmp_path: Path) -> None:
    done = subprocess.run(
        [*DEMO, "--seconds", "6", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "virtual ports of JACK" in done.stdout
    sent = read_score(tmp_path / "drums-quantised.mid").notes
    assert [(n.note, n.velocity) for n in sent] == [
        (n.note, n.velocity) for n in perform(Seconds(6.0)).drums.notes
    ]
    back = read_score(tmp_path / "drums.mid").notes
    assert sorted((n.note, n.velocity) for n in back) == sorted((n.note, n.velocity) for n in sent)
    assert f"│ {len(sent):>17} │ {len(sent):>7} │" in done.stdout


def test_sigterm_ends_the_demo_and_its_daemon(tmp_path: Path) -> None:
    demo = subprocess.Popen([*DEMO, "--out", str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert demo.stdout is not None
    while "ready:" not in demo.stdout.readline():
        assert demo.poll() is None

    demo.send_signal(signal.SIGTERM)
    rest, _ = demo.communicate(timeout=30)  # ends only when the daemon has let go of the pipe too

    assert demo.returncode == 130
    assert "Traceback" not in rest
