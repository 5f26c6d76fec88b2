"""Drums that pocketd plays itself, through the loop, in virtual time."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import mido
import pytest

from pocket_core.errors import ConfigError, MidiFileError
from pocket_core.predict import Predictor, ZeroPredictor
from pocket_core.settings import AT_ONCE, Timing
from pocket_core.testing import FixedPredictor
from pocket_core.types import Port, Seconds
from pocket_core.wire import note_off, note_on, song_position
from pocketd.backends.clock import VirtualClock
from pocketd.backends.loopback import Loopback
from pocketd.config import Config, parse
from pocketd.generators.line import Line
from pocketd.loop import Loop
from pocketd.outbox import Outbox
from pocketd.reload import Reloaded
from pocketd.requests import Requests
from pocketd.sources.choice import Choice
from pocketd.sources.file_part import read_file

BEAT = 0.5  # seconds, at 120 BPM
KICK, SNARE, HAT = 36, 38, 42
START, CONTINUE, STOP = b"\xfa", b"\xfb", b"\xfc"
BEGIN = 1.0


@dataclass
class Rig:
    """A loop whose drums have a source."""

    config: Config
    predictor: Predictor = field(default_factory=ZeroPredictor)
    timing: Timing = AT_ONCE

    def __post_init__(self) -> None:
        self.backend = Loopback(VirtualClock(), self.timing)
        self.ours, self.desk = socket.socketpair()
        self.loop = Loop(
            self.config,
            self.backend,
            self.predictor,
            outbox=Outbox(self.ours),
            requests=Requests(),
            source=Choice(self.config, self.config.settings(self.timing), read_file(self.config), Line(None)),
        )

    def clock(self, beats: float, at: float = BEGIN, first: Sequence[bytes] = (START,)) -> None:
        for data in first:
            self.backend.feed(Port.CONTROL, data, Seconds(at - 0.0002))
        for n in range(round(beats * 24)):
            self.backend.feed(Port.CONTROL, b"\xf8", Seconds(at + n * BEAT / 24))

    def drum(self, note: int, at: float, length: float = 0.1) -> None:
        self.backend.feed(Port.DRUMS, note_on(9, note, 100), Seconds(at))
        self.backend.feed(Port.DRUMS, note_off(9, note, 64), Seconds(at + length))

    def until(self, time: float) -> list[tuple[float, int]]:
        while self.backend.now() < time:
            self.loop.turn()
        return [
            (round(sent.at, 3), sent.due.data[1])
            for sent in self.backend.sent
            if sent.due.data[0] & 0xF0 == 0x90
        ]

    def close(self) -> None:
        self.loop._outbox.close(Seconds(0.1))
        self.desk.close()

    @property
    def unended(self) -> set[int]:
        sounding: set[int] = set()
        for sent in self.backend.sent:
            kind, note = sent.due.data[0] & 0xF0, sent.due.data[1]
            if kind == 0x90:
                sounding.add(note)
            elif kind == 0x80:
                sounding.discard(note)
        return sounding


def write_song(path: Path) -> None:
    """Write four beats: kick, snare, kick, snare."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(90))])
    for n in range(4):
        note = SNARE if n % 2 else KICK
        track.append(mido.Message("note_on", channel=9, note=note, velocity=100, time=360 if n else 0))
        track.append(mido.Message("note_off", channel=9, note=note, time=120))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    file.save(path)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    write_song(tmp_path / "song.mid")
    return tmp_path / "song.mid"


@pytest.fixture
def from_file(song: Path) -> Iterator[Rig]:
    config = Config(source="file", score=str(song), model="none", restore=0, late_commit=False)
    rig = Rig(config, FixedPredictor(-0.030))
    yield rig
    rig.close()


@pytest.fixture
def from_loop() -> Iterator[Rig]:
    rig = Rig(Config(source="loop", model="none", restore=0, late_commit=False), FixedPredictor(-0.030))
    yield rig
    rig.close()


def test_a_file_plays_by_the_daws_clock_and_needs_no_track_delay(from_file: Rig) -> None:
    from_file.clock(4)

    struck = from_file.until(BEGIN + 2.5)

    assert struck[0][0] == pytest.approx(1.0, abs=0.002)
    assert struck[1:] == [(1.47, SNARE), (1.97, KICK), (2.47, SNARE)]
    assert from_file.unended == set()


