"""A generator plays: its process makes half bars ahead of time; here they are handed over as the clock comes.

The loop waits for nobody. Where nothing has come shortly before it is to be handed over, the bar before plays
once more, or a plain beat where there is none: a generator that fails or dies costs variety, never a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pocket_core.phrases.phrase import SAME
from pocket_core.playback import NEAR, Fed, Part, Playback, withdrawal
from pocket_core.settings import Settings
from pocket_core.transport import Relocated, SongClock, Started, TransportChange
from pocket_core.types import Beats, Hit, Port, Seconds
from pocket_core.wire import Decoder
from pocketd.backends.protocol import Incoming
from pocketd.config import Config
from pocketd.generators.letters import (
    Anew,
    Failed,
    Given,
    Heard,
    Held,
    Made,
    Ready,
    Rest,
    Wanted,
    struck_of,
)
from pocketd.generators.line import Line
from pocketd.sources.ahead import Ahead, Piece
from pocketd.sources.panel import Panel
from pocketd.sources.protocol import SYSTEM, Turned, incoming

Chosen = tuple[str | None, str | None, int | None]

HURRY = Seconds(0.1)  # before a piece is handed over it has to be there
PATIENCE = Seconds(3.0)  # for an answer; then it is asked again
LISTENERS = frozenset(("groove",))  # those that go by what the musician plays
SURE = Beats(0.25)  # so long after its beginning a piece has not been jumped over
CYCLE = Beats(8.0)  # of what was heard they go by the newest so much
LOST = "the generator does not answer; the last bar is held"


@dataclass(frozen=True, slots=True)
class Unrolled:
    """A clock that counts on from where the run began, through the jumps of a loop."""

    clock: SongClock
    shift: Beats  # what is added to the song's position

    @property
    def running(self) -> bool:
        """Whether the song's clock runs."""
        return self.clock.running

    def beat_at(self, at: Seconds) -> Beats:
        """Return the position at a time."""
        return Beats(self.clock.beat_at(at) + self.shift)

    def time_of(self, beat: Beats) -> Seconds:
        """Return the time of a position."""
        return self.clock.time_of(Beats(beat - self.shift))


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A piece that was handed over and has begun, as its maker wanted it."""

    at: Seconds  # when this is told
    position: Beats  # of the song, where it began
    piece: Piece


class FromGenerator:
    """Drums of a generator; of the port `drums` only the clock is heard.

    Args:
        config: What it makes them of, and how much earlier than its place the engine wants a hit.
        settings: Says which notes are the musician's, and how long they take to come here.
        line: To its process.
        panel: Where the player turns knobs.
    """

    def __init__(self, config: Config, settings: Settings, line: Line, panel: Panel) -> None:
        self._line = line
        self._panel = panel
        self._decoder = Decoder()
        self._playback = Playback(Part(()))
        self._shift = Beats(0.0)
        self._source = ""  # who plays; empty: nobody
        self._given: Given | None = None
        self._chosen: Chosen = (None, None, None)  # start, goal and preset as they were then
        self._number = 0  # of the newest question
        self._question: Wanted | None = None  # that is open; None: all have been answered, or count no more
        self._asked = Seconds(0.0)  # when it was
        self._refused = False  # the newest was: it is asked again, once `PATIENCE` is over
        self._begun = -1  # the newest piece that has been handed over
        self._cues: list[Piece] = []  # the newest that have been begun
        self._coming: list[Piece] = []  # that have been handed over and may not have begun
        self._stale = False  # what was made is of other knobs than today's
        self._heard: list[Beats] = []  # the musician's onsets of the newest cycle
        self._counted = 0  # of them, when it was last asked
        self._clock: SongClock | None = None  # while it runs
        self._made: list[HandedOver] = []
        self._failed = ""  # why it makes nothing; empty: it does
        self._unread = ""  # what is wrong with what it begins with or goes to
        self._dropped = 0  # letters, when it was last introduced
        self._preset = panel.turned.preset
        self.configure(config, settings)
        self._ahead = Ahead(self._bar)

    def configure(self, config: Config, settings: Settings) -> None:
        """Go by another configuration."""
        self._bpm = float(config.tempo)  # until the clock says another
        self._settings = settings
        self._ends = (config.generate.start, config.generate.goal)
        self._bar = settings.meters.position(Beats(0.0)).meter.bar_beats
        if self._panel.configure(config) and self._source:
            self._introduce()

    @property
    def source(self) -> str:
        """Who plays; empty: nobody."""
        return self._source

    @property
    def fault(self) -> str:
        """What is wrong with it, in a line; empty: nothing."""
        return self._failed or self._unread

    def select(self, source: str) -> None:
        """Let a generator play from where its first bars have come; what was made is played meanwhile."""
        if source != self._source:
            self._source = source
            self._introduce()

    def give(self, given: Given) -> None:
        """Let patterns be what it begins with, until a start, a goal or a preset is chosen."""
        self._given, self._chosen = given, (*self._ends, self._panel.turned.preset)
        if self._source:
            self._unread = ""
            self._line.send(given)
            self._stale = True

    def rest(self) -> None:
        """Play nothing more; the process may end."""
        self._line.send(Rest())
        self._source, self._failed, self._unread, self._question = "", "", "", None
        self._clock, self._cues, self._coming = None, [], []
        self._playback = Playback(Part(()))

    def close(self) -> None:
        """Hang up on the process."""
        self._line.close()

    def take_generated(self) -> list[HandedOver]:
        """Return what was handed over and has begun since the last call."""
        made, self._made = self._made, []
        return made

    def admit(self, message: Incoming, clock: SongClock, /) -> bool:
        """Keep out the DAW's own drums, and listen to the musician."""
        if message.port is Port.HUMAN and self._clock is not None:
            self._listen(message, clock)
        return message.port is not Port.DRUMS or message.data[:1] >= bytes((SYSTEM,))

    def turn(self, changes: Sequence[TransportChange], clock: SongClock, now: Seconds) -> Turned:
        """Play on, and ask for more."""
        fed: list[Fed] = []
        for change in changes:
            fed += self._follow(change, clock, now)
        self._answers()
        self._turn_knobs()
        self._make_good()
        if self._clock is None or not clock.running:
            self._ask(0, 2 * self._ahead.a_bar, now)
            return Turned(incoming(fed), [])
        view = Unrolled(clock, self._shift)
        self._begin_pieces(view, now)
        self._tell_begun(Beats(view.beat_at(now) - SURE), now)
        fed += self._playback.turn(view, self._settings.look_ahead, now)
        return Turned(incoming(fed), [])

    def next_at(self, clock: SongClock) -> Seconds | None:
        """With the next note, or the next piece."""
        if self._clock is None or not clock.running:
            return None
        view, lead = Unrolled(clock, self._shift), self._settings.look_ahead
        piece = Seconds(view.time_of(self._ahead.begin(self._begun + 1)) - lead - HURRY)
        note = self._playback.next_at(view, lead)
        return piece if note is None else min(piece, note)

    def _introduce(self) -> None:
        """Tell the process what is wanted of it, as after its beginning."""
        self._line.send(self._panel.setup(self._source))
        self._line.send(self._panel.turned)
        self._see_what_is_given()
        if self._given is not None:
            self._line.send(self._given)
        self._unread, self._question, self._stale = "", None, True

    def _follow(self, change: TransportChange, clock: SongClock, now: Seconds) -> list[Fed]:
        if isinstance(change, Started):
            self._start(change, clock)
            return []
        if isinstance(change, Relocated):
            return self._jump(change, now)
        self._tell_begun(Beats(change.beat + self._shift), now)
        self._clock, self._cues, self._coming = None, [], []
        self._line.send(Anew())
        self._ahead, self._question = self._ahead.anew(self._bar), None
        return self._playback.follow(change)

    def _start(self, start: Started, clock: SongClock) -> None:
        meter = clock.meter
        bar = self._bar if meter is None else meter.bar_beats
        if bar != self._ahead.bar:
            self._ahead = self._ahead.anew(bar)
        inside = Beats(max((start.beat + SAME) % bar - SAME, 0.0))
        self._shift = Beats(inside - start.beat)
        self._clock = clock
        self._begun = self._ahead.number(inside) - 1
        self._cues, self._coming, self._heard, self._counted = [], [], [], 0
        self._playback = Playback(Part(()))
        self._playback.follow(replace(start, beat=inside))

    def _jump(self, jump: Relocated, now: Seconds) -> list[Fed]:
        """Count on; where the bars do not fit together, begin at the next place that does."""
        bar, left = self._ahead.bar, Beats(jump.left + self._shift)
        self._tell_begun(Beats(left - NEAR), now)
        apart = (jump.entered - left) % bar
        if min(apart, bar - apart) < NEAR:
            laps = round((jump.left - jump.entered) / bar)
            self._shift = Beats(self._shift + laps * bar)
            return []
        entered = Beats(left + apart)
        self._shift = Beats(entered - jump.entered)
        self._begun = self._ahead.number(entered) - 1
        self._cues, self._coming = [], []
        self._playback.use(Part(()))
        self._playback.follow(replace(Started(jump.at, entered, False), beat=entered))
        return [Fed(now, withdrawal(jump.entered))]

    def _begin_pieces(self, view: Unrolled, now: Seconds) -> None:
        """Hand pieces over to the playback in time, and ask for what comes behind them.

        What lies farther back than the pieces that are kept is left out: nobody has to make up for hours in
        which the loop was kept from running.
        """
        ahead = self._ahead
        kept = 2 * ahead.a_bar
        newest = ahead.number(view.beat_at(Seconds(now + self._settings.look_ahead + HURRY)))
        for number in range(max(self._begun, newest - kept - 1) + 1, newest + 1):
            self._begun = number
            piece = ahead.take(number, hold=self._panel.hold)
            if piece.held:
                self._hold(piece)
            self._cues = [*self._cues[-kept:], piece]
            self._playback.use(Part(tuple(cue for each in self._cues for cue in each.cues())))
            self._coming.append(piece)
            self._stale |= self._hears_something(piece.begin)
        self._ask(self._begun + 1, kept, now)

    def _tell_begun(self, until: Beats, now: Seconds) -> None:
        """Write down what has begun before a position; until then a loop may jump away from it."""
        while self._coming and self._coming[0].begin < until:
            piece = self._coming.pop(0)
            self._made.append(HandedOver(now, Beats(piece.begin - self._shift), piece))

    def _hears_something(self, here: Beats) -> bool:
        """Return whether what a listener goes by has changed."""
        self._heard = [beat for beat in self._heard if beat > here - CYCLE]
        if self._source not in LISTENERS:
            return False
        counted, self._counted = self._counted, len(self._heard)
        return bool(counted or self._heard)

    def _hold(self, piece: Piece) -> None:
        struck = tuple(struck_of(stroke) for stroke in piece.phrase.strokes)
        self._line.send(Held(begin=piece.begin, length=piece.phrase.length, strokes=struck))

    def _ask(self, first: int, count: int, now: Seconds) -> None:
        """Ask for a bar, where one is missing of some pieces, or those that there are have become stale."""
        if self._question is not None:
            if now < self._asked + PATIENCE:
                return
            if not self._refused:
                self._failed = LOST
        ahead = self._ahead
        missing = first if self._stale else ahead.missing(first, count)
        if not self._source or missing is None or (self._panel.hold and self._clock is not None):
            return
        self._number += 1
        length = ahead.begin(count) if self._stale else ahead.bar
        self._asked, self._stale, self._refused = now, False, False
        begin = ahead.begin(missing)
        bpm = self._bpm if self._clock is None else self._clock.bpm
        self._question = Wanted(number=self._number, begin=begin, length=length, bar=ahead.bar, bpm=bpm)
        self._line.send(self._question)

    def _answers(self) -> None:
        self._line.pump()
        heard = self._line.hear()
        if Ready() in heard and self._source:
            self._introduce()
        for answer in heard:
            if isinstance(answer, Failed):
                self._note(answer)
            elif isinstance(answer, Made) and self._question is not None and answer.answers(self._question):
                self._question, self._failed = None, ""
                first = self._begun + 1 if self._clock is not None else 0
                self._ahead.place(answer.begin, answer.phrase, answer.source, first)
        if not self._line.alive and self._source:
            self._failed = LOST

    def _note(self, failed: Failed) -> None:
        if not self._source:
            return
        if failed.number is None:
            self._unread = failed.text
        elif self._question is not None and failed.number == self._question.number:
            self._failed, self._refused = failed.text, True

    def _make_good(self) -> None:
        """Tell a process that reads again, and has missed letters, to begin anew with what is wanted now."""
        if self._line.dropped > self._dropped and self._line.free and self._source:
            self._dropped = self._line.dropped
            self._line.send(Anew())
            self._introduce()

    def _turn_knobs(self) -> None:
        if self._panel.take_turned() and self._source:
            if self._panel.turned.preset != self._preset:
                self._preset, self._unread = self._panel.turned.preset, ""
            self._see_what_is_given()
            self._line.send(self._panel.turned)
            self._stale = True

    def _see_what_is_given(self) -> None:
        """Forget given patterns once something else has been chosen; the process then does, too."""
        if self._chosen != (*self._ends, self._panel.turned.preset):
            self._given = None

    def _listen(self, message: Incoming, clock: SongClock) -> None:
        passes = self._settings.human.passes
        for event in self._decoder.feed(message.data, message.at):
            if isinstance(event, Hit) and passes(event.channel, event.note, event.velocity):
                played = Seconds(event.at - self._settings.input_latency)
                beat = Unrolled(clock, self._shift).beat_at(played)
                self._heard.append(beat)
                self._line.send(Heard(beat=beat, velocity=event.velocity))
