from __future__ import annotations

from pocket_core.errors import ModelError
from pocket_core.phrases.generator import Ask, Generator
from pocket_core.phrases.kit import GENERAL_MIDI, Kit
from pocket_core.phrases.phrase import Phrase, Stroke
from pocket_core.types import Beats
from pocket_core.voices import ROLAND, VOICES
from pocketd.generators.letters import Anew, Failed, Given, Heard, Held, Made, Setup, Turned, Wanted
from pocketd.generators.session import MOST_HEARD, MOST_PLAYED, Session

BAR = Beats(4.0)


class Player:
    """Plays a kick on each beat, and keeps what it was asked."""

    name = "bars"

    def __init__(self) -> None:
        self.asks: list[Ask] = []

    def phrase(self, ask: Ask) -> Phrase:
        self.asks.append(ask)
        beats = range(round(ask.length))
        return Phrase(tuple(Stroke(Beats(float(n)), 36, 100) for n in beats), ask.length)


def one(named: str, kit: Kit) -> Phrase:
    if named == "nobody":
        raise ModelError("there is no nobody")
    return Phrase((Stroke(Beats(0.0), kit.notes[0], len(named)),), BAR)


def session(player: Generator) -> Session:
    return Session(
        lambda _, __: player,
        one,
        lambda number, kit: one("x" * (number + 1), kit),
        lambda steps, kit: one("p" * sum(steps), kit),
    )


def setup(**keys: object) -> Setup:
    voices = {name: list(notes) for name, notes in ROLAND.items()}
    notes = tuple(GENERAL_MIDI[voice] for voice in VOICES)
    base: dict[str, object] = {"source": "bars", "seed": 1, "start": "rock", "goal": None}
    return Setup(**{**base, **keys}, notes=notes, voices=voices)  # type: ignore[arg-type]


def want(begin: float, number: int = 1, **keys: float) -> Wanted:
    return Wanted(number=number, begin=Beats(begin), **{"length": BAR, **keys})  # type: ignore[arg-type]


def test_what_it_made_it_knows_when_it_is_asked_again() -> None:
    player = Player()
    here = session(player)
    here.take(setup())
    here.take(want(0.0))

    here.take(want(4.0, 2))

    assert [float(stroke.beat) for stroke in player.asks[1].before] == [0, 1, 2, 3]


def test_what_is_made_anew_takes_the_place_of_what_was() -> None:
    player = Player()
    here = session(player)
    here.take(setup())
    here.take(want(0.0))
    here.take(want(2.0, 2))

    here.take(want(4.0, 3))

    assert [float(stroke.beat) for stroke in player.asks[2].before] == [0, 1, 2, 3]


def test_what_was_held_it_knows_too() -> None:
    player = Player()
    here = session(player)
    here.take(setup())
    here.take(Held(begin=Beats(0.0), length=BAR, strokes=((1.0, 38, 90, 0.0),)))

    here.take(want(4.0))

    assert player.asks[0].before == (Stroke(Beats(1.0), 38, 90),)


def test_only_the_newest_sixteen_bars_are_told() -> None:
    player = Player()
    here = session(player)
    here.take(setup())
    for bar in range(40):
        here.take(Heard(beat=Beats(4.0 * bar), velocity=100))
        here.take(want(4.0 * bar, bar))

    newest = player.asks[-1]

    assert min(onset.beat for onset in newest.heard) == newest.begin - 64
    assert min(stroke.beat for stroke in newest.before) == newest.begin - 64


def test_a_new_run_knows_nothing_of_the_one_before() -> None:
    player = Player()
    here = session(player)
    here.take(setup())
    here.take(Heard(beat=Beats(0.0), velocity=100))
    here.take(want(0.0))
    here.take(Anew())

    here.take(want(4.0, 2))

    assert (player.asks[-1].heard, player.asks[-1].before) == ((), ())


def test_in_three_four_a_bar_is_a_bar_of_the_generator_and_onsets_lie_in_it() -> None:
    player = Player()
    here = session(player)
    here.take(setup())
    here.take(Heard(beat=Beats(3.5), velocity=100))  # in the second bar

    (made,) = here.take(want(6.0, 1, length=3.0, bar=3.0))

    assert player.asks[0].begin == 8.0
    assert [onset.beat for onset in player.asks[0].heard] == [4.5]
    assert isinstance(made, Made)
    assert (made.length, [struck[0] for struck in made.strokes]) == (3.0, [0, 1, 2])


def test_a_preset_goes_before_what_the_setup_names_and_a_given_pattern_before_both() -> None:
    player = Player()
    here = session(player)
    here.take(setup())
    here.take(Turned(preset=6))
    here.take(want(0.0))
    here.take(Given(pattern=(1, 1), goal=(1, 1, 1)))

    here.take(want(4.0, 2))

    starts = [ask.start.strokes[0].velocity for ask in player.asks if ask.start is not None]
    goal = player.asks[1].goal
    assert starts == [7, 2]
    assert goal is not None
    assert goal.strokes[0].velocity == 3


