"""Drums that a generator makes, through the loop, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pocket_core.types import Port, Seconds
from pocket_core.wire import song_position
from pocketd.config import Config
from pocketd.config_sections import Generate
from pocketd.generators.letters import Heard, Held, Wanted
from pocketd.sources.ahead import PLAIN
from tests.daemon.sources.rig import BEAT, BEGIN, KICK, START, STOP, GeneratorRig

CONTINUE = b"\xfb"
PLAIN_NOTES = {stroke.note for stroke in PLAIN.strokes}


def play(source: str = "bars", **keys: object) -> GeneratorRig:
    return GeneratorRig(Config(source=source, model="none", restore=0, late_commit=False, **keys))  # type: ignore[arg-type]


@pytest.fixture
def rig() -> Iterator[GeneratorRig]:
    made = play()
    yield made
    made.close()


@pytest.fixture
def groove() -> Iterator[GeneratorRig]:
    made = play("groove")
    yield made
    made.close()


def test_a_generator_plays_from_the_first_beat_on_the_grid(rig: GeneratorRig) -> None:
    rig.until(0.9)
    rig.clock(8)

    struck = rig.until(BEGIN + 7.5 * BEAT)

    assert [note for _, note in struck] == [60 + n for n in range(8)]
    assert [at for at, _ in struck[1:]] == pytest.approx([BEGIN + n * BEAT for n in range(1, 8)], abs=0.002)


def test_a_bar_and_more_is_there_ahead_of_its_time(rig: GeneratorRig) -> None:
    rig.until(0.9)
    asked = [letter for letter in rig.letters if isinstance(letter, Wanted)]
    rig.clock(16)
    ahead: list[float] = []

    def look() -> None:
        beat = (rig.backend.now() - BEGIN) / BEAT
        made = max(letter.begin + letter.length for letter in rig.letters if isinstance(letter, Wanted))
        ahead.append(made - beat)

    rig.until(BEGIN + 15 * BEAT, look)

    assert [(float(w.begin), float(w.length)) for w in asked] == [(0.0, 8.0)]
    assert min(ahead) >= 4


def test_the_daws_drums_are_not_heard_beside_a_generator(rig: GeneratorRig) -> None:
    rig.until(0.9)
    rig.clock(4)
    rig.note(Port.DRUMS, KICK, BEGIN + 0.3)

    struck = rig.until(BEGIN + 2 * BEAT)

    assert KICK not in {note for _, note in struck}


def test_a_generator_that_does_not_answer_in_time_repeats_its_last_bar(rig: GeneratorRig) -> None:
    rig.until(0.9)
    rig.answers = False
    rig.clock(16)

    struck = rig.until(BEGIN + 15.5 * BEAT)

    assert [note for _, note in struck] == [60 + n for n in range(8)] + [64, 65, 66, 67] * 2
    assert rig.told("fault")[-1]["about"] == "source"
    assert [record["held"] for record in rig.told("generated")] == [False] * 4 + [True] * 4


def test_a_generator_that_never_answered_leaves_a_plain_beat(rig: GeneratorRig) -> None:
    rig.answers = False
    rig.clock(8)

    struck = rig.until(BEGIN + 7.9 * BEAT)

    assert {note for _, note in struck} == PLAIN_NOTES
    assert len(struck) == 2 * len(PLAIN.strokes)


def test_a_generator_that_fails_says_why_and_plays_on_once_it_can(rig: GeneratorRig) -> None:
    rig.until(0.9)
    rig.generators["bars"].broken = True
    rig.clock(48)
    rig.until(BEGIN + 12 * BEAT)
    faults = [record["text"] for record in rig.told("fault") if record["about"] == "source"]
    rig.generators["bars"].broken = False

    rig.until(BEGIN + 30 * BEAT)

    assert faults == ["the generator is broken"]
    assert rig.told("fault")[-1]["text"] == ""
    assert not rig.told("generated")[-1]["held"]


def test_another_process_takes_over_in_the_middle_of_a_line(rig: GeneratorRig) -> None:
    rig.until(0.9)
    rig.clock(48)
    rig.until(BEGIN + 5 * BEAT)
    rig.far.sendall(b'{"kind":"made","num')  # then it dies
    rig.begin_studio()

    rig.until(BEGIN + 24 * BEAT)

    assert rig.line.garbled == 1
    assert not rig.told("generated")[-1]["held"]


def test_a_listener_hears_the_musician_and_is_asked_again_each_half_bar(groove: GeneratorRig) -> None:
    groove.until(0.9)
    groove.clock(16)
    for n in range(16):
        groove.note(Port.HUMAN, 50, BEGIN + n * BEAT + 0.01)

    groove.until(BEGIN + 15 * BEAT)

    heard = [letter.beat for letter in groove.letters if isinstance(letter, Heard)]
    asked = [float(letter.begin) for letter in groove.letters if isinstance(letter, Wanted)]
    assert heard[:3] == pytest.approx([0.02, 1.02, 2.02], abs=0.01)
    assert asked[-5:] == [8, 10, 12, 14, 16]
    newest = groove.generators["groove"].asks[-1]
    assert len(newest.heard) >= 13
    assert len(newest.before) >= 13


def test_without_a_musician_a_listener_is_not_asked_for_what_it_has_said(groove: GeneratorRig) -> None:
    groove.until(0.9)
    groove.clock(16)

    groove.until(BEGIN + 15 * BEAT)

    asked = [float(letter.begin) for letter in groove.letters if isinstance(letter, Wanted)]
    assert asked == sorted(set(asked))


def test_a_loop_of_the_daw_does_not_make_a_generator_begin_again(rig: GeneratorRig) -> None:
    rig.until(0.9)
    for lap in range(4):
        first = (START,) if lap == 0 else (song_position(0), CONTINUE)
        rig.clock(4, BEGIN + lap * 4 * BEAT, first)

    struck = rig.until(BEGIN + 15.5 * BEAT)

    assert [note for _, note in struck] == [60 + n for n in range(16)]
    assert [record["position"] for record in rig.told("generated")] == [0, 2] * 4


def test_bars_that_go_by_while_the_loop_is_kept_from_running_are_not_made_up_for(rig: GeneratorRig) -> None:
    rig.clock(64)
    rig.until(BEGIN + 1 * BEAT)
    rig.backend.wait(Seconds(BEGIN + 49 * BEAT))  # somebody else has the machine

    rig.until(BEGIN + 56 * BEAT)

    began = [record["position"] for record in rig.told("generated")]
    assert [position for position in began if 2.0 < position < 40.0] == []
    assert [position for position in began if position >= 50.0] == [50.0, 52.0, 54.0]


def test_what_is_kept_of_the_bars_that_went_by_is_handed_over_once(rig: GeneratorRig) -> None:
    rig.clock(64)
    rig.until(BEGIN + 1 * BEAT)
    rig.backend.wait(Seconds(BEGIN + 49 * BEAT))  # and its clock's pulses wait to be heard

    rig.until(BEGIN + 52 * BEAT)

    drums = [
        (r["at"], r["data"]) for r in rig.told("message") if (r["port"], r["data"][:2]) == ("drums", "99")
    ]
    assert len(drums) > 10
    assert len(drums) == len(set(drums))
    assert rig.told("stop") == []


def test_a_jump_out_of_the_bars_goes_on_at_the_place_where_it_lands(rig: GeneratorRig) -> None:
    rig.until(0.9)
    rig.clock(2)
    rig.clock(8, BEGIN + 2 * BEAT, (song_position(16 * 4), CONTINUE))  # to a bar line

    struck = rig.until(BEGIN + 9.5 * BEAT)

    after = [note for at, note in struck if at > BEGIN + 2.5 * BEAT]
    assert after[3] % 4 == 0  # a bar begins where the song's does: 60 is the first beat of a bar


def test_what_was_handed_over_for_behind_a_jump_out_of_the_bars_never_sounds() -> None:
    rig = play(voices={"kick": list(range(60, 70))})  # what is no drum is passed on, and not withdrawn
    rig.until(0.9)
    rig.clock(1.875)  # the third beat, 62, has been handed over and waits
    rig.clock(6, BEGIN + 1.875 * BEAT, (song_position(16 * 4), CONTINUE))

    struck = rig.until(BEGIN + 4.5 * BEAT)
    rig.close()

    assert [note for _, note in struck] == [60, 61, 64, 65, 66]


@pytest.mark.parametrize(("ahead", "third"), [(0.05, [68, 69]), (0.15, [64, 65])])
def test_a_piece_is_chosen_a_tenth_of_a_second_before_it_is_handed_over(
    rig: GeneratorRig, ahead: float, third: list[int]
) -> None:
    handed_over = BEGIN + 8 * BEAT - 0.12  # a look-ahead before its first stroke
    rig.until(0.9)
    rig.clock(12)
    rig.turn_knob(28, 127, handed_over - ahead)  # hold: the bar before again

    struck = rig.until(BEGIN + 9.5 * BEAT)

    assert [note for _, note in struck][8:] == third


def test_a_song_that_begins_in_mid_bar_gets_the_rest_of_a_bar(rig: GeneratorRig) -> None:
    rig.until(0.9)
    rig.clock(8, BEGIN, (song_position(4 * 10), CONTINUE))  # the third beat of a bar

    struck = rig.until(BEGIN + 5.5 * BEAT)

    assert [note for _, note in struck] == [62, 63, 64, 65, 66, 67]


def test_in_three_four_each_bar_is_a_bar_of_the_generator_cut(rig: GeneratorRig) -> None:
    waltz = play(meter="3/4")
    waltz.until(0.9)
    waltz.clock(9)

    struck = waltz.until(BEGIN + 8.5 * BEAT)
    waltz.close()

    assert [note for _, note in struck] == [60, 61, 62, 64, 65, 66, 68, 69, 70]


def test_held_is_the_last_bar_again_and_again_and_let_go_it_goes_on(rig: GeneratorRig) -> None:
    rig.until(0.9)
    rig.clock(32)
    rig.turn_knob(28, 127, BEGIN + 5 * BEAT)
    rig.turn_knob(28, 0, BEGIN + 17 * BEAT)

    struck = rig.until(BEGIN + 24 * BEAT)

    notes = [note for _, note in struck]
    assert notes[8:16] == notes[4:8] * 2
    assert notes[22] == 82
    assert any(isinstance(letter, Held) for letter in rig.letters)


def test_a_turned_knob_is_heard_in_the_next_half_bar(rig: GeneratorRig) -> None:
    rig.until(0.9)
    rig.clock(16)
    rig.turn_knob(24, 127, BEGIN + 4.5 * BEAT)

    rig.until(BEGIN + 8 * BEAT)

    first = next(ask for ask in rig.generators["bars"].asks if ask.knobs.density == 1.0)
    assert first.begin in {6.0, 8.0}


def test_a_stop_ends_every_note_and_the_next_run_begins_with_a_new_first_bar(rig: GeneratorRig) -> None:
    rig.until(0.9)
    rig.clock(6)
    rig.backend.feed(Port.CONTROL, STOP, BEGIN + 6 * BEAT)  # type: ignore[arg-type]
    rig.until(BEGIN + 8 * BEAT)
    rig.clock(4, BEGIN + 10 * BEAT)

    struck = rig.until(BEGIN + 13.5 * BEAT)

    assert [note for at, note in struck if at > BEGIN + 8 * BEAT] == [60, 61, 62, 63]


def test_the_take_has_what_was_made_beside_how_it_was_timed() -> None:
    rig = play(voices={"kick": [60, 61, 62, 63]})
    rig.until(0.9)
    rig.clock(4)

    rig.until(BEGIN + 8 * BEAT)

    first = rig.told("generated")[0]
    assert (first["source"], first["position"], first["length"]) == ("bars", 0.0, 2.0)
    assert first["strokes"] == [[0.0, 60, 100, 0.0], [1.0, 61, 100, 0.0]]
    assert len(rig.told("timestep")) == 4
    assert rig.told("hello")[-1]["config"]["generate"]["seed"] == Generate().seed
    rig.close()


def test_a_run_without_an_answer_begins_with_what_was_handed_over_last(
    rig: GeneratorRig,
) -> None:
    rig.until(0.9)
    rig.clock(8)
    rig.backend.feed(Port.CONTROL, STOP, BEGIN + 8 * BEAT)  # type: ignore[arg-type]
    rig.until(BEGIN + 7.9 * BEAT)
    rig.answers = False
    rig.clock(4, BEGIN + 12 * BEAT)

    struck = rig.until(BEGIN + 15.5 * BEAT)

    assert [note for at, note in struck if at > BEGIN + 10 * BEAT] == [68, 69, 66, 67]


def test_a_generator_forgets_the_run_that_is_over(groove: GeneratorRig) -> None:
    groove.until(0.9)
    groove.clock(8)
    groove.note(Port.HUMAN, 50, BEGIN + 1.0)
    groove.backend.feed(Port.CONTROL, STOP, BEGIN + 8 * BEAT)  # type: ignore[arg-type]
    groove.until(BEGIN + 8.5 * BEAT)

    groove.until(BEGIN + 10 * BEAT)

    newest = [ask for ask in groove.generators["groove"].asks if float(ask.begin) == 0][-1]
    assert (newest.heard, newest.before) == ((), ())


def test_while_it_is_held_nothing_is_asked(rig: GeneratorRig) -> None:
    rig.until(0.9)
    rig.clock(24)
    rig.turn_knob(28, 127, BEGIN + 5 * BEAT)
    rig.until(BEGIN + 6 * BEAT)
    asked = len(rig.generators["bars"].asks)

    rig.until(BEGIN + 22 * BEAT)

    assert len(rig.generators["bars"].asks) == asked


def test_the_musician_is_heard_where_he_played(rig: GeneratorRig) -> None:
    slow = play("groove", input_latency_ms=100)
    slow.until(0.9)
    slow.clock(4)
    slow.note(Port.HUMAN, 50, BEGIN + 2 * BEAT + 0.1)

    slow.until(BEGIN + 3 * BEAT)
    slow.close()

    (heard,) = [letter.beat for letter in slow.letters if isinstance(letter, Heard)]
    assert heard == pytest.approx(2.0, abs=0.01)