def test_the_daws_own_drums_are_not_heard_beside_a_file_and_its_clock_is(from_file: Rig) -> None:
    from_file.drum(HAT, 1.2)
    for data, at in ((START, 0.9998), *((b"\xf8", 1.0 + n * BEAT / 24) for n in range(48))):
        from_file.backend.feed(Port.DRUMS, data, Seconds(at))

    struck = from_file.until(BEGIN + 1.0)

    assert [note for _, note in struck] == [KICK, SNARE, KICK]


def test_what_a_take_of_a_file_tells_is_what_the_engine_heard(from_file: Rig) -> None:
    from_file.clock(2)
    from_file.until(BEGIN + 1.2)
    from_file.loop._outbox.close(Seconds(1.0))
    from_file.desk.setblocking(False)
    told = from_file.desk.recv(1 << 20).decode().splitlines()

    drums = [line for line in told if '"port":"drums"' in line and '"992464"' in line]
    assert len(drums) >= 1


def test_a_file_goes_round_with_the_daws_loop_and_each_hit_sounds_once(song: Path) -> None:
    for early in (0.0, -0.030):
        rig = Rig(
            Config(source="file", score=str(song), model="none", restore=0, late_commit=False),
            FixedPredictor(early),
        )
        for lap in range(4):
            begin = BEGIN + lap * 2 * BEAT
            rig.clock(2, begin, (START,) if lap == 0 else (song_position(0), CONTINUE))

        struck = rig.until(BEGIN + 8 * BEAT - 0.1)

        assert [note for _, note in struck] == [KICK, SNARE] * 4
        grid = [BEGIN + n * BEAT for n in range(8)]
        assert [at - place for (at, _), place in zip(struck, grid, strict=True)][3:] == pytest.approx(
            [early] * 5, abs=0.003
        )
        assert rig.unended == set()
        rig.close()


def test_a_song_that_leaves_a_loop_of_a_file_goes_on_in_the_file(from_file: Rig) -> None:
    from_file.clock(2)
    from_file.clock(4, BEGIN + 2 * BEAT, (song_position(0), CONTINUE))

    struck = from_file.until(BEGIN + 6 * BEAT - 0.1)

    # the loop's first hit had left when its end was passed; the file has the same drum there, struck once
    assert [note for _, note in struck] == [KICK, SNARE, KICK, SNARE, KICK, SNARE]
    assert from_file.unended == set()


@pytest.mark.parametrize("ahead", [60, 200])
def test_a_reload_with_another_look_ahead_leaves_a_file_on_the_grid(song: Path, ahead: int) -> None:
    rig = Rig(Config(source="file", score=str(song), model="none", restore=0, late_commit=False))
    rig.clock(4)
    rig.until(BEGIN + 0.6 * BEAT)

    rig.loop.take_over(Reloaded(rig.config.model_copy(update={"look_ahead_ms": float(ahead)}), None))
    struck = rig.until(BEGIN + 4 * BEAT)
    rig.close()

    assert struck[1:] == [(1.5, SNARE), (2.0, KICK), (2.5, SNARE)]


@pytest.mark.parametrize("source", ["file", "loop", "groove"])
def test_a_source_of_our_own_wants_a_clock_and_says_which_without_a_daw(source: str) -> None:
    why = rf"{source} plays by itself, and clock: internal is started by the DAW's first hit.*"
    with pytest.raises(ConfigError, match=why + r"`clock: jack` and `tempo`.*jack_transport.*MIDI clock"):
        parse(f"source: {source}\nscore: a.mid\nclock: internal".encode(), "c.yaml")


def test_a_file_that_is_missing_or_has_no_drums_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MidiFileError, match=r"none\.mid"):
        read_file(Config(source="file", score=str(tmp_path / "none.mid")))


def test_a_file_has_to_be_named() -> None:
    with pytest.raises(ConfigError, match="file plays what `score` names, and score is null"):
        parse(b"source: file", "c.yaml")


def play_loop(rig: Rig, laps: int, extra: tuple[int, int, float] | None = None) -> None:
    """Let the DAW play a loop of two beats, on time; an extra hit in one lap."""
    for lap in range(laps):
        begin = BEGIN + lap * 2 * BEAT
        rig.clock(2, begin, (START,) if lap == 0 else (song_position(0), CONTINUE))
        rig.drum(KICK, begin + 0.001)
        rig.drum(SNARE, begin + BEAT + 0.001)
        if extra is not None and extra[0] == lap:
            rig.drum(extra[1], begin + extra[2])


