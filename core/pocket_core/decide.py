"""When each pending timestep will leave: features, forecast, refinement, limits and order, in a chain.

The forecast of a timestep is always made from the state after the timestep before; only the decision that
leaves advances the state (DESIGN, "Timing rules").
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np

from pocket_core.align import Listener
from pocket_core.features import Context, vector
from pocket_core.grid import twelfth_of_bar
from pocket_core.late_commit import LateCommit
from pocket_core.predict import Predictor, State
from pocket_core.score import Timestep
from pocket_core.settings import Settings
from pocket_core.shift import Limits, RestoringForce, committed_time
from pocket_core.transport import SongClock
from pocket_core.types import Beats, Seconds

LATE = Seconds(0.001)  # a hit this far behind its wish is late
REACH = 64  # timesteps: how far back an onset may still be on its way
MOST_BARS = 2048  # snapshots kept


class Decider:
    """Plans what waits, and remembers what has left.

    Args:
        predictor: The model.
        listener: What the musician has played so far.
        clock: For the tempo.
    """

    def __init__(self, predictor: Predictor, listener: Listener, clock: SongClock) -> None:
        self._predictor = predictor
        self._listener = listener
        self._clock = clock
        self._late_commit = LateCommit()
        self._force = RestoringForce()
        self._state: State = predictor.initial_state()
        self._snapshots: dict[int, State] = {}  # bar to the state before its first timestep
        self._entry: State | None = None  # for the next timestep that comes
        self._recent: deque[Timestep] = deque(maxlen=REACH)  # left since the transport last jumped
        self._met: Timestep | None = None  # the newest of them that the musician met, once out of reach
        self._floor = Seconds(-math.inf)  # when the newest note left: nothing overtakes it

    def use(self, predictor: Predictor, pending: Sequence[Timestep]) -> None:
        """Go on with another model, from its initial state; no state of the old one stays."""
        self._predictor = predictor
        self._state = predictor.initial_state()
        self._snapshots.clear()
        if self._entry is not None:
            self._entry = self._state
        for step in pending:
            step.came_in = None
            if step.enters is not None:
                step.enters = self._state

    def enter(self, bar: int, *, behind: Sequence[Timestep] = (), fresh: bool = False) -> None:
        """Start or jump to a bar: go on with the state that this bar was last entered with.

        Args:
            bar: Where the transport goes on.
            behind: The timesteps there that have come already, in order; some may have left.
            fresh: From the top, as a new take: nothing is remembered but the groove.
        """
        if fresh:
            self._snapshots.clear()
            self._force.reset()
            self._late_commit.reset()
        state = self._snapshots.get(bar, self._predictor.initial_state())
        gone = [step for step in behind if step.index >= 0]
        waiting = behind[len(gone) :]
        self._entry = None
        if gone:
            self._begin_after(gone, state)
        elif waiting:
            waiting[0].enters = state
        else:
            self._entry = state

    def _begin_after(self, gone: Sequence[Timestep], state: State) -> None:
        """Go on behind timesteps that left before it was known where they are."""
        for step in gone:
            if step.features is not None:
                _, state = self._predictor.step(step.features, state)
        self._state, self._met = state, None
        self._recent.clear()
        self._recent.extend(gone)

    def admit(self, step: Timestep) -> None:
        """Take note of a timestep that is new among those that wait."""
        step.enters, self._entry = self._entry, None

    def plan(self, pending: Sequence[Timestep], settings: Settings, now: Seconds) -> None:
        """Decide when each timestep will leave, as far as they are complete; nominal times are up to date."""
        state, floor = self._state, self._floor
        limits = Limits(Seconds(settings.look_ahead - settings.guard), settings.max_late)
        for i, step in enumerate(pending):
            if now < step.ready:
                for later in pending[i:]:
                    later.planned = None
                return
            if step.enters is not None:
                state = step.enters
            first_time = step.features is None
            state = self._forecast(step, pending, i, state, settings)
            onset = step.own_offset if settings.late_commit and step.sure else None
            step.refined = step.forecast
            if settings.late_commit:
                step.refined = self._late_commit.refine(step.forecast, onset)
            wish = (
                settings.amount * (step.refined - self._force.pull(settings.restore, settings.free))
                + settings.laid_back
            )
            if settings.bypass:
                wish = 0.0
            time = committed_time(step.nominal, Seconds(wish), limits)
            step.late = step.late or (first_time and onset is None and max(time, floor) < now - LATE)
            step.planned = Seconds(max(time, floor, now))
            floor = Seconds(step.planned + _spread(step))

    def leave(self, step: Timestep, at: Seconds, settings: Settings) -> None:
        """Make the decision on the first pending timestep final: it leaves at the time that was planned."""
        if step.enters is not None:
            self._recent.clear()
            self._met = None
        bar = settings.meters.position(step.beat).bar
        opens = not self._recent or settings.meters.position(self._recent[-1].beat).bar != bar
        room = len(self._snapshots) < MOST_BARS or bar in self._snapshots
        if opens and room and step.came_in is not None:
            self._snapshots[bar] = step.came_in
        step.committed = at
        self._floor = Seconds(at + _spread(step))
        self._state = step.came_out
        self._force.note(step.beat, step.refined)
        if settings.late_commit:
            self._late_commit.note(step.forecast, step.refined)
        if len(self._recent) == REACH and self._recent[0].onset is not None:
            self._met = self._recent[0]
        self._recent.append(step)

    def _forecast(
        self, step: Timestep, pending: Sequence[Timestep], i: int, state: State, settings: Settings
    ) -> State:
        x = step.features
        if not step.sure or x is None:  # an onset of its own must not be known to its forecast
            x = vector(self._context(step, pending, i, settings))
        if step.features is None or step.came_in is not state or not np.array_equal(x, step.features):
            step.features, step.came_in = x, state
            forecast, step.came_out = self._predictor.step(x, state)
            step.forecast = forecast if math.isfinite(forecast) else Seconds(0.0)
        return step.came_out

    def _context(self, step: Timestep, pending: Sequence[Timestep], i: int, settings: Settings) -> Context:
        entered = next((j for j in range(i, -1, -1) if pending[j].enters is not None), None)
        earlier = list(pending[entered:i]) if entered is not None else [*self._recent, *pending[:i]]
        met = next((s for s in reversed(earlier) if s.onset is not None), None)
        if met is None and entered is None:
            met = self._met
        heard = self._listener.heard
        beat = step.beat
        return Context(
            voices=tuple(sorted(step.voices)),
            since_previous=Seconds(step.nominal - earlier[-1].nominal) if earlier else None,
            to_next=Seconds(pending[i + 1].nominal - step.nominal) if i + 1 < len(pending) else None,
            bpm=self._clock.bpm,
            place=settings.meters.position(beat),
            diff=None if met is None else met.diff,
            diff_age=None if met is None else Beats(max(beat - met.beat, 0.0)),
            diff_fresh=bool(earlier) and met is earlier[-1],
            groove=self._listener.groove.expect(twelfth_of_bar(beat, settings.meters)),
            heard=None if heard is None else heard.offset,
            heard_age=None if heard is None else Beats(max(beat - heard.beat, 0.0)),
        )


def _spread(step: Timestep) -> Seconds:
    """Return how far behind its first note the last note of a timestep leaves."""
    return Seconds(max(max(note.hit.at for note in step.notes) - step.came, 0.0))
