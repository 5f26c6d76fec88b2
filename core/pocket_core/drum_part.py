"""The drums' way in: a hit to its timestep of the score, a release to its note, and all else through."""

from __future__ import annotations

from pocket_core.decide import LATE, Decider
from pocket_core.outgoing import Note, Outgoing
from pocket_core.past import Past
from pocket_core.playback import withdrawn
from pocket_core.score import Score, Timestep
from pocket_core.settings import Settings
from pocket_core.status import Counts
from pocket_core.transport import SongClock
from pocket_core.types import Beats, ControlChange, Event, Hit, Other, Release, Seconds
from pocket_core.wire import control_change

ALL_SOUND_OFF, ALL_NOTES_OFF = 120, 123
SYSEX = 0xF0


class DrumPart:
    """An engine's.

    Args:
        clock: Whether there is a song at all.
        score: Where hits wait for their decision.
        past: What has left, for stragglers.
        decider: Who decides.
        outgoing: Where notes wait for their time.
    """

    def __init__(
        self, clock: SongClock, score: Score, past: Past, decider: Decider, outgoing: Outgoing
    ) -> None:
        self._clock = clock
        self._score = score
        self._past = past
        self._decider = decider
        self._outgoing = outgoing
        self.counts = Counts()  # what has gone through; the engine counts on

    def take(self, event: Event, settings: Settings, now: Seconds) -> bool:
        """Take in what came on `drums`, and return whether what waits in the score has changed.

        Args:
            event: What came.
            settings: How to play.
            now: Nothing leaves before it any more.
        """
        delayed = Seconds(max(event.at + settings.look_ahead, now))
        if isinstance(event, Hit):
            self.counts.events_in += 1
            return self._strike(event, settings, now, delayed)
        if isinstance(event, Release):
            self.counts.orphans += not self._outgoing.release(event)
        elif isinstance(event, ControlChange):
            if event.number in (ALL_SOUND_OFF, ALL_NOTES_OFF):  # a flood of it chokes drum modules
                self._outgoing.release_channel(event.channel, event.at)
            else:
                self._outgoing.pass_on(control_change(event.channel, event.number, event.value), delayed)
        elif isinstance(event, Other) and (beat := withdrawn(event.data)) is not None:
            self._withdraw(beat)
            return True
        elif isinstance(event, Other) and event.data[0] <= SYSEX:  # not time code, song select or reset
            self._outgoing.pass_on(event.data, delayed)
        return False

    def _strike(self, hit: Hit, settings: Settings, now: Seconds, delayed: Seconds) -> bool:
        voice = settings.voices.index(hit.note)
        if voice is None or not self._clock.running:
            self._outgoing.send(self._outgoing.strike(hit), delayed)
            return False
        step = self._score.place(hit, settings)
        new = not step.notes
        if new and (gone := self._past.twin(step, self._score.snap(settings))) is not None:
            if gone.withdrawn and any(note.key == (hit.channel, hit.note) for note in gone.notes):
                self.counts.events_in -= 1
            else:
                self._follow_gone(self._outgoing.strike(hit), voice, gone, settings, now)
            return False
        step.strike(self._outgoing.strike(hit), voice)
        if new:
            self._score.add(step)
            self._decider.admit(step)
        return True

    def _withdraw(self, beat: Beats) -> None:
        """Forget the timesteps that wait at a position of the present run and behind it."""
        for step in self._score.withdraw(beat):
            self._decider.withdraw(step)
            self.counts.events_in -= len(step.notes)
        for step in self._past.open:
            step.withdrawn |= step.fixed is None and step.beat >= beat

    def _follow_gone(self, note: Note, voice: int, gone: Timestep, settings: Settings, now: Seconds) -> None:
        """Let a straggler leave with the shift of its timestep."""
        gone.voices.add(voice)
        note.voice = voice
        self._decider.dress(note, gone, settings)
        wish = Seconds(gone.committed + gone.distance(note))
        self.counts.late += wish < now - LATE
        self._outgoing.send(note, Seconds(max(wish, now)))
