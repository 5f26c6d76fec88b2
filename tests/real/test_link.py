"""Two real peers of an Ableton Link session, in two processes, on whatever network this machine has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pocket_core.report import Report, decode_report
from pocket_core.types import Seconds
from tests.real.rig import PATIENCE, daemon, journal, messages

pytestmark = [pytest.mark.real, pytest.mark.alone]

PEER = Path(__file__).with_name("link_peer.py")
TEMPO, FASTER, SECONDS = 100.0, 125.0, 6.0
BAR = 4.0  # beats


def off_phase(report: Report, peer: list[dict[str, float]]) -> float:
    """Return how far a report's place in the bar is from the peer's at that time, seconds."""
    near = min(peer, key=lambda line: abs(line["at"] - report.at))
    beat = report.beat + (near["at"] - report.at) * report.bpm / 60 - near["beat"]
    return ((beat + BAR / 2) % BAR - BAR / 2) * 60 / report.bpm


def test_a_take_starts_and_stops_with_the_session_and_is_where_its_peers_are_in_the_bar(
    tmp_path: Path,
) -> None:
    pytest.importorskip("aalink", exc_type=ImportError)
    command = [sys.executable, str(PEER), str(TEMPO), str(FASTER), str(SECONDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        with daemon(tmp_path, backend="loopback", clock="link", tempo=140, model="none") as pocketd:
            said, _ = other.communicate(timeout=2 * PATIENCE)
            code, errors = pocketd.end()

    peer = [json.loads(line) for line in said.splitlines()]
    assert (code, errors) == (0, "")
    if not any(line["peers"] for line in peer):
        pytest.skip("this machine's network does not let two peers find each other")
    take = journal(tmp_path / "takes")
    start = next(r for r in take if r["kind"] == "start")
    assert start["bpm"] == pytest.approx(TEMPO, abs=1e-3)  # the session's, not the newcomer's
    assert -BAR < start["position"] <= 0
    assert start["from_top"]
    assert [r["kind"] for r in take if r["kind"] in ("stop", "jump")] == ["stop"]
    found = [decode_report(m.data, Seconds(m.at)) for m in messages(take, "control")]
    reports = [r for r in found if r is not None and r.rolling]
    assert len(reports) > 15 * SECONDS
    assert {round(r.bpm) for r in reports} == {TEMPO, FASTER}
    off = sorted(abs(off_phase(r, [line for line in peer if line["tempo"] == r.bpm])) for r in reports)
    assert off[int(0.9 * len(off))] < 0.002
