"""When each pending timestep will leave: features, forecast, refinement, limits and order, in a chain.

The forecast of a timestep is always made from the state after the timestep before; only the decision that
leaves advances the state (DESIGN, "Timing rules"). A model that hears also takes a step for each onset that
stands in the score without a drum, in its place in the chain.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pocket_core.align import Listener
from pocket_core.alone import AllAlone, Alone, take_in_before
from pocket_core.expression import TOGETHER, Expression, dynamics, express
from pocket_core.features import Context, vector
from pocket_core.grid import twelfth_of_bar
from pocket_core.habits import UNKNOWN, Habits
from pocket_core.late_commit import LateCommit
from pocket_core.outgoing import Note
from pocket_core.predict import NOTHING, Predictor, State
from pocket_core.score import SAME, Neighbours, Timestep
from pocket_core.settings import Settings
from pocket_core.shift import RestoringForce, committed_time
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
        habits: Whom the drums shall be like.
    """

    def __init__(
        self, predictor: Predictor, listener: Listener, clock: SongClock, habits: Habits = UNKNOWN
    ) -> None:
        self._predictor = predictor
        self._habits = habits
        self._alone = AllAlone()
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
        self._alone.clear()
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
        self._alone.clear()
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
                _, state = self._predictor.step(step.features, state, step.beat)
        self._state, self._met = state, None
        self._recent.clear()
        self._recent.extend(gone)

    def admit(self, step: Timestep) -> None:
        """Take note of a timestep that is new among those that wait."""
        step.enters, self._entry = self._entry, None

    def withdraw(self, step: Timestep) -> None:
        """Forget a timestep that will not be played; the next one that comes enters where it would have."""
        if step.enters is not None:
            self._entry = step.enters

    def listen(self, beat: Beats, pending: Sequence[Timestep], settings: Settings) -> None:
        """Take note of an onset that stands in the score without a drum, before anything is learnt from it.

        Args:
            beat: The grid position that it belongs to.
            pending: All that wait, in order; nominal times are up to date.
            settings: For the meter.
        """
        if not self._predictor.hears:
            return
        begins = self._begins(pending)
        known = [*self._recent, *pending] if begins < 0 else pending[begins:]
        before = [step for step in known if step.beat < beat - SAME]
        met = next((s for s in reversed(before) if s.onset is not None), self._met if begins < 0 else None)
        after = next((step for step in known if step.beat > beat + SAME), None)
        around = Neighbours(before[-1] if before else None, after, met)
        nominal = Seconds(self._clock.time_of(beat) + settings.look_ahead - settings.drums_lead)
        context = self._context(beat, nominal, (), around, settings)
        if (first := self._alone.add(Alone(beat, vector(context)))) is not None:
            self._take_in_for_good(first, pending, begins)

    def _take_in_for_good(self, alone: Alone, pending: Sequence[Timestep], begins: int) -> None:
        """Advance the state that the run goes on from; what is already behind a timestep is given up."""
        if self._entry is not None:
            self._entry = alone.take_in(self._predictor, self._entry)
            return
        first = pending[max(begins, 0)] if pending else None
        if first is None:
            self._state = alone.take_in(self._predictor, self._state)
        elif alone.beat < first.beat - SAME:
            if first.enters is not None:
                first.enters = alone.take_in(self._predictor, first.enters)
            else:
                self._state = alone.take_in(self._predictor, self._state)

    def _begins(self, pending: Sequence[Timestep]) -> int:
        """Return where in what waits the present run of the transport begins; negative: before all of it."""
        if self._entry is not None:
            return len(pending)
        return next((i for i in reversed(range(len(pending))) if pending[i].enters is not None), -1)

    def forecast(
        self,
        pending: Sequence[Timestep],
        settings: Settings,
        now: Seconds,
        *,
        anew: bool = False,
        at_tempo: bool = False,
    ) -> None:
        """Ask the model about the timesteps that are complete, each from the state after the one before.

        Args:
            pending: All that wait, in order; nominal times are up to date.
            settings: For the meter.
            now: What is ready by then is complete; infinity: all.
            anew: More may have changed than which timesteps there are.
            at_tempo: What was asked at another tempo is asked again.
        """
        bpm = self._clock.bpm if at_tempo else None
        state, previous, met = self._state, self._recent[-1] if self._recent else None, self._newest_met()
        alone, begins = self._alone.queue(), self._begins(pending)
        for i, step in enumerate(pending):
            if now < step.ready:
                return
            if step.enters is not None:
                state, previous, met = step.enters, None, None
            if i >= begins:
                state = take_in_before(step, alone, self._predictor, state)
            after = pending[i + 1] if i + 1 < len(pending) else None
            around = Neighbours(previous, after, met)
            own = step.sure and step.features is not None  # an onset of its own must not be known
            if not own and (anew or around != step.around or _is_asked_at_another(bpm, step)):
                self._look(step, around, settings)
            if step.features is not None and step.came_in is not state:
                self._ask(step, step.features, state)
            state, previous = step.came_out, step
            met = step if step.onset is not None else met

    def plan(self, pending: Sequence[Timestep], settings: Settings, now: Seconds) -> None:
        """Decide when each timestep will leave, as far as they are complete.

        Nominal times and forecasts are up to date.
        """
        floor = self._floor
        pull = self._force.pull(settings.restore, settings.free)
        transport = Seconds(settings.transport + settings.input_latency + settings.output_latency)
        for i, step in enumerate(pending):
            if now < step.ready:
                for later in pending[i:]:
                    later.planned = None
                return
            onset = step.own_offset if settings.late_commit and step.sure else None
            step.refined, own = step.forecast, TOGETHER
            if settings.late_commit:
                step.refined = self._late_commit.refine(
                    step.prediction,
                    onset,
                    chance=partial(self._chance, step, settings),
                    transport=transport,
                )
            if onset is None and settings.expressive and not settings.bypass:
                share = settings.expressive * settings.amount
                own = express(step.prediction, step.voices, share=share, seed=step.came)
            feel = settings.laid_back + settings.song_late
            wish = settings.amount * (step.refined - pull) + feel + own.first
            if settings.bypass:
                wish = Seconds(0.0)
            time = committed_time(step.nominal, Seconds(wish), step.limits)
            if not step.decided and onset is None:
                step.late = max(time, floor) < now - LATE
            step.decided = True
            step.planned = Seconds(max(time, floor, now))
            step.expression = _held(own, step, Seconds(wish), step.planned)
            floor = Seconds(step.planned + step.reach)

    def _chance(self, step: Timestep, settings: Settings) -> float:
        return self._listener.portrait.chance(step.counted(settings.meters))

    def leave(self, step: Timestep, at: Seconds, settings: Settings) -> None:
        """Make the decision on the first pending timestep final: it leaves at the time that was planned."""
        if step.enters is not None:
            self._recent.clear()
            self._met = None
        taken = self._alone.leave(step)
        bar = step.place(settings.meters).bar
        opens = not self._recent or self._recent[-1].place(settings.meters).bar != bar
        room = len(self._snapshots) < MOST_BARS or bar in self._snapshots
        entered = next(
            (a.came_in for a in taken if settings.meters.position(a.beat).bar == bar), step.came_in
        )
        if opens and room and entered is not None:
            self._snapshots[bar] = entered
        step.committed, step.around = at, None
        self._floor = Seconds(at + step.reach)
        self._state = step.came_out
        self._force.note(step.beat, step.refined)
        if settings.late_commit:
            self._late_commit.note(step.forecast, step.refined, step.own_offset if step.sure else None)
        for note in step.notes:
            self.dress(note, step, settings)
        if len(self._recent) == REACH and self._recent[0].onset is not None:
            self._met = self._recent[0]
        self._recent.append(step)

    def meet(self, step: Timestep, settings: Settings) -> None:
        """Learn from an onset that was meant for a timestep, but came once that had left."""
        if settings.late_commit and step.own_offset is not None:
            self._late_commit.meet(step.forecast, step.own_offset)

    def dress(self, note: Note, step: Timestep, settings: Settings) -> None:
        """Give a note the velocity that its timestep, which leaves or has left, gives its voice."""
        if settings.dynamics and not settings.bypass:
            note.velocity = dynamics(
                step.prediction,
                note.voice,
                note.hit.velocity,
                share=settings.dynamics,
                stray=settings.expressive,
                seed=step.came,
            )

    def _newest_met(self) -> Timestep | None:
        """Return the newest timestep that has left and that the musician has met."""
        return next((step for step in reversed(self._recent) if step.onset is not None), self._met)

    def _look(self, step: Timestep, around: Neighbours, settings: Settings) -> None:
        """Bring the features of a timestep up to date."""
        step.around = around
        voices = tuple(sorted(step.voices))
        context = self._context(step.beat, step.nominal, voices, around, settings, jumped=step.jumped)
        if context != step.context:
            step.context, step.features, step.came_in = context, vector(context), None

    def _context(
        self,
        beat: Beats,
        nominal: Seconds,
        voices: tuple[int, ...],
        around: Neighbours,
        settings: Settings,
        *,
        jumped: Beats = Beats(0.0),
    ) -> Context:
        """Return what is known of a place: of a timestep, or where no drum is."""
        previous, after, met = around.previous, around.after, around.met
        heard, place, portrait = self._listener.heard, settings.meters.position(beat), self._listener.portrait
        return Context(
            voices=voices,
            since_previous=None if previous is None else Seconds(nominal - previous.nominal),
            to_next=None if after is None else Seconds(after.nominal - nominal),
            bpm=self._clock.bpm,
            place=place,
            diff=None if met is None else met.diff,
            diff_age=None if met is None else Beats(max(beat - met.beat, 0.0)),
            diff_fresh=met is not None and met is previous,
            groove=portrait.groove.expect(twelfth_of_bar(place)),
            heard=None if heard is None else heard.offset,
            heard_age=None if heard is None else Beats(max(beat + jumped - heard.beat, 0.0)),
            beats_since_previous=None if previous is None else Beats(max(beat - previous.beat, 0.0)),
            portrait=portrait.look(place.counted(jumped), voices),
            habits=self._habits.look(twelfth_of_bar(place), voices),
        )

    def _ask(self, step: Timestep, features: NDArray[np.float32], state: State) -> None:
        prediction, after = self._predictor.step(features, state, step.beat)
        step.prediction, step.came_in = prediction if prediction.sane else NOTHING, state
        step.came_out = after if prediction.sane else state


def _is_asked_at_another(bpm: float | None, step: Timestep) -> bool:
    return bpm is not None and step.context is not None and step.context.bpm != bpm


def _held(own: Expression, step: Timestep, wish: Seconds, leaves: Seconds) -> Expression:
    """Return what is left of the voices' own ways: each within the limits, and none before the first."""
    apart = {
        voice: Seconds(max(committed_time(step.nominal, Seconds(wish + behind), step.limits) - leaves, 0.0))
        for voice, behind in own.apart.items()
    }
    return Expression(own.first, apart) if apart else TOGETHER
