"""Writes the score of a loop down while it is played, and says who plays: whoever reads, or who stands in.

A model that reads the score plays wherever it knows it: all through a song whose file is given, or in a loop
once the DAW has repeated it, from the next loop point on. A pass that differs from what is known is read
again behind it, and the model goes on from the state that it has. Where the song leaves the loop, the
understudy plays.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from pocket_core.errors import PocketError
from pocket_core.past import OPEN_FOR
from pocket_core.predict import Predictor
from pocket_core.records import TimestepRecord
from pocket_core.score import EARLY
from pocket_core.score_features import Repeat
from pocket_core.settings import Settings
from pocket_core.tempo import MeterMap, steady
from pocket_core.transport import Relocated, SongClock, Stopped, TransportChange
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES
from pocketd.casting import Cast
from pocketd.encoder import Contexts, Encoder
from pocketd.errand import Errand
from pocketd.known_score import MOST_STEPS, KnownScore, make_steps, place_of

log = logging.getLogger(__name__)

SETTLED = Seconds(0.020)  # beyond the time in which the last record of a pass must have come
ANOTHER_TEMPO = 0.03  # of the tempo; a loop that is so much faster or slower is read again
BEYOND = Beats(1.0)  # whoever plays so far behind a loop's end has left it
PULSES = 24  # to a quarter note, of MIDI clock


@dataclass(frozen=True, slots=True)
class _Struck:
    """A timestep that is over."""

    nominal: Seconds
    beat: Beats
    voices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The transport runs on from where it started or jumped to."""

    entered: Beats
    began: Seconds  # its timesteps have nominal times from here on


@dataclass(frozen=True, slots=True)
class _Pass:
    """One time through a loop."""

    stretch: _Stretch
    ended: Seconds  # its timesteps have nominal times before
    settled: Seconds  # all of them are over
    repeat: Repeat
    bpm: float
    meters: MeterMap


