"""The desk's part in songs: says what is known of the one that plays, recognises it, learns from takes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import datetime
from pathlib import Path

from pocket_core.errors import PocketError
from pocket_core.tempo import Meter
from pocketd.desk_answers import SongAnswer
from pocketd.desk_records import Hello, Now, Record, Timestep, TransportStart, TransportStop
from pocketd.journal import JOURNAL
from pocketd.song_prints import ENOUGH, Part, PartWriter, recognise
from pocketd.songs import Song, SongBook, bars_as_written
from pocketd.take_content import TakeContent, gather

AGAIN = 4  # bars after which a take that was not recognised is compared again
UNTIL = 32  # bars after which it stays without a name
LEAST_MET = 16  # timesteps that the musician met; with fewer a take says nothing of them


class SongDesk:
    """Follows what the real-time process tells.

    Args:
        book: Where songs are kept.
        worker: Learns from takes, so that nobody waits; None: whoever asks for it waits.
    """

    def __init__(self, book: SongBook, worker: Executor | None = None) -> None:
        self._book = book
        self._worker = worker
        self._named: str | None = None
        self._take: PartWriter | None = None  # that has no name yet
        self._meter = Meter()
        self._bpm = 120.0
        self._judged = 0  # bars when it was last compared
        self._songs: Mapping[str, Part] = {}  # as they were when it began
        self.answers: deque[SongAnswer] = deque()  # for the real-time process
        self.faults: deque[str] = deque()  # for people, a line each

    def read(self, record: Record) -> None:
        """Take in one record."""
        match record:
            case Hello():
                self._hear(record)
            case TransportStart():
                self._begin(record)
            case Now():
                self._bpm = record.bpm
            case Timestep() if self._take is not None:
                self._take.add(record.timestep)
                self._judge(self._take)
            case TransportStop():
                self._take = None
            case _:
                pass

    def learn(self, folder: Path) -> None:
        """Keep what a finished take tells of its song; the same take twice is once."""
        if self._worker is None:
            self._learn(folder)
        else:
            self._worker.submit(self._learn, folder)

    def _learn(self, folder: Path) -> None:
        try:
            take = gather(folder / JOURNAL)
            if take.hello.song is not None:
                self._book.write(_learnt(self._known(take.hello.song), take, take.hello.song))
        except (PocketError, OSError) as error:
            self.faults.append(str(error))

    def _hear(self, hello: Hello) -> None:
        """Say what is known of a song that is new; of one that was recognised it has been said."""
        before, self._named = self._named, hello.song
        if hello.song is not None:
            self._take = None
            if hello.song != before and not hello.recognised:
                self._answer(hello.song, recognised=False)

    def _begin(self, start: TransportStart) -> None:
        self._take = None
        if self._named is not None:
            return
        self._songs, faults = self._book.parts()
        self.faults.extend(faults)
        self._meter, self._bpm = Meter(start.numerator, start.denominator), start.bpm
        self._take, self._judged = PartWriter(self._meter, start.position), ENOUGH - AGAIN

    def _judge(self, take: PartWriter) -> None:
        """Compare a take that has gone on for some bars since it was last compared."""
        bars = len(take.bars)
        if bars < self._judged + AGAIN:
            return
        self._judged = bars
        name = recognise(Part(self._bpm, self._meter, take.bars), self._songs)
        if name is not None:
            self._take = None
            self._answer(name, recognised=True)
        elif bars >= UNTIL:
            self._take = None

    def _answer(self, name: str, *, recognised: bool) -> None:
        song = self._known(name)
        likeness = None if song is None else song.likeness
        self.answers.append(SongAnswer(song=name, recognised=recognised, likeness=likeness))

    def _known(self, name: str) -> Song | None:
        try:
            return self._book.read(name)
        except PocketError as error:
            self.faults.append(str(error))
            return None


def _learnt(known: Song | None, take: TakeContent, name: str) -> Song:
    """Return a song with a take in it; of two takes the later one counts.

    A take that was recognised leaves the drums as they were, so that a song cannot drift into another.
    """
    start = take.start
    writer = PartWriter(Meter(start.numerator, start.denominator), start.position)
    for timestep in take.timesteps:
        writer.add(timestep)
    met = sum(timestep.human_s is not None for timestep in take.timesteps)
    likeness = take.likeness if met >= LEAST_MET and take.likeness and take.likeness.sane else None
    heard, takes = take.header.started, 1
    part = Part(take.bpm, Meter(start.numerator, start.denominator), writer.bars)
    if known is not None:
        later = _moment(heard) >= _moment(known.heard)
        part = known.part if take.hello.recognised else _merged(known.part, part, later=later)
        likeness = likeness if later and likeness is not None else known.likeness
        takes = known.takes + (heard != known.heard)
        heard = heard if later else known.heard
    return Song(
        name=name,
        heard=heard,
        takes=takes,
        bpm=part.bpm,
        numerator=part.meter.numerator,
        denominator=part.meter.denominator,
        bars=bars_as_written(part),
        likeness=likeness,
    )


def _merged(known: Part, part: Part, *, later: bool) -> Part:
    first, second = (known, part) if later else (part, known)
    bars = {**first.bars, **second.bars} if first.meter == second.meter else second.bars
    return Part(second.bpm, second.meter, bars)


def _moment(said: str) -> float:
    try:
        return datetime.fromisoformat(said).timestamp()
    except ValueError:
        return 0.0
