from __future__ import annotations

from pocket_core.errors import ModelError
from pocket_core.phrases.generator import Ask, Generator
from pocket_core.phrases.kit import GENERAL_MIDI, Kit
from pocket_core.phrases.phrase import Phrase, Stroke
from pocket_core.types import Beats
from pocket_core.voices import ROLAND, VOICES
from pocketd.generators.letters import Anew, Failed, Given, Heard, Held, Made, Setup, Turned, Wanted
from pocketd.generators.session import Session

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

    assert told == [Failed(number=None, text="there is no nobody")]
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


def test_a_generator_that_cannot_be_loaded_says_why_each_time() -> None:
    def nobody(_: str, __: Kit) -> Generator:
        raise ModelError("bars.json: cannot be read")

    here = Session(nobody, one, lambda _, kit: one("x", kit), lambda _, kit: one("p", kit))
    here.take(setup())

    assert here.take(want(0.0)) == [Failed(number=1, text="bars.json: cannot be read")]
