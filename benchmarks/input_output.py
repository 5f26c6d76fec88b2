"""From the musician's onset to the drum hit that it pulls: the least time in which pocketd can react.

Eighth notes on the kick. Before each the musician strikes early, yet nearer to this grid position than to any
other; late commit lets the hit go at once. The forecast is kept at 0, so that nothing else could have.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.outside import SETTLE, Cue, Message
from pocket_core.predict import NOTHING, Prediction, Predictor, State
from pocket_core.types import Beats, Port, Seconds
from pocketd.backends.loopback import Loopback
from pocketd.config import Config
from pocketd.loop import Loop
from pocketd.outbox import Outbox
from pocketd.requests import Requests

TEMPO = 60.0
GAP = 30.0 / TEMPO  # seconds from kick to kick
LOOK_AHEAD = 0.120  # seconds, the config's default
EARLY = (0.045, 0.058)  # seconds before the kick's time that the musician strikes
KICK, NOTE_ON, ONSET_NOTE = 36, 0x99, 60
KICK_ON, KICK_OFF = bytes((NOTE_ON, KICK, 100)), bytes((0x89, KICK, 64))
SOONEST_OTHER = 0.044  # seconds; a hit this long after the onset may have gone for its own time's sake

#: The internal clock starts by itself; the restoring force would hold back what the musician pulls.
SETTINGS = {"clock": "internal", "tempo": TEMPO, "restore": 0.0}


def script(seconds: float, seed: int) -> list[Cue]:
    """Return drums and onsets in order of time."""
    rng = np.random.default_rng(seed)
    cues = []
    for n in range(int(seconds / GAP)):
        at = n * GAP
        cues += [Cue(at, Port.DRUMS, KICK_ON), Cue(at + GAP / 3, Port.DRUMS, KICK_OFF)]
        early = rng.uniform(*EARLY)
        cues.append(Cue(at + LOOK_AHEAD - early, Port.HUMAN, bytes((0x90, ONSET_NOTE, 100))))
    return sorted(cues, key=lambda cue: cue.at)


def latencies(sent: Sequence[Message], arrived: Sequence[Message]) -> list[float]:
    """Return, for each onset that was sent, the time to the first kick after it, in seconds.

    Kicks that come so late that they may have come for another reason are left out; so a median near
    `SOONEST_OTHER` says that nothing was pulled.
    """
    kicks = np.array([message.at for message in arrived if message.data[0] == NOTE_ON])
    found = []
    for message in sent:
        if message.data[1] == ONSET_NOTE:
            after = kicks[kicks > message.at]
            if after.size and after[0] - message.at < SOONEST_OTHER:
                found.append(float(after[0] - message.at))
    return found


def over_loopback(predictor: Predictor, seconds: float, seed: int) -> list[float]:
    """Measure loop and engine alone, on the in-process back end; the model steps but forecasts 0."""
    cues = script(seconds, seed)
    backend, requests = Loopback(), Requests()
    config = Config.model_validate({"backend": "loopback", **SETTINGS})
    loop = Loop(config, backend, _Silent(predictor), outbox=Outbox(None), requests=requests)
    begin = backend.now() + SETTLE
    sent = [Message(begin + cue.at, cue.data) for cue in cues]
    for cue in cues:
        backend.feed(cue.port, cue.data, Seconds(begin + cue.at))

    def stop() -> None:
        requests.stop = True

    timer = threading.Timer(cues[-1].at + 2 * SETTLE, stop)
    timer.start()
    try:
        loop.run()
    finally:
        timer.cancel()
    return latencies(sent, [Message(s.at, s.due.data) for s in backend.sent])


class _Silent:
    """Steps a model and keeps its forecast to itself."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self.name = predictor.name
        self.hears = predictor.hears

    def initial_state(self) -> State:
        return self._predictor.initial_state()

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        _, state = self._predictor.step(x, state, beat)
        return NOTHING, state
