from __future__ import annotations

import pytest

from pocket_core.types import Port, Seconds
from pocketd.backends.protocol import Incoming
from pocketd.config import Config
from pocketd.config_sections import SOURCES, Control, Generate
from pocketd.generators.letters import Turned
from pocketd.sources.panel import Panel


def panel(**control: object) -> Panel:
    return Panel(Config(control=Control(**control)))  # type: ignore[arg-type]


def turn(on: Panel, *data: int) -> Turned:
    """Let a message come on `control`."""
    on.hear(Incoming(Seconds(0.0), Port.CONTROL, bytes(data)))
    return on.turned


@pytest.mark.parametrize(
    ("number", "knob", "most"),
    [(24, "density", 1.0), (25, "temperature", 2.0), (26, "morph", 1.0), (27, "follow", 1.0)],
)
def test_a_controller_turns_its_knob_from_its_least_to_its_most(number: int, knob: str, most: float) -> None:
    here = panel()

    values = [getattr(turn(here, 0xB0, number, value), knob) for value in (0, 127)]

    assert values == [0.0, most]
    assert here.take_turned()
    assert not here.take_turned()


def test_each_voice_has_a_controller_of_its_own() -> None:
    here = panel()

    for n in range(9):
        turn(here, 0xB0, 102 + n, 127 if n % 2 else 0)

    assert here.turned.voices == (0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0)


def test_a_controller_beside_those_of_the_voices_turns_nothing() -> None:
    here = panel()

    for number in (101, 111, 30):
        turn(here, 0xB0, number, 127)

    assert not here.take_turned()
    assert here.wanted is None


@pytest.mark.parametrize("data", [(0xB4, 24, 127), (0xB4, 23, 3), (0xC4, 123)])
def test_another_channel_than_the_configured_one_is_not_ours(data: tuple[int, ...]) -> None:
    here = panel(channel=1)

    turn(here, *data)

    assert not here.take_turned()
    assert here.wanted is None


def test_sources_are_chosen_by_number_and_none_where_there_is_none() -> None:
    here = panel()
    chosen: list[str | None] = []
    for number in range(8):
        here.wanted = None
        turn(here, 0xC0, 120 + number & 0x7F)
        chosen.append(here.wanted)

    turn(here, 0xB0, 23, 127)

    assert chosen == [*SOURCES, None]
    assert here.wanted is None


def test_hold_is_on_from_the_middle_of_its_controller() -> None:
    here = panel()

    held = [(turn(here, 0xB0, 28, value), here.hold)[1] for value in (63, 64, 0)]

    assert held == [False, True, False]


def test_a_reload_turns_back_only_what_it_changes() -> None:
    here = panel()
    turn(here, 0xB0, 24, 127)
    turn(here, 0xB0, 26, 127)

    another = here.configure(Config(generate=Generate(morph=0.25, hold=True)))

    assert (here.turned.density, here.turned.morph, here.hold) == (1.0, 0.25, True)
    assert not another


def test_a_reload_that_names_another_start_goes_before_a_preset() -> None:
    here = panel()
    turn(here, 0xB0, 29, 5)
    before = here.turned.preset

    another = here.configure(Config(generate=Generate(start="jazz")))

    assert (before, here.turned.preset) == (5, None)
    assert another
    assert here.setup("bars").start == "jazz"


@pytest.mark.parametrize(
    "key", ["density_cc", "voices_cc", "source_cc", "preset_cc", "hold_cc", "source_program"]
)
def test_a_knob_that_the_configuration_takes_away_turns_nothing(key: str) -> None:
    here = panel(**{key: None})
    number = {"density_cc": 24, "voices_cc": 103, "source_cc": 23, "preset_cc": 29, "hold_cc": 28}.get(key)

    turn(here, *((0xC0, 123) if number is None else (0xB0, number, 5)))

    assert not here.take_turned()
    assert (here.wanted, here.hold) == (None, False)
