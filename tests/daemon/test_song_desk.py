"""What the desk learns of songs from takes, and from what else it is told."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pocket_core.likeness import Likeness
from pocket_core.memory import Memory
from pocket_core.types import Seconds
from pocketd.desk_records import FORMAT, Record, Remembered, TakeEnd, TakeHeader, encode
from pocketd.journal import JOURNAL
from pocketd.song_desk import LEAST_MET, SongDesk
from pocketd.song_prints import ENOUGH
from pocketd.songs import Song, SongBook
from tests.daemon.take_story import T, hello, start, stop, timestep

NOON, NIGHT = "2026-11-20T12:00:00+01:00", "2026-11-20T22:00:00+01:00"
BEATS = 4 * (ENOUGH + 1)


def memory(mean: float) -> Remembered:
    return Remembered(
        memory=Memory(
            at=Seconds(T + 1000.0),
            running=False,
            anew=False,
            waiting=0,
            amount=1.0,
            bypass=False,
            laid_back=Seconds(0.0),
            likeness=Likeness(mean=mean),
        )
    )


def beats(count: int, drop: Iterable[int] = (), *, met: bool = True) -> list[Record]:
    late = 0.010 if met else None
    return [timestep(T + n * 0.5, n, late) for n in range(count) if n not in drop]


def learn(
    desk: SongDesk,
    folder: Path,
    *records: Record,
    started: str = NOON,
    song: str | None = "Blue",
    recognised: bool = False,
) -> None:
    said = hello(song=song, recognised=recognised)
    header = TakeHeader(format=FORMAT, started=started, origin=T, source=None, hello=said)
    folder.mkdir(exist_ok=True)
    lines = [header, start(), *records, stop(Seconds(T + 1000.0), 2000.0, 0), TakeEnd(how="stop")]
    (folder / JOURNAL).write_bytes(b"".join(map(encode, lines)))
    desk.learn(folder)


def known(root: Path) -> Song:
    song = SongBook(root / "songs").read("Blue")
    assert song is not None
    return song


def desk(root: Path) -> SongDesk:
    return SongDesk(SongBook(root / "songs"))


def test_a_take_tells_of_its_drums_and_of_its_musician(tmp_path: Path) -> None:
    learn(desk(tmp_path), tmp_path / "take", *beats(20), memory(0.01))

    song = known(tmp_path)
    assert (song.heard, song.takes, song.bpm) == (NOON, 1, 120.0)
    assert [bar.bar for bar in song.bars] == [1, 2, 3, 4]  # the fifth may go on
    assert song.bars[0].struck == {"kick": [0, 12, 24, 36], "ride": [0, 12, 24, 36]}
    assert song.likeness == Likeness(mean=0.01)


def test_the_same_take_twice_is_once(tmp_path: Path) -> None:
    for _ in range(2):
        learn(desk(tmp_path), tmp_path / "take", *beats(20), memory(0.01))

    assert known(tmp_path).takes == 1


def test_a_later_take_goes_before_an_earlier_one_whichever_is_learnt_first(tmp_path: Path) -> None:
    for name, order in (("one", (0, 1)), ("two", (1, 0))):
        root = tmp_path / name
        for n in order:
            drop = {4} if n else set()
            learn(
                desk(root),
                _made(root) / str(n),
                *beats(20, drop),
                memory(0.01 + 0.01 * n),
                started=(NOON, NIGHT)[n],
            )

    assert known(tmp_path / "one") == known(tmp_path / "two")
    assert known(tmp_path / "one").heard == NIGHT
    assert known(tmp_path / "one").takes == 2
    assert known(tmp_path / "one").likeness == Likeness(mean=0.02)


def _made(root: Path) -> Path:
    root.mkdir(exist_ok=True)
    return root


def test_a_take_that_hardly_met_the_musician_does_not_tell_of_them(tmp_path: Path) -> None:
    learn(desk(tmp_path), tmp_path / "first", *beats(20), memory(0.01))
    few = [*beats(LEAST_MET - 1), *beats(40, range(LEAST_MET - 1), met=False)]

    learn(desk(tmp_path), tmp_path / "second", *few, memory(0.02), started=NIGHT)

    assert known(tmp_path).likeness == Likeness(mean=0.01)
    assert len(known(tmp_path).bars) == 9


def test_what_was_recognised_leaves_the_drums_as_they_were(tmp_path: Path) -> None:
    learn(desk(tmp_path), tmp_path / "first", *beats(20), memory(0.01))

    learn(
        desk(tmp_path),
        tmp_path / "second",
        *beats(40, {5}),
        memory(0.02),
        started=NIGHT,
        recognised=True,
    )

    assert len(known(tmp_path).bars) == 4
    assert known(tmp_path).likeness == Likeness(mean=0.02)


def test_a_take_without_a_song_tells_of_none(tmp_path: Path) -> None:
    learn(desk(tmp_path), tmp_path / "take", *beats(20), song=None)

    assert not (tmp_path / "songs").exists()


def test_a_song_that_is_named_is_answered_once(tmp_path: Path) -> None:
    learn(desk(tmp_path), tmp_path / "take", *beats(20), memory(0.01))
    it = desk(tmp_path)

    for song in ("Blue", "Blue", None, "Stella"):
        it.read(hello(song=song))

    assert [(a.song, a.recognised, a.likeness is None) for a in it.answers] == [
        ("Blue", False, False),
        ("Stella", False, True),
    ]


def test_a_take_is_recognised_once_enough_of_it_was_played(tmp_path: Path) -> None:
    learn(desk(tmp_path), tmp_path / "take", *beats(80), memory(0.01))
    it = desk(tmp_path)
    it.read(hello(song=None))
    it.read(start())

    told = []
    for record in beats(BEATS + 8):
        it.read(record)
        told.append(len(it.answers))

    assert told.index(1) == 4 * ENOUGH  # the first beat behind it
    assert told[-1] == 1
    assert it.answers[0].recognised


def test_nothing_is_recognised_once_a_take_was_named(tmp_path: Path) -> None:
    learn(desk(tmp_path), tmp_path / "take", *beats(80))
    it = desk(tmp_path)
    it.read(start())
    it.read(hello(song="Stella"))

    for record in beats(BEATS):
        it.read(record)

    assert [a.song for a in it.answers] == ["Stella"]


def test_an_unreadable_take_is_told(tmp_path: Path) -> None:
    it = desk(tmp_path)

    it.learn(tmp_path)

    assert len(it.faults) == 1
    assert "journal.jsonl" in it.faults[0]
