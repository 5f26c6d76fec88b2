from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pocket_core.grid import nearest_grid
from pocket_core.tempo import MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Seconds
from pocketd.midiscore import FileNote, MidiScore
from pocketd.performance import perform
from pocketd.quantise import quantise

TOLERANCE = Seconds(0.003)
TEMPO = TempoMap([TempoChange(Beats(0.0), 120.0)])


def drums(*hits: tuple[float, int, int]) -> MidiScore:
    """Seconds, note and velocity of each hit, at 120 BPM."""
    notes = tuple(
        FileNote(TEMPO.beat_at(Seconds(at)), Seconds(at), Seconds(0.05), 9, note, velocity)
        for at, note, velocity in sorted(hits)
    )
    return MidiScore("drums.mid", notes, (), TEMPO, MeterMap(), 480)


def test_a_track_on_the_grid_stays_as_it_is() -> None:
    score = perform().drums

    result = quantise(score, TOLERANCE)

    assert not result.changed
    assert result.score is score


def test_a_flam_in_a_quantised_track_stays() -> None:
    score = drums(*((i / 8, 42, 90) for i in range(16)), (0.47, 38, 40), (0.5, 38, 110))

    result = quantise(score, TOLERANCE)

    assert result.score.notes == score.notes


def test_a_loose_track_goes_to_the_grid_and_keeps_its_lengths() -> None:
    score = drums((0.01, 36, 90), (0.262, 42, 90), (0.49, 38, 90))

    result = quantise(score, TOLERANCE)

    assert result.changed
    assert result.moved == 3
    assert [(n.at_s, n.length_s) for n in result.score.notes] == [(0.0, 0.05), (0.25, 0.05), (0.5, 0.05)]


def test_two_hands_at_the_halfway_line_stay_together() -> None:
    # the grid has 0 and 0.08333 s here (a sixth of a beat), then 0.125; halfway is 0.104
    score = drums((0.103, 36, 90), (0.106, 42, 90))

    result = quantise(score, TOLERANCE)

    assert len({n.at_s for n in result.score.notes}) == 1


def test_of_a_flam_that_falls_together_the_louder_stays() -> None:
    score = drums((0.47, 38, 40), (0.51, 38, 110), (0.98, 36, 90))

    result = quantise(score, TOLERANCE)

    assert [(n.at_s, n.note, n.velocity) for n in result.score.notes] == [(0.5, 38, 110), (1.0, 36, 90)]
    assert result.merged == 1


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(35, 59), st.integers(1, 127)), min_size=1))
def test_a_changed_track_is_on_the_grid_and_quantised_from_then_on(
    hits: list[tuple[float, int, int]],
) -> None:
    result = quantise(drums(*hits), TOLERANCE)
    again = quantise(result.score, TOLERANCE)

    assert not again.changed
    assert len(result.score.notes) + result.merged == len(hits)
    if result.changed:
        assert all(abs(n.at_beat - nearest_grid(n.at_beat, MeterMap())) < 1e-9 for n in result.score.notes)


def test_messages_that_are_not_notes_stay() -> None:
    score = replace(drums((0.01, 36, 90)), messages=perform().drums.messages)

    assert quantise(score, TOLERANCE).score.messages == score.messages
