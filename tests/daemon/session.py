"""A session in virtual time: a DAW whose clock jitters, a musician with a feel, and takes that are kept."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO
from pathlib import Path

from pocket_core.predict import Predictor
from pocket_core.settings import AT_ONCE, Timing
from pocket_core.testing import HAT, KICK, SNARE
from pocket_core.types import Port, Seconds
from pocket_core.wire import note_off, note_on
from pocketd.backends.clock import VirtualClock
from pocketd.backends.loopback import Loopback
from pocketd.config import Config
from pocketd.desk_main import Desk
from pocketd.generators.line import Line
from pocketd.loop import Loop
from pocketd.outbox import Outbox
from pocketd.recorder import Recorder
from pocketd.requests import Requests
from pocketd.song_desk import SongDesk
from pocketd.songs import SongBook
from pocketd.sources.choice import Choice
from pocketd.sources.file_part import NO_FILE
from pocketd.takes import take_folders
from pocketd.terminal import Lines
from tests.daemon.take_story import NOON

START, STOP, PULSE = b"\xfa", b"\xfc", b"\xf8"
EIGHTHS = ((KICK, HAT), (HAT,), (SNARE, HAT), (HAT,), (KICK, HAT), (KICK, HAT), (SNARE, HAT), (HAT,))


@dataclass
class Session:
    """A loop with its recorder.

    Args:
        folder: Where its takes are kept.
        predictor: The model.
        config: How it plays.
        seed: Of the musician and the clock.
        timing: What the MIDI system needs of time.
    """

    folder: Path
    predictor: Predictor
    config: Config = field(default_factory=Config)
    seed: int = 0
    timing: Timing = AT_ONCE
    said: StringIO = field(default_factory=StringIO)  # what the desk has printed

    def __post_init__(self) -> None:
        self.backend = Loopback(VirtualClock(), self.timing)
        ours, self._socket = socket.socketpair()
        self._socket.setblocking(False)
        day = timedelta(days=len(list(self.folder.glob("20*"))))  # a session a day
        self.desk = Desk(
            Recorder(self.folder, lambda: NOON + day + timedelta(seconds=self.backend.now())),
            Lines(self.said),
            songs=SongDesk(SongBook(self.folder / "songs")),
        )
        nobody = Line(None)  # who would make drums
        self.loop = Loop(
            self.config,
            self.backend,
            self.predictor,
            outbox=Outbox(ours),
            requests=Requests(),
            source=Choice(self.config, self.config.settings(self.timing), NO_FILE, nobody),
        )
        self._chance = random.Random(self.seed)

    @property
    def takes(self) -> list[Path]:
        """The folders of what was kept, oldest first."""
        return take_folders(self.folder)

    def until(self, time: float) -> None:
        """Turn until a time, and let the recorder read."""
        while self.backend.now() < time:
            self.loop.turn()
            self._read()

    def end(self) -> None:
        """End the daemon and finish what is open."""
        self.loop._reporter.bye(self.backend.now())
        self.loop._outbox.close(Seconds(1.0))
        self._read()
        self._socket.close()
        self.desk.close()

    def control(self, data: bytes, at: float) -> None:
        """Let a message arrive on `control`."""
        self.backend.feed(Port.CONTROL, data, Seconds(at))

    def transport(self, data: bytes, at: float) -> None:
        """Let a message arrive where the clock does."""
        self.backend.feed(Port.DRUMS, data, Seconds(at))

    def clock(self, begin: float, end: float, *, pace: float = 0.5, jitter: float = 0.0005) -> None:
        """Send pulses, `pace` seconds a quarter note."""
        for n in range(round((end - begin) / pace * 24)):
            late = abs(self._chance.gauss(0.0, jitter))
            self.backend.feed(Port.DRUMS, PULSE, Seconds(begin + n * pace / 24 + late))

    def play(
        self, begin: float, bars: int, *, pace: float = 0.5, feel: float = 0.02, lead: float = 0.120
    ) -> None:
        """Send drums and a musician, whose eighths are late and whose notes stray, from a time on."""
        feed, chance = self.backend.feed, self._chance
        for n in range(8 * bars):
            at = begin + n * pace / 2
            for note in EIGHTHS[n % 8]:
                feed(Port.DRUMS, note_on(9, note, 100), Seconds(at - lead))
                feed(Port.DRUMS, note_off(9, note, 64), Seconds(at - lead + 0.05))
            onset = at + feel * (1 if n % 2 else 0.4) + chance.gauss(0.0, 0.006)
            if chance.random() < 0.8:
                feed(Port.HUMAN, note_on(0, 60, 60 + n % 40), Seconds(onset))
                feed(Port.HUMAN, note_off(0, 60, 64), Seconds(onset + 0.1))
            if chance.random() < 0.2:  # a sixteenth without a drum
                feed(Port.HUMAN, note_on(0, 62, 70), Seconds(onset + pace / 4))

    def _read(self) -> None:
        try:
            while chunk := self._socket.recv(1 << 20):
                self.desk.read(chunk, self.backend.now())
                if answers := self.desk.answers():
                    self._socket.sendall(answers)
        except BlockingIOError:
            return
