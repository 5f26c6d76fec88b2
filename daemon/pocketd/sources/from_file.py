"""A file plays, locked to the clock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pocket_core.errors import MidiFileError
from pocket_core.playback import NEAR, Cue, Part, Playback, closes
from pocket_core.score_features import Repeat
from pocket_core.settings import Settings
from pocket_core.transport import Relocated, SongClock, Started, TransportChange
from pocket_core.types import Beats, Port, Seconds
from pocket_core.wire import note_on
from pocketd.backends.protocol import Incoming
from pocketd.config import Config
from pocketd.midifile import read_score
from pocketd.quantise import quantise
from pocketd.sources.protocol import SHORTEST, SYSTEM, Turned, incoming, lies_in


class FromFile:
    """A file plays; of the port `drums` only the clock is heard.

    Where the song has gone back from one eighth to another it is taken to be a loop, so that nothing of what
    lies behind its end is played ahead of time again.

    Args:
        part: What is in it.
        config: Nothing is of it.
        settings: How much earlier than its place the engine wants a hit.
    """

    def __init__(self, part: Part, config: Config, settings: Settings) -> None:
        self._whole = part
        self._playback = Playback(part)
        self.configure(config, settings)

    def configure(self, _config: Config, settings: Settings) -> None:
        """Go by another look-ahead."""
        self._lead = settings.look_ahead

    def admit(self, message: Incoming, _: SongClock, /) -> bool:
        """Keep out the DAW's own drums."""
        return message.port is not Port.DRUMS or message.data[:1] >= bytes((SYSTEM,))

    def turn(self, changes: Sequence[TransportChange], clock: SongClock, now: Seconds) -> Turned:
        """Play on."""
        fed = []
        for change in changes:
            fed += self._playback.follow(change)
            self._follow(change)
        fed += self._playback.turn(clock, self._lead, now)
        return Turned(incoming(fed), [])

    def next_at(self, clock: SongClock) -> Seconds | None:
        """With the next note."""
        return self._playback.next_at(clock, self._lead)

    def _follow(self, change: TransportChange) -> None:
        """Choose what is played: a loop that is known, or the whole of it."""
        if isinstance(change, Started):
            if not lies_in(change.beat, self._playback.part):
                self._playback.use(None)
        elif isinstance(change, Relocated):
            repeat, part = Repeat(change.entered, change.left), self._playback.part
            if part is not None and part.repeat is not None and closes(change, part.repeat):
                return
            is_loop = repeat.length > NEAR and _is_eighth(change.entered) and _is_eighth(change.left)
            self._playback.use(_stretch(self._whole, repeat) if is_loop else None)


def read_part(path: Path, snap: Seconds) -> Part:
    """Read the drums of a MIDI file, quantised where they are not.

    Raises:
        MidiFileError: It cannot be read, or has no drums.
    """
    score = quantise(read_score(path).drum_part(), snap).score
    if not score.notes:
        raise MidiFileError(f"{path} has no drums; choose another file for `score:`")
    cues = []
    for note in score.notes:
        end = score.tempo.beat_at(Seconds(note.at_s + note.length_s))
        length = Beats(max(end - note.at_beat, SHORTEST))
        cues.append(Cue(note.at_beat, note_on(note.channel, note.note, note.velocity), length))
    cues += [Cue(score.tempo.beat_at(m.at_s), m.data) for m in score.messages]
    return Part(tuple(sorted(cues, key=lambda cue: cue.beat)))


def _stretch(whole: Part, repeat: Repeat) -> Part:
    begin, end = repeat.entered - NEAR, repeat.left - NEAR
    return Part(tuple(cue for cue in whole.cues if begin <= cue.beat < end), repeat)


def _is_eighth(beat: Beats) -> bool:
    return abs(2 * beat - round(2 * beat)) < 2 * NEAR
