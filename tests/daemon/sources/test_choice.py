"""From one source to another while the drums play, through the loop, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mido
import pytest

from pocket_core.types import Port, Seconds
from pocket_core.wire import song_position
from pocketd.config import Config
from pocketd.config_sections import Generate
from pocketd.desk_answers import WishAnswer, encode_answer
from pocketd.generators.letters import Rest
from pocketd.reload import Reloaded
from pocketd.sources.file_part import read_file
from tests.daemon.sources.rig import BEAT, BEGIN, HAT, KICK, SNARE, GeneratorRig

DAW, FILE, LOOP, BARS, GROOVE = 0, 1, 2, 3, 6
SOURCE_CC, MORPH_CC, PRESET_CC = 23, 26, 29


def make(**keys: object) -> GeneratorRig:
    return GeneratorRig(Config(model="none", restore=0, late_commit=False, **keys))  # type: ignore[arg-type]


@pytest.fixture
def rig() -> Iterator[GeneratorRig]:
    made = make()
    yield made
    made.close()


def daw(rig: GeneratorRig, beats: int) -> None:
    """Let the DAW play a hat on each beat, a look-ahead early."""
    for n in range(beats):
        rig.note(Port.DRUMS, HAT, BEGIN + n * BEAT - 0.120)


def song(path: Path, note: int) -> str:
    track = mido.MidiTrack()
    for n in range(32):
        track.append(mido.Message("note_on", channel=9, note=note, velocity=100, time=240 if n else 0))
        track.append(mido.Message("note_off", channel=9, note=note, time=240))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    file.save(path)
    return str(path)


def test_a_controller_changes_the_source_at_the_next_bar_line_and_no_beat_is_lost(rig: GeneratorRig) -> None:
    rig.clock(16)
    daw(rig, 16)
    rig.turn_knob(SOURCE_CC, BARS, BEGIN + 2.2 * BEAT)
    rig.turn_knob(SOURCE_CC, DAW, BEGIN + 9.5 * BEAT)

    struck = rig.until(BEGIN + 15.5 * BEAT)

    assert [note for _, note in struck] == [HAT] * 4 + [60 + n for n in range(8)] + [HAT] * 4
    grid = [BEGIN + n * BEAT for n in range(16)]
    assert [at for at, _ in struck[1:]] == pytest.approx(grid[1:], abs=0.003)


def test_a_program_change_chooses_the_source_too(rig: GeneratorRig) -> None:
    rig.backend.feed(Port.CONTROL, bytes((0xC0, 120 + BARS)), Seconds(0.5))
    rig.until(0.9)
    rig.clock(4)

    struck = rig.until(BEGIN + 3.5 * BEAT)

    assert [note for _, note in struck] == [60, 61, 62, 63]
    assert [record["config"]["source"] for record in rig.told("hello")][-1] == "bars"


def test_a_program_that_means_a_song_is_no_source() -> None:
    rig = make(songs={120 + BARS: "Blue"})
    rig.backend.feed(Port.CONTROL, bytes((0xC0, 120 + BARS)), Seconds(0.3))
    rig.backend.feed(Port.CONTROL, bytes((0xC0, 120 + GROOVE)), Seconds(0.6))

    rig.until(0.9)

    chosen = [record["config"]["source"] for record in rig.told("hello")]
    rig.close()
    assert "bars" not in chosen
    assert chosen[-1] == "groove"


def test_from_one_generator_to_another_nothing_stops(rig: GeneratorRig) -> None:
    rig.turn_knob(SOURCE_CC, BARS, 0.5)
    rig.until(0.9)
    rig.clock(16)
    rig.turn_knob(SOURCE_CC, GROOVE, BEGIN + 3 * BEAT)

    struck = rig.until(BEGIN + 15.5 * BEAT)

    assert [note for _, note in struck] == [60 + n for n in range(16)]
    assert [record["source"] for record in rig.told("generated")][-1] == "groove"


def test_of_two_wishes_before_a_bar_line_the_last_counts(rig: GeneratorRig) -> None:
    rig.turn_knob(SOURCE_CC, BARS, 0.5)
    rig.until(0.9)
    rig.clock(16)
    rig.turn_knob(SOURCE_CC, DAW, BEGIN + 5 * BEAT)
    rig.turn_knob(SOURCE_CC, GROOVE, BEGIN + 6 * BEAT)

    struck = rig.until(BEGIN + 15.5 * BEAT)

    assert [note for _, note in struck] == [60 + n for n in range(16)]
    assert rig.told("hello")[-1]["config"]["source"] == "groove"


@pytest.mark.parametrize("instead", [DAW, LOOP])
def test_a_generator_that_was_asked_for_and_not_wanted_after_all_rests(
    rig: GeneratorRig, instead: int
) -> None:
    rig.clock(16)
    rig.turn_knob(SOURCE_CC, BARS, BEGIN + 1 * BEAT)
    rig.turn_knob(SOURCE_CC, instead, BEGIN + 2 * BEAT)

    rig.until(BEGIN + 5 * BEAT)

    assert isinstance(rig.letters[-1], Rest)


def test_a_daw_that_is_asked_for_while_it_plays_starts_no_process(rig: GeneratorRig) -> None:
    rig.turn_knob(SOURCE_CC, DAW, 0.5)

    rig.until(0.9)

    assert rig.letters == []


def test_a_source_knob_that_is_swept_for_seconds_ends_where_it_stands(rig: GeneratorRig) -> None:
    rig.turn_knob(SOURCE_CC, BARS, 0.5)
    rig.until(0.9)
    rig.clock(24)
    for n in range(400):
        rig.turn_knob(SOURCE_CC, n % 7, BEGIN + 0.1 + n / 100)
    rig.turn_knob(SOURCE_CC, GROOVE, BEGIN + 4.2)

    struck = rig.until(BEGIN + 23.5 * BEAT)

    assert rig.loop.stumbles == 0
    assert rig.told("hello")[-1]["config"]["source"] == "groove"
    assert [note for at, note in struck if at > BEGIN + 14.9 * BEAT] == [75 + n for n in range(9)]


def test_a_process_that_nobody_needs_may_rest(rig: GeneratorRig) -> None:
    rig.turn_knob(SOURCE_CC, BARS, 0.3)
    rig.turn_knob(SOURCE_CC, DAW, 0.6)

    rig.until(0.9)

    assert isinstance(rig.letters[-1], Rest)
    assert rig.studio.over


def test_a_change_to_the_file_begins_where_the_song_is(tmp_path: Path) -> None:
    rig = make(score=song(tmp_path / "a.mid", SNARE))
    rig.clock(8)
    daw(rig, 8)
    rig.turn_knob(SOURCE_CC, FILE, BEGIN + 1 * BEAT)

    struck = rig.until(BEGIN + 7.5 * BEAT)
    rig.close()

    assert [note for _, note in struck] == [HAT] * 4 + [SNARE] * 4


def test_a_file_that_is_not_there_is_told_and_the_daw_plays_on(rig: GeneratorRig) -> None:
    rig.clock(8)
    daw(rig, 8)
    rig.turn_knob(SOURCE_CC, FILE, BEGIN + 1 * BEAT)

    struck = rig.until(BEGIN + 7.5 * BEAT)

    assert [note for _, note in struck] == [HAT] * 8
    assert rig.told("fault")[-1]["text"] == (
        "source: file cannot play: `score` is null; name a MIDI file there"
    )


def test_a_score_that_cannot_be_read_is_no_error_until_it_is_chosen_and_then_it_says_why(
    tmp_path: Path,
) -> None:
    rig = make(score=str(tmp_path / "none.mid"))
    rig.clock(8)
    daw(rig, 8)
    rig.until(BEGIN + 0.5 * BEAT)
    before = rig.told("fault")
    rig.turn_knob(SOURCE_CC, FILE, BEGIN + 1 * BEAT)

    struck = rig.until(BEGIN + 7.5 * BEAT)

    told = rig.told("fault")
    rig.close()
    assert [record["text"] for record in before if record["text"]] == []
    assert [note for _, note in struck] == [HAT] * 8
    assert told[-1]["text"] == (
        f"source: file cannot play: there is no file {tmp_path / 'none.mid'}; check the name"
    )


def test_a_note_of_the_daw_that_sounds_at_the_change_gets_its_end(rig: GeneratorRig) -> None:
    rig.until(0.5)
    rig.clock(8)
    rig.backend.feed(Port.DRUMS, bytes((0x99, KICK, 100)), Seconds(BEGIN + 3 * BEAT - 0.12))
    rig.backend.feed(Port.DRUMS, bytes((0x89, KICK, 64)), Seconds(BEGIN + 5 * BEAT))
    rig.turn_knob(SOURCE_CC, BARS, BEGIN + 1 * BEAT)

    rig.until(BEGIN + 7.5 * BEAT)

    ends = [s for s in rig.backend.sent if s.due.data[:2] == bytes((0x89, KICK))]
    assert len(ends) == 1


def test_a_reload_that_names_another_source_changes_to_it(rig: GeneratorRig) -> None:
    rig.clock(12)
    daw(rig, 12)
    rig.until(BEGIN + 1 * BEAT)

    config = Config(model="none", restore=0, late_commit=False, source="bars")
    rig.loop.take_over(Reloaded(config, None))
    struck = rig.until(BEGIN + 7.5 * BEAT)

    assert [note for _, note in struck] == [HAT] * 4 + [60, 61, 62, 63]


def test_a_reload_that_names_another_file_plays_it_from_the_next_bar_line(tmp_path: Path) -> None:
    rig = make(source="file", score=song(tmp_path / "a.mid", SNARE))
    rig.clock(8)
    rig.until(BEGIN + 1 * BEAT)

    config = Config(
        model="none", restore=0, late_commit=False, source="file", score=song(tmp_path / "b.mid", KICK)
    )
    rig.loop.take_over(Reloaded(config, None, file=read_file(config)))
    struck = rig.until(BEGIN + 7.5 * BEAT)
    rig.close()

    assert [note for _, note in struck] == [SNARE] * 4 + [KICK] * 4


def test_a_loop_of_the_daw_that_is_left_for_a_generator_leaves_no_note_sounding(rig: GeneratorRig) -> None:
    rig.turn_knob(SOURCE_CC, LOOP, 0.5)
    rig.until(0.9)
    rig.clock(12)
    rig.backend.feed(Port.DRUMS, bytes((0x99, KICK, 100)), Seconds(BEGIN + 3 * BEAT))
    rig.turn_knob(SOURCE_CC, BARS, BEGIN + 1 * BEAT)

    rig.until(BEGIN + 7.5 * BEAT)

    ends = [s for s in rig.backend.sent if s.due.data[:2] == bytes((0x89, KICK))]
    assert len(ends) == 1


def wish(rig: GeneratorRig, goal: tuple[int, ...] | None = None, morph: float = 0.0) -> None:
    """Let the map send a kick on each beat."""
    rig.desk.setblocking(True)
    rig.desk.sendall(
        encode_answer(WishAnswer(source="pattern", pattern=(1, 0, 0, 0) * 8, goal=goal, morph=morph))
    )
    rig.desk.setblocking(False)


def test_a_pattern_that_the_map_has_sent_is_played_from_the_next_bar_line(rig: GeneratorRig) -> None:
    rig.clock(16)
    daw(rig, 16)
    rig.until(BEGIN + 1 * BEAT)
    wish(rig)

    struck = rig.until(BEGIN + 7.5 * BEAT)

    assert [note for _, note in struck] == [HAT] * 4 + [60, 61, 62, 63]
    start = rig.generators["pattern"].asks[-1].start
    assert start is not None
    assert len(start.strokes) == 8


NEARLY = 0.36  # beats: between one look-ahead and two, which is 0.48


def test_a_bar_line_that_the_daw_has_played_for_is_not_where_a_source_changes(rig: GeneratorRig) -> None:
    rig.clock(16)
    daw(rig, 16)
    rig.turn_knob(SOURCE_CC, BARS, BEGIN + (4 - NEARLY) * BEAT)

    struck = rig.until(BEGIN + 11.5 * BEAT)

    assert [note for _, note in struck] == [HAT] * 8 + [60, 61, 62, 63]


def test_nor_one_that_a_generator_has_played_for_where_the_daw_sends_late() -> None:
    rig = make(drums_lead_ms=0)
    rig.turn_knob(SOURCE_CC, BARS, 0.5)
    rig.until(0.9)
    rig.clock(16)
    rig.turn_knob(SOURCE_CC, DAW, BEGIN + (8 - NEARLY) * BEAT)

    struck = rig.until(BEGIN + 15.5 * BEAT)
    rig.close()

    assert [note for _, note in struck] == [60 + n for n in range(12)]


def test_a_change_that_a_loop_jumps_away_from_is_made_behind_the_jump(rig: GeneratorRig) -> None:
    for lap in range(3):
        first = (b"\xfa",) if lap == 0 else (song_position(0), b"\xfb")
        rig.clock(4, BEGIN + lap * 4 * BEAT, first)
    daw(rig, 12)
    rig.turn_knob(SOURCE_CC, BARS, BEGIN + 3.9 * BEAT)  # too late for the bar line at the loop's end

    struck = rig.until(BEGIN + 11.5 * BEAT)

    assert [note for _, note in struck] == [HAT] * 8 + [60, 61, 62, 63]


def test_a_daw_that_sends_late_is_heard_to_its_last_beat_and_the_next_source_has_its_own_lead() -> None:
    rig = make(drums_lead_ms=0)
    rig.clock(12)
    for n in range(12):
        rig.note(Port.DRUMS, HAT, BEGIN + n * BEAT)
    rig.turn_knob(SOURCE_CC, BARS, BEGIN + 1 * BEAT)

    struck = rig.until(BEGIN + 11 * BEAT)
    rig.close()

    assert {60, 61, 62, 63} <= {note for _, note in struck}
    on_the_grid = [at for at, note in struck if note >= 60]
    assert [(at - BEGIN) / BEAT % 1 for at in on_the_grid[1:]] == pytest.approx(
        [0.0] * (len(on_the_grid) - 1), abs=0.01
    )


def test_a_drag_on_the_map_arrives_where_it_is_and_the_morph_knob_goes_on_from_there(
    rig: GeneratorRig,
) -> None:
    rig.clock(16)
    rig.turn_knob(MORPH_CC, 0, 0.5)
    rig.until(BEGIN + 1 * BEAT)
    wish(rig, goal=(1, 0) * 16, morph=0.4)
    rig.until(BEGIN + 5 * BEAT)
    there = rig.generators["pattern"].asks[-1]
    rig.turn_knob(MORPH_CC, 1, BEGIN + 6 * BEAT)

    rig.until(BEGIN + 9 * BEAT)

    on = rig.generators["pattern"].asks[-1]
    assert there.knobs.morph == 0.4
    assert there.goal is not None
    assert len(there.goal.strokes) == 16
    assert on.knobs.morph == pytest.approx(0.4 + 0.6 / 127)


def test_a_preset_that_is_chosen_after_a_pattern_was_sent_takes_its_place(rig: GeneratorRig) -> None:
    rig.clock(16)
    rig.until(BEGIN + 1 * BEAT)
    wish(rig)
    rig.until(BEGIN + 5 * BEAT)
    sent = rig.generators["pattern"].asks[-1].start
    rig.turn_knob(PRESET_CC, 2, BEGIN + 6 * BEAT)
    rig.until(BEGIN + 9 * BEAT)
    chosen = rig.generators["pattern"].asks[-1].start
    rig.begin_studio()  # its process has died

    rig.until(BEGIN + 11 * BEAT)

    again = rig.generators["pattern"].asks[-1].start
    assert [len(start.strokes) for start in (sent, chosen, again) if start is not None] == [8, 1, 1]


def test_a_reload_that_names_another_start_takes_the_place_of_a_pattern_that_was_sent(
    rig: GeneratorRig,
) -> None:
    rig.clock(16)
    rig.until(BEGIN + 1 * BEAT)
    wish(rig)
    rig.until(BEGIN + 5 * BEAT)
    generate = Generate(start="jazz")
    config = Config(model="none", restore=0, late_commit=False, source="pattern", generate=generate)
    rig.loop.take_over(Reloaded(config, None))

    rig.until(BEGIN + 9 * BEAT)

    start = rig.generators["pattern"].asks[-1].start
    assert start is not None
    assert len(start.strokes) == 1
