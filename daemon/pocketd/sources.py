"""Where the drums come from, if not from the DAW as it plays: a file, or the loop that the DAW played before.

A source stands between the back end and the engine. It says which of the messages that come on `drums` the
engine hears, adds those that it plays itself, and lets others out unmoved.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pocket_core.errors import MidiFileError
from pocket_core.playback import NEAR, Cue, Part, Playback
from pocket_core.score_features import Repeat
from pocket_core.transport import Relocated, SongClock, Started, TransportChange
from pocket_core.types import Beats, Due, Port, Seconds
from pocket_core.wire import note_on
from pocketd.backends.protocol import Incoming
from pocketd.config import Config
from pocketd.midifile import read_score
from pocketd.quantise import quantise

MOST_CUES = 20_000  # messages kept of a pass; more than an hour
SHORTEST = Beats(1 / 96)  # of a note whose end nobody told
SYSTEM = 0xF0  # from here on a message is nobody's part: clock, sysex


@dataclass(frozen=True, slots=True)
class Turned:
    """What a source wants of a turn of the loop."""

    heard: list[Incoming]  # by the engine, behind what has come
    passed: list[Due]  # by nobody: these leave as they are


class Source(Protocol):
    """Asked in each turn of the loop, in its thread."""

    def admit(self, message: Incoming, clock: SongClock, /) -> bool:
        """Say whether the engine hears a message that has come."""

    def turn(self, changes: Sequence[TransportChange], clock: SongClock, now: Seconds) -> Turned:
        """Follow the transport, and return what it plays by now."""

    def next_at(self, clock: SongClock) -> Seconds | None:
        """Return when it has to be asked again at the latest; None: whenever."""


class FromFile:
    """A file plays; of the port `drums` only the clock is heard.

    Args:
        part: What is in it.
        lead: How much earlier than its place the engine wants a hit.
    """

    def __init__(self, part: Part, lead: Seconds) -> None:
        self._playback = Playback(part)
        self._lead = lead

    def admit(self, message: Incoming, _: SongClock, /) -> bool:
        """Keep out the DAW's own drums."""
        return message.port is not Port.DRUMS or message.data[:1] >= bytes((SYSTEM,))

    def turn(self, changes: Sequence[TransportChange], clock: SongClock, now: Seconds) -> Turned:
        """Play on."""
        return Turned(_incoming(self._playback, changes, clock, self._lead, now), [])

    def next_at(self, clock: SongClock) -> Seconds | None:
        """With the next note."""
        return self._playback.next_at(clock, self._lead)


