"""`pocketd models` with what the nights have made: the champion, going back, songs, a trial beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pocket_core.errors import ConfigError, ModelError
from pocketd.champion import Nights, nights_folder
from pocketd.model_shelf import find
from tests.daemon.models_driver import config, invoke, listed, own_models, run
from tests.daemon.onnx_models import Tiny

AT = datetime(2026, 11, 21, 3, 41, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of models; it is not there yet."""
    return own_models(tmp_path, monkeypatch)


@pytest.fixture
def nights(own: Path) -> Nights:
    root = nights_folder()
    assert root is not None
    return Nights(root)


def day(number: int) -> str:
    return f"2026-11-{number:02}-033000"


def night(nights: Nights, number: int, tiny: Tiny | None = None) -> Path:
    return (tiny or Tiny()).write(nights.root / day(number), "follower")


def promote(nights: Nights, *numbers: int) -> None:
    for number in numbers:
        nights.promote(night(nights, number), AT)


def test_until_there_is_a_champion_the_list_marks_who_ships(nights: Nights) -> None:
    text = run("list")

    assert [name for name, row in listed().items() if row["in_use"]] == ["follower"]
    assert "Champion: follower, until a night has found a better one" in text.splitlines()
    assert "In use by the shipped configuration: champion" in text.splitlines()


def test_the_list_names_the_champion_its_night_and_who_is_kept(nights: Nights) -> None:
    promote(nights, 19, 20, 21)

    text = run("list")

    rows = listed()
    assert [name for name, row in rows.items() if row["in_use"]] == [day(21)]
    assert rows[day(20)]["night"] == day(20)
    assert f"Champion: {day(21)}, since {AT.astimezone():%Y-%m-%d %H:%M}" in text.splitlines()
    assert f"Before it: {day(20)}, {day(19)}; `pocketd models rollback` goes back" in text.splitlines()


def test_before_the_first_champion_there_was_who_ships(nights: Nights) -> None:
    promote(nights, 19)

    assert "Before it: follower; `pocketd models rollback` goes back" in run("list").splitlines()


def test_a_damaged_pointer_is_a_line_of_the_list(nights: Nights) -> None:
    promote(nights, 21)
    nights.pointer.write_text("{")

    assert "Champion: follower, for " in run("list")
    assert [name for name, row in listed().items() if row["in_use"]] == []


def test_a_night_is_a_name_for_its_model_and_champion_for_whoever_it_is(nights: Nights) -> None:
    promote(nights, 20, 21)

    assert find(day(20)) == nights.root / day(20) / "follower.onnx"
    assert find("champion") == nights.root / day(21) / "follower.onnx"
    assert "The tiny model follower." in run("show", day(20))
    assert "holds" in run("verify", "champion")


def test_going_back_is_one_command_and_again_goes_further(nights: Nights) -> None:
    promote(nights, 19, 20, 21)

    said = [run("rollback").splitlines()[0] for _ in range(3)]

    assert said == [f"the champion is {name}" for name in (day(20), day(19), "follower")]
    with pytest.raises(ModelError, match="nobody before it"):
        run("rollback")


def test_one_goes_back_to_a_night(nights: Nights) -> None:
    promote(nights, 19, 20, 21)

    run("rollback", "--to", day(19))

    assert find("champion").parent.name == day(19)


def test_who_does_not_hold_is_not_gone_back_to(nights: Nights) -> None:
    promote(nights, 20, 21)
    night(nights, 20, Tiny(noisy=True))

    with pytest.raises(ModelError, match=rf"{day(20)} is not used: .*another answer.*nothing was written"):
        run("rollback")

    assert find("champion").parent.name == day(21)


def test_a_refused_challenger_can_be_used_for_one_song_and_that_can_be_undone(nights: Nights) -> None:
    promote(nights, 20)
    night(nights, 21)

    said = run("use", day(21), "--song", "Blues")
    songs = dict(nights.read().songs)
    listing = run("list").splitlines()
    run("use", "champion", "--song", "Blues")

    assert f"song Blues is played by {day(21)}" in said
    assert songs == {"Blues": f"{day(21)}/follower.onnx"}
    assert f"Song Blues: {day(21)}" in listing
    assert nights.read().songs == {}
    assert nights.candidates("Blues") == nights.candidates(None)


def test_the_configurations_song_says_who_is_in_use(nights: Nights, tmp_path: Path) -> None:
    mine = config(tmp_path, "takes: {song: Blues}\nstep_limit_ms: 100\n")
    run("use", "lstm", "--song", "Blues", "--config", mine)

    rows = listed("--config", mine)

    assert [name for name, row in rows.items() if row["in_use"]] == ["lstm"]


@pytest.mark.parametrize(("name", "written"), [("lstm", "lstm"), ("mine", "{own}/mine.onnx")])
def test_a_song_may_go_by_what_ships_or_by_ones_own(
    nights: Nights, own: Path, name: str, written: str
) -> None:
    Tiny().write(own, "mine")

    run("use", name, "--song", "Blues")

    assert nights.read().songs == {"Blues": written.format(own=own)}


def test_one_is_tried_silently_beside_the_champion_until_nobody_is(nights: Nights) -> None:
    promote(nights, 20)
    night(nights, 21)

    run("use", day(21), "--shadow")
    shadow = nights.read().shadow
    listing = run("list").splitlines()
    run("use", "--no-shadow")

    assert shadow == f"{day(21)}/follower.onnx"
    assert f"Silently beside it: {day(21)}" in listing
    assert nights.read().shadow is None


def test_nobody_is_tried_beside_themselves(nights: Nights) -> None:
    promote(nights, 20)

    with pytest.raises(ModelError, match=rf"{day(20)} is the champion; nobody is tried beside themselves"):
        run("use", day(20), "--shadow")

    assert nights.read().shadow is None


@pytest.mark.parametrize("words", [("--song", "Blues"), ("--shadow",)])
def test_a_model_that_does_not_hold_is_for_no_song_and_no_trial(
    nights: Nights, words: tuple[str, ...]
) -> None:
    night(nights, 21, Tiny(noisy=True))

    with pytest.raises(ModelError, match="another answer"):
        run("use", day(21), *words)

    assert not nights.pointer.exists()


def test_the_champion_is_written_into_a_configuration_as_such(nights: Nights, tmp_path: Path) -> None:
    promote(nights, 21)
    mine = config(tmp_path, "model: lstm\n")

    run("use", "champion", "--config", mine)

    assert mine.read_text() == "model: champion\n"


def test_a_nights_model_is_not_written_into_a_configuration_as_it_will_be_tidied_up(
    nights: Nights, tmp_path: Path
) -> None:
    promote(nights, 21)
    mine = config(tmp_path, "model: lstm\n")

    with pytest.raises(ModelError, match=rf"copy its files to .*models rollback --to {day(21)}"):
        run("use", day(21), "--config", mine)

    assert mine.read_text() == "model: lstm\n"


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--shadow",),
        ("--song", "Blues"),
        ("lstm", "--song", "a", "--shadow"),
        ("--no-shadow", "--reload"),
    ],
)
def test_what_makes_no_sense_together_is_refused(nights: Nights, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError):
        run("use", *words)

    assert not nights.pointer.exists()


def test_the_help_names_all_of_it() -> None:
    assert "rollback" in invoke("--help").output