def test_a_loop_sounds_as_it_comes_the_first_time_and_in_the_pocket_from_then_on(from_loop: Rig) -> None:
    play_loop(from_loop, 3)

    struck = from_loop.until(BEGIN + 6 * BEAT - 0.1)

    assert [at for at, _ in struck[:2]] == pytest.approx([1.001, 1.501], abs=0.0015)
    assert struck[2][0] == pytest.approx(2.0, abs=0.002)  # that it goes round was not known before
    assert struck[3:] == [(2.47, SNARE), (2.97, KICK), (3.47, SNARE)]
    assert from_loop.unended == set()


def test_what_is_changed_in_a_loop_is_heard_one_time_round_later(from_loop: Rig) -> None:
    play_loop(from_loop, 4, extra=(1, HAT, 0.25))

    struck = from_loop.until(BEGIN + 8 * BEAT - 0.1)

    assert [at for at, note in struck if note == HAT] == [3.22]


def test_a_song_that_leaves_the_loop_is_the_daws_own_again(from_loop: Rig) -> None:
    play_loop(from_loop, 2)
    end = BEGIN + 4 * BEAT
    from_loop.clock(4, end, ())
    for n in range(4):
        from_loop.drum(HAT, end + n * BEAT + 0.1)

    struck = from_loop.until(end + 4 * BEAT)

    assert [at for at, note in struck if note == HAT][1:] == pytest.approx(
        [end + n * BEAT + 0.1 for n in (1, 2, 3)], abs=0.002
    )
    assert from_loop.unended == set()


def test_a_hit_a_hair_before_the_start_belongs_to_the_loop(from_loop: Rig) -> None:
    for lap in range(2):
        begin = BEGIN + lap * 2 * BEAT
        from_loop.clock(2, begin, (START,) if lap == 0 else (song_position(0), CONTINUE))
        from_loop.drum(KICK, begin - 0.003)

    struck = from_loop.until(BEGIN + 3.5 * BEAT)

    assert [note for _, note in struck] == [KICK, KICK]


@pytest.mark.parametrize("length", [2.3, 2.52, 3.97])
@pytest.mark.parametrize("offset", [-0.030, 0.0])
def test_a_loop_that_ends_between_two_pulses_begins_with_one_stroke(length: float, offset: float) -> None:
    rig = Rig(Config(source="loop", model="none", restore=0, late_commit=False), FixedPredictor(offset))
    seams = [BEGIN + lap * length * BEAT for lap in range(5)]
    sent = [(BEGIN + n * BEAT / 24, b"\xf8") for n in range(round(5 * length * 24))]  # they never pause
    for seam in seams:
        sent += [(seam - 0.0002, song_position(0)), (seam - 0.0001, START if seam == BEGIN else CONTINUE)]
        rig.drum(KICK, seam + 0.001)
        rig.drum(SNARE, seam + BEAT + 0.001)
    for at, data in sorted(sent):
        rig.backend.feed(Port.CONTROL, data, Seconds(at))

    struck = rig.until(seams[-1] + 0.5 * BEAT)
    rig.close()

    begun = [at for at, note in struck if note == KICK]
    assert len(begun) == len(seams)
    assert begun == pytest.approx(seams, abs=abs(offset) + 2 * BEAT / 24)


def test_what_the_daw_sends_a_hair_before_each_beat_is_played_in_each_pass(from_loop: Rig) -> None:
    for lap in range(5):
        begin = BEGIN + lap * 2 * BEAT
        from_loop.clock(2, begin, (START,) if lap == 0 else (song_position(0), CONTINUE))
        from_loop.drum(KICK, begin - 0.003)
        from_loop.drum(SNARE, begin + BEAT - 0.003)

    struck = from_loop.until(BEGIN + 10 * BEAT - 0.1)

    assert [note for _, note in struck] == [KICK, SNARE] * 5


def test_what_the_daw_has_sent_ahead_of_a_loops_end_is_not_played_once_more() -> None:
    rig = Rig(Config(source="loop", drums_lead_ms=120, model="none", restore=0, late_commit=False))
    for lap in range(3):
        begin = BEGIN + lap * 2 * BEAT
        rig.clock(2, begin, (START,) if lap == 0 else (song_position(0), CONTINUE))
        rig.drum(KICK, begin - 0.12)
        rig.drum(HAT, begin + 0.2 * BEAT - 0.12)

    struck = rig.until(BEGIN + 6 * BEAT - 0.2)
    rig.close()

    assert [note for _, note in struck][-4:] == [KICK, HAT] * 2
    assert len(struck) <= 6


