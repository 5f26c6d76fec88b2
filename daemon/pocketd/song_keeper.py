"""Which song is played, and with whom its takes begin: the real-time process's part, which reads no file.

A take from the top begins with what the musician had become by the end of the song's newest take, and with
nobody where there was none: another song's is worse than nothing (docs/decisions/0011-songs.md). Takes
without a name count as of one song.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pocket_core.engine import Engine
from pocket_core.likeness import Likeness
from pocket_core.memory import Memory
from pocket_core.types import ControlChange, Event, Other, Port
from pocket_core.wire import Decoder
from pocketd.backends.protocol import Incoming
from pocketd.config import Config
from pocketd.desk_answers import SongAnswer

PROGRAM_CHANGE = 0xC0
NOBODY = Likeness()


class SongKeeper:
    """Follows what names a song: the configuration, messages on `control`, and the desk.

    Args:
        config: Names a song and says what numbers mean.
        engine: Begins with whoever is known of the song.
    """

    def __init__(self, config: Config, engine: Engine) -> None:
        self._config = config
        self._engine = engine
        self._decoder = Decoder()
        self._named = config.takes.song
        self._recognised: str | None = None
        engine.recall(NOBODY)
        self._kept: dict[str | None, Likeness] = {}  # by the end of a song's newest take here

    @property
    def name(self) -> str | None:
        """The song; None: nobody knows."""
        return self._recognised if self._named is None else self._named

    @property
    def recognised(self) -> bool:
        """Whether it has its name from its drums."""
        return self._named is None and self._recognised is not None

    def configure(self, config: Config) -> None:
        """Play by another configuration; it names the song only where it names another than before."""
        before, self._config = self._config, config
        if config.takes.song != before.takes.song:
            self._name(config.takes.song)

    def hear(self, arrived: Iterable[Incoming]) -> None:
        """Follow what came on `control`."""
        for message in arrived:
            if message.port is Port.CONTROL:
                for event in self._decoder.feed(message.data, message.at):
                    number = self._number(event)
                    if number is not None and number in self._config.songs:
                        self._name(self._config.songs[number])

    def learn(self, answer: SongAnswer) -> None:
        """Take in what the desk knows of a song."""
        if answer.recognised and self._named is None:
            self._recognised = answer.song
        if answer.likeness is not None:
            self._kept.setdefault(answer.song, answer.likeness)
        self._recall()

    def follow(self, memories: Sequence[Memory]) -> None:
        """Keep what the musician has become by each stop; what was recognised ends with its take."""
        for memory in memories:
            if memory.running:
                continue
            self._kept[self.name] = self._kept[self._named] = memory.likeness
            self._recognised = None
            self._recall()

    def _name(self, song: str | None) -> None:
        self._named, self._recognised = song, None
        self._recall()

    def _recall(self) -> None:
        self._engine.recall(self._kept.get(self._named, NOBODY))

    def _number(self, event: Event) -> int | None:
        """Return the number of a song that a message says."""
        control = self._config.control
        if isinstance(event, ControlChange):
            says = event.number == control.song_cc and control.channel in ("all", event.channel + 1)
            return event.value if says else None
        if not isinstance(event, Other) or event.data[0] & 0xF0 != PROGRAM_CHANGE:
            return None
        says = control.song_program and control.channel in ("all", (event.data[0] & 0x0F) + 1)
        return event.data[1] if says else None
