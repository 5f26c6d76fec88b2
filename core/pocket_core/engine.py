"""The machine: drums and a musician in, drums in the pocket out. It is told the time and never waits.

    receive ─ wire ─┬─ drums ─── score ─┐
                    ├─ human ─── align ─┼─ decide ─ outgoing ─ take_due
                    └─ clock, control ──┘

Live, a render, the benchmarks and every test drive this same machine (DESIGN, "The shape").
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from pocket_core.align import Listener
from pocket_core.clock_port import ClockPort
from pocket_core.decide import Decider
from pocket_core.drum_part import DrumPart
from pocket_core.habits import UNKNOWN, Habits
from pocket_core.hit_start import HitStart
from pocket_core.likeness import Likeness
from pocket_core.memories import Memories
from pocket_core.memory import Memory
from pocket_core.outgoing import Outgoing
from pocket_core.past import Past
from pocket_core.predict import Predictor
from pocket_core.records import TimestepRecord
from pocket_core.report import decode_report
from pocket_core.score import EARLY, Score, Timestep
from pocket_core.settings import Settings
from pocket_core.status import Counts, Status
from pocket_core.tempo import Meter, MeterChange, MeterMap
from pocket_core.transport import ClockEvent, Relocated, SongClock, Started, Stopped, TransportChange
from pocket_core.types import (
    Beats,
    Continue,
    ControlChange,
    Due,
    Event,
    Hit,
    Other,
    Port,
    Pulse,
    Seconds,
    Start,
    Stop,
)
from pocket_core.wire import Decoder

NOTE_ON = 0x90
WINDOW_BEATS = Beats(5 / 24)  # between a swung eighth (4/24) and the next sixteenth (6/24)
NEVER = Seconds(math.inf)
MOST_CHANGES = 1_000  # kept where nobody takes them, the newest


class Engine:
    """One machine; see the module. Not safe for threads: one loop drives it.

    Args:
        settings: How to play; controllers and `configure` change them.
        clock: Where in the song a time is.
        predictor: The model, or `ZeroPredictor`.
        habits: The drummer whom the drums shall be like, where one is known.
    """

    def __init__(
        self, settings: Settings, clock: SongClock, predictor: Predictor, habits: Habits = UNKNOWN
    ) -> None:
        self._settings = settings
        self._meters = settings.meters  # where the clock tells none
        self._told: Meter | None = None  # by the clock
        self._clock = clock
        self._decoders = {port: Decoder() for port in (Port.DRUMS, Port.HUMAN, Port.CONTROL)}
        self._outgoing = Outgoing()
        self._score = Score(clock)
        self._listener = Listener(clock)
        self._decider = Decider(predictor, self._listener, clock, habits)
        self._past = Past()
        self._due: list[Due] = []  # left, not taken yet
        self._changes: deque[TransportChange] = deque(maxlen=MOST_CHANGES)
        self._drums = DrumPart(clock, self._score, self._past, self._decider, self._outgoing)
        self._counts = self._drums.counts
        self._now = Seconds(-NEVER)  # the latest time it was told
        self._offset = 0.0
        self._learnt = False  # an onset, a jump or a setting came since the forecasts were made
        self._stale = False  # a hit or a pulse came, or a hit left, since the plan was made
        self._flushed = False
        self._clock_port = ClockPort()
        self._hit_start = HitStart(clock)
        self._memories = Memories(clock, self._listener)

    # --- what the loop calls ---------------------------------------------------------------------------

    def receive(self, data: bytes, port: Port, at: Seconds) -> None:
        """Take in bytes of one port.

        Args:
            data: Any bytes; what is illegal is counted and dropped.
            port: Where they came.
            at: When they came, on the back end's clock. What was due before has left, taken or not; a time
                before the last one told is in order: messages of several ports come as they are polled.
        """
        if at > self._now:
            self._advance(at)
        for event in self._decoders[port].feed(data, at):
            if isinstance(event, ClockEvent):
                self._follow(event, port)
            elif port is Port.CONTROL and isinstance(event, Other):
                self._hear_report(event)
            elif port is Port.DRUMS:
                self._drum(event)
            elif port is Port.HUMAN:
                self._human(event)
            elif isinstance(event, ControlChange):
                self._control(event)

    def take_due(self, until: Seconds) -> list[Due]:
        """Return all that is due before `until` and the notice, earliest first; it counts as sent.

        `until` is the time from now on: nothing leaves before it any more. Infinity ends the engine's life.
        With a notice a later call may return what is due sooner: an onset has pulled it.
        """
        self._advance(until)
        leaving, self._due = self._due, []
        leaving.sort(key=attrgetter("at"))
        self._counts.events_out += sum(due.data[0] & 0xF0 == NOTE_ON for due in leaving)
        return leaving

    def next_due(self) -> Seconds | None:
        """Return when `take_due` has something to do next, be it only to decide; None: nothing waits.

        That a clock falls silent is not waited for: `take_due` notices it, as of its own moment.
        """
        if self._due:
            return Seconds(self._due[0].at - self._settings.notice)
        at = max(self._next(), self._now)  # what is overdue is done now
        return at if at < NEVER else None

    def flush(self, at: Seconds) -> None:
        """Prepare to end: what waits still leaves in its time, and every note gets its note-off."""
        self._outgoing.release_all(at)
        self._flushed = True

    def configure(self, settings: Settings) -> None:
        """Play by other settings; latencies and limits hold for what comes from now on.

        A meter that the clock tells stands above theirs.
        """
        if settings.meters is not self._settings.meters:
            self._meters = settings.meters
            if self._told is not None:
                settings = replace(settings, meters=self._settings.meters)
        self._settings = settings
        self._learnt = True

    def use(self, predictor: Predictor) -> None:
        """Play by another model, from its initial state."""
        self._decider.use(predictor, self._score.pending)
        self._learnt = True

    def recall(self, likeness: Likeness | None) -> None:
        """Begin with this musician at each start from the top; None: with whom it has heard last."""
        self._memories.recalled = likeness

    def resume(self, memory: Memory) -> None:
        """Go on, before anything else, from a start that another engine remembers; the clock already does."""
        self._settings = replace(
            self._settings, amount=memory.amount, bypass=memory.bypass, laid_back=memory.laid_back
        )
        self._clock_port.resume(memory.clock_port, memory.at)
        self._hit_start.newest = memory.hit
        self._count_by(self._clock.meter)
        self._memories.recalled = memory.likeness
        self._begin(Started(memory.at, self._clock.beat_at(memory.at), from_top=True))
        self._memories.recalled = None

    def take_records(self) -> list[TimestepRecord]:
        """Return the timesteps that are over since the last call, in order of playing; the newest 10,000."""
        if self._flushed:
            self._past.close(NEVER, self._settings)
        return self._past.take()

    def take_changes(self) -> list[TransportChange]:
        """Return what the transport did since the last call; the newest 1,000."""
        changes = list(self._changes)
        self._changes.clear()
        return changes

    def take_memories(self) -> list[Memory]:
        """Return what it knew at each start and stop since the last call; the newest 16."""
        return self._memories.take()

    @property
    def settings(self) -> Settings:
        """What it plays by now, controllers included."""
        return self._settings

    @property
    def counts(self) -> Counts:
        """What went through so far."""
        return replace(self._counts)

    @property
    def status(self) -> Status:
        """Where it is now."""
        beat = self._clock.beat_at(self._now) if self._now > -NEVER else Beats(0.0)
        place = self._settings.meters.position(beat)
        running, s = self._clock.running, self._settings
        return Status(running, self._clock.bpm, place.bar, place.beat, self._offset, s.amount, s.bypass)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing sounds."""
        return not self._score.pending and not self._due and self._outgoing.idle

    # --- drums -----------------------------------------------------------------------------------------

    def _drum(self, event: Event) -> None:
        s = self._settings
        if s.start_on_hit and isinstance(event, Hit) and s.voices.index(event.note) is not None:
            self._apply(self._hit_start.strike(event.at, s.drums_lead))
        if self._drums.take(event, self._settings, self._now):
            self._stale = True

    # --- the musician ----------------------------------------------------------------------------------

    def _human(self, event: Event) -> None:
        s = self._settings
        if not isinstance(event, Hit) or not s.human.passes(event.channel, event.note, event.velocity):
            return
        if not self._clock.running:
            return
        self._counts.human += 1
        self._plan()
        # what was expected before this onset; what has not changed since the plan is not asked again
        self._decider.forecast(self._score.pending, s, NEVER, at_tempo=True)
        onset = Seconds(event.at - s.input_latency - s.output_latency)
        where = self._listener.place(
            onset,
            [*self._past.open, *self._score.pending],
            window=Seconds(min(s.window, WINDOW_BEATS * 60 / self._clock.bpm)),
            delay=Seconds(s.look_ahead - s.drums_lead),
            meters=s.meters,
        )
        if where.alone and where.heard is not None:
            self._decider.listen(where.heard.beat, self._score.pending, s)
        self._listener.learn(onset, where, velocity=event.velocity / 127, meters=s.meters)
        if where.sure and where.step is not None and where.step.index >= 0:
            self._decider.meet(where.step, s)
        self._learnt = True

    # --- transport -------------------------------------------------------------------------------------

    def _follow(self, event: ClockEvent, port: Port) -> None:
        chosen, running = self._settings.clock_port, self._clock.running
        if not self._clock_port.carries(event, port, chosen=chosen, running=running):
            return
        if isinstance(event, Start | Continue | Stop):
            self._hit_start.yield_to_clock()
        self._feed(event)
        if isinstance(event, Pulse):
            self._stale = True

    def _hear_report(self, message: Other) -> None:
        report = decode_report(message.data, message.at)
        if report is not None:
            self._feed(report)
            self._stale = True

    def _feed(self, event: ClockEvent) -> None:
        self._plan()  # what came in this same moment is decided by the clock that it came under
        self._apply(self._clock.feed(event))

    def _count_by(self, meter: Meter | None) -> None:
        """Count bars as the clock says; None: as the settings say."""
        if meter == self._told:
            return
        before, self._told = self._settings.meters, meter
        meters = self._meters if meter is None else MeterMap((MeterChange(Beats(0.0), meter),))
        for step in (*self._past.open, *self._score.pending):
            step.meters = step.meters or before
        self._settings = replace(self._settings, meters=meters)

    def _apply(self, changes: Sequence[TransportChange]) -> None:
        self._count_by(self._clock.meter)
        for change in changes:
            self._changes.append(change)
            self._learnt = True
            if isinstance(change, Stopped):
                self._score.fix()
                self._outgoing.release_all(change.at)
                self._note(change)
            elif isinstance(change, Started):
                self._begin(change)
            else:
                self._listener.forget_position()
                self._jump(change)

    def _begin(self, change: Started) -> None:
        self._listener.forget_position()
        self._memories.begin(change)
        self._note(change)
        self._decider.enter(self._bar(change.beat), fresh=change.from_top)

    def _note(self, change: Started | Stopped) -> None:
        waiting, port = len(self._score.pending) + len(self._past.open), self._clock_port.port
        hit = self._hit_start.newest
        self._memories.note(change, self._settings, waiting=waiting, clock_port=port, hit=hit)

    def _jump(self, change: Relocated) -> None:
        self._listener.portrait.jump(change.left, change.entered)
        behind = self._score.jump(change, self._past.open, self._settings)
        self._decider.enter(self._bar(change.entered), behind=behind)
        early = max(EARLY * 60 / self._clock.bpm, self._score.snap(self._settings))
        self._outgoing.release_all(change.at, Seconds(change.at - self._settings.drums_lead - early))

    def _bar(self, beat: Beats) -> int:
        return self._settings.meters.position(beat).bar

    def _control(self, change: ControlChange) -> None:
        settings = self._settings.turned(change)
        if settings is not self._settings:
            self.configure(settings)

    # --- decisions -------------------------------------------------------------------------------------

    def _advance(self, until: Seconds) -> None:
        """Let everything happen that is due before `until`, each at its own time."""
        while True:
            at = self._next()
            moment = max(min(at, until), self._now)
            changes = self._hit_start.check(moment) or self._clock.check(moment) if moment < NEVER else ()
            if changes:
                self._now = max(self._now, changes[0].at)
                self._apply(changes)
            elif moment < until:  # what is decided a notice ahead may be for long ago, and is done now
                self._now = moment
                self._do(moment)
            else:
                break
        if until < NEVER:
            self._now = moment
        self._past.close(self._now, self._settings)

    def _next(self) -> Seconds:
        """Return when there is something to do next; infinity: never."""
        self._plan()
        at = self._outgoing.next_at()
        first = self._score.pending[0].planned if self._score.pending else None
        undecided = self._score.undecided
        leaves = min(NEVER if at is None else at, NEVER if first is None else first)
        return min(Seconds(leaves - self._settings.notice), NEVER if undecided is None else undecided.ready)

    def _do(self, moment: Seconds) -> None:
        """Let leave what leaves next."""
        first = self._score.pending[0] if self._score.pending else None
        notice = self._settings.notice
        if first is not None and first.planned is not None and first.planned - notice <= moment:
            self._leave(self._score.pending.pop(0), first.planned)
        elif (leaves := self._outgoing.next_at()) is not None and leaves - notice <= moment:
            self._due += self._outgoing.pop(max(leaves, moment))

    def _plan(self) -> None:
        """Bring the decisions on all that waits up to date."""
        waiting = self._score.pending
        if not (self._learnt or self._stale):
            undecided = self._score.undecided
            if undecided is None or undecided.ready > self._now:
                return
        for step in waiting:
            step.nominal = self._score.nominal(step)
        self._decider.forecast(waiting, self._settings, self._now, anew=self._learnt)
        self._decider.plan(waiting, self._settings, self._now)
        self._learnt = self._stale = False

    def _leave(self, step: Timestep, at: Seconds) -> None:
        """Decide a timestep for good and let its notes go."""
        self._decider.leave(step, at, self._settings)
        self._offset = (step.committed - step.nominal) * 1000
        for note in step.notes:
            self._outgoing.send(note, Seconds(step.committed + step.distance(note)))
        if step.late:
            self._counts.late += len(step.notes)
        self._past.add(step)
        self._stale = True
