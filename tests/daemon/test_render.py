from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.predict import Predictor, ZeroPredictor
from pocket_core.settings import Settings
from pocket_core.tempo import MeterMap, TempoChange, TempoMap
from pocket_core.testing import EagerPredictor, FixedPredictor
from pocket_core.types import Beats, Seconds
from pocketd.midifile import read_score, score_bytes, write_score
from pocketd.midiscore import FileNote, MidiScore, TimedMessage
from pocketd.performance import perform
from pocketd.render import Rendered, render
from pocketd.summary import report_bytes

TEMPO = TempoMap([TempoChange(Beats(0.0), 120.0), TempoChange(Beats(8.0), 90.0)])
DUET = perform(Seconds(9.0))


def score(*notes: tuple[float, int], channel: int = 9) -> MidiScore:
    """Seconds and note of each hit, on a tempo of 120 and, from beat 8 on, 90 BPM."""
    return MidiScore(
        "hand-made",
        tuple(
            FileNote(TEMPO.beat_at(Seconds(at)), Seconds(at), Seconds(0.05), channel, note, 100)
            for at, note in notes
        ),
        (),
        TEMPO,
        MeterMap(),
        480,
    )


def strikes(rendered: Rendered) -> list[tuple[float, int]]:
    return [(round(m.at_s, 6), m.data[1]) for m in rendered.output if m.data[0] & 0xF0 == 0x90]


def alone(drums: MidiScore, predictor: Predictor, **changes: float) -> Rendered:
    return render(score(), drums, replace(Settings(), **changes), predictor)  # type: ignore[arg-type]


def test_without_a_model_and_alone_the_drums_come_out_as_they_are() -> None:
    drums = score((0.0, 36), (0.5, 38), (4.0, 36), (4.0 + 1 / 3, 42))  # the tempo changes at 4 s

    rendered = alone(drums, ZeroPredictor())

    assert strikes(rendered) == [(0.0, 36), (0.5, 38), (4.0, 36), (4.333333, 42)]
    assert [(r.bar, round(r.beat, 6)) for r in rendered.records] == [(1, 1), (1, 2), (3, 1), (3, 1.5)]


def test_a_forecast_moves_the_note_on_and_its_off() -> None:
    rendered = alone(score((1.0, 36)), FixedPredictor(0.02))

    assert [round(m.at_s, 6) for m in rendered.output] == [1.02, 1.07]
    assert rendered.records[0].played_ms == pytest.approx(20)


def test_an_onset_pulls_the_hit_to_itself_once_it_has_been_handed_over() -> None:
    human = score((0.970, 60), channel=0)

    rendered = render(human, score((1.0, 36)), Settings(), ZeroPredictor(), Seconds(0.0015))

    assert strikes(rendered)[0][0] == pytest.approx(0.9715, abs=1e-4)
    assert rendered.records[0].human_s == pytest.approx(0.970)


def test_an_onset_that_is_handed_over_too_late_moves_nothing() -> None:
    human = score((0.995, 60), channel=0)

    rendered = render(human, score((1.0, 36)), Settings(), ZeroPredictor(), Seconds(0.010))

    assert strikes(rendered) == [(1.0, 36)]
    assert rendered.records[0].diff_ms == pytest.approx(-5)


def test_following_brings_the_drums_nearer_to_the_musician() -> None:
    rendered = render(DUET.human, DUET.drums, Settings(late_commit=False), EagerPredictor(by_template=True))

    assert rendered.summary.quantised is not None
    assert rendered.summary.pocketd is not None
    assert rendered.summary.pocketd.mae_ms < 0.8 * rendered.summary.quantised.mae_ms


def test_every_message_arrives_once() -> None:
    drums = replace(DUET.drums, messages=(TimedMessage(Seconds(1.0), bytes((0xB9, 4, 90))),))

    rendered = render(DUET.human, drums, Settings(), EagerPredictor(by_template=True))

    def contents(messages: list[TimedMessage]) -> Counter[bytes]:
        return Counter(m.data for m in messages)

    assert contents(list(rendered.output)) == contents(drums.stream())
    assert rendered.counts.events_in == rendered.counts.events_out == len(drums.notes)
    assert rendered.counts.lost == rendered.counts.late == 0


def test_a_hit_before_the_start_is_counted_and_written_at_the_start(tmp_path: Path) -> None:
    drums = score((0.0, 36), (0.5, 38))
    rendered = alone(drums, FixedPredictor(-0.02))

    write_score(tmp_path / "early.mid", drums, rendered.output, "early")
    written = read_score(tmp_path / "early.mid")

    assert rendered.before_start == 1
    assert rendered.records[0].committed_s == pytest.approx(-0.02)
    assert [n.at_s for n in written.notes] == [0.0, pytest.approx(0.48, abs=0.0006)]


def test_loose_drums_are_quantised_first() -> None:
    rendered = alone(score((0.01, 36), (0.51, 38)), ZeroPredictor())

    assert strikes(rendered) == [(0.0, 36), (0.5, 38)]
    assert rendered.drums.changed


def test_only_the_drum_channel_is_played_where_there_is_one() -> None:
    drums = score((0.0, 36), (0.5, 38))
    bass = score((0.0, 40), channel=1)

    rendered = alone(
        replace(drums, notes=tuple(sorted(drums.notes + bass.notes, key=lambda n: n.at_s))), ZeroPredictor()
    )

    assert strikes(rendered) == [(0.0, 36), (0.5, 38)]


@pytest.mark.parametrize("look_ahead", [0.02, 0.12, 1.0])
def test_the_look_ahead_is_no_delay(look_ahead: float) -> None:
    rendered = alone(score((1.0, 36)), ZeroPredictor(), look_ahead=look_ahead)

    assert strikes(rendered) == [(1.0, 36)]
    assert rendered.records[0].beat == pytest.approx(3.0)


def test_progress_ends_at_one() -> None:
    shares: list[float] = []

    render(DUET.human, DUET.drums, Settings(), ZeroPredictor(), progress=shares.append)

    assert shares == sorted(shares)
    assert shares[-1] == 1.0


times = st.lists(
    st.tuples(st.integers(0, 80).map(lambda t: t / 16), st.integers(30, 60)), min_size=1, max_size=30
)
onsets = st.lists(st.floats(0, 6), max_size=30)


@given(times, onsets, st.floats(0, 0.02), st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_note_is_lost_or_early_ended_whatever_is_played(
    hits: list[tuple[float, int]], played: list[float], transport: float, late_commit: bool
) -> None:
    drums = score(*sorted(set(hits)))
    human = score(*((at, 60) for at in sorted(played)), channel=0)

    rendered = render(human, drums, Settings(late_commit=late_commit), EagerPredictor(), Seconds(transport))

    sounding: Counter[int] = Counter()
    for message in rendered.output:
        sounding[message.data[1]] += 1 if message.data[0] & 0xF0 == 0x90 else -1
        assert sounding[message.data[1]] in (0, 1)
    assert not +sounding
    assert rendered.counts.events_out == rendered.counts.events_in == len(rendered.drums.score.notes)
    assert [m.at_s for m in rendered.output] == sorted(m.at_s for m in rendered.output)


def test_the_same_input_gives_the_same_bytes() -> None:
    once, again = (render(DUET.human, DUET.drums, Settings(), EagerPredictor()) for _ in range(2))

    assert score_bytes(DUET.drums, once.output, "t") == score_bytes(DUET.drums, again.output, "t")
    assert report_bytes(once, Settings(), Seconds(0.0), ZeroPredictor()) == report_bytes(
        again, Settings(), Seconds(0.0), ZeroPredictor()
    )
