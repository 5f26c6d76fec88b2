"""A DAW that loops as real ones do: jittering pulses and notes, hits sent early, notes that sound over it."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from pocket_core.clock import PulseClock
from pocket_core.engine import Engine
from pocket_core.features import COLUMNS
from pocket_core.predict import Prediction, State
from pocket_core.records import TimestepRecord
from pocket_core.settings import Settings
from pocket_core.testing import HAT, KICK, FixedPredictor, RecordingPredictor
from pocket_core.types import Beats, Due, Port, Seconds
from pocket_core.wire import note_off, note_on

LOOP = 8  # beats
TOP = 1.0  # when the song begins, at 120 BPM


@dataclass(frozen=True)
class Played:
    due: list[Due]
    records: list[TimestepRecord]

    def lengths(self) -> list[float]:
        """How long each note sounded."""
        began: dict[int, float] = {}
        found = []
        for message in self.due:
            if message.data[0] >> 4 == 9:
                began[message.data[1]] = message.at
            elif message.data[1] in began:
                found.append(message.at - began.pop(message.data[1]))
        return found


class Counting(FixedPredictor):
    """Tells the steps in its state by the microseconds of its offset."""

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        prediction, after = super().step(x, state, beat)
        return Prediction(Seconds(prediction.offset + float(state[0][0]) * 1e-6)), after


def play_loop(
    rounds: int, *, lead: float = 0.120, jitter: float = 0.0, offset: float = 0.0, length: float = 0.1
) -> Played:
    """Play a loop of two bars, kick and hat on every eighth, from bar 1 each time."""
    chance = random.Random(rounds)
    fed = [(TOP - 0.01, Port.CONTROL, b"\xfa")]
    for tick in range(rounds * LOOP * 24):
        at = TOP + tick / 48
        if tick and tick % (LOOP * 24) == 0:
            fed.append((at - 0.001 - jitter, Port.CONTROL, bytes.fromhex("F2 00 00 FB")))
        fed.append((at + chance.uniform(-jitter, jitter), Port.CONTROL, b"\xf8"))
    for eighth in range(1, rounds * LOOP * 2):
        for note in (KICK, HAT):
            at = TOP + eighth / 4 - lead + chance.uniform(-jitter, jitter)
            fed.append((at, Port.DRUMS, note_on(9, note, 100)))
            fed.append((at + length, Port.DRUMS, note_off(9, note)))
    settings = Settings(restore=0.0, drums_lead=Seconds(lead))
    engine = Engine(settings, PulseClock(), Counting(offset))
    due: list[Due] = []
    for at, port, data in sorted(fed, key=lambda f: f[0]):
        due += engine.take_due(Seconds(at))
        engine.receive(data, port, Seconds(at))
    engine.flush(Seconds(TOP + rounds * LOOP / 2))
    due += engine.take_due(Seconds(math.inf))
    return Played(due, engine.take_records())


@pytest.mark.parametrize("lead", [0.0, 0.120])
@pytest.mark.parametrize("jitter", [0.0, 0.004])
def test_a_loop_is_seamless_though_its_pulses_jitter(lead: float, jitter: float) -> None:
    records = play_loop(40, lead=lead, jitter=jitter).records

    assert len(records) == 40 * LOOP * 2 - 1
    assert {r.voices for r in records} == {("kick", "closed hat")}
    assert {r.beat % 0.5 for r in records} == {0.0}
    assert [r.bar for r in records] == [1 + (n % 16) // 8 for n in range(1, len(records) + 1)]


@pytest.mark.parametrize("offset", [-0.080, -0.010, 0.0, 0.040])
def test_a_bar_goes_on_from_its_snapshot_though_its_first_hit_left_before_the_jump(offset: float) -> None:
    records = play_loop(4, offset=offset).records

    states = [round(r.forecast_ms * 1000 - offset * 1e6) for r in records]
    assert states[17:31] == list(range(2, 16))  # from the third eighth of the second round on
    assert states[33:47] == states[49:63] == states[17:31]


@pytest.mark.parametrize("offset", [-0.080, 0.0, 0.090])
@pytest.mark.parametrize("jitter", [0.0, 0.004])
def test_a_jump_cuts_no_note_that_was_sent_for_behind_it(offset: float, jitter: float) -> None:
    lengths = play_loop(8, offset=offset, jitter=jitter, length=0.2).lengths()

    assert len(lengths) == 2 * (8 * LOOP * 2 - 1)
    assert min(lengths) == pytest.approx(0.2) == max(lengths)


@pytest.mark.parametrize("note", [KICK, 60])
def test_a_jump_ends_a_note_from_before_it_that_still_waits(note: int) -> None:
    engine = Engine(Settings(restore=0.0, drums_lead=Seconds(0.0)), PulseClock(), FixedPredictor(0.05))
    engine.receive(b"\xfa", Port.CONTROL, Seconds(0.99))
    for tick in range(96):
        engine.receive(b"\xf8", Port.CONTROL, Seconds(1.0 + tick / 48))
    engine.receive(note_on(9, note, 100), Port.DRUMS, Seconds(2.98))  # and no release: the DAW forgets it

    engine.receive(bytes.fromhex("F2 00 00 FB F8"), Port.CONTROL, Seconds(1.0 + 96 / 48))
    due = engine.take_due(Seconds(3.5))

    assert [d.data[0] >> 4 for d in due] == [9, 8]
    assert due[1].at - due[0].at == pytest.approx(0.020)


# --- the musician about a jump ---------------------------------------------------------------------------

LAST = 7.75  # a hit that still waits when the loop begins again, where the drums come with no lead
A_BAR_AGO = COLUMNS.index("played 1 bar ago")


def play_two_rounds(*, hits: list[float], onsets: list[float]) -> RecordingPredictor:
    """Play the loop twice, with kicks and a musician's onsets at these beats of the two rounds."""
    predictor = RecordingPredictor(0.030)
    engine = Engine(Settings(restore=0.0, drums_lead=Seconds(0.0)), PulseClock(), predictor)
    fed = [(TOP - 0.01, Port.CONTROL, b"\xfa")]
    fed += [(TOP + tick / 48, Port.CONTROL, b"\xf8") for tick in range(2 * LOOP * 24)]
    fed.append((TOP + LOOP / 2 - 0.001, Port.CONTROL, bytes.fromhex("F2 00 00 FB")))
    fed += [(TOP + beat / 2, Port.DRUMS, note_on(9, KICK, 100)) for beat in hits]
    fed += [(TOP + beat / 2 + 0.120, Port.HUMAN, note_on(0, 60, 100)) for beat in onsets]
    for at, port, data in sorted(fed, key=lambda f: f[0]):
        engine.take_due(Seconds(at))
        engine.receive(data, port, Seconds(at))
    engine.take_due(Seconds(TOP + LOOP))
    return predictor


def test_a_hit_that_waits_through_a_jump_still_knows_what_was_a_bar_ago() -> None:
    predictor = play_two_rounds(hits=[0.5, LAST], onsets=[LAST - 4])

    before, behind = (x[A_BAR_AGO] for x, count in predictor.asked if count == 1)
    assert (before, behind) == (1.0, 1.0)


def test_an_onset_behind_a_jump_is_heard_where_its_hit_was_before_it() -> None:
    predictor = play_two_rounds(hits=[0.5, LAST, LAST + 4, LAST + 8], onsets=[LAST + 0.03])

    a_bar_on, two_bars_on = predictor.asked[-2:]
    assert (a_bar_on[0][A_BAR_AGO], two_bars_on[0][A_BAR_AGO]) == (1.0, 0.0)
