"""The source `groove`, with networks that are written here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pocket_core.errors import ContractError
from pocket_core.phrases.generator import Ask, Knobs, Onset
from pocket_core.phrases.groove_features import (
    DECIDED,
    FROM_BEFORE,
    GROOVE,
    KNOWN,
    LAST_GROOVE,
    MUSICIAN,
    STEPS,
    VERSION,
    WIDTH,
)
from pocket_core.phrases.hvo import COUNT
from pocket_core.phrases.kit import GENERAL_MIDI, Kit
from pocket_core.phrases.phrase import Phrase, Stroke
from pocket_core.phrases.styles import STYLES
from pocket_core.types import Beats
from pocket_core.voices import VOICES
from pocketd.generators.graphs import GeneratorCard, Graphs
from pocketd.generators.groove import Groove

LATENT = 4
STILL = Knobs(temperature=0.0)
RIFF = tuple(Onset(Beats(n / 2), 40 + 5 * (n % 8)) for n in range(16))
KICK, SNARE, CRASH = (VOICES.index(voice) for voice in ("kick", "snare", "crash"))


class Says:
    """A session that says the same of every step, and keeps what it was asked."""

    def __init__(self, chances: dict[str, float]) -> None:
        self.row = np.full((1, STEPS, 3 * COUNT), 0.1, np.float32)
        self.row[..., :COUNT] = [chances.get(voice, 0.02) for voice in VOICES]
        self.row[..., COUNT : 2 * COUNT] = 0.5
        self.seen: list[NDArray[np.float32]] = []

    def run(self, _names: list[str], inputs: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        self.seen.append(next(iter(inputs.values())).copy())
        return [self.row]


class Encodes:
    """A session that takes a groove's first hits for its code."""

    def run(self, _names: list[str], inputs: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        return [inputs["groove"][:, :LATENT, 0]]


class Made:
    """The generator, and its two networks for drums."""

    def __init__(
        self,
        answer: dict[str, float] | None = None,
        alone: dict[str, float] | None = None,
        most: int = STEPS,
        **changed: Any,
    ) -> None:
        self.answer = Says(answer or {"kick": 0.9, "snare": 0.4})
        self.alone = Says(alone or {"crash": 0.9})
        sessions = {
            "answer": self.answer,
            "alone": self.alone,
            "encode": Encodes(),
            "decode": Says({"closed hat": 0.9}),
        }
        said = {
            "features_version": VERSION,
            "width": WIDTH,
            "thresholds": [0.5] * COUNT,
            "alone_thresholds": [0.5] * COUNT,
            "decoder_thresholds": [0.5] * COUNT,
            "most": [most] * COUNT,
            "latent_mean": [0.0] * LATENT,
            "latent_sd": [1.0] * LATENT,
            **changed,
        }
        self.groove = Groove(Graphs(card(list(sessions), said), sessions), Kit())

    def phrase(self, begin: float = 0.0, length: float = 8.0, **rest: Any) -> Phrase:
        rest.setdefault("knobs", STILL)
        return self.groove.phrase(Ask(Beats(begin), Beats(length), **rest))


def card(graphs: list[str], said: dict[str, Any]) -> GeneratorCard:
    ends = {"inputs": {"x": [1]}, "outputs": {"said": [1], "mean": [1]}}
    named = {
        name: {
            "file": f"{name}.onnx",
            "sha256": "",
            "inputs": ends["inputs"],
            "outputs": {"mean" if name == "encode" else "said": [1]},
        }
        for name in graphs
    }
    return GeneratorCard.model_validate(
        {"name": "toy", "format": 1, "kind": "groove", "graphs": named, "settings": said}
    )


def notes(phrase: Phrase) -> set[int]:
    return {stroke.note for stroke in phrase.strokes}


def bar_before(begin: float, note: int = 36) -> tuple[Stroke, ...]:
    return tuple(Stroke(Beats(begin - 4 + n), note, 90) for n in range(4))


def without(voice: str) -> tuple[float, ...]:
    return tuple(0.0 if name == voice else 0.5 for name in VOICES)


def test_where_nobody_has_played_anything_the_networks_without_memory_answer() -> None:
    made = Made()

    phrase = made.phrase()

    assert notes(phrase) == {GENERAL_MIDI["crash"]}
    assert not made.answer.seen
    assert not made.alone.seen[0][..., KNOWN].any()


def test_networks_without_memory_are_asked_once_for_they_know_no_turns() -> None:
    made = Made()

    made.phrase(knobs=Knobs(temperature=1.0))

    assert len(made.alone.seen) == 1


def test_a_musicians_first_bars_are_answered_by_that_which_knows_parts() -> None:
    made = Made()

    phrase = made.phrase(heard=RIFF)

    assert notes(phrase) == {GENERAL_MIDI["kick"]}
    assert not made.alone.seen
    assert made.answer.seen[0][..., MUSICIAN].all()
    assert not made.answer.seen[0][..., KNOWN].any()


def test_a_stored_groove_is_no_musicians() -> None:
    made = Made()

    made.phrase(8.0, before=bar_before(8.0), start=Phrase(bar_before(4.0), Beats(4.0)))

    assert not made.answer.seen[0][..., MUSICIAN].any()


def test_what_lies_between_a_stored_groove_and_a_musicians_part_is_no_part() -> None:
    made = Made()

    made.phrase(8.0, heard=RIFF, before=bar_before(8.0), knobs=Knobs(temperature=0.0, follow=0.5))

    assert not made.answer.seen[0][..., MUSICIAN].any()


def test_what_is_decided_first_is_told_when_the_rest_is_asked() -> None:
    made = Made({"kick": 0.999, "snare": 0.001})

    made.phrase(8.0, before=bar_before(8.0), knobs=Knobs(temperature=1.0))

    first, second, third = (x[..., DECIDED] for x in made.answer.seen)
    assert not first.any()
    assert second[..., KICK].all()
    assert second[..., COUNT + KICK].mean() > 0.9
    assert not second[..., SNARE].any()
    assert third[..., SNARE].all()
    assert third[..., COUNT + SNARE].mean() < 0.1


def test_another_riff_has_another_luck() -> None:
    bold, others = Knobs(temperature=1.0), tuple(Onset(Beats(n * 0.75), 90) for n in range(10))

    phrases = [Made({"crash": 0.3}).phrase(8.0, heard=riff, knobs=bold) for riff in (RIFF, others)]

    beats = [{s.beat for s in phrase.strokes} for phrase in phrases]
    assert beats[0] != beats[1]


def test_the_likeliest_is_asked_for_once() -> None:
    made = Made()

    made.phrase(8.0, before=bar_before(8.0))

    assert len(made.answer.seen) == 1


def test_where_something_was_played_that_with_a_memory_answers() -> None:
    made = Made()

    phrase = made.phrase(8.0, heard=RIFF, before=bar_before(8.0))

    assert notes(phrase) == {GENERAL_MIDI["kick"]}
    assert not made.alone.seen
    assert made.answer.seen[0][..., KNOWN].all()


def test_a_long_phrase_remembers_its_own_beginning() -> None:
    made = Made()

    made.phrase(0.0, 16.0)

    assert len(made.alone.seen) == len(made.answer.seen) == 1


def test_without_a_memory_a_groove_of_two_bars_ago_is_taken_as_it_is() -> None:
    made = Made()

    made.phrase(8.0, heard=RIFF)
    made.phrase(8.0, heard=RIFF, before=bar_before(8.0))

    first, second = made.answer.seen
    assert not first[..., FROM_BEFORE].any()
    assert second[..., FROM_BEFORE].all()


def test_a_part_that_is_known_beyond_the_beginning_is_answered_where_it_is() -> None:
    made = Made()
    part = (Onset(Beats(8.0), 100), Onset(Beats(13.0), 90))

    made.phrase(8.0, heard=RIFF + part, before=bar_before(8.0))

    [x] = made.answer.seen[0]
    assert not x[:, FROM_BEFORE].any()
    assert np.flatnonzero(x[:, GROOVE][:, 0]).tolist() == [0, 20]


def test_live_two_bars_and_the_next_are_answered_by_the_newest_that_were_heard() -> None:
    made = Made()

    made.phrase(8.0, 16.0, heard=(Onset(Beats(0.0), 90), Onset(Beats(5.0), 90)), before=bar_before(8.0))

    grooves = [np.flatnonzero(x[0, :, GROOVE][:, 0]).tolist() for x in made.answer.seen]
    assert grooves == [[0, 20], [0, 20]]


def test_in_a_bar_that_has_begun_what_was_heard_of_it_counts() -> None:
    made = Made()
    heard = (Onset(Beats(0.5), 90), Onset(Beats(1.5), 90), Onset(Beats(8.0), 90))

    made.phrase(10.0, 2.0, heard=heard, before=bar_before(8.0))

    assert np.flatnonzero(made.answer.seen[0][0, :, GROOVE][:, 0]).tolist() == [0, 6]


def test_of_bars_in_which_no_musician_played_the_drums_own_groove_is_remembered() -> None:
    made = Made()

    made.phrase(8.0, heard=(Onset(Beats(1.0), 90),), before=bar_before(8.0))

    remembered = made.answer.seen[0][0, :, LAST_GROOVE][:, 0]
    assert np.flatnonzero(remembered).tolist() == [4, 16, 20, 24, 28]


def test_a_crash_is_general_midis() -> None:
    assert notes(Made({"crash": 0.9}).phrase(heard=RIFF)) == {49}


def test_the_same_ask_has_the_same_answer() -> None:
    bold = Knobs(temperature=1.0)

    one, again, other = (Made().phrase(heard=RIFF, knobs=bold, seed=seed) for seed in (1, 1, 2))

    assert one == again
    assert one != other


def test_every_two_bars_are_drawn_anew() -> None:
    phrase = Made({"crash": 0.5}).phrase(8.0, 16.0, before=bar_before(8.0), knobs=Knobs(temperature=1.0))

    assert phrase.cut(Beats(0.0), Beats(8.0)) != phrase.cut(Beats(8.0), Beats(16.0))


def test_as_learnt_what_is_rare_comes_as_often_as_its_chance_says_and_the_beat_is_firmer() -> None:
    made = Made({"crash": 0.1, "snare": 0.1, "kick": 0.9})
    asks = [
        made.phrase(8.0, before=bar_before(8.0), seed=seed, knobs=Knobs(temperature=1.0), heard=RIFF)
        for seed in range(150)
    ]

    crash, snare, kick = (
        sum(s.note == GENERAL_MIDI[v] for p in asks for s in p.strokes) / (150 * STEPS)
        for v in ("crash", "snare", "kick")
    )

    assert crash == pytest.approx(0.1, abs=0.02)
    assert snare < 0.08
    assert kick > 0.93


def test_more_density_is_more_strokes() -> None:
    made = Made({"kick": 0.8, "snare": 0.46, "closed hat": 0.4, "ride": 0.55})

    counts = [
        len(made.phrase(8.0, before=bar_before(8.0), knobs=Knobs(temperature=0.0, density=d)).strokes)
        for d in (0.0, 0.5, 0.7, 1.0)
    ]

    assert counts == sorted(set(counts))


def test_a_voice_that_is_turned_off_is_silent() -> None:
    knobs = Knobs(temperature=0.0, density=1.0, voices=without("kick"))

    phrase = Made().phrase(8.0, before=bar_before(8.0), knobs=knobs)

    assert GENERAL_MIDI["kick"] not in notes(phrase)
    assert GENERAL_MIDI["snare"] in notes(phrase)


def test_a_voice_that_is_turned_up_comes() -> None:
    voices = tuple(1.0 if name == "ride" else 0.5 for name in VOICES)

    phrase = Made({"ride": 0.1}).phrase(
        8.0, before=bar_before(8.0), knobs=Knobs(temperature=0.0, voices=voices)
    )

    assert notes(phrase) == {GENERAL_MIDI["ride"]}


def test_a_voice_is_struck_no_more_than_drummers_do() -> None:
    assert len(Made(most=5).phrase(heard=RIFF).strokes) == 5


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_half_a_bar_goes_on_in_the_middle(temperature: float) -> None:
    made, knobs = Made({"kick": 0.5, "crash": 0.5}), Knobs(temperature=temperature)

    whole = made.phrase(8.0, 4.0, before=bar_before(8.0), heard=RIFF, knobs=knobs)
    half = made.phrase(10.0, 2.0, before=bar_before(8.0), heard=RIFF, knobs=knobs)

    assert half == whole.cut(Beats(2.0), Beats(4.0))


def test_a_start_is_remembered_before_the_song_began() -> None:
    made = Made()
    start = Phrase(bar_before(4.0), Beats(4.0))

    made.phrase(0.0, heard=RIFF, start=start)

    assert made.answer.seen[0][..., KNOWN].min() == 1.0


def test_one_that_lacks_the_network_for_the_first_bars_is_refused() -> None:
    said = {"features_version": VERSION, "width": WIDTH}

    with pytest.raises(ContractError, match="no graph `alone`"):
        Groove(Graphs(card(["answer", "encode", "decode"], said), {}), Kit())


def test_one_that_was_made_for_other_features_is_refused() -> None:
    with pytest.raises(ContractError, match="pretrain"):
        Made(features_version=VERSION + 1)


KNOBS = st.builds(
    Knobs,
    temperature=st.floats(0, 2),
    density=st.floats(0, 1),
    morph=st.floats(0, 1),
    follow=st.floats(0, 1),
)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 40).map(lambda n: n * 2.0),
    st.sampled_from([2.0, 4.0, 6.0, 8.0, 10.0, 16.0]),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
    KNOBS,
    st.sampled_from([None, "polka", STYLES[0]]),
)
def test_any_ask_is_answered_within_its_length(
    begin: float, length: float, told: tuple[bool, bool, bool], knobs: Knobs, style: str | None
) -> None:
    heard, before, start = told
    known = Phrase((Stroke(Beats(0.0), 36, 90),), Beats(4.0))

    phrase = Made().phrase(
        begin,
        length,
        heard=RIFF if heard else (),
        before=bar_before(begin) if before and begin >= 4 else (),
        start=known if start else None,
        goal=known,
        knobs=knobs,
        style=style,
    )

    assert phrase.length == length
    assert all(0.0 <= s.beat < length and 1 <= s.velocity <= 127 for s in phrase.strokes)
    assert all(abs(s.offset) <= 0.125 for s in phrase.strokes)
