"""The source `pattern`, with a decoder that is written here."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pocket_core.errors import ContractError
from pocket_core.phrases.generator import Ask, Knobs
from pocket_core.phrases.kit import GENERAL_MIDI, Kit
from pocket_core.phrases.patterns import BITS, CELLS, digest, pattern_of, phrase_of_pattern
from pocket_core.phrases.phrase import Phrase, Stroke, joined, phrase_of
from pocket_core.types import Beats
from pocket_core.voices import VOICES
from pocketd.generators.graphs import GeneratorCard, Graphs, load_graphs
from pocketd.generators.pattern import FEWEST, MOST, SHORT, Pattern
from pocketd.generators.presets import find_phrase

ROCK = (5, 0, 4, 0, 6, 0, 4, 1, 4, 0, 5, 0, 6, 0, 4, 0) * 2
OTHER = (129, 0, 256, 0, 258, 0, 256, 0, 257, 1, 256, 0, 258, 0, 256, 16) * 2
STILL = Knobs(temperature=0.0)


class Linear:
    """A session that multiplies by a matrix, as chance has it; of the decoder's, chances."""

    def __init__(self, weight: NDArray[np.float32], *, chances: bool) -> None:
        self.weight, self.chances = weight, chances

    def run(self, names: list[str], inputs: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        (given,) = inputs.values()
        said = given @ self.weight
        return [
            (0.5 + 0.5 * np.tanh(said / 2 - 1.0) if self.chances else said / 8).astype(np.float32)
            for _ in names
        ]


def new(known: tuple[tuple[int, ...], ...] = (), **changed: Any) -> Pattern:
    chance = np.random.default_rng(1)
    weights = [chance.standard_normal(size).astype(np.float32) for size in ((CELLS, 4), (4, CELLS))]
    said: dict[str, Any] = {
        "cloud_weights": [0.5, 0.5],
        "cloud_means": [[0.0] * 4, [1.0] * 4],
        "cloud_roots": [[1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.5, 0.0, 0.0, 1.0]] * 2,
        "velocities": np.full((16, BITS, 4), 70.0).tolist(),
        "velocity_spreads": [10.0] * BITS,
        "known": base64.b64encode(b"".join(digest(steps)[:SHORT] for steps in known)).decode(),
        **changed,
    }
    ends = {"encoder": ("cells", "code"), "decoder": ("code", "chances")}
    graphs = {
        name: {"file": f"{name}.onnx", "sha256": "", "inputs": {a: [None, 1]}, "outputs": {b: [None, 1]}}
        for name, (a, b) in ends.items()
    }
    card = GeneratorCard.model_validate(
        {"name": "toy", "format": 1, "kind": "pattern", "graphs": graphs, "settings": said}
    )
    encoder, decoder = Linear(weights[0], chances=False), Linear(weights[1], chances=True)
    return Pattern(Graphs(card, {"encoder": encoder, "decoder": decoder}), Kit())


def ask(begin: float = 0.0, length: float = 8.0, **rest: Any) -> Ask:
    return Ask(begin=Beats(begin), length=Beats(length), **rest)


def test_a_pattern_comes_out_as_it_is_where_nothing_is_turned() -> None:
    phrase = new().phrase(ask(start=phrase_of_pattern(ROCK, Kit()), knobs=STILL))

    assert pattern_of(phrase) == ROCK


SWUNG = phrase_of(
    [
        Stroke(Beats(0.0), 35, 91),  # another kick than the kit's
        Stroke(Beats(0.0), 44, 33, Beats(0.02)),
        Stroke(Beats(1 / 3), 42, 17),  # of a triplet
        Stroke(Beats(1.0), 38, 120),
        Stroke(Beats(1.0), 40, 64),  # in the same cell
        Stroke(Beats(7.95), 36, 50),  # whose nearest sixteenth is the first of the next two bars
    ],
    Beats(8.0),
)


def test_strokes_of_a_start_keep_velocity_note_and_place() -> None:
    phrase = new().phrase(ask(start=SWUNG, knobs=STILL))

    assert phrase == SWUNG


def test_a_whole_morph_is_the_goal_as_it_was_played() -> None:
    whole = Knobs(temperature=0.0, morph=1.0)

    phrase = new().phrase(ask(start=phrase_of_pattern(ROCK, Kit()), goal=SWUNG, knobs=whole))

    assert phrase == SWUNG


def test_what_is_new_beside_a_start_is_struck_as_drummers_do() -> None:
    more = Knobs(temperature=0.0, density=1.0)

    phrase = new().phrase(ask(start=SWUNG, knobs=more))

    assert set(SWUNG.strokes) <= set(phrase.strokes)
    assert {stroke.velocity for stroke in set(phrase.strokes) - set(SWUNG.strokes)} == {70}


def test_on_the_way_velocities_are_between_those_of_both_ends() -> None:
    loud, soft = (phrase_of([Stroke(Beats(1.0), 38, v)], Beats(8.0)) for v in (120, 40))

    phrase = new().phrase(ask(start=loud, goal=soft, knobs=Knobs(temperature=0.0, morph=0.25)))

    assert [stroke.velocity for stroke in phrase.strokes] == [100]


def test_bars_of_a_longer_start_follow_each_other() -> None:
    both = [phrase_of_pattern(steps, Kit()) for steps in (ROCK, OTHER)]
    pattern, whole = new(), joined(both)

    made = [pattern.phrase(ask(8.0 * n, start=whole, knobs=STILL)) for n in range(4)]

    assert made == [*both, *both]


@pytest.mark.parametrize(
    "start",
    [Phrase((), Beats(4.0)), phrase_of([Stroke(Beats(0.5), 56, 90)], Beats(3.0))],
    ids=["nothing", "a cowbell, in three beats"],
)
def test_of_a_start_without_a_drum_of_its_own_silence_is_played(start: Phrase) -> None:
    phrase = new().phrase(ask(start=start, knobs=STILL))

    assert phrase == Phrase((), Beats(8.0))


def test_a_goal_without_a_start_is_reached_from_what_is_drawn() -> None:
    pattern, goal = new(), phrase_of_pattern(OTHER, Kit())

    way = [pattern.phrase(ask(goal=goal, knobs=Knobs(temperature=0.0, morph=share))) for share in (0.0, 1.0)]

    assert way == [pattern.phrase(ask(knobs=STILL)), goal]


@pytest.mark.parametrize(
    "knobs",
    [
        Knobs(temperature=2.0, density=1.0, morph=1.0),
        Knobs(density=-1.0),
        Knobs(temperature=-1.0, density=2.0, morph=-3.0),
        Knobs(voices=(0.0,) * len(VOICES), density=0.0),
    ],
)
@pytest.mark.parametrize("begin", [2.0, 123456.0])
def test_knobs_beyond_their_ends_and_far_places_fail_nothing(knobs: Knobs, begin: float) -> None:
    goal = phrase_of_pattern(OTHER, Kit())

    phrase = new().phrase(ask(begin, 6.0, goal=goal, knobs=knobs))

    assert phrase.length == 6.0
    assert all(0 <= s.beat < 6.0 and 1 <= s.velocity <= 127 for s in phrase.strokes)


def test_a_whole_morph_is_the_goal() -> None:
    start, goal = (phrase_of_pattern(steps, Kit()) for steps in (ROCK, OTHER))

    phrase = new().phrase(ask(start=start, goal=goal, knobs=Knobs(temperature=0.0, morph=1.0)))

    assert pattern_of(phrase) == OTHER


def test_an_odd_bar_begins_with_the_second_bar_of_the_pattern() -> None:
    pattern, start = new(), phrase_of_pattern((*ROCK[:16], *OTHER[:16]), Kit())

    whole = pattern.phrase(ask(8.0, start=start, knobs=STILL))
    second = pattern.phrase(ask(12.0, 4.0, start=start, knobs=STILL))

    assert second == whole.cut(Beats(4.0), Beats(8.0))


def test_two_bars_are_one_idea_without_a_start_too() -> None:
    pattern = new()

    whole = pattern.phrase(ask(16.0))

    assert pattern.phrase(ask(16.0, 4.0)) == whole.cut(Beats(0.0), Beats(4.0))
    assert pattern.phrase(ask(20.0, 4.0)) == whole.cut(Beats(4.0), Beats(8.0))


def test_what_is_drawn_is_none_that_was_learnt_from() -> None:
    first = new()
    drawn = pattern_of(first.phrase(ask(knobs=Knobs(temperature=1.0))))
    chosen = first._idea(ask(), 0)

    again = new((chosen,))._idea(ask(), 0)

    assert digest(again) != digest(chosen)
    assert any(drawn)


def test_other_seeds_draw_other_patterns() -> None:
    pattern = new()

    made = {pattern_of(pattern.phrase(ask(seed=seed))) for seed in range(5)}

    assert len(made) == 5


def test_a_voice_that_is_turned_off_is_silent() -> None:
    start = phrase_of_pattern(ROCK, Kit())
    voices = tuple(0.0 if voice == "snare" else 0.5 for voice in VOICES)

    phrase = new().phrase(ask(start=start, knobs=Knobs(temperature=0.0, voices=voices)))

    assert GENERAL_MIDI["snare"] not in {stroke.note for stroke in phrase.strokes}
    assert GENERAL_MIDI["kick"] in {stroke.note for stroke in phrase.strokes}


def test_more_density_is_more_strokes() -> None:
    pattern = new()

    counts = [len(pattern.phrase(ask(knobs=Knobs(density=d))).strokes) for d in (0.1, 0.5, 0.9)]

    assert counts == sorted(set(counts))


@pytest.mark.parametrize(("density", "share"), [(0.0, FEWEST), (0.5, 1.0), (1.0, MOST)])
def test_density_reaches_as_far_where_a_pattern_is_given(density: float, share: float) -> None:
    knobs = Knobs(temperature=0.0, density=density)

    phrase = new().phrase(ask(start=phrase_of_pattern(ROCK, Kit()), knobs=knobs))

    assert len(phrase.strokes) == round(share * sum(step.bit_count() for step in ROCK))


def test_the_beat_stays_longest() -> None:
    thin = Knobs(density=0.0)

    phrase = Pattern(load_graphs("pattern"), Kit()).phrase(ask(start=find_phrase("rock", Kit()), knobs=thin))

    backbeat = {(beat, GENERAL_MIDI["snare"]) for beat in (1.0, 3.0, 5.0, 7.0)}
    assert backbeat <= {(stroke.beat, stroke.note) for stroke in phrase.strokes}


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 64).map(lambda n: n / 2),
    st.sampled_from([2.0, 4.0, 6.0, 8.0, 16.0]),
    st.floats(0, 2),
    st.floats(0, 1),
    st.booleans(),
)
def test_any_ask_is_answered_within_its_length(
    begin: float, length: float, temperature: float, density: float, goal: bool
) -> None:
    end = Phrase((Stroke(Beats(0.0), 36, 100),), Beats(2.0)) if goal else None
    knobs = Knobs(temperature=temperature, density=density, morph=0.5)

    phrase = new().phrase(ask(begin, length, goal=end, knobs=knobs))

    assert phrase.length == length
    assert all(0 <= s.beat < length and 1 <= s.velocity <= 127 for s in phrase.strokes)


@pytest.mark.parametrize(
    "changed",
    [
        {"cloud_means": [[1.0]]},
        {"cloud_weights": [0.5, 0.0]},
        {"cloud_roots": [[float("nan")] * 10] * 2},
        {"velocities": [1.0]},
        {"cloud_roots": None},
        {"velocity_spreads": [1.0]},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_card_whose_settings_do_not_fit_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match="pretrain --model pattern"):
        new(**changed)


def test_the_same_ask_has_the_same_answer() -> None:
    assert new().phrase(ask(24.0, 16.0)) == new().phrase(ask(24.0, 16.0))
