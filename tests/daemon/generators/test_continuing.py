from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from time import thread_time
from typing import Any

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


@pytest.mark.parametrize("temperature", [0.7, 1.0])
def test_a_bar_that_was_played_over_and_over_comes_again_more_often_than_the_network_says_it(
    graphs: Graphs, continuing: Continuing, rock: Phrase, temperature: float
) -> None:
    bar = [(s.beat, s.note) for s in rock.strokes if s.beat < 4.0]
    asks = [
        Ask(Beats(64.0), before=rock.cut(Beats(0.0), Beats(4.0)).filling(Beats(64.0)).strokes, seed=seed)
        for seed in range(16)
    ]
    told = graphs.card.settings["settling"]
    bare = {name: _without_copies(chain) for name, chain in told.items()}
    network = Continuing(graphs.told({**graphs.card.settings, "settling": bare}), KIT)

    again, by_itself = (
        sum(
            [(s.beat, s.note) for s in one.phrase(replace(ask, knobs=Knobs(temperature=temperature))).strokes]
            == bar
            for ask in asks
        )
        for one in (continuing, network)
    )

    assert again > max(by_itself, 3)


def _without_copies(chain: dict[str, Any]) -> dict[str, Any]:
    heats = len(chain["heats"])
    tables = {
        name: [[share * (n < heats) for n, share in enumerate(row)] for row in chain[name]]
        for name in ("at_bar", "at_beat")
    }
    tables["at_beat"] = [row if any(row) else tables["at_bar"][n] for n, row in enumerate(tables["at_beat"])]
    return {**chain, **tables}


def test_a_bar_is_the_bar_before_as_a_whole_or_not_at_all(graphs: Graphs, rock: Phrase) -> None:
    even = {"begin": [1.0, 0.0], "at_bar": [[0.5, 0.5], [0.5, 0.5]], "at_beat": [[1.0, 0.0], [0.0, 1.0]]}
    chain = {"heats": [1e4], "beats": [], "bars": [1], **even, "more": 1.0}  # else anything is as likely
    told = {**graphs.card.settings, "settling": {"step": chain, "one_step": chain}}

    made = Continuing(graphs.told(told), KIT).continue_from(rock, 24, Knobs(), 1)

    steps = [frozenset(s.note for s in made.strokes if s.beat == n / 4) for n in range(24 * 16)]
    same = [sum(steps[n * 16 + k] == steps[n * 16 + k - 16] for k in range(16)) for n in range(1, 24)]
    assert 6 <= same.count(16) <= 17
    assert all(count == 16 or count <= 2 for count in same)


def test_bolder_drums_still_settle_less(continuing: Continuing, rock: Phrase) -> None:
    repeated = []
    for temperature in (0.6, 1.0, 1.4):
        made = [continuing.continue_from(rock, 12, Knobs(temperature=temperature), seed) for seed in (1, 2)]
        bars = [
            [
                [(s.beat, s.note) for s in one.cut(Beats(4.0 * n), Beats(4.0 * n + 4)).strokes]
                for n in range(12)
            ]
            for one in made
        ]
        repeated.append(sum(a == b for one in bars for a, b in pairwise(one)))

    assert repeated[0] > repeated[1] >= repeated[2]


def test_half_a_bar_at_a_time_settles_as_well(continuing: Continuing, rock: Phrase) -> None:
    bar = rock.cut(Beats(0.0), Beats(4.0))
    before = bar.filling(Beats(66.0)).strokes  # the half of another bar at the end

    made = [
        [
            (s.beat, s.note)
            for s in continuing.phrase(Ask(Beats(66.0), Beats(2.0), before=before, seed=n)).strokes
        ]
        for n in range(12)
    ]

    assert made.count([(s.beat, s.note) for s in bar.cut(Beats(2.0), Beats(4.0)).strokes]) >= 6


def test_velocities_differ_and_the_backbeat_is_louder(continuing: Continuing, rock: Phrase) -> None:
    snares = [s for s in continuing.continue_from(rock, 16, Knobs(), 1).strokes if s.note == 38]
    on, off = (
        [s.velocity for s in snares if (s.beat % 4 in (1.0, 3.0)) is backbeat] for backbeat in (True, False)
    )

    assert np.mean(on) > np.mean(off) + 10
    assert np.std([s.velocity for s in snares]) > 5


def test_a_bar_after_sixteen_takes_less_than_fifty_milliseconds_of_a_core(
    continuing: Continuing, rock: Phrase
) -> None:
    before = rock.filling(Beats(64.0)).strokes
    took = []
    for seed in range(9):
        began = thread_time()
        continuing.phrase(Ask(begin=Beats(64.0), before=before, seed=seed))
        took.append(thread_time() - began)

    assert np.median(took) < 0.05


def test_strokes_lie_about_the_grid_as_those_before_did(continuing: Continuing, rock: Phrase) -> None:
    early, late = (
        np.mean([s.offset for s in continuing.phrase(Ask(Beats(64.0), before=before)).strokes])
        for before in (
            tuple(replace(s, offset=Beats(offset)) for s in rock.filling(Beats(64.0)).strokes)
            for offset in (-0.04, 0.04)
        )
    )

    assert early < -0.02 < 0.02 < late


def test_at_temperature_nothing_strays_from_where_it_lay(continuing: Continuing, rock: Phrase) -> None:
    before = tuple(replace(s, offset=Beats(0.0)) for s in rock.filling(Beats(64.0)).strokes)

    made = continuing.phrase(Ask(Beats(64.0), before=before, knobs=Knobs(temperature=0.0)))

    assert max(abs(s.offset) for s in made.strokes) < 0.02


def test_a_card_that_does_not_say_where_strokes_lie_is_refused(graphs: Graphs) -> None:
    settings = {k: v for k, v in graphs.card.settings.items() if k != "feel"}

    with pytest.raises(ContractError, match=r"lie is not said.*run `pocketd pretrain` again"):
        Continuing(graphs.told(settings), KIT)


@pytest.mark.parametrize("told", [{}, {"settling": {"step": {"heats": [1.0]}}}])
def test_a_card_that_does_not_say_how_drums_settle_is_refused(
    graphs: Graphs, told: dict[str, object]
) -> None:
    settings = {k: v for k, v in graphs.card.settings.items() if k != "settling"}

    with pytest.raises(ContractError, match=r"settle is not said.*run `pocketd pretrain` again"):
        Continuing(graphs.told({**settings, **told}), KIT)


def test_graphs_of_other_features_are_refused(graphs: Graphs) -> None:
    other = graphs.card.model_copy(update={"settings": {**graphs.card.settings, "features_version": 99}})

    with pytest.raises(ContractError, match=r"v99.*run `pocketd pretrain` again"):
        Continuing(Graphs(other, {}), KIT)
