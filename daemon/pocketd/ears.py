"""What arrives on the inputs, for whoever asks how it goes: counts, the clock, where in the song drums fall.

It decides nothing and sends nothing; the desk and `pocketd doctor` have one each.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pocket_core.clock_port import ClockPort
from pocket_core.loop_filter import PPQN
from pocket_core.report import decode_report
from pocket_core.settings import Settings
from pocket_core.transport import ClockEvent, SongClock, Started
from pocket_core.types import Beats, Continue, Hit, Other, Port, Pulse, Seconds, SongPosition, Start, Stop
from pocket_core.wire import Decoder
from pocketd.backends.protocol import INPUTS, Incoming
from pocketd.lead import Strike

NEWEST = 96  # strikes that are kept
SETTLED = PPQN  # pulses of a run until its tempo is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What has been heard so far, or between two such looks."""

    at: Seconds  # of the newest message, on the back end's clock
    notes: Mapping[Port, int] = field(default_factory=dict)  # struck
    onsets: int = 0  # notes on `human` that the configuration lets count
    moves: int = 0  # of controllers, and program changes, on `control`
    pulses: Mapping[Port, int] = field(default_factory=dict)  # of a clock
    strays: tuple[int, ...] = ()  # notes on `drums` that are of no voice, rising
    strikes: tuple[Strike, ...] = ()  # the newest while the song's place was known
    running: bool = False  # the transport
    bpm: float = 120.0
    jitter_ms: float = 0.0  # standard deviation of the pulses

    def since(self, before: Heard) -> Heard:
        """Return what was heard after an earlier look."""
        return replace(
            self,
            notes={port: self.notes.get(port, 0) - before.notes.get(port, 0) for port in INPUTS},
            onsets=self.onsets - before.onsets,
            moves=self.moves - before.moves,
            pulses={port: self.pulses.get(port, 0) - before.pulses.get(port, 0) for port in INPUTS},
            strikes=tuple(strike for strike in self.strikes if strike.at > before.at),
        )


class Ears:
    """Listens to the inputs.

    Args:
        settings: Which notes are the musician's, which are drums, and where the clock is looked for.
        clock: Where the song is; it is fed with what comes.
    """

    def __init__(self, settings: Settings, clock: SongClock) -> None:
        self._settings = settings
        self._clock = clock
        self._clock_port = ClockPort()
        self._decoders = {port: Decoder() for port in INPUTS}
        self._at = Seconds(0.0)
        self._notes: Counter[Port] = Counter()
        self._pulses: Counter[Port] = Counter()
        self._onsets = self._moves = 0
        self._strays: set[int] = set()
        self._strikes: deque[Strike] = deque(maxlen=NEWEST)
        self._run = 0  # pulses since the transport started
        self._reported = False  # a transport rolls, and has told its tempo

    def configure(self, settings: Settings) -> None:
        """Listen by other settings from here on."""
        self._settings = settings

    def begin(self) -> None:
        """Take note that the transport starts: its tempo has to be found first."""
        self._run = 0

    def hear(self, message: Incoming) -> None:
        """Take in a message, in order of arrival."""
        self._at = max(self._at, message.at)
        for event in self._decoders[message.port].feed(message.data, message.at):
            match event:
                case Other() if message.port is Port.CONTROL and self._learn(event):
                    pass
                case Pulse() | Start() | Continue() | Stop() | SongPosition():
                    self._follow(event, message.port)
                case Hit():
                    self._strike(event, message.port)
                case _:
                    self._moves += message.port is Port.CONTROL

    def pass_time(self, now: Seconds) -> None:
        """Take note that nothing has come until now."""
        self._at = max(self._at, now)
        self._clock.check(now)

    @property
    def heard(self) -> Heard:
        """All of it so far."""
        clock = self._clock
        return Heard(
            at=self._at,
            notes=dict(self._notes),
            onsets=self._onsets,
            moves=self._moves,
            pulses=dict(self._pulses),
            strays=tuple(sorted(self._strays)),
            strikes=tuple(self._strikes),
            running=clock.running,
            bpm=clock.bpm,
            jitter_ms=clock.jitter * 1000,
        )

    def _follow(self, event: ClockEvent, port: Port) -> None:
        pulse = isinstance(event, Pulse)
        self._pulses[port] += pulse
        clock, chosen = self._clock, self._settings.clock_port
        if not self._clock_port.carries(event, port, chosen=chosen, running=clock.running):
            return
        if any(isinstance(change, Started) for change in clock.feed(event)):
            self.begin()
        self._run += pulse

    def _learn(self, message: Other) -> bool:
        """Follow what a transport reports, and its tempo with it; say whether this is a report."""
        report = decode_report(message.data, message.at)
        if report is None:
            return False
        self._clock.feed(report)
        self._reported = report.rolling
        return True

    def _strike(self, hit: Hit, port: Port) -> None:
        self._notes[port] += 1
        if port is Port.HUMAN:
            self._onsets += self._settings.human.passes(hit.channel, hit.note, hit.velocity)
        if port is not Port.DRUMS:
            return
        voice = self._settings.voices.index(hit.note)
        if voice is None:
            self._strays.add(hit.note)
        self._clock.check(hit.at)
        if self._clock.running and (self._reported or self._run >= SETTLED):
            pace = Seconds(60.0 / self._clock.bpm)
            self._strikes.append(Strike(hit.at, Beats(self._clock.beat_at(hit.at)), pace, voice))
