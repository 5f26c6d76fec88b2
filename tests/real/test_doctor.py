"""`pocketd doctor` and `calibrate` beside a DAW of our own, on JACK's dummy server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from benchmarks.jack_server import PERIOD, RATE, JackServer

from pocket_core.tempo import Meter
from pocketd.standing import read_standing, standing_path
from tests.real.fake_daw import CONNECT, Daw, fake_daw
from tests.real.jack_daw import daw
from tests.real.rig import PATIENCE, daemon

pytestmark = [pytest.mark.real, pytest.mark.alone]

PATH = 592  # frames from the DAW's input to its output
#: pocketd sends to the DAW and the DAW to pocketd: JACK carries one of the two a period late, here as in use.
ROUND_TRIP_MS = (PATH / RATE + PERIOD) * 1000


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A configuration that connects pocketd with the DAW."""
    path = tmp_path / "my.yaml"
    path.write_text(json.dumps({"connect": CONNECT, "model": "none", "takes": {"folder": str(tmp_path)}}))
    return path


def pocketd(mine: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pocketd", *words, "--config", str(mine)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def doctor(mine: Path, seconds: float = 8.0) -> tuple[int, dict[str, dict[str, str]]]:
    """Return the exit code and the findings by name."""
    told = pocketd(mine, "doctor", "--json", "--seconds", str(seconds))
    return told.returncode, {each["name"]: each for each in json.loads(told.stdout)["findings"]}


def marks(page: dict[str, dict[str, str]], mark: str) -> set[str]:
    return {name for name, each in page.items() if each["mark"] == mark}


def test_a_delay_in_the_daw_is_found_to_a_tenth_of_a_millisecond_and_written(
    jack: JackServer, mine: Path
) -> None:
    with fake_daw(Daw(echo=[PATH])) as daw:
        told = pocketd(mine, "calibrate", "round-trip", "--write")

    daw.skip_if_late()
    assert (told.returncode, told.stderr.count("\n")) == (0, 1)
    measured = float(told.stdout.split()[2])
    assert measured == pytest.approx(ROUND_TRIP_MS, abs=0.1)
    written = json.loads(mine.read_text())
    assert written["output_latency_ms"] == pytest.approx(ROUND_TRIP_MS, abs=0.1)
    assert written["connect"] == CONNECT


def test_a_return_that_wanders_or_comes_twice_or_not_at_all_is_an_error_that_says_which(
    jack: JackServer, mine: Path
) -> None:
    before = mine.read_text()
    said = []
    for wrong in (Daw(echo=[480, 1200, 700, 1000]), Daw(echo=[PATH], twice=240), Daw()):
        with fake_daw(wrong) as daw:
            told = pocketd(mine, "calibrate", "round-trip", "--wait", "3", "--write")
        daw.skip_if_late()
        said.append(told.stderr.splitlines()[-1])
        assert told.returncode == 1

    assert said[0].startswith("pocketd: what comes back on pocketd:human wanders, 15.3 ms to 30.3 ms")
    assert said[1].startswith("pocketd: 8 impulses came back 16 times on pocketd:human, 5.0 ms apart")
    assert said[2].startswith("pocketd: nothing came back on pocketd:human within 3 s of impulses on")
    assert mine.read_text() == before


def test_drums_that_are_sent_early_are_measured_and_late_ones_are_an_error(
    jack: JackServer, mine: Path
) -> None:
    outcomes = []
    for early in (120, 150, -120):
        with fake_daw(Daw(bpm=120, early_ms=early)) as daw:
            outcomes.append(pocketd(mine, "calibrate", "lead", "--bars", "2"))
        daw.skip_if_late()

    right, other, late = outcomes
    assert right.stdout.startswith("drums come 120.0 ms early (")
    assert right.stdout.endswith("the configuration says so already; nothing to write\n")
    assert "  look_ahead_ms: 150  (was 120)\n" in other.stdout
    assert [each.returncode for each in outcomes] == [0, 0, 1]
    assert "the drums come 120.0 ms late: the drum track's delay has the wrong sign" in late.stderr


def test_doctor_without_a_daemon_listens_itself_and_finds_nothing_wrong_in_a_rig_that_is_right(
    jack: JackServer, mine: Path
) -> None:
    with fake_daw(Daw(bpm=120, early_ms=120)) as daw:
        code, page = doctor(mine)

    daw.skip_if_late()
    assert marks(page, "WRONG") == set()
    assert code == 0
    assert page["MIDI system"]["found"].startswith("JACK: the first choice on this system")
    assert page["ports"]["found"] == (
        "pocketd:drums, pocketd:human, pocketd:control, pocketd:out, open while doctor listens"
    )
    assert page["clock"]["found"].startswith("on control, 120.0 BPM, jitter 0.0")
    assert page["out"]["found"] == "connected to daw:in"
    assert page["sent early"]["found"] == "120.0 ms early, as they should"
    assert page["period"]["found"].startswith("5.3 ms; ")


def test_doctor_asks_a_daemon_that_runs_and_sees_that_the_drums_come_late(
    jack: JackServer, mine: Path, tmp_path: Path
) -> None:
    late = Daw(bpm=120, early_ms=-120)
    with daemon(tmp_path, connect=CONNECT, model="none") as running, fake_daw(late) as daw:
        wait_until_told()
        code, page = doctor(mine)
        calibrated = pocketd(mine, "calibrate", "lead")
        ended = running.end()

    daw.skip_if_late()
    assert code == 1
    assert marks(page, "WRONG") == {"sent early"}
    assert page["sent early"]["found"] == "120.0 ms late: the drum track's delay has the wrong sign"
    assert page["daemon"]["found"] == f"process {running.process.pid} plays by none, over JACK"
    assert page["out"]["found"] == "connected to daw:in"
    assert "notes in 8 s" in page["drums"]["found"]
    assert calibrated.returncode == 3
    assert calibrated.stderr.startswith("pocketd: a daemon runs and has the ports (process ")
    assert ended == (0, "")


def test_a_daw_that_nobody_has_connected_is_told_port_by_port(jack: JackServer, tmp_path: Path) -> None:
    lonely = tmp_path / "lonely.yaml"
    lonely.write_text(json.dumps({"model": "none", "takes": {"folder": str(tmp_path)}}))

    code, page = doctor(lonely, 1.0)

    assert code == 1
    assert marks(page, "WRONG") == {"clock", "drums", "human", "out"}
    assert page["human"]["found"] == "nothing in 1 s; connected to nobody"


def test_ports_that_an_unknown_program_has_taken_are_told_and_end_it_with_3(
    jack: JackServer, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with daemon(tmp_path, model="none"):
        path = standing_path("pocketd")
        assert path is not None
        wait_until_told()
        (elsewhere := tmp_path / "elsewhere").mkdir(mode=0o700)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(elsewhere))
        code, page = doctor(mine, 1.0)

    assert code == 3
    assert page["ports"]["found"] == "client 'pocketd' is taken: another pocketd runs on JACK"
    assert page["ports"]["todo"] == "end it, or set another `client` in the config"


def wait_until_told() -> None:
    path = standing_path("pocketd")
    assert path is not None
    end = time.monotonic() + PATIENCE
    while read_standing(path) is None:
        assert time.monotonic() < end, "the daemon says nothing"
        time.sleep(0.05)


@pytest.mark.parametrize("beside", ["alone", "beside a daemon"])
def test_jacks_transport_is_a_clock_for_doctor(
    jack: JackServer, mine: Path, tmp_path: Path, beside: str
) -> None:
    with ExitStack() as stack:
        if beside != "alone":
            stack.enter_context(daemon(tmp_path, connect=CONNECT, model="none"))
            wait_until_told()
        rolling = stack.enter_context(daw(120.0, Meter(4, 4), connect=False))
        rolling.client.transport_start()
        _, page = doctor(mine, 5.0)

    assert page["clock"]["mark"] == "ok", page["clock"]
    assert page["clock"]["found"] == "JACK's transport, 120.0 BPM"
    assert "cannot be told" not in page["sent early"]["found"]
