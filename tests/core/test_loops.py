"""A hundred loop jumps by each clock: every note leaves once, none hangs, each bar goes on where it was."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from pocket_core.best_clock import BestClock
from pocket_core.clock import PulseClock
from pocket_core.engine import Engine
from pocket_core.predict import Prediction, State
from pocket_core.records import TimestepRecord
from pocket_core.report import Report, encode_report
from pocket_core.report_clock import ReportClock
from pocket_core.settings import Settings
from pocket_core.tempo import Meter
from pocket_core.testing import HAT, KICK, FixedPredictor
from pocket_core.transport import Relocated, SongClock, TransportChange
from pocket_core.types import Beats, Due, Port, Seconds
from pocket_core.wire import note_off, note_on, song_position

ROUNDS = 101
LOOP = 8  # beats, from bar 2 on
FIRST = 4  # beat
TOP = 1.0  # when the loop begins, at 120 BPM
OPEN_HAT = 46
CLOCKS = ["Live's song mode", "reports", "both"]

Fed = tuple[float, Port, bytes]


class Counting(FixedPredictor):
    """Tells the steps in its state by the microseconds of its offset."""

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        prediction, after = super().step(x, state, beat)
        return Prediction(Seconds(prediction.offset + float(state[0][0]) * 1e-6)), after


@dataclass(frozen=True)
class Played:
    fed: list[Fed]
    due: list[Due]
    records: list[TimestepRecord]
    changes: list[TransportChange]


def pulses() -> list[Fed]:
    """MIDI clock as Live sends it: song position and continue ahead of each jump's pulse."""
    fed: list[Fed] = [(TOP - 0.01, Port.CONTROL, song_position(4 * FIRST) + b"\xfb")]
    for tick in range(ROUNDS * LOOP * 24):
        at = TOP + tick / 48
        if tick and tick % (LOOP * 24) == 0:
            fed.append((at - 0.001, Port.CONTROL, song_position(4 * FIRST) + b"\xfb"))
        fed.append((at, Port.CONTROL, b"\xf8"))
    return fed


def reports() -> list[Fed]:
    """What JACK's transport says, every 50 ms and at each jump."""
    fed: list[Fed] = []
    for n in range(ROUNDS * LOOP * 10):
        at, beat = Seconds(TOP + n / 20), Beats(FIRST + n / 10 % LOOP)
        fed.append((at, Port.CONTROL, encode_report(Report(at, beat, 120.0, True, Meter(4, 4)))))
    return fed


def drums(lead: float) -> list[Fed]:
    """Kick and hat on eighths, and an open hat ahead of each jump: held over it, by turns let go or not."""
    fed: list[Fed] = []
    for eighth in range(1, ROUNDS * LOOP * 2):
        at = TOP + eighth / 4 - lead
        for note in (KICK, HAT):
            fed += [(at, Port.DRUMS, note_on(9, note, 100)), (at + 0.1, Port.DRUMS, note_off(9, note))]
        if eighth % 16 == 15:
            fed.append((at, Port.DRUMS, note_on(9, OPEN_HAT, 90)))
            if eighth % 32 == 15:
                fed.append((at + 0.5, Port.DRUMS, note_off(9, OPEN_HAT)))
    return fed


def play(kind: str, lead: float, offset: float) -> Played:
    clocks: list[SongClock] = [PulseClock(), ReportClock(), BestClock()]
    clock = clocks[CLOCKS.index(kind)]
    engine = Engine(Settings(restore=0.0, drums_lead=Seconds(lead)), clock, Counting(offset))
    fed = drums(lead)
    fed += reports() if kind != CLOCKS[0] else []
    fed += pulses() if kind != "reports" else []
    fed.sort(key=lambda f: f[0])
    due: list[Due] = []
    for at, port, data in fed:
        due += engine.take_due(Seconds(at))
        engine.receive(data, port, Seconds(at))
    engine.flush(Seconds(TOP + ROUNDS * LOOP / 2))
    due += engine.take_due(Seconds(math.inf))
    assert engine.idle
    return Played(fed, due, engine.take_records(), engine.take_changes())


@pytest.mark.parametrize("kind", CLOCKS)
@pytest.mark.parametrize(("lead", "offset"), [(0.120, 0.0), (0.120, -0.080), (0.0, 0.040)])
def test_over_a_hundred_jumps_every_note_leaves_once_and_none_hangs(
    kind: str, lead: float, offset: float
) -> None:
    played = play(kind, lead, offset)

    jumps = [change for change in played.changes if isinstance(change, Relocated)]
    assert {(round(j.left * 1000), round(j.entered * 1000)) for j in jumps} == {(12_000, 4_000)}
    assert len(jumps) == ROUNDS - 1
    struck = Counter(d for _, p, d in played.fed if p is Port.DRUMS and d[0] >> 4 == 9)
    assert Counter(m.data for m in played.due if m.data[0] >> 4 == 9) == struck
    sounding: set[int] = set()
    for message in played.due:
        note = message.data[1]
        if message.data[0] >> 4 == 9:
            assert note not in sounding
            sounding.add(note)
        else:
            sounding.remove(note)
    assert not sounding


@pytest.mark.parametrize("kind", CLOCKS)
def test_over_a_hundred_jumps_each_bar_goes_on_from_its_own_state(kind: str) -> None:
    records = play(kind, 0.120, -0.010).records

    assert len(records) == ROUNDS * LOOP * 2 - 1
    assert [(r.bar, r.beat) for r in records[15:31]] == [(2 + n // 8, 1 + n % 8 / 2) for n in range(16)]
    states = [round(r.forecast_ms * 1000 + 10_000) for r in records]
    for rounds in range(2, ROUNDS):
        first = 16 * rounds - 1
        assert states[first + 2 : first + 16] == states[33:47] == list(range(2, 16))


@pytest.mark.parametrize("kind", CLOCKS)
def test_an_open_hat_that_nobody_lets_go_ends_at_the_jump_and_one_that_is_held_when_it_is_let_go(
    kind: str,
) -> None:
    due = play(kind, 0.120, 0.0).due

    ons = [m.at for m in due if m.data[:2] == bytes((0x99, OPEN_HAT))]
    offs = [m.at for m in due if m.data[:2] == bytes((0x89, OPEN_HAT))]
    lengths = [off - on for on, off in zip(ons, offs, strict=True)]
    assert len(lengths) == ROUNDS
    until_the_jump = [0.25 + 0.120] * (ROUNDS // 2)  # from when it came, and so from when it sounds
    assert lengths[1::2] == pytest.approx(until_the_jump, abs=0.002)
    assert max(lengths) <= 0.5 + 1e-6