class Copyist:
    """Told of every turn of the loop, in its thread.

    Args:
        cast: Who there is.
        errand: Reads scores; None: one of its own.
    """

    def __init__(self, cast: Cast, errand: Errand[Contexts | None] | None = None) -> None:
        self.cast = cast
        self.player: Predictor = cast.player  # who is to play now
        self.strangers = 0  # timesteps that the reader has played and its score has not
        self._errand = errand or Errand[Contexts | None]("score")
        self._contexts = cast.contexts  # the newest that are known
        self._stretch: _Stretch | None = None  # None: the transport stands
        self._passes: deque[_Pass] = deque()  # not settled
        self._struck: deque[_Struck] = deque(maxlen=MOST_STEPS)  # in those and in the stretch
        self._since_jump = self._last_time = 0  # strangers
        self._fault = ""
        if cast.reader is not None and self.player is not cast.reader:
            log.warning("%s", self.notice)

    @property
    def notice(self) -> str:
        """What a person should know of it, one line; empty: all is as asked."""
        reader = self.cast.reader
        if reader is None:
            return ""
        if self.player is not reader:
            return self._fault or (
                f"model {reader.name} does not know the score, which `score:` may name; "
                f"model {self.cast.understudy.name} plays until the DAW has repeated a loop"
            )
        if self._last_time:
            return f"timesteps that are not in the score, the last time through: {self._last_time}"
        return self._fault

    @property
    def _loop(self) -> Repeat | None:
        """The loop whose score the reader plays from; None: it has the whole song's, or does not play."""
        return None if self.player is not self.cast.reader else self._known_loop

    @property
    def _known_loop(self) -> Repeat | None:
        return None if self._contexts is None else self._contexts.score.repeat

    def turn(
        self,
        changes: Sequence[TransportChange],
        records: Sequence[TimestepRecord],
        settings: Settings,
        clock: SongClock,
        now: Seconds,
    ) -> None:
        """Take in what happened since the last turn.

        Args:
            changes: Of the transport.
            records: Timesteps that are over.
            settings: The engine's.
            clock: The engine's.
            now: On the back end's clock.
        """
        reader = self.cast.reader
        if reader is None or reader.encoder is None:
            return
        for change in changes:
            self._follow(change, settings, clock.bpm)
        for record in records:
            self._write(record, settings.meters)
        if self._loop is not None and clock.running and clock.beat_at(now) >= self._loop.left + BEYOND:
            self._leave()
        while self._passes and now > self._passes[0].settled:
            self._read(self._passes.popleft(), reader.encoder)
        outcome = self._errand.take()
        if isinstance(outcome, Contexts) and not self._is_elsewhere(outcome):
            self._contexts, self._fault = outcome, ""
            if self.player is reader:  # else it begins at the next loop point
                reader.know(outcome)
        elif isinstance(outcome, PocketError):
            self._fault = str(outcome)
            log.error("%s", outcome)

    def _follow(self, change: TransportChange, settings: Settings, bpm: float) -> None:
        self._last_time, self._since_jump = self._since_jump, 0
        before, self._stretch = self._stretch, None
        if isinstance(change, Stopped):
            return
        delay = settings.look_ahead - settings.drums_lead
        edge = Seconds(change.at + delay - EARLY * 60 / bpm)
        if isinstance(change, Relocated):
            loop = Repeat(_pulse(change.entered), _pulse(change.left))
            if before is not None and before.entered <= loop.entered < loop.left:
                latency = settings.input_latency + settings.output_latency
                longest = max(settings.window + latency + OPEN_FOR, settings.max_late) + SETTLED
                settled = Seconds(change.at + delay + longest)
                self._passes.append(_Pass(before, edge, settled, loop, bpm, settings.meters))
            self._enter(loop.entered, loop)
            self._stretch = _Stretch(loop.entered, edge)
        else:
            self._enter(_pulse(change.beat), None)
            self._stretch = _Stretch(_pulse(change.beat), edge)

    def _enter(self, beat: Beats, loop: Repeat | None) -> None:
        """Choose who plays from a start or a jump on; `loop` is where the jump goes round."""
        reader, known = self.cast.reader, self._known_loop
        if reader is None or known is None or self._contexts is None:
            return
        if self.player is reader:
            if not known.entered <= beat < known.left:
                self._leave()
        elif loop == known or (loop is None and beat == known.entered):
            reader.know(self._contexts)
            self.player = reader
            log.warning("model %s knows the score of this loop and plays", reader.name)

    def _leave(self) -> None:
        """Go back to the whole song's score, or to whoever needs none: this is outside the loop."""
        reader, whole = self.cast.reader, self.cast.contexts
        if reader is not None and whole is not None:
            self._contexts = whole
            reader.know(whole)
            return
        self.player = self.cast.understudy
        log.warning("%s", self.notice)

    def _is_elsewhere(self, contexts: Contexts) -> bool:
        """Say whether this is a loop that was left before it was read, and the reader plays elsewhere."""
        repeat, stretch = contexts.score.repeat, self._stretch
        if repeat is None or stretch is None or self.player is not self.cast.reader:
            return False
        return not repeat.entered <= stretch.entered < repeat.left

    def _write(self, record: TimestepRecord, meters: MeterMap) -> None:
        beat = meters.beat_of(record.bar, record.beat)
        self._struck.append(_Struck(record.nominal_s, beat, tuple(map(VOICES.index, record.voices))))
        if self.player is not self.cast.reader or self._contexts is None:
            return
        if self._contexts.at(beat) is None:
            self.strangers += 1
            self._since_jump += 1

    def _read(self, over: _Pass, encoder: Encoder) -> None:
        """Have a pass read whose timesteps are all over."""
        struck = [s for s in self._struck if over.stretch.began <= s.nominal < over.ended]
        while self._struck and self._struck[0].nominal < over.ended:
            self._struck.popleft()
        known = self._contexts
        self._errand.start(lambda: _read_pass(over, struck, encoder, known))


def _read_pass(
    over: _Pass, struck: Sequence[_Struck], encoder: Encoder, known: Contexts | None
) -> Contexts | None:
    """Return what an encoder makes of a pass; None where there is nothing new in it."""
    first, end = place_of(over.repeat.entered), place_of(over.repeat.left)
    steps = make_steps((s.beat, s.voices) for s in struck)
    steps = tuple(step for step in steps if first <= place_of(step.beat) < end)
    tempo = steady(over.bpm)
    score = KnownScore(steps, tempo, over.meters, over.repeat)
    if not steps or (known is not None and _is_in(score, known.score)):
        return None
    return encoder.read(score)


def _is_in(loop: KnownScore, known: KnownScore) -> bool:
    """Say whether a loop is what is known already, at about its tempo."""
    repeat = loop.repeat
    if repeat is None or known.repeat not in (None, repeat):
        return False
    first, end = place_of(repeat.entered), place_of(repeat.left)
    bpm = known.tempo.bpm_at(repeat.entered)
    near = abs(loop.tempo.bpm_at(repeat.entered) / bpm - 1.0) <= ANOTHER_TEMPO
    return near and loop.places == {at: v for at, v in known.places.items() if first <= at < end}


def _pulse(beat: Beats) -> Beats:
    """Return the pulse of a MIDI clock nearest to a position: no jump is anywhere else."""
    return Beats(round(beat * PULSES) / PULSES)
