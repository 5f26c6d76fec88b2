"""Which source plays, and the change from one to another at a bar line."""

from __future__ import annotations

from collections.abc import Sequence

from pocket_core.playback import NEAR
from pocket_core.settings import Settings
from pocket_core.transport import Relocated, SongClock, Started, Stopped, TransportChange
from pocket_core.types import Beats, Port, Seconds
from pocketd.backends.protocol import Incoming
from pocketd.config import Config
from pocketd.config_sections import DAW, FILE, GENERATORS, LOOP
from pocketd.generators.letters import Given
from pocketd.generators.line import Line
from pocketd.sources.file_part import FilePart
from pocketd.sources.from_file import FromFile
from pocketd.sources.from_generator import FromGenerator, HandedOver
from pocketd.sources.from_loop import FromLoop
from pocketd.sources.panel import Panel
from pocketd.sources.protocol import SYSTEM, Source, Turned

NO_CLOCK = "only daw plays by clock: internal, which the DAW's hits start; set `clock: jack` or `clock: auto`"


class FromDaw:
    """The DAW plays: all that comes on `drums` is heard."""

    def configure(self, _config: Config, _settings: Settings) -> None:
        """Go by another configuration: nothing is of it."""

    def admit(self, _message: Incoming, _clock: SongClock, /) -> bool:
        """Let everything in."""
        return True

    def turn(self, _changes: Sequence[TransportChange], _clock: SongClock, _now: Seconds) -> Turned:
        """Play nothing."""
        return Turned([], [])

    def next_at(self, _clock: SongClock) -> Seconds | None:
        """Whenever."""
        return None


