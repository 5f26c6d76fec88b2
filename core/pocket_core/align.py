"""The musician's onsets meet the drums' timesteps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pocket_core.grid import nearest_grid, twelfth_of_bar
from pocket_core.portrait import Portrait
from pocket_core.score import SAME, Timestep
from pocket_core.tempo import MeterMap
from pocket_core.transport import SongClock
from pocket_core.types import Beats, Seconds

NEAR = Beats(1 / 24)  # half the least distance between two grid positions


@dataclass(frozen=True, slots=True)
class Heard:
    """An onset that counted."""

    offset: Seconds  # from its timestep's nominal time, or from the nearest grid position
    beat: Beats  # position of that timestep or grid position, counted from where the transport is now


@dataclass(frozen=True, slots=True)
class Belonging:
    """Where an onset belongs."""

    heard: Heard | None  # what it says of the groove; None: an onset there has been heard before
    step: Timestep | None  # the timestep that it meets now
    sure: bool  # it is meant for that timestep
    beside: Timestep | None = None  # the timestep near by that has met another onset, elsewhere

    @property
    def alone(self) -> bool:
        """Whether it stands in the score by itself, where no drum is."""
        return self.heard is not None and not self.sure


NOWHERE = Belonging(None, None, False)


def meeting(onset: Seconds, steps: Iterable[Timestep], window: Seconds) -> Timestep | None:
    """Return the timestep that an onset belongs to: the nearest nominal time, if within the window.

    The nearest is by itself within half the distance to the neighbouring timestep (DESIGN, "Defaults").
    """
    best, least = None, float(window)
    for step in steps:
        distance = abs(onset - step.nominal)
        if distance < least or (best is None and distance <= least):
            best, least = step, distance
    return best


class Listener:
    """Counts each onset once, by the first of its chord or flam, and draws the musician's portrait.

    An onset near a drum may still be meant for another place: a sixteenth before the kick, say. It is surely
    the timestep's where the timestep is its nearest grid position, or where it was expected, by the forecast
    or by how the musician swings. Any other meets the timestep (a straight drum must be able to learn swing
    from it) until a sure one comes, but it counts for the groove where it was played, and it moves nothing by
    itself.
    """

    def __init__(self, clock: SongClock) -> None:
        self._clock = clock
        self._last_loose: Beats | None = None  # grid position of the newest onset without a drum
        self.portrait = Portrait()  # the song's: relocation and stop leave the groove
        self.heard: Heard | None = None

    def place(
        self,
        onset: Seconds,
        steps: Iterable[Timestep],
        *,
        window: Seconds,
        delay: Seconds,
        meters: MeterMap,
    ) -> Belonging:
        """Find where an onset belongs; nothing is learnt from it yet.

        Args:
            onset: Both latencies taken out.
            steps: All that an onset may still meet, pending or gone.
            window: The farthest that counts.
            delay: Look-ahead less lead: how far the drums that are heard lag behind the clock.
            meters: Where the bars are.
        """
        on_clock = Seconds(onset - delay)
        grid = nearest_grid(self._clock.beat_at(on_clock), meters)
        step = meeting(onset, steps, window)
        if step is not None and self._surely(onset, step, grid, meters):
            if step.sure:
                return NOWHERE
            beat = Beats(step.beat + step.jumped)
            return Belonging(Heard(Seconds(onset - step.nominal), beat), step, True)
        heard = None
        if self._last_loose is None or abs(grid - self._last_loose) > SAME:
            heard = Heard(Seconds(on_clock - self._clock.time_of(grid)), grid)
        if step is not None and step.onset is not None:
            apart = abs(onset - step.onset) > self._near
            return Belonging(heard, None, False, beside=step if apart else None)
        return Belonging(heard, step, False)

    def learn(self, onset: Seconds, where: Belonging, *, velocity: float, meters: MeterMap) -> None:
        """Take in an onset that has been placed.

        Args:
            onset: Both latencies taken out.
            where: Where it belongs.
            velocity: 0..1.
            meters: Where the bars are.
        """
        step, heard = where.step, where.heard
        if where.alone and heard is not None:
            self._last_loose = heard.beat
        if heard is not None:
            self.heard = heard
            met = step if where.sure else None
            place = meters.position(heard.beat) if met is None else met.counted(meters)
            voices = () if met is None else tuple(sorted(met.voices))
            self.portrait.hear(place, heard.offset, velocity=velocity, voices=voices)
        if step is not None:
            step.onset, step.sure = onset, where.sure
            offset = Seconds(onset - step.nominal)
            self.portrait.meet(meters.position(step.beat), offset)
            if step.on_grid:
                self.portrait.swing.meet(_place(step, meters), offset, alike=self._near)
        if where.beside is not None:
            self.portrait.swing.doubt(_place(where.beside, meters))

    def _surely(self, onset: Seconds, step: Timestep, grid: Beats, meters: MeterMap) -> bool:
        if abs(grid - step.beat) < SAME:
            return True
        offset, near = Seconds(onset - step.nominal), self._near
        if min(abs(offset), abs(offset - step.forecast)) <= near:
            return True
        return self.portrait.swing.expects(_place(step, meters), offset, alike=near)

    @property
    def _near(self) -> Seconds:
        return Seconds(NEAR * 60.0 / self._clock.bpm)

    def forget_position(self) -> None:
        """Start a take or follow a jump: what was heard before is of another place."""
        self._last_loose = None
        self.heard = None


def _place(step: Timestep, meters: MeterMap) -> int:
    return twelfth_of_bar(meters.position(step.beat))
