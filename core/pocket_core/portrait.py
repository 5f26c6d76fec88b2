"""What the musician has done so far in this take, as figures: where they tend to play, how, and how often.

The groove template (`groove`) is one number a place. This adds what a network needs to weigh it: means over
other spans, how many onsets stand behind them, what the newest onsets did, and whether the musician plays
here at all. Everything is causal and forgets; nothing here knows a model.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pocket_core.grid import TWELFTHS, twelfth_of_bar
from pocket_core.groove import GrooveTemplate
from pocket_core.likeness import Figure, Likeness, Sum, Visit
from pocket_core.swing import Swing
from pocket_core.tempo import BarPosition
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES

NEWEST = 2  # onsets that are told one by one
TENTHS = 10.0  # offsets are told in tenths of a second
OLDEST = 4.0  # quarter notes; ages are clipped there
REMEMBERED = 4  # bars of places that were played, and a little more

#: What each of the means keeps of itself at a new onset: about 14, 25, 50 and 100 onsets long.
BAR_KEEPS, HALF_BAR_KEEPS, BEAT_KEEPS, ALL_KEEPS = 0.93, 0.96, 0.98, 0.99
VOICE_KEEPS = 0.97
FAST, SLOW = 0.5, 0.07  # rates of the newest onsets' mean
BAR_CHANCE, BEAT_CHANCE = 0.3, 0.15  # rates at which a place's share of bars, of beats, follows
VELOCITY_RATE = 0.4
MEETING_RATE = 0.4

#: One name a figure, in order. Offsets are from what the groove template expects here.
COLUMNS: tuple[str, ...] = (
    "mean",  # the template's running mean
    "mean of all",
    "mean of the beat's place",
    "mean of the half bar's place",
    "mean of the bar's place",
    "newest",  # a fast mean of all onsets
    "slow",  # a slow one
    "last here",  # the newest onset at this place of the bar
    "last but one here",
    "bars behind it",  # how many onsets the bar's place is made of / 8
    "beats behind it",  # / 16
    "onsets behind it",  # / 32
    "with these drums",  # what the drums struck here have meant so far
    "meets",  # how far from these drums the musician was when they last met here
    "meets known",  # 1 or 0
    "played 1 bar ago",
    "played 2 bars ago",
    "played 4 bars ago",
    "played 1 beat ago",
    "played 2 beats ago",
    "share of bars",
    "share of beats",
    "velocity here",
    "density",  # onsets in the last beat / 4
    *(f"with {voice}" for voice in VOICES),  # what each drum struck here has meant
    *(
        f"{what} of onset -{n + 1}"
        for n in range(NEWEST)
        for what in ("surprise", "offset", "age", "age in beat", "velocity", "drum")
    ),
)
WIDTH = len(COLUMNS)
#: The figures that are offsets, in tenths of a second.
OFFSETS: tuple[str, ...] = tuple(
    name
    for name in COLUMNS
    if name.startswith(("mean", "last", "with ", "surprise", "offset")) or name in ("newest", "slow", "meets")
)


@dataclass(slots=True)
class _Mean:
    """A forgetting sum and its weight."""

    total: float = 0.0
    weight: float = 0.0

    def add(self, value: float, keeps: float) -> None:
        self.total = self.total * keeps + value
        self.weight = self.weight * keeps + 1.0

    def shrunk(self, towards: float, prior: float) -> float:
        """Return the mean as if `prior` onsets had been at `towards`."""
        return (self.total + prior * towards) / (self.weight + prior)


@dataclass(slots=True)
class _Share:
    """How often a place is played: a mean over its turns, the silent ones included."""

    value: float = 0.0
    turn: int = 0

    def at(self, turn: int, rate: float) -> float:
        """Return the share as known before this turn."""
        return self.value * (1.0 - rate) ** max(turn - self.turn - 1, 0)

    def play(self, turn: int, rate: float) -> None:
        self.value = self.at(turn, rate) * (1.0 - rate) + rate if self.value else 1.0
        self.turn = turn


@dataclass(frozen=True, slots=True)
class _Onset:
    twelfth: int  # on the running count
    surprise: float  # seconds, from what the template expected
    offset: float  # seconds
    velocity: float  # 0..1
    drum: bool  # a drum was struck there


_NOTHING = _Mean()
_NEVER = _Share()


@dataclass(slots=True)
class Portrait:
    """A musician, as far as one has heard them. Positions count on through loops: a bar ago is a bar ago."""

    groove: GrooveTemplate = field(default_factory=GrooveTemplate)
    swing: Swing = field(default_factory=Swing)
    _all: _Mean = field(default_factory=_Mean)
    _by_beat: dict[int, _Mean] = field(default_factory=dict)
    _by_half_bar: dict[int, _Mean] = field(default_factory=dict)
    _by_bar: dict[int, _Mean] = field(default_factory=dict)
    _by_voice: list[_Mean] = field(default_factory=lambda: [_Mean() for _ in VOICES])
    _fast: float = 0.0
    _slow: float = 0.0
    _last: dict[int, tuple[float, float | None]] = field(default_factory=dict)  # newest, the one before
    _meets: dict[int, float] = field(default_factory=dict)
    _velocity: dict[int, float] = field(default_factory=dict)
    _bars: dict[int, _Share] = field(default_factory=dict)
    _beats: dict[int, _Share] = field(default_factory=dict)
    _newest: deque[_Onset] = field(default_factory=lambda: deque(maxlen=8))
    _played: set[int] = field(default_factory=set)  # twelfths on the running count
    _shift: int = 0  # from the song's twelfths to the running count

    def look(self, place: BarPosition, voices: Sequence[int]) -> tuple[float, ...]:
        """Return the figures of a place, in the order of `COLUMNS`.

        Args:
            place: A position in the song.
            voices: Indices of the drums struck there.
        """
        bar, beat, half, now = self._keys(place)
        expected = float(self.groove.expect(bar))
        everywhere = self._all.shrunk(0.0, 2.0)
        in_beat, in_half, in_bar = (
            self._by_beat.get(beat, _NOTHING),
            self._by_half_bar.get(half, _NOTHING),
            self._by_bar.get(bar, _NOTHING),
        )
        of_beat = in_beat.shrunk(everywhere, 2.0)
        of_half = in_half.shrunk(of_beat, 2.0)
        last, before = self._last.get(bar, (expected, None))
        meets = self._meets.get(bar)
        meant = [0.0] * len(VOICES)
        for voice in voices:
            meant[voice] = TENTHS * self._by_voice[voice].shrunk(0.0, 3.0)
        played, a_bar = self._played, _length(place)
        offsets = (
            self.groove.mean,
            everywhere,
            of_beat,
            of_half,
            in_bar.shrunk(of_half, 2.0),
            self._fast,
            self._slow,
            last,
            expected if before is None else before,
        )
        figures = [TENTHS * (offset - expected) for offset in offsets]
        figures += (
            min(in_bar.weight, 8.0) / 8,
            min(in_beat.weight, 16.0) / 16,
            min(self._all.weight, 32.0) / 32,
            sum(meant) / len(voices) if voices else 0.0,
            0.0 if meets is None else TENTHS * (meets - expected),
            meets is not None,
            now - a_bar in played,
            now - 2 * a_bar in played,
            now - 4 * a_bar in played,
            now - TWELFTHS in played,
            now - 2 * TWELFTHS in played,
            self._bars.get(bar, _NEVER).at(now // a_bar, BAR_CHANCE),
            self._beats.get(beat, _NEVER).at(now // TWELFTHS, BEAT_CHANCE),
            self._velocity.get(bar, 0.0),
            sum(now - onset.twelfth <= TWELFTHS for onset in self._newest) / 4,
            *meant,
        )
        for n in range(NEWEST):
            figures += self._tell(n, now, expected)
        return tuple(figures)

    def chance(self, place: BarPosition) -> float:
        """Return how likely the musician plays here, 0..1: the share of bars, or of beats if that is more."""
        bar, beat, _, now = self._keys(place)
        a_bar = _length(place)
        return max(
            self._bars.get(bar, _NEVER).at(now // a_bar, BAR_CHANCE),
            self._beats.get(beat, _NEVER).at(now // TWELFTHS, BEAT_CHANCE),
        )

    def hear(
        self, place: BarPosition, offset: Seconds, *, velocity: float, voices: Sequence[int] = ()
    ) -> None:
        """Learn from an onset.

        Args:
            place: The position in the score that it belongs to.
            offset: How late it was against that position.
            velocity: 0..1.
            voices: The drums struck there, none for an onset without a drum.
        """
        bar, beat, half, now = self._keys(place)
        value, expected = float(offset), float(self.groove.expect(bar))
        surprise = value - expected
        self._newest.append(_Onset(now, surprise, value, velocity, bool(voices)))
        self._played.add(now)
        self.groove.hear(bar, offset)
        self._all.add(value, ALL_KEEPS)
        self._by_beat.setdefault(beat, _Mean()).add(value, BEAT_KEEPS)
        self._by_half_bar.setdefault(half, _Mean()).add(value, HALF_BAR_KEEPS)
        self._by_bar.setdefault(bar, _Mean()).add(value, BAR_KEEPS)
        for voice in voices:
            self._by_voice[voice].add(surprise, VOICE_KEEPS)
        self._fast += FAST * (value - self._fast)
        self._slow += SLOW * (value - self._slow)
        self._last[bar] = (value, self._last[bar][0] if bar in self._last else None)
        known = self._velocity.get(bar, velocity)
        self._velocity[bar] = known + VELOCITY_RATE * (velocity - known)
        a_bar = _length(place)
        self._bars.setdefault(bar, _Share()).play(now // a_bar, BAR_CHANCE)
        self._beats.setdefault(beat, _Share()).play(now // TWELFTHS, BEAT_CHANCE)
        if len(self._played) > 64 * TWELFTHS:
            self._played = {at for at in self._played if abs(now - at) <= (REMEMBERED + 1) * a_bar}

    def meet(self, place: BarPosition, offset: Seconds) -> None:
        """Learn how far from the drums of a place the musician was, be it surely theirs or not."""
        bar = twelfth_of_bar(place)
        known = self._meets.get(bar, float(offset))
        self._meets[bar] = known + MEETING_RATE * (float(offset) - known)

    def jump(self, left: Beats, entered: Beats) -> None:
        """Count on through a relocation."""
        self._shift += round((left - entered) * TWELFTHS)

    def rest(self) -> None:
        """Start a run of the transport: whether anybody plays again is not known; the groove stays."""
        self._newest.clear()
        self._played.clear()
        self.swing.forget()
        self._bars.clear()  # their turns are of another count
        self._beats.clear()
        self._shift = 0

    def likeness(self) -> Likeness:
        """Return what lasts of it."""
        return Likeness(
            mean=self.groove.mean,
            shape=_figures(self.groove.shape),
            everywhere=Sum(0, self._all.total, self._all.weight),
            by_beat=_sums(self._by_beat.items()),
            by_half_bar=_sums(self._by_half_bar.items()),
            by_bar=_sums(self._by_bar.items()),
            by_voice=_sums(enumerate(self._by_voice)),
            fast=self._fast,
            slow=self._slow,
            newest=tuple(Visit(place, newest, before) for place, (newest, before) in self._last.items()),
            meets=_figures(self._meets),
            velocity=_figures(self._velocity),
        )

    @classmethod
    def of(cls, likeness: Likeness) -> Portrait:
        """Return a portrait that goes on from what lasted of another."""
        portrait = cls(GrooveTemplate(likeness.mean, _by_place(likeness.shape)))
        portrait._all = _Mean(likeness.everywhere.total, likeness.everywhere.weight)
        portrait._by_beat = _means(likeness.by_beat)
        portrait._by_half_bar = _means(likeness.by_half_bar)
        portrait._by_bar = _means(likeness.by_bar)
        by_voice = _means(likeness.by_voice)
        portrait._by_voice = [by_voice.get(voice, _Mean()) for voice in range(len(VOICES))]
        portrait._fast, portrait._slow = likeness.fast, likeness.slow
        portrait._last = {visit.place: (visit.newest, visit.before) for visit in likeness.newest}
        portrait._meets = _by_place(likeness.meets)
        portrait._velocity = _by_place(likeness.velocity)
        return portrait

    def _keys(self, place: BarPosition) -> tuple[int, int, int, int]:
        """Return the place in the bar, the beat, the half bar, and on the running count, in twelfths."""
        bar = twelfth_of_bar(place)
        now = round((place.bar_line + place.in_bar) * TWELFTHS) + self._shift
        return bar, bar % TWELFTHS, bar % (2 * TWELFTHS), now

    def _tell(self, n: int, now: int, expected: float) -> tuple[float, ...]:
        if n >= len(self._newest):
            return (0.0, 0.0, 1.0, 1.0, 0.0, 0.0)
        onset = self._newest[-1 - n]
        age = max(now - onset.twelfth, 0) / TWELFTHS
        return (
            TENTHS * onset.surprise,
            TENTHS * (onset.offset - expected),
            min(age, OLDEST) / OLDEST,
            min(age, 1.0),
            onset.velocity,
            onset.drum,
        )


def _length(place: BarPosition) -> int:
    """Return the length of the bar in twelfths, at least one."""
    return max(round(place.meter.bar_beats * TWELFTHS), 1)


def _sums(means: Iterable[tuple[int, _Mean]]) -> tuple[Sum, ...]:
    return tuple(Sum(place, mean.total, mean.weight) for place, mean in means)


def _means(sums: Iterable[Sum]) -> dict[int, _Mean]:
    return {each.place: _Mean(each.total, each.weight) for each in sums}


def _figures(values: Mapping[int, float]) -> tuple[Figure, ...]:
    return tuple(Figure(place, value) for place, value in values.items())


def _by_place(figures: Iterable[Figure]) -> dict[int, float]:
    return {figure.place: figure.value for figure in figures}
