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
from pocket_core.playback import NEAR, Cue, Fed, Part, Playback, closes
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

    def configure(self, config: Config) -> None:
        """Go by another configuration's times."""

    def admit(self, message: Incoming, clock: SongClock, /) -> bool:
        """Say whether the engine hears a message that has come."""

    def turn(self, changes: Sequence[TransportChange], clock: SongClock, now: Seconds) -> Turned:
        """Follow the transport, and return what it plays by now."""

    def next_at(self, clock: SongClock) -> Seconds | None:
        """Return when it has to be asked again at the latest; None: whenever."""


class FromFile:
    """A file plays; of the port `drums` only the clock is heard.

    Where the song has gone back from one eighth to another it is taken to be a loop, so that nothing of what
    lies behind its end is played ahead of time again.

    Args:
        part: What is in it.
        config: How much earlier than its place the engine wants a hit.
    """

    def __init__(self, part: Part, config: Config) -> None:
        self._whole = part
        self._playback = Playback(part)
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Go by another configuration's look-ahead."""
        self._lead = config.settings().look_ahead

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
        return Turned(_incoming(fed), [])

    def next_at(self, clock: SongClock) -> Seconds | None:
        """With the next note."""
        return self._playback.next_at(clock, self._lead)

    def _follow(self, change: TransportChange) -> None:
        """Choose what is played: a loop that is known, or the whole of it."""
        if isinstance(change, Started):
            if not _lies_in(change.beat, self._playback.part):
                self._playback.use(None)
        elif isinstance(change, Relocated):
            repeat, part = Repeat(change.entered, change.left), self._playback.part
            if part is not None and part.repeat is not None and closes(change, part.repeat):
                return
            is_loop = repeat.length > NEAR and _is_eighth(change.entered) and _is_eighth(change.left)
            self._playback.use(_stretch(self._whole, repeat) if is_loop else None)


class FromLoop:
    """What the DAW played the last time round plays; the first time the DAW itself, unmoved.

    The newest pass counts, so that what is changed in the DAW is heard one pass later. Where the song leaves
    the loop, the DAW itself is heard again.

    Args:
        config: How much earlier than its place the engine wants a hit, and the DAW sends it.
    """

    def __init__(self, config: Config) -> None:
        self._playback = Playback()
        self.configure(config)
        self._entered: Beats | None = None  # where this pass began; None: the clock stands
        self._cues: list[Cue] = []  # of this pass, in order of arrival
        self._open: dict[tuple[int, int], int] = {}  # channel and note to the number of its cue
        self._passing: set[tuple[int, int]] = set()  # notes that leave as they are, not ended yet
        self._passed: list[Due] = []
        self._before: deque[Incoming] = deque(maxlen=16)  # came while the clock stood

    def configure(self, config: Config) -> None:
        """Go by another configuration's look-ahead and lead."""
        self._lead = config.settings().look_ahead
        self._early = Seconds((config.drums_lead_ms or 0.0) / 1000)

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
        fed = []
        for change in changes:
            fed += self._playback.follow(change)
            self._follow(change, clock)
        fed += self._playback.turn(clock, self._lead, now)
        passed, self._passed = self._passed, []
        return Turned(_incoming(fed), passed)

    def next_at(self, clock: SongClock) -> Seconds | None:
        """With the next note."""
        return self._playback.next_at(clock, self._lead)

    def _follow(self, change: TransportChange, clock: SongClock) -> None:
        """Begin a new pass, and choose what is played in it."""
        entered, cues = self._entered, self._end_open(change)
        self._cues, self._open, self._entered = [], {}, None
        if isinstance(change, Started):
            self._entered = change.beat
            known = _lies_in(change.beat, self._playback.part)
            for message in self._before:  # a hit may come a hair before the clock that it belongs to
                if clock.beat_at(Seconds(message.at + self._early)) >= change.beat - NEAR:
                    self._write(message, clock)
            self._before.clear()
            if not known:
                self._playback.use(None)
            elif self._sounds():  # as it came
                self._playback.use(self._playback.part, Beats(change.beat + NEAR))
        elif isinstance(change, Relocated):
            self._entered = change.entered
            self._go_round(change, entered, cues)

    def _go_round(self, jump: Relocated, entered: Beats | None, cues: list[Cue]) -> None:
        """Play what was written down in a pass, if that was a whole one."""
        repeat = Repeat(jump.entered, jump.left)
        behind = repeat.left - NEAR  # the DAW was that much ahead of its own clock
        self._cues = [Cue(Beats(c.beat - repeat.length), c.data, c.length) for c in cues if c.beat >= behind]
        whole = [cue for cue in cues if repeat.entered - NEAR <= cue.beat < behind]
        before = self._playback.part
        if repeat.length <= 0 or entered is None or entered > repeat.entered + NEAR or not whole:
            self._playback.use(None)
        elif before is not None and before.repeat is not None and closes(jump, before.repeat):
            self._playback.use(_part(whole, before.repeat))
        else:
            begin = repeat.entered + (NEAR if self._sounds() else -NEAR)
            self._playback.use(_part(whole, repeat), Beats(begin))

    def _sounds(self) -> bool:
        """Return whether a note of this pass has come, and passed, already."""
        return any(cue.data[0] & 0xF0 == 0x90 for cue in self._cues)

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
        withheld = self.playing and self._entered is not None  # what is tried out while it stands is heard
        if kind == 0x90 and data[2:3] != b"\0":
            if withheld:
                return
            self._passing.add(key)
        elif kind in (0x80, 0x90):
            if key not in self._passing:
                return
            self._passing.discard(key)
        elif withheld:
            return
        self._passed.append(Due(due, Port.OUT, data))


def _part(cues: list[Cue], repeat: Repeat) -> Part:
    return Part(tuple(sorted(cues, key=lambda cue: cue.beat)), repeat)


def _stretch(whole: Part, repeat: Repeat) -> Part:
    begin, end = repeat.entered - NEAR, repeat.left - NEAR
    return Part(tuple(cue for cue in whole.cues if begin <= cue.beat < end), repeat)


def _lies_in(beat: Beats, part: Part | None) -> bool:
    """Return whether a loop is played, and a position is in it."""
    repeat = None if part is None else part.repeat
    return repeat is not None and repeat.entered - NEAR <= beat < repeat.left


def _is_eighth(beat: Beats) -> bool:
    return abs(2 * beat - round(2 * beat)) < 2 * NEAR


def _incoming(fed: Sequence[Fed]) -> list[Incoming]:
    return [Incoming(each.at, Port.DRUMS, each.data) for each in fed]


def make_source(config: Config) -> Source | None:
    """Return what a configuration asks for, None where that is the DAW; reads the file.

    Raises:
        MidiFileError: The file cannot be read, or has no drums.
    """
    if config.source == "file":
        return FromFile(read_part(Path(config.score or ""), config.settings().snap), config)
    if config.source == "loop":
        return FromLoop(config)
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
