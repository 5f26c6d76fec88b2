"""From arriving drum hits to timesteps with nominal times (DESIGN, "Timing rules")."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field

from numpy import float32
from numpy.typing import NDArray

from pocket_core.expression import TOGETHER, Expression
from pocket_core.features import Context
from pocket_core.grid import nearest_grid
from pocket_core.outgoing import Note
from pocket_core.predict import NOTHING, Prediction, State
from pocket_core.settings import Settings
from pocket_core.shift import Limits
from pocket_core.tempo import BarPosition, MeterMap
from pocket_core.transport import Relocated, SongClock
from pocket_core.types import Beats, Hit, Seconds

SAME = Beats(1e-6)  # two positions this close are one
EARLY = Beats(1 / 48)  # half a pulse; so much ahead of a jump still belongs behind it

NOWHERE = Limits(Seconds(0.0), Seconds(0.0))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a forecast knows of other timesteps."""

    previous: Timestep | None
    after: Timestep | None
    met: Timestep | None  # the newest that the musician has met


@dataclass(slots=True, eq=False)
class Timestep:
    """The hits at one score position, from the first one's arrival until the musician's window has closed."""

    beat: Beats  # position in the song
    on_grid: bool
    came: Seconds  # arrival of the first hit
    ready: Seconds = Seconds(0.0)  # complete from here on
    delay: Seconds = Seconds(0.0)  # from the clock to the listener: look-ahead less lead, when it came
    limits: Limits = NOWHERE  # when it came
    voices: set[int] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)  # in order of arrival; they keep their distances

    nominal: Seconds = Seconds(0.0)  # as last computed; final once it has left
    fixed: Seconds | None = None  # nominal time, where the clock no longer says it
    meters: MeterMap | None = None  # that `beat` is counted by, where the transport has told others since
    jumped: Beats = Beats(0.0)  # how far the transport has jumped since it came, where it did not with it
    onset: Seconds | None = None  # the musician's, both latencies taken out
    sure: bool = False  # the onset is meant for this position, and not for another of the grid

    enters: State | None = None  # state to begin with, where the transport has jumped here
    around: Neighbours | None = None  # that `context` was made from; None once it has left
    context: Context | None = None  # as last computed; final once an onset of its own has come
    features: NDArray[float32] | None = None  # of that context
    came_in: State | None = None  # state before this timestep, as last computed; None: to be computed
    came_out: State = ()  # ... and after it
    prediction: Prediction = NOTHING
    refined: Seconds = Seconds(0.0)
    expression: Expression = TOGETHER

    planned: Seconds | None = None  # when it will leave; None: not decided yet
    decided: bool = False  # it has been planned once
    late: bool = False  # came too late for its time
    withdrawn: bool = False  # after it had left: it is being played again from here on
    committed: Seconds = Seconds(0.0)  # when it left
    index: int = -1  # in order of leaving; negative while it waits

    def strike(self, note: Note, voice: int) -> None:
        """Take in another note."""
        note.voice = voice
        self.notes.append(note)
        if voice not in self.voices:
            self.voices.add(voice)
            self.around = None

    def distance(self, note: Note) -> Seconds:
        """Return how far behind the timestep's earliest this note leaves, >= 0."""
        return Seconds(max(note.hit.at - self.came, 0.0) + self.expression.apart.get(note.voice, 0.0))

    def place(self, meters: MeterMap) -> BarPosition:
        """Return bar and beat, by these meters unless it came under others."""
        return (self.meters or meters).position(self.beat)

    def counted(self, meters: MeterMap) -> BarPosition:
        """Return where it is for a portrait, whose count of beats goes on through jumps."""
        return self.place(meters).counted(self.jumped)

    @property
    def reach(self) -> Seconds:
        """How far behind the timestep's earliest its last note leaves."""
        return max(map(self.distance, self.notes), default=Seconds(0.0))

    @property
    def forecast(self) -> Seconds:
        """The offset that the model expects, before any onset of this timestep is known."""
        return self.prediction.offset

    @property
    def own_offset(self) -> Seconds | None:
        """The musician's offset from the nominal time."""
        return None if self.onset is None else Seconds(self.onset - self.nominal)

    @property
    def diff(self) -> Seconds | None:
        """How much later the musician was than the forecast: what the model learns from."""
        return None if self.onset is None else Seconds(self.onset - self.nominal - self.forecast)


