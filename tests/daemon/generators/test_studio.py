from __future__ import annotations

from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import Phrase, Stroke
from pocket_core.types import Beats
from pocketd.generators.letters import (
    Anew,
    Heard,
    Letter,
    Made,
    Rest,
    Turned,
    Wanted,
    decode_answer,
    encode_letter,
)
from pocketd.generators.session import Session
from pocketd.generators.studio import Studio, newest
from tests.daemon.generators.test_session import Player, one, setup, want


class Counting(Player):
    """Also counts how often it was loaded, and what for."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def load(self, name: str, _: Kit) -> Counting:
        self.loaded.append(name)
        return self


def studio(player: Counting) -> Studio:
    return Studio(
        Session(
            player.load, one, lambda number, kit: one("x" * (number + 1), kit), lambda _, kit: one("p", kit)
        )
    )


def written(*letters: Letter) -> bytes:
    return b"".join(map(encode_letter, letters))


def test_a_storm_of_changes_is_answered_by_its_last() -> None:
    player = Counting()
    here = studio(player)
    storm = [letter for n in range(100) for letter in (setup(source="pattern"), Turned(), want(0.0, n))]

    said = here.read(written(*storm, setup(source="groove"), Turned(density=0.9), want(0.0, 100)))

    answers = [decode_answer(line) for line in said.split(b"\n") if line]
    assert [answer.number for answer in answers if isinstance(answer, Made)] == [100]
    assert player.loaded == ["groove"]
    assert player.asks[-1].knobs.density == 0.9


def test_only_questions_are_outdated_and_all_else_keeps_its_place() -> None:
    heard = [Heard(beat=Beats(float(n)), velocity=90) for n in range(3)]
    told: list[Letter] = [
        heard[0],
        Turned(preset=3),
        want(0.0, 1),
        Anew(),
        heard[1],
        Turned(),
        want(0.0, 2),
        heard[2],
    ]

    kept = newest([*told, want(0.0, 3)])

    assert kept == [*(letter for letter in told if not isinstance(letter, Wanted)), want(0.0, 3)]


def test_a_question_of_a_run_that_is_over_is_not_answered() -> None:
    said = studio(Counting()).read(written(setup(), want(0.0), Anew()))

    assert said == b""


def test_who_is_wanted_again_before_he_has_rested_does_not_rest() -> None:
    here = studio(Counting())

    said = here.read(written(setup(), Rest(), setup(source="groove"), want(0.0)))

    assert not here.over
    assert isinstance(decode_answer(said), Made)


def test_who_is_told_to_rest_at_last_rests() -> None:
    here = studio(Counting())

    here.read(written(setup(), want(0.0), Rest()))

    assert here.over


def test_a_letter_cut_in_two_is_read_whole() -> None:
    here = studio(Counting())
    letters = written(setup(), Wanted(number=7, begin=Beats(0.0), length=Beats(4.0)))

    first = here.read(letters[:-20])
    second = here.read(letters[-20:])

    assert first == b""
    assert isinstance(decode_answer(second), Made)


def test_a_phrase_goes_over_the_line_as_it_was() -> None:
    phrase = Phrase((Stroke(Beats(0.0), 36, 1), Stroke(Beats(0.25), 127, 127, Beats(-0.1))), Beats(4.0))

    class Once(Counting):
        def phrase(self, _: object) -> Phrase:
            return phrase

    answer = decode_answer(studio(Once()).read(written(setup(), want(0.0))))

    assert isinstance(answer, Made)
    assert answer.phrase == phrase