def test_a_grace_note_before_a_loops_end_stays_one() -> None:
    rig = Rig(Config(source="loop", model="none", restore=0, late_commit=False))
    for lap in range(4):
        begin = BEGIN + lap * 2 * BEAT
        rig.clock(2, begin, (START,) if lap == 0 else (song_position(0), CONTINUE))
        rig.drum(SNARE, begin + 0.001, 0.005)
        rig.drum(KICK, begin + BEAT)
        rig.drum(SNARE, begin + 2 * BEAT - 0.016, 0.005)

    struck = rig.until(BEGIN + 8 * BEAT - 0.05)
    rig.close()

    once = [(0.001, SNARE), (0.5, KICK), (0.984, SNARE)]
    expected = [(BEGIN + lap * 2 * BEAT + at, note) for lap in range(4) for at, note in once][:-1]
    assert [note for _, note in struck] == [note for _, note in expected]
    assert [at for at, _ in struck] == pytest.approx([at for at, _ in expected], abs=0.002)


@pytest.mark.parametrize(("lead_ms", "ahead"), [(0.0, 0.003), (120.0, 0.12)])
def test_a_loop_that_is_made_shorter_keeps_its_first_stroke(lead_ms: float, ahead: float) -> None:
    rig = Rig(Config(source="loop", drums_lead_ms=lead_ms, model="none", restore=0, late_commit=False))
    seam = BEGIN
    for lap, beats in enumerate((4, 4, 2, 2, 2)):
        rig.clock(beats, seam, (START,) if lap == 0 else (song_position(0), CONTINUE))
        rig.drum(KICK, seam - ahead)
        rig.drum(SNARE, seam + BEAT - ahead)
        seam += beats * BEAT

    struck = rig.until(seam - 0.2)
    rig.close()

    assert [note for _, note in struck] == [KICK, SNARE] * 5


def test_a_stop_leaves_no_note_sounding(from_loop: Rig) -> None:
    play_loop(from_loop, 3)
    from_loop.drum(HAT, BEGIN + 5 * BEAT, length=9.0)
    from_loop.backend.feed(Port.CONTROL, STOP, Seconds(BEGIN + 5.3 * BEAT))

    from_loop.until(BEGIN + 8 * BEAT)

    assert from_loop.unended == set()


def test_a_known_loop_is_silent_where_the_song_starts_or_jumps_elsewhere(from_loop: Rig) -> None:
    play_loop(from_loop, 3)
    elsewhere = BEGIN + 6 * BEAT
    for begin in (elsewhere, elsewhere + 5 * BEAT):
        from_loop.clock(4, begin, (song_position(400), CONTINUE))
        for n in range(4):
            from_loop.drum(HAT, begin + n * BEAT - 0.002)
        from_loop.backend.feed(Port.CONTROL, STOP, Seconds(begin + 3.5 * BEAT))

    struck = from_loop.until(elsewhere + 10 * BEAT)

    behind = [note for at, note in struck if at > elsewhere + 0.01]
    assert set(behind) == {HAT}
    assert len(behind) >= 7


def test_what_is_tried_out_while_the_song_stands_is_heard(from_loop: Rig) -> None:
    play_loop(from_loop, 3)
    from_loop.backend.feed(Port.CONTROL, STOP, Seconds(BEGIN + 6 * BEAT))
    stood = BEGIN + 7 * BEAT
    for n in range(4):
        from_loop.drum(HAT, stood + n * BEAT)

    struck = from_loop.until(stood + 4 * BEAT)

    assert [at for at, note in struck if note == HAT] == pytest.approx(
        [stood + n * BEAT for n in range(4)], abs=0.002
    )


@pytest.mark.parametrize("notice", [0.0, 0.003])
def test_what_passes_leaves_in_its_time_though_the_daw_sends_it_early(notice: float) -> None:
    config = Config(source="loop", drums_lead_ms=120, model="none", late_commit=False)
    rig = Rig(config, timing=Timing(Seconds(notice)))
    rig.clock(2)
    rig.drum(KICK, BEGIN + 0.5 * BEAT - 0.12)
    rig.drum(SNARE, BEGIN + BEAT - 0.12)

    struck = rig.until(BEGIN + 2 * BEAT)
    rig.close()

    assert [at for at, _ in struck] == pytest.approx([BEGIN + 0.5 * BEAT, BEGIN + BEAT], abs=0.002)


def test_at_the_end_what_passed_gets_its_note_off(from_loop: Rig) -> None:
    from_loop.clock(2)
    from_loop.drum(HAT, BEGIN + 0.1, length=9.0)
    from_loop.until(BEGIN + 0.3)

    from_loop.loop.finish()

    assert len(from_loop.backend.sent) == 2
    assert from_loop.unended == set()
