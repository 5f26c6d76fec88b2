"""How long the engine itself takes from hearing an onset to letting the hit go that it pulls.

Eighths at 120 BPM with kick and hat, as `input_output` has them, but the engine is asked at once: no MIDI
system and no loop is in it. The onsets come in real time, and meanwhile the engine is asked as often as the
loop asks it where a MIDI system wakes it, so that caches are as cold as they are live.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.input_output import KICK_OFF, KICK_ON, ONSET_NOTE
from pocket_core.clock import MapClock
from pocket_core.engine import Engine
from pocket_core.predict import Predictor
from pocket_core.settings import Settings
from pocket_core.tempo import TempoChange, TempoMap
from pocket_core.types import Beats, Port, Seconds
from pocketd.backends.clock import SystemClock
from pocketd.loop import WOKEN_POLL

GAP = 0.25  # seconds from hit to hit
EARLY = (0.010, 0.040)  # seconds before the hit's time that the musician strikes
HAT_ON = bytes((0x99, 42, 90))
ONSET = bytes((0x90, ONSET_NOTE, 100))


def engine_share(
    predictor: Predictor, seconds: float, seed: int, advance: Callable[[float], None]
) -> list[float]:
    """Return seconds that the engine took, an onset each.

    Args:
        predictor: Loaded and warm.
        seconds: For how long.
        seed: Of when the musician strikes.
        advance: Told how many seconds have passed.
    """
    clock, chance = SystemClock(), np.random.default_rng(seed)
    begin = clock.now() + GAP
    song = MapClock(TempoMap([TempoChange(Beats(0.0), 120.0)]), Seconds(begin))
    settings = Settings(restore=0.0)
    engine, taken = Engine(settings, song, predictor), []
    for n in range(1, int(seconds / GAP)):
        nominal = begin + n * GAP
        came = Seconds(nominal - settings.look_ahead)
        clock.wait(came)
        for message in (KICK_ON, HAT_ON, KICK_OFF):
            engine.receive(message, Port.DRUMS, came)
        ready = Seconds(came + 2 * settings.snap)
        clock.wait(ready)
        engine.take_due(ready)
        onset = Seconds(nominal - chance.uniform(*EARLY))
        while (now := clock.now()) < onset:
            engine.take_due(now)
            clock.wait(Seconds(min(now + WOKEN_POLL, onset)))
        began = time.perf_counter()
        engine.receive(ONSET, Port.HUMAN, onset)
        due = engine.take_due(Seconds(clock.now()))
        took = time.perf_counter() - began
        if any(message.data[0] == KICK_ON[0] for message in due):
            taken.append(took)
        engine.take_due(Seconds(nominal + settings.max_late))
        advance(GAP)
    return taken
