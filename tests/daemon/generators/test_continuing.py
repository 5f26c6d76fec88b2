from __future__ import annotations

from dataclasses import replace
from time import thread_time

import numpy as np
import pytest

from pocket_core.errors import ContractError
from pocket_core.phrases.generator import Ask, Knobs
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import Phrase, Stroke
from pocket_core.types import Beats
from pocketd.generators.continuing import Continuing
from pocketd.generators.graphs import Graphs, generator_folder, load_graphs
from pocketd.generators.presets import find_phrase

SHIPS = generator_folder() / "continue.json"
KIT = Kit()


@pytest.fixture(scope="module")
def graphs() -> Graphs:
    return load_graphs("continue", SHIPS)


@pytest.fixture(scope="module")
def continuing(graphs: Graphs) -> Continuing:
    return Continuing(graphs, KIT)


@pytest.fixture(scope="module")
def rock() -> Phrase:
    return find_phrase("rock", KIT)


@pytest.mark.parametrize("length", [0.25, 2.0, 3.0, 3.5, 4.0, 16.0])
@pytest.mark.parametrize("begin", [0.0, 2.0, 64.0])
def test_a_phrase_is_as_long_as_asked(continuing: Continuing, length: float, begin: float) -> None:
    made = continuing.phrase(Ask(begin=Beats(begin), length=Beats(length)))

    assert made.length == length
    assert all(0 <= stroke.beat < length and 1 <= stroke.velocity <= 127 for stroke in made.strokes)


def test_from_nothing_it_begins_with_a_kick(continuing: Continuing) -> None:
    first = continuing.phrase(Ask(begin=Beats(8.0))).strokes[0]

    assert (first.beat, first.note) == (0.0, 36)


def test_the_same_ask_has_the_same_answer_and_another_seed_another(
    continuing: Continuing, rock: Phrase
) -> None:
    ask = Ask(begin=Beats(16.0), length=Beats(16.0), start=rock)

    again = continuing.phrase(ask)

    assert again == continuing.phrase(ask)
    assert again != continuing.phrase(replace(ask, seed=2))


def test_at_temperature_nothing_is_left_to_chance(continuing: Continuing, rock: Phrase) -> None:
    ask = Ask(begin=Beats(16.0), start=rock, knobs=Knobs(temperature=0.0))

    assert continuing.phrase(ask) == continuing.phrase(replace(ask, seed=2))


def test_what_was_played_is_gone_on_from(continuing: Continuing) -> None:
    # a kick on every beat and a ride between, for eight bars
    before = tuple(Stroke(Beats(n / 2), 36 if n % 2 == 0 else 51, 90) for n in range(64))

    made = continuing.phrase(Ask(begin=Beats(32.0), before=before, knobs=Knobs(temperature=0.0)))

    assert [(s.beat, s.note) for s in made.strokes] == [(s.beat, s.note) for s in before[:8]]


def test_a_start_counts_where_nothing_was_played(continuing: Continuing) -> None:
    start = Phrase(tuple(Stroke(Beats(float(n)), 36, 90) for n in range(4)), Beats(4.0))

    made = continuing.phrase(Ask(begin=Beats(0.0), start=start, knobs=Knobs(temperature=0.0)))

    assert [(s.beat, s.note) for s in made.strokes] == [(Beats(float(n)), 36) for n in range(4)]


def test_notes_that_no_voice_has_are_not_heard(continuing: Continuing) -> None:
    bell = tuple(Stroke(Beats(float(n)), 80, 90) for n in range(16))

    with_bell = continuing.phrase(Ask(begin=Beats(16.0), before=bell))

    assert with_bell == continuing.phrase(Ask(begin=Beats(16.0)))


def test_density_strikes_more_or_less(continuing: Continuing, rock: Phrase) -> None:
    counts = [
        len(continuing.continue_from(rock, 8, Knobs(density=density), 1).strokes)
        for density in (0.0, 0.5, 1.0)
    ]

    assert counts[0] < counts[1] < counts[2]


def test_a_voice_turned_down_is_never_struck(continuing: Continuing, rock: Phrase) -> None:
    voices = (0.5, 0.0, *[0.5] * 7)  # no snare

    made = continuing.continue_from(rock, 4, Knobs(voices=voices), 1)

    assert made.strokes
    assert 38 not in {stroke.note for stroke in made.strokes}


def test_all_voices_turned_down_is_silence(continuing: Continuing, rock: Phrase) -> None:
    made = continuing.continue_from(rock, 2, Knobs(voices=(0.0,) * 9), 1)

    assert made == Phrase((), Beats(8.0))


def test_notes_are_those_of_the_kit(graphs: Graphs, rock: Phrase) -> None:
    notes = tuple(range(1, 10))

    made = Continuing(graphs, Kit(notes)).continue_from(rock, 8, Knobs(), 1)

    assert {stroke.note for stroke in made.strokes} <= set(notes)


def test_one_drum_is_all_snare(continuing: Continuing, rock: Phrase) -> None:
    made = continuing.continue_from(rock, 4, Knobs(), 1, one_drum=True)

    assert {stroke.note for stroke in made.strokes} == {38}


def test_more_ways_kept_open_repeat_what_is_likely(continuing: Continuing, rock: Phrase) -> None:
    one, many = (continuing.continue_from(rock, 4, Knobs(), 1, beam=beam) for beam in (1, 4))

    assert one != many
    assert many == continuing.continue_from(rock, 4, Knobs(), 1, beam=4)


def test_a_primer_of_more_than_sixteen_bars_is_gone_on_from(continuing: Continuing, rock: Phrase) -> None:
    made = continuing.continue_from(rock.filling(Beats(80.0)), 5, Knobs(), 1)

    assert made.length == 20.0
    assert made.strokes


def test_velocities_differ_and_the_backbeat_is_louder(continuing: Continuing, rock: Phrase) -> None:
    snares = [s for s in continuing.continue_from(rock, 16, Knobs(), 1).strokes if s.note == 38]
    on, off = (
        [s.velocity for s in snares if (s.beat % 4 in (1.0, 3.0)) is backbeat] for backbeat in (True, False)
    )

    assert np.mean(on) > np.mean(off) + 10
    assert np.std([s.velocity for s in snares]) > 5


def test_a_bar_after_sixteen_takes_less_than_fifty_milliseconds(continuing: Continuing, rock: Phrase) -> None:
    before = rock.filling(Beats(64.0)).strokes
    took = []
    for seed in range(9):
        began = thread_time()
        continuing.phrase(Ask(begin=Beats(64.0), before=before, seed=seed))
        took.append(thread_time() - began)

    assert np.median(took) < 0.05


def test_graphs_of_other_features_are_refused(graphs: Graphs) -> None:
    other = graphs.card.model_copy(update={"settings": {**graphs.card.settings, "features_version": 99}})

    with pytest.raises(ContractError, match=r"v99.*run `pocketd pretrain` again"):
        Continuing(Graphs(other, {}), KIT)
