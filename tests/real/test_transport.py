"""JACK's own transport as the clock, with a timebase master on a real server."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytest
from benchmarks.jack_server import JackServer

from pocket_core.predict import ZeroPredictor
from pocket_core.tempo import Meter
from pocketd.replay import replay
from tests.real.jack_daw import daw
from tests.real.rig import daemon, hits, journal, messages, read, timesteps, unended

pytestmark = [pytest.mark.real, pytest.mark.alone]

THREE, FOUR = Meter(3, 4), Meter(4, 4)
LOOK_AHEAD = 0.120


def of(take: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [record for record in take if record["kind"] == kind]


@pytest.mark.parametrize("clock", [False, True], ids=["alone", "beside MIDI clock"])
def test_the_transport_says_where_the_song_is_through_start_relocation_and_stop(
    jack: JackServer, tmp_path: Path, clock: bool
) -> None:
    with daemon(tmp_path, model="none", drums_lead_ms=0) as pocketd, daw(120.0, THREE, clock=clock) as it:
        it.locate(3)
        it.roll(3.3)
        it.locate(2)
        time.sleep(2.0)
        it.stop(LOOK_AHEAD)
        code, said = pocketd.end()

    assert (code, said) == (0, "")
    take = journal(tmp_path / "takes")
    (start,), (stop,), (jump,) = of(take, "start"), of(take, "stop"), of(take, "jump")
    assert start["position"] == pytest.approx(6.0, abs=1e-3)
    assert (start["numerator"], start["denominator"], start["bpm"]) == (3, 4, 120.0)
    assert jump["entered"] == pytest.approx(3.0, abs=0.03)
    assert jump["left"] > 9  # the dummy driver may stand still for a while
    counted = [*range(6, math.ceil(jump["left"] - 0.01)), *range(3, math.ceil(stop["position"]))]
    places = [(step["bar"], step["beat"]) for step in timesteps(take)]
    assert places == [(1 + n // 3, 1.0 + n % 3) for n in counted]
    came, meant = hits(messages(take, "drums")), hits(messages(take, "out"))
    assert [m.at + LOOK_AHEAD for m in came] == pytest.approx([m.at for m in meant], abs=0.001)
    assert unended(messages(take, "out")) == []
    again = replay(next((tmp_path / "takes").rglob("journal.jsonl")), ZeroPredictor()).records
    assert [(r.bar, r.beat, r.committed_s) for r in again] == [
        (s["bar"], s["beat"], s["committed_s"]) for s in timesteps(take)
    ]


def test_a_transport_that_tells_no_bars_is_none_unless_it_is_asked_for(
    jack: JackServer, tmp_path: Path
) -> None:
    places = []
    for clock in ("auto", "jack"):
        (tmp_path / clock).mkdir()
        with (
            daemon(tmp_path / clock, model="none", drums_lead_ms=0, clock=clock, tempo=100) as pocketd,
            daw(100.0, FOUR, master=False) as it,
        ):
            it.locate(2)
            it.roll(1.5)
            it.stop(LOOK_AHEAD)
            pocketd.end()
        found = (tmp_path / clock / "takes").rglob("journal.jsonl")
        places.append([(s["bar"], s["beat"]) for path in found for s in timesteps(read(path))])

    assert places == [[], [(2, 1.0), (2, 2.0), (2, 3.0)]]


def test_while_the_transport_stands_midi_clock_is_followed(jack: JackServer, tmp_path: Path) -> None:
    with (
        daemon(tmp_path, model="none", drums_lead_ms=0) as pocketd,
        daw(120.0, FOUR, clock=True, master=False) as it,
    ):
        it.locate(3)
        it.roll(1.6)
        it.stop(LOOK_AHEAD)
        code, said = pocketd.end()

    assert (code, said) == (0, "")
    take = journal(tmp_path / "takes")
    assert [(s["bar"], s["beat"]) for s in timesteps(take)] == [(1, 1.0), (1, 2.0), (1, 3.0), (1, 4.0)]