class Score:
    """The timesteps that have come and not yet left, in the order of the score."""

    def __init__(self, clock: SongClock) -> None:
        self._clock = clock
        self.pending: list[Timestep] = []

    @property
    def undecided(self) -> Timestep | None:
        """The first timestep that is not complete; those behind it wait for it."""
        return next((step for step in self.pending if step.planned is None), None)

    def place(self, hit: Hit, settings: Settings) -> Timestep:
        """Return where a hit belongs: a timestep of `pending`, or a new one that is not in it yet.

        A hit within `snap` of the grid (and of what arrival jitters) is the grid's; any other is a timestep
        of its own, or of those that came with it.
        """
        at = hit.at
        beat = self._clock.beat_at(Seconds(at + settings.drums_lead))
        snap = self.snap(settings)
        grid = self._grid(beat, settings)
        for step in self.pending:
            if step.fixed is not None or step.on_grid != (grid is not None):
                continue
            if abs(step.beat - grid) < SAME if grid is not None else abs(at - step.came) <= snap:
                return step
        step = Timestep(
            beat if grid is None else grid,
            grid is not None,
            came=at,
            ready=Seconds(at + settings.snap),
            delay=Seconds(settings.look_ahead - settings.drums_lead),
            limits=Limits(Seconds(max(settings.look_ahead - settings.guard, 0.0)), settings.max_late),
        )
        step.nominal = self.nominal(step)
        return step

    def snap(self, settings: Settings) -> Seconds:
        """Return how far from its place a hit may arrive now."""
        return Seconds(settings.snap + 2 * self._clock.jitter)

    def add(self, step: Timestep) -> None:
        """Put a new timestep among those that wait."""
        insort(self.pending, step, key=lambda s: (s.fixed is None, s.beat))

    def nominal(self, step: Timestep) -> Seconds:
        """Return where the score puts a pending timestep on the clock that the listener hears."""
        if step.fixed is not None:
            return step.fixed
        return Seconds(self._clock.time_of(step.beat) + step.delay)

    def fix(self) -> None:
        """Keep the nominal times of all that waits: the clock is about to mean something else."""
        for step in self.pending:
            step.fixed = step.nominal

    def withdraw(self, beat: Beats) -> list[Timestep]:
        """Take out what waits at a position, and behind it, by the clock as it is."""
        gone = [step for step in self.pending if step.fixed is None and step.beat >= beat]
        self.pending = [step for step in self.pending if step.fixed is not None or step.beat < beat]
        return gone

    def jump(self, jump: Relocated, gone: Iterable[Timestep], settings: Settings) -> list[Timestep]:
        """Follow a relocation: what waits keeps its time; what belongs behind the jump gets its new position.

        Args:
            jump: From where to where.
            gone: What has left of late, in order; a hit for behind the jump may leave before it is known.
            settings: For the grid.

        Returns:
            The timesteps behind the jump, in order: of `gone`, then of those that wait.
        """
        behind = []
        for step in (*gone, *self.pending):
            if step.fixed is None and step.beat >= jump.left - EARLY:
                beat = Beats(step.beat + jump.entered - jump.left)
                grid = self._grid(beat, settings)
                step.beat, step.on_grid = beat if grid is None else grid, grid is not None
                step.meters = None
                behind.append(step)
            else:
                step.fixed = step.nominal
                step.jumped = Beats(step.jumped + jump.entered - jump.left)
        return behind

    def _grid(self, beat: Beats, settings: Settings) -> Beats | None:
        """Return the grid position that a hit at this position belongs to; None: to none."""
        grid = nearest_grid(beat, settings.meters)
        off = abs(self._clock.time_of(grid) - self._clock.time_of(beat))
        return grid if off <= self.snap(settings) else None
