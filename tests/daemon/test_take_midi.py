from __future__ import annotations

import io
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.types import Beats, Port, Seconds
from pocketd.desk_records import FORMAT, Message, Record, TakeEnd, TakeHeader, TransportJump, encode
from pocketd.journal import JOURNAL
from pocketd.take_content import Knot, TakeContent, gather
from pocketd.take_midi import TICKS, TOLERANCE, SongTime, midi_file, straightened
from tests.daemon.take_story import KICK, PIANO, T, hello, message, now, start, take

HEADER = TakeHeader(format=FORMAT, started="2026-11-20T12:00:00+01:00", origin=T, source=None, hello=hello())


def content(folder: Path, records: list[Record]) -> TakeContent:
    told: list[Record] = [HEADER, *records, TakeEnd(how="stop")]
    (folder / JOURNAL).write_bytes(b"".join(encode(r) for r in told))
    return gather(folder / JOURNAL)


def parsed(take: TakeContent) -> Any:
    return mido.MidiFile(file=io.BytesIO(midi_file(take)), charset="utf-8")


def ticks(file: Any, name: str) -> list[tuple[int, Any]]:
    """A track's messages with their ticks."""
    for track in file.tracks:
        if track[0].name == name:
            at, found = 0, []
            for m in track:
                at += m.time
                found.append((at, m))
            return found
    raise KeyError(name)


def seconds(file: Any, name: str, kind: str) -> list[float]:
    """The times of a track's messages, by the file's own tempo track."""
    changes = [(at, m.tempo) for at, m in ticks(file, file.tracks[0][0].name) if m.type == "set_tempo"]
    found = []
    for at, m in ticks(file, name):
        if m.type != kind:
            continue
        time = 0.0
        for (a, tempo), b in zip(changes, [*(c[0] for c in changes[1:]), 2**60], strict=True):
            time += max(min(at, b) - a, 0) * tempo / 1e6 / TICKS
        found.append(time)
    return found


def marker(file: Any, text: str) -> float:
    name = file.tracks[0][0].name
    texts = [m.text for _, m in ticks(file, name) if m.type == "marker"]
    return seconds(file, name, "marker")[texts.index(text)]


def test_the_three_parts_lie_at_their_times_counted_from_the_start_marker(tmp_path: Path) -> None:
    file = parsed(content(tmp_path, take()))

    start_s = marker(file, "start")
    beats = [0.0, 0.5, 1.0, 1.5]
    assert [track[0].name for track in file.tracks] == ["Blue", "drums in", "human", "drums out"]
    for name, shift in (("drums in", -0.120), ("human", 0.010), ("drums out", 0.005)):
        at = [s - start_s for s in seconds(file, name, "note_on")]
        assert at == pytest.approx([b + shift for b in beats], abs=1e-4)
    assert marker(file, "stop") - start_s == pytest.approx(2.0, abs=1e-4)


def test_bars_of_the_song_are_bars_of_the_file(tmp_path: Path) -> None:
    later: list[Record] = [start(position=17.0), message(T - 0.12, Port.DRUMS, KICK)]
    later += [now(T + 0.5 * n, 17.0 + n, 1) for n in range(4)]

    file = parsed(content(tmp_path, later))

    at, _ = next(e for e in ticks(file, "Blue") if e[1].type == "marker")
    assert at == 1 * TICKS  # beat 17 is the second of its bar


def test_a_tempo_that_changes_keeps_every_event_at_its_second(tmp_path: Path) -> None:
    told: list[Record] = [start()]
    position, at = 0.0, T
    for n in range(200):  # 120 to 160 BPM
        told += [now(at, position, 0), message(at, Port.HUMAN, PIANO)]
        position += 0.1 * (120 + n / 5) / 60
        at = Seconds(at + 0.1)

    file = parsed(content(tmp_path, told))

    expected = [n * 0.1 for n in range(200)]
    found = [s - marker(file, "start") for s in seconds(file, "human", "note_on")]
    assert found == pytest.approx(expected, abs=5e-4)