def test_a_start_that_cannot_be_read_is_told_and_the_generator_begins_where_it_likes() -> None:
    player = Player()
    here = session(player)

    told = here.take(setup(start="nobody"))
    made = here.take(want(0.0))

    assert told == [Failed(number=None, text="generate.start: there is no nobody")]
    assert isinstance(made[0], Made)


def test_a_bug_in_a_generator_is_told_in_a_line() -> None:
    class Broken:
        name = "bars"

        def phrase(self, _: Ask) -> Phrase:
            raise ZeroDivisionError("division\nby zero")

    here = session(Broken())
    here.take(setup())

    told = here.take(want(0.0))

    assert told == [Failed(number=1, text="bars: ZeroDivisionError: division by zero")]


def test_a_half_bar_of_two_four_lies_where_its_bar_does() -> None:
    class OnTheOne:
        name = "bars"

        def phrase(self, ask: Ask) -> Phrase:
            return Phrase((Stroke(Beats(0.0), 36, 100), Stroke(Beats(1.0), 38, 90)), ask.length)

    here = session(OnTheOne())
    here.take(setup())

    (made,) = here.take(want(3.0, length=4.0, bar=2.0))  # from the middle of the second bar on

    assert isinstance(made, Made)
    assert made.length == 4.0
    assert [(beat, note) for beat, note, *_ in made.strokes] == [(0, 38), (1, 36), (2, 38), (3, 36)]


def test_a_phrase_that_the_loop_would_not_read_is_a_fault_with_a_name() -> None:
    class Silent:
        name = "bars"

        def phrase(self, ask: Ask) -> Phrase:
            return Phrase((Stroke(Beats(0.0), 36, 0),), ask.length)

    here = session(Silent())
    here.take(setup())

    (told,) = here.take(want(0.0))

    assert isinstance(told, Failed)
    assert "greater than or equal to 1" in told.text


def test_a_start_that_cannot_be_read_does_not_cost_the_goal_nor_a_preset() -> None:
    player = Player()
    here = session(player)
    here.take(setup(start="nobody", goal="funky"))
    here.take(want(0.0))

    told = here.take(Turned(preset=2))
    here.take(want(4.0, 2))

    goals = [ask.goal.strokes[0].velocity for ask in player.asks if ask.goal is not None]
    start = player.asks[-1].start
    assert goals == [5, 5]
    assert told == []
    assert start is not None


def test_a_generator_whose_files_are_damaged_in_any_way_says_so_and_the_process_lives() -> None:
    def broken(_: str, __: Kit) -> Generator:
        raise KeyError("thresholds")

    here = Session(broken, one, lambda _, kit: one("x", kit), lambda _, kit: one("p", kit))
    here.take(setup())

    assert here.take(want(0.0)) == [Failed(number=1, text="bars: KeyError: 'thresholds'")]


def test_a_generator_is_loaded_once_however_often_another_is_chosen_meanwhile() -> None:
    loaded: list[str] = []

    def load(name: str, _: Kit) -> Generator:
        loaded.append(name)
        return Player()

    here = Session(load, one, lambda _, kit: one("x", kit), lambda _, kit: one("p", kit))
    for n in range(10):
        here.take(setup(source="groove" if n % 2 else "bars"))
        here.take(want(4.0 * n, n))

    assert loaded == ["bars", "groove"]


def test_of_a_bar_that_is_longer_than_four_beats_only_those_are_told() -> None:
    player = Player()
    here = session(player)
    here.take(setup())
    for beat in range(6):
        here.take(Heard(beat=Beats(float(beat)), velocity=100))
    here.take(Held(begin=Beats(0.0), length=Beats(6.0), strokes=((1.0, 36, 90, 0.0), (5.0, 36, 90, 0.0))))

    here.take(want(6.0, 1, length=6.0, bar=6.0))

    assert [float(onset.beat) for onset in player.asks[0].heard] == [0, 1, 2, 3]
    assert [float(stroke.beat) for stroke in player.asks[0].before] == [1]


def test_what_was_made_of_the_time_that_is_asked_for_again_is_not_its_past() -> None:
    player = Player()
    here = session(player)
    here.take(setup())
    here.take(want(0.0))

    here.take(want(2.0, 2))

    assert [float(stroke.beat) for stroke in player.asks[1].before] == [0, 1]


def test_an_hour_in_which_nothing_is_wanted_is_not_kept_whole() -> None:
    here = session(Player())
    here.take(setup())

    for n in range(10_000):
        here.take(Heard(beat=Beats(2.0 * n), velocity=100))
        if n % 4 == 0:
            here.take(Held(begin=Beats(2.0 * n), length=Beats(2.0), strokes=((0.0, 36, 90, 0.0),)))

    assert len(here._heard) <= MOST_HEARD
    assert len(here._played) <= MOST_PLAYED / 2


def test_a_generator_that_cannot_be_loaded_says_why_each_time() -> None:
    def nobody(_: str, __: Kit) -> Generator:
        raise ModelError("bars.json: cannot be read")

    here = Session(nobody, one, lambda _, kit: one("x", kit), lambda _, kit: one("p", kit))
    here.take(setup())

    assert here.take(want(0.0)) == [Failed(number=1, text="bars.json: cannot be read")]