class Choice:
    """One source plays, until another is asked for; a source itself.

    While the transport runs the change is made at a bar line, as early as what plays there is handed over.

    Args:
        config: Who plays first.
        settings: The engine's.
        file: What a file plays.
        line: To the generators' process.
    """

    def __init__(self, config: Config, settings: Settings, file: FilePart, line: Line) -> None:
        self._config = config
        self._settings = settings
        self._file = file
        self._panel = Panel(config)
        self._generator = FromGenerator(config, settings, line, self._panel)
        self._name = DAW
        self._source: Source = FromDaw()
        self._next: str | None = None  # who comes next
        self._line: Beats | None = None  # at which bar line of the song; None: the transport stands
        self._open: set[tuple[int, int]] = set()  # the DAW's notes that were heard and have not ended
        self._fault = ""
        self._change(config.source)

    @property
    def name(self) -> str:
        """Who plays: a word of the configuration's `source`."""
        return self._name

    @property
    def plays(self) -> bool:
        """Whether a source plays by itself, or shall, which has to hear of a start at once."""
        return self._name != DAW or self._next is not None or self._panel.wanted is not None

    @property
    def fault(self) -> str:
        """What is wrong with it, in a line; empty: nothing."""
        return self._fault or self._generator.fault

    def configure(self, config: Config, settings: Settings) -> None:
        """Go by another configuration; where it names another source, that is asked for."""
        self._config, self._settings = config, settings
        self._generator.configure(config, settings)
        if self._source is not self._generator:
            self._source.configure(config, settings)

    def retime(self, settings: Settings) -> None:
        """Go by other settings of the engine alone."""
        self._settings = settings
        self._source.configure(self._config, settings)

    def follow_file(self, file: FilePart) -> None:
        """Take over what a file plays; where one plays, from the next bar line on."""
        if file.part != self._file.part and file.part is not None and self._name == FILE:
            self._next = FILE
        self._file = file

    def close(self) -> None:
        """Hang up: the generators' process ends."""
        self._generator.close()

    def want(self, source: str) -> None:
        """Ask for a source."""
        self._panel.wanted = source

    def give(self, given: Given, morph: float) -> None:
        """Let patterns be what a generator begins with; where there is a goal, so far on the way to it."""
        if given.goal is not None:
            self._panel.put_morph(morph)
        self._generator.give(given)

    def take_generated(self) -> list[HandedOver]:
        """Return what generators have made and was handed over since the last call."""
        return self._generator.take_generated()

    def admit(self, message: Incoming, clock: SongClock, /) -> bool:
        """Say whether the engine hears a message that has come."""
        if message.port is Port.CONTROL and message.data[:1] < bytes((SYSTEM,)):
            self._panel.hear(message)
        heard = self._source.admit(message, clock)
        if message.port is not Port.DRUMS or len(message.data) < 3 or message.data[0] >= SYSTEM:
            return heard
        return self._ends_or(message.data, heard)

    def turn(self, changes: Sequence[TransportChange], clock: SongClock, now: Seconds) -> Turned:
        """Follow the transport, change the source where that is due, and return what plays by now."""
        for change in changes:
            self._move_line(change)
        wanted, self._panel.wanted = self._panel.wanted, None
        if wanted is not None:
            self._prepare(wanted, clock, now)
        if self._next is not None:
            if not clock.running:
                self._change(self._next)
            elif self._line is None:
                self._line = self._bar_line(clock, now)
            elif clock.beat_at(Seconds(now + self._settings.look_ahead)) >= self._line - NEAR:
                return self._change_in_mid_run(changes, clock, now)
            elif self._next in GENERATORS and self._source is not self._generator:
                self._generator.turn([], clock, now)  # it asks for its first bars
        return self._source.turn(changes, clock, now)

    def next_at(self, clock: SongClock) -> Seconds | None:
        """When its source says, or the next one begins."""
        at = self._source.next_at(clock)
        if self._line is None or not clock.running:
            return at
        begins = Seconds(clock.time_of(self._line) - self._settings.look_ahead)
        return begins if at is None else min(at, begins)

    def _prepare(self, wanted: str, clock: SongClock, now: Seconds) -> None:
        self._fault = ""
        if wanted == FILE and self._file.part is None:
            self._fault = self._file.fault
        elif wanted != DAW and self._config.clock == "internal":
            self._fault = NO_CLOCK
        elif wanted == self._name:
            self._next = self._line = None
            self._rest_without(wanted)
        elif wanted in GENERATORS and self._source is self._generator:
            self._name, self._next, self._line = wanted, None, None
            self._generator.select(wanted)
        else:
            self._next = wanted
            self._line = self._bar_line(clock, now) if clock.running else None
            if wanted in GENERATORS:
                self._generator.select(wanted)

    def _bar_line(self, clock: SongClock, now: Seconds) -> Beats:
        """Return the first bar line that nothing has been handed over for."""
        front = clock.beat_at(Seconds(now + self._settings.look_ahead + self._settings.drums_lead))
        position = self._settings.meters.position(front)
        meter = clock.meter or position.meter
        return Beats(front - position.in_bar + meter.bar_beats)

    def _move_line(self, change: TransportChange) -> None:
        """Keep the change where it was to be made: in a loop, behind its jump."""
        if self._line is None:
            return
        if isinstance(change, Relocated):
            self._line = Beats(self._line + change.entered - change.left)
        elif isinstance(change, Stopped):
            self._line = None

    def _change_in_mid_run(
        self, changes: Sequence[TransportChange], clock: SongClock, now: Seconds
    ) -> Turned:
        line, wanted = self._line, self._next
        last = self._source.turn(changes, clock, now)
        if line is None or wanted is None:
            return last
        ends = self._source.end(now) if isinstance(self._source, FromLoop) else []
        self._change(wanted)
        first = self._source.turn([Started(now, line, False)], clock, now)
        return Turned([*last.heard, *first.heard], [*last.passed, *ends, *first.passed])

    def _change(self, wanted: str) -> None:
        self._rest_without(wanted)
        self._name, self._next, self._line = wanted, None, None
        if wanted in GENERATORS:
            self._generator.select(wanted)
            self._source = self._generator
        elif wanted == FILE and self._file.part is not None:
            self._source = FromFile(self._file.part, self._config, self._settings)
        elif wanted == LOOP:
            self._source = FromLoop(self._config, self._settings)
        else:
            self._source = FromDaw()

    def _rest_without(self, plays: str) -> None:
        """Let generators rest where none plays, one that had only got ready for its bar line too."""
        if plays not in GENERATORS and self._generator.source:
            self._generator.rest()

    def _ends_or(self, data: bytes, heard: bool) -> bool:
        """Let in the end of a note that was let in, whoever plays by now."""
        kind, key = data[0] & 0xF0, (data[0] & 0x0F, data[1])
        if kind == 0x90 and data[2]:
            if heard:
                self._open.add(key)
        elif kind in (0x80, 0x90) and key in self._open:
            self._open.discard(key)
            return True
        return heard