class FromLoop:
    """What the DAW played the last time round plays; the first time the DAW itself, unmoved.

    The newest pass counts, so that what is changed in the DAW is heard one pass later. Where the song leaves
    the loop, the DAW itself is heard again.

    Args:
        lead: How much earlier than its place the engine wants a hit.
        early: How much earlier than its place the DAW sends it.
    """

    def __init__(self, lead: Seconds, early: Seconds) -> None:
        self._playback = Playback()
        self._lead = lead
        self._early = early
        self._entered: Beats | None = None  # where this pass began; None: the clock stands
        self._cues: list[Cue] = []  # of this pass, in order of arrival
        self._open: dict[tuple[int, int], int] = {}  # channel and note to the number of its cue
        self._passing: set[tuple[int, int]] = set()  # notes that leave as they are, not ended yet
        self._passed: list[Due] = []
        self._before: deque[Incoming] = deque(maxlen=16)  # came while the clock stood

    @property
    def playing(self) -> bool:
        """Whether the loop is known and played."""
        return self._playback.part is not None

    def admit(self, message: Incoming, clock: SongClock, /) -> bool:
        """Write the DAW's drums down, and let them pass by the engine until the loop is known."""
        data = message.data
        if message.port is not Port.DRUMS or len(data) < 2 or data[0] >= SYSTEM:
            return True
        if self._entered is None:
            self._before.append(message)
        else:
            self._write(message, clock)
        self._let_pass(message)
        return False

    def turn(self, changes: Sequence[TransportChange], clock: SongClock, now: Seconds) -> Turned:
        """Follow the transport; at a loop's end what was written down becomes what is played."""
        heard = []
        for change in changes:
            heard += _incoming(self._playback, [change], clock, self._lead, now)
            self._follow(change, clock)
        heard += _incoming(self._playback, [], clock, self._lead, now)
        passed, self._passed = self._passed, []
        return Turned(heard, passed)

    def next_at(self, clock: SongClock) -> Seconds | None:
        """With the next note."""
        return self._playback.next_at(clock, self._lead)

    def _follow(self, change: TransportChange, clock: SongClock) -> None:
        """Begin a new pass, and choose what is played in it."""
        entered, cues = self._entered, self._end_open(change)
        self._cues, self._open, self._entered = [], {}, None
        if isinstance(change, Started):
            self._entered = change.beat
            if not self._knows(change.beat):
                self._playback.use(None)
            for message in self._before:  # a hit may come a hair before the clock that it belongs to
                if clock.beat_at(Seconds(message.at + self._early)) >= change.beat - NEAR:
                    self._write(message, clock)
            self._before.clear()
        elif isinstance(change, Relocated):
            self._entered = change.entered
            self._go_round(Repeat(change.entered, change.left), entered, cues)

    def _go_round(self, repeat: Repeat, entered: Beats | None, cues: list[Cue]) -> None:
        """Play what was written down in a pass, if that was a whole one."""
        behind = repeat.left - NEAR  # the DAW was that much ahead of its own clock
        self._cues = [Cue(Beats(c.beat - repeat.length), c.data, c.length) for c in cues if c.beat >= behind]
        whole = [cue for cue in cues if repeat.entered - NEAR <= cue.beat < behind]
        before = self._playback.part
        if repeat.length <= 0 or entered is None or entered > repeat.entered + NEAR or not whole:
            self._playback.use(None)
        elif before is not None and before.repeat == repeat:
            self._playback.use(_part(whole, repeat))
        else:
            sounds_already = any(cue.data[0] & 0xF0 == 0x90 for cue in self._cues)
            begin = repeat.entered + (NEAR if sounds_already else -NEAR)
            self._playback.use(_part(whole, repeat), Beats(begin))

    def _knows(self, beat: Beats) -> bool:
        part = self._playback.part
        repeat = None if part is None else part.repeat
        return repeat is not None and repeat.entered - NEAR <= beat < repeat.left

    def _end_open(self, change: TransportChange) -> list[Cue]:
        """Return what was written down, with notes that nobody has ended lasting until now."""
        cues, end = list(self._cues), change.left if isinstance(change, Relocated) else change.beat
        for number in self._open.values():
            cue = cues[number]
            cues[number] = Cue(cue.beat, cue.data, Beats(max(end - cue.beat, SHORTEST)))
        return cues

    def _write(self, message: Incoming, clock: SongClock) -> None:
        data, beat = message.data, Beats(clock.beat_at(Seconds(message.at + self._early)))
        kind, key = data[0] & 0xF0, (data[0] & 0x0F, data[1])
        ends = kind == 0x80 or (kind == 0x90 and data[2:3] == b"\0")
        if kind in (0x80, 0x90):
            started = self._open.pop(key, None)
            if started is not None:
                cue = self._cues[started]
                length = Beats(max(beat - cue.beat, SHORTEST))
                self._cues[started] = Cue(cue.beat, cue.data, length)
        if ends or len(self._cues) >= MOST_CUES:
            return
        if kind == 0x90:
            self._open[key] = len(self._cues)
        self._cues.append(Cue(beat, data, SHORTEST))

    def _let_pass(self, message: Incoming) -> None:
        data, due = message.data, Seconds(message.at + self._early)
        kind, key = data[0] & 0xF0, (data[0] & 0x0F, data[1])
        if kind == 0x90 and data[2:3] != b"\0":
            if self.playing:
                return
            self._passing.add(key)
        elif kind in (0x80, 0x90):
            if key not in self._passing:
                return
            self._passing.discard(key)
        elif self.playing:
            return
        self._passed.append(Due(due, Port.OUT, data))


def _part(cues: list[Cue], repeat: Repeat) -> Part:
    return Part(tuple(sorted(cues, key=lambda cue: cue.beat)), repeat)


def _incoming(
    playback: Playback, changes: Sequence[TransportChange], clock: SongClock, lead: Seconds, now: Seconds
) -> list[Incoming]:
    fed = playback.turn(changes, clock, lead, now)
    return [Incoming(each.at, Port.DRUMS, each.data) for each in fed]


def make_source(config: Config) -> Source | None:
    """Return what a configuration asks for, None where that is the DAW; reads the file.

    Raises:
        MidiFileError: The file cannot be read, or has no drums.
    """
    settings = config.settings()
    if config.source == "file":
        return FromFile(read_part(Path(config.score or ""), settings.snap), settings.look_ahead)
    if config.source == "loop":
        return FromLoop(settings.look_ahead, Seconds((config.drums_lead_ms or 0.0) / 1000))
    return None


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