def test_a_jump_is_unrolled_and_marked(tmp_path: Path) -> None:
    told: list[Record] = [start(), *(now(T + 0.5 * n, n, 0) for n in range(9))]
    told.append(TransportJump(at=Seconds(T + 4.0), left=Beats(8.0), entered=Beats(0.0)))
    told += [now(T + 4.0 + n, n, 0) for n in range(4)]  # half as fast from there
    told.append(message(T + 6.0, Port.HUMAN, PIANO))

    file = parsed(content(tmp_path, told))

    assert [at for at, m in ticks(file, "human") if m.type == "note_on"] == [10 * TICKS]
    assert (8 * TICKS, "jump from beat 8.000 to 0.000") in [
        (at, m.text) for at, m in ticks(file, "Blue") if m.type == "marker"
    ]


def test_running_status_and_bytes_in_pieces_are_whole_messages_in_the_file(tmp_path: Path) -> None:
    raw = [("99 24 64 26", 0.1), ("50", 0.2), ("F0 7D 01 F7", 0.3), ("F8", 0.4), ("C9 05", 0.5)]
    told: list[Record] = [start(), now(T + 1.0, 2.0, 0)]
    told += [message(T + at, Port.DRUMS, bytes.fromhex(data)) for data, at in raw]

    file = parsed(content(tmp_path, told))

    kinds = [m.type for _, m in ticks(file, "drums in") if not m.is_meta]
    assert kinds == ["note_on", "note_on", "sysex", "program_change"]


def test_a_song_s_name_is_written_in_any_letters(tmp_path: Path) -> None:
    take_ = content(tmp_path, [start(), hello(song="夜 Blue")])

    assert parsed(take_).tracks[0][0].name == "夜 Blue"


knots = st.lists(st.tuples(st.floats(0.01, 5.0), st.floats(0.3, 5.0)), min_size=1, max_size=40)


@given(knots)
def test_a_straightened_tempo_passes_every_knot_within_the_tolerance(
    steps: list[tuple[float, float]],
) -> None:
    noted, at, beat = [Knot(Seconds(0.0), Beats(0.0))], 0.0, 0.0
    for time, pace in steps:
        at, beat = at + time, beat + time * pace
        noted.append(Knot(Seconds(at), Beats(beat)))

    kept = straightened(noted)

    assert kept[0] == noted[0]
    assert kept[-1] == noted[-1]
    for knot in noted:
        a, b = next(p for p in pairwise(kept) if p[0].at <= knot.at <= p[1].at)
        passed = a.beat + (knot.at - a.at) * (b.beat - a.beat) / (b.at - a.at)
        assert abs(passed - knot.beat) <= TOLERANCE + 1e-9


def test_jitter_on_a_steady_tempo_leaves_a_few_tempo_changes_only() -> None:
    dice = random.Random(1)
    noted = [Knot(Seconds(n * 0.1), Beats(n * 0.2 + dice.uniform(-0.0008, 0.0008))) for n in range(1000)]

    kept = straightened(noted)

    assert len(kept) < 100


knot_soup = st.lists(
    st.builds(Knot, st.floats(0, 100).map(Seconds), st.floats(-50, 1000).map(Beats)), min_size=1, max_size=30
)


@given(knot_soup, st.floats(20, 300))
def test_time_never_runs_backwards_whatever_was_noted(noted: list[Knot], bpm: float) -> None:
    song = SongTime(noted, bpm)

    beats = [song.beat_at(Seconds(t)) for t in range(-5, 110, 3)]
    assert beats == sorted(beats)


@given(st.lists(st.tuples(st.floats(-1, 3), st.sampled_from(Port), st.binary(max_size=6)), max_size=12))
def test_any_bytes_that_came_in_make_a_file_that_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, soup: list[tuple[float, Port, bytes]]
) -> None:
    told: list[Record] = [start(), *(Message(at=Seconds(T + a), port=p, data=d) for a, p, d in soup)]
    told.append(now(T + 1.0, 2.0, 0))

    file = parsed(content(tmp_path_factory.mktemp("take"), told))

    assert len(file.tracks) == 4
