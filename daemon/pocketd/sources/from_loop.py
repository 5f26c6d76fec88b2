"""What the DAW played the last time round plays."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from pocket_core.playback import NEAR, PULSE, Cue, Part, Playback, closes
from pocket_core.score_features import Repeat
from pocket_core.settings import Settings
from pocket_core.transport import Relocated, SongClock, Started, TransportChange
from pocket_core.types import Beats, Due, Port, Seconds
from pocket_core.wire import note_off
from pocketd.backends.protocol import Incoming
from pocketd.config import Config
from pocketd.sources.protocol import SHORTEST, SYSTEM, Turned, incoming, lies_in

#: Song position, start and continue: at the next pulse the song is elsewhere.
JUMPS = (b"\xf2", b"\xfa", b"\xfb")
MOST_CUES = 20_000  # messages kept of a pass; more than an hour


class FromLoop:
    """What the DAW played the last time round plays; the first time the DAW itself, unmoved.

    The newest pass counts, so that what is changed in the DAW is heard one pass later. Where the song leaves
    the loop, the DAW itself is heard again.

    Args:
        config: How much earlier than its place the DAW sends a hit.
        settings: How much earlier the engine wants it.
    """

    def __init__(self, config: Config, settings: Settings) -> None:
        self._playback = Playback()
        self.configure(config, settings)
        self._entered: Beats | None = None  # where this pass began; None: the clock stands
        self._seam: Beats | None = None  # where this pass was when the DAW last told where it goes on
        self._cues: list[Cue] = []  # of this pass, in order of arrival
        self._open: dict[tuple[int, int], int] = {}  # channel and note to the number of its cue
        self._passing: set[tuple[int, int]] = set()  # notes that leave as they are, not ended yet
        self._passed: list[Due] = []
        self._before: deque[Incoming] = deque(maxlen=16)  # came while the clock stood

    def configure(self, config: Config, settings: Settings) -> None:
        """Go by another look-ahead and lead."""
        self._lead = settings.look_ahead
        self._early = Seconds((config.drums_lead_ms or 0.0) / 1000)

    @property
    def playing(self) -> bool:
        """Whether the loop is known and played."""
        return self._playback.part is not None

    def admit(self, message: Incoming, clock: SongClock, /) -> bool:
        """Write the DAW's drums down, and let them pass by the engine until the loop is known."""
        data = message.data
        if data[:1] in JUMPS and self._entered is not None:
            self._seam = clock.beat_at(message.at)
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
        return Turned(incoming(fed), passed)

    def next_at(self, clock: SongClock) -> Seconds | None:
        """With the next note."""
        return self._playback.next_at(clock, self._lead)

    def end(self, now: Seconds) -> list[Due]:
        """Return the ends of notes that leave as they are, where nobody will hear of them any more."""
        due = Seconds(now + self._early)
        ends = [Due(due, Port.OUT, note_off(channel, note, 64)) for channel, note in sorted(self._passing)]
        self._passing.clear()
        return ends

    def _follow(self, change: TransportChange, clock: SongClock) -> None:
        """Begin a new pass, and choose what is played in it."""
        entered, seam, cues = self._entered, self._seam, self._end_open(change)
        self._cues, self._open, self._entered, self._seam = [], {}, None, None
        if isinstance(change, Started):
            self._entered = change.beat
            known = lies_in(change.beat, self._playback.part)
            for message in self._before:  # a hit may come a hair before the clock that it belongs to
                if clock.beat_at(Seconds(message.at + self._early)) >= change.beat - NEAR:
                    self._write(message, clock)
            self._before.clear()
            self._playback.use(self._playback.part if known else None, self._begin(change.beat))
        elif isinstance(change, Relocated):
            self._entered = change.entered
            self._go_round(change, entered, seam, cues)

    def _go_round(self, jump: Relocated, entered: Beats | None, seam: Beats | None, cues: list[Cue]) -> None:
        """Play what was written down in a pass, if that was a whole one."""
        repeat = Repeat(jump.entered, jump.left)
        whole, self._cues = _parted(cues, repeat, seam)
        before = self._playback.part
        if repeat.length <= 0 or entered is None or entered > repeat.entered + NEAR or not whole:
            self._playback.use(None)
        elif before is not None and before.repeat is not None and closes(jump, before.repeat):
            self._playback.use(_part(whole, before.repeat))
        else:
            begin = self._begin(repeat.entered) if before is None else Beats(repeat.entered - NEAR)
            self._playback.use(_part(whole, repeat), begin)  # while one played, none of the DAW's has passed

    def _begin(self, entered: Beats) -> Beats:
        """Return where to begin in a pass: behind the notes of it that have come, and passed, already."""
        passed = [max(cue.beat, entered) + NEAR for cue in self._cues if cue.data[0] & 0xF0 == 0x90]
        return Beats(max([entered - NEAR, *passed]))

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


def _parted(cues: list[Cue], repeat: Repeat, seam: Beats | None) -> tuple[list[Cue], list[Cue]]:
    """Part what is of a pass from what came before its end was told, and is of the next: at its place there.

    The DAW may be a little ahead of its own clock; and where its loop ends between two pulses it says so at
    once, the clock only by the next pulse.
    """
    end = repeat.left if seam is None or not repeat.left - PULSE <= seam <= repeat.left else seam
    length = Beats(end - repeat.entered)
    whole, ahead = list[Cue](), list[Cue]()
    for cue in cues:
        if cue.beat >= end - NEAR:
            ahead.append(Cue(Beats(cue.beat - length), cue.data, cue.length))
        elif cue.beat >= repeat.entered - NEAR:
            whole.append(cue)
    return whole, ahead


def _part(cues: list[Cue], repeat: Repeat) -> Part:
    return Part(tuple(sorted(cues, key=lambda cue: cue.beat)), repeat)
