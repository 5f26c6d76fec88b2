from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pocket_core.records import TimestepRecord
from pocket_core.tempo import Meter
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES
from pocketd.song_prints import ALIKE, ENOUGH, Part, PartWriter, Print, likeness_of, recognise

FOUR = Meter()
ROCK: Print = frozenset(
    {*(("closed hat", 6 * n) for n in range(8)), ("kick", 0), ("kick", 24), ("snare", 12), ("snare", 36)}
)
WALK: Print = frozenset({*(("ride", 12 * n) for n in range(4)), ("kick", 0), ("snare", 20), ("high tom", 44)})


def song(*bars: Print, bpm: float = 120.0, meter: Meter = FOUR) -> Part:
    return Part(bpm, meter, dict(enumerate(bars, 1)))


def step(bar: int, beat: float, *voices: str) -> TimestepRecord:
    return TimestepRecord(
        index=0,
        nominal_s=Seconds(0.0),
        bar=bar,
        beat=beat,
        voices=voices,
        forecast_ms=0.0,
        refined_ms=0.0,
        played_ms=0.0,
        committed_s=Seconds(0.0),
        human_s=None,
        diff_ms=None,
    )


def written(*steps: TimestepRecord, position: float = 0.0, meter: Meter = FOUR) -> dict[int, Print]:
    writer = PartWriter(meter, Beats(position))
    for each in steps:
        writer.add(each)
    return writer.bars


def test_a_bar_is_written_once_the_next_one_has_begun() -> None:
    bars = written(step(1, 1.0, "kick", "ride"), step(1, 2.5, "snare"), step(2, 1.0, "kick"))

    assert bars == {1: {("kick", 0), ("ride", 0), ("snare", 18)}}


def test_places_are_twelfths_of_a_quarter_note_in_every_meter() -> None:
    bars = written(step(1, 4.0, "snare"), step(2, 1.0, "kick"), meter=Meter(7, 8))

    assert bars == {1: {("snare", 18)}}


def test_a_take_that_begins_within_a_bar_does_not_tell_of_it() -> None:
    steps = (step(3, 3.0, "kick"), step(4, 1.0, "kick"), step(5, 1.0, "kick"))

    assert written(*steps, position=10.0) == {4: {("kick", 0)}}
    assert list(written(*steps, position=8.0)) == [3, 4]


def test_bars_of_rest_are_told_and_a_jump_is_none() -> None:
    steps = [step(bar, 1.0, "kick") for bar in (1, 4, 2, 40, 41)]  # back to 2, then far ahead

    bars = written(*steps)

    assert {bar: len(struck) for bar, struck in bars.items()} == {1: 1, 2: 1, 3: 0, 4: 1, 40: 1}


def test_the_same_part_is_alike_and_another_is_not() -> None:
    rock, walk = [ROCK] * ENOUGH, [WALK] * ENOUGH

    assert likeness_of(song(*rock).bars, song(*rock).bars) == 1.0
    assert (likeness_of(song(*rock).bars, song(*walk).bars) or 0.0) < 0.5


def test_one_voice_may_be_missing_and_two_may_not() -> None:
    whole = song(*[ROCK] * ENOUGH).bars
    no_hats = song(*[frozenset(h for h in ROCK if h[0] != "closed hat")] * ENOUGH).bars
    kick_alone = song(*[frozenset(h for h in ROCK if h[0] == "kick")] * ENOUGH).bars

    assert likeness_of(whole, no_hats) == 1.0
    assert (likeness_of(whole, kick_alone) or 0.0) < ALIKE


def test_too_few_bars_say_nothing() -> None:
    assert likeness_of(song(*[ROCK] * ENOUGH).bars, song(*[ROCK] * (ENOUGH - 1)).bars) is None
    assert likeness_of(song(*[frozenset[tuple[str, int]]()] * ENOUGH).bars, {}) is None


def test_a_song_is_recognised_at_its_tempo_and_in_its_meter_only() -> None:
    take = song(*[ROCK] * ENOUGH)
    bars = [ROCK] * 16

    assert recognise(take, {"Blue": song(*bars, bpm=118.0), "Stella": song(*[WALK] * 16)}) == "Blue"
    assert recognise(take, {"Blue": song(*bars, bpm=112.0)}) is None
    assert recognise(take, {"Blue": song(*bars, meter=Meter(2, 2))}) is None
    assert recognise(take, {}) is None


def test_of_two_songs_with_the_same_drums_none_is_recognised() -> None:
    take, bars = song(*[ROCK] * ENOUGH), [ROCK] * 16

    assert recognise(take, {"Blue": song(*bars), "Green": song(*bars)}) is None


hits = st.tuples(st.sampled_from(VOICES), st.integers(0, 47))
parts = st.dictionaries(st.integers(1, 12), st.frozensets(hits, max_size=8), min_size=8)


@given(parts, parts)
def test_likeness_is_a_share_and_the_same_both_ways(a: dict[int, Print], b: dict[int, Print]) -> None:
    alike = likeness_of(a, b)

    assert alike == likeness_of(b, a)
    assert alike is None or 0.0 <= alike <= 1.0
    assert likeness_of(a, a) in (None, 1.0)
