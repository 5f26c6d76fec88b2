from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.errors import ModelError, PocketError
from pocketd.champion import FOLLOWER, KEPT, Nights, Pointer

AT = datetime(2026, 11, 21, 3, 41, 7, tzinfo=UTC)


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path / "nights")


def night(nights: Nights, number: int, name: str = "follower") -> Path:
    """Write what a night leaves, and return its model."""
    folder = nights.root / f"2026-11-{number:02}-033000"
    folder.mkdir(parents=True, exist_ok=True)
    for ending in (".onnx", ".json", ".md"):
        (folder / f"{name}{ending}").write_text("a model")
    (folder / "report.txt").write_text("promoted\n")
    return folder / f"{name}.onnx"


def promote(nights: Nights, *numbers: int) -> None:
    for number in numbers:
        nights.promote(night(nights, number), AT)


def champion(nights: Nights) -> str | None:
    return nights.night_of(nights.read().champion)


def day(number: int) -> str:
    return f"2026-11-{number:02}-033000"


def test_without_a_pointer_who_ships_plays(nights: Nights) -> None:
    assert nights.read() == Pointer()
    assert nights.candidates("Blues") == [FOLLOWER]
    assert not nights.root.exists()


def test_a_promoted_model_plays_and_the_file_says_so(nights: Nights) -> None:
    model = night(nights, 21)

    nights.promote(model, AT)

    assert nights.candidates(None) == [str(model), FOLLOWER]
    assert json.loads(nights.pointer.read_text()) == {
        "format": 1,
        "champion": "2026-11-21-033000/follower.onnx",
        "since": AT.astimezone().isoformat(timespec="seconds"),
        "songs": {},
        "shadow": None,
        "kept": ["2026-11-21-033000/follower.onnx"],
    }


def test_a_model_may_be_named_from_the_folder_of_the_nights_too(nights: Nights) -> None:
    model = night(nights, 21)

    nights.promote(model.relative_to(nights.root), AT)

    assert nights.candidates(None)[0] == str(model)


@pytest.mark.parametrize(
    "place", ["elsewhere/follower.onnx", "nights/follower.onnx", "nights/a/follower.onnx"]
)
def test_only_what_a_night_has_made_is_promoted(nights: Nights, tmp_path: Path, place: str) -> None:
    with pytest.raises(ModelError, match="no model in a night's folder"):
        nights.promote(tmp_path / place, AT)

    assert not nights.pointer.exists()


@pytest.mark.parametrize("ending", [".onnx", ".json"])
def test_a_model_without_one_of_its_files_is_not_promoted(nights: Nights, ending: str) -> None:
    promote(nights, 20)
    model = night(nights, 21)
    model.with_suffix(ending).unlink()

    with pytest.raises(ModelError, match=rf"follower\{ending}: no such file"):
        nights.promote(model, AT)

    assert champion(nights) == day(20)


def test_a_song_goes_by_its_own_model_first(nights: Nights) -> None:
    promote(nights, 20)
    nights.change(lambda pointer: replace(pointer, songs={"Blues": "lstm", "Waltz": "/mine/waltz.onnx"}))

    assert [name for name in nights.candidates("Blues") if "2026" not in name] == ["lstm", FOLLOWER]
    assert nights.candidates("Waltz")[0] == "/mine/waltz.onnx"
    assert nights.candidates("Polka") == nights.candidates(None)


def test_who_is_tried_in_silence_is_named_as_a_configuration_would(nights: Nights) -> None:
    before = nights.shadow()
    nights.change(lambda pointer: replace(pointer, shadow=f"{day(20)}/follower.onnx"))
    during = nights.shadow()
    nights.pointer.write_text("{")

    assert (before, nights.shadow()) == (None, None)
    assert during == str(nights.root / day(20) / "follower.onnx")


@pytest.mark.parametrize("back_to", [None, FOLLOWER])
def test_who_was_gone_back_from_meanwhile_is_not_overruled(nights: Nights, back_to: str | None) -> None:
    promote(nights, 19, 20)
    began = nights.read()
    gone_back = nights.roll_back(AT, to=back_to)

    promoted = nights.promote(night(nights, 21), AT, expecting=began)

    assert promoted is None
    assert nights.read() == gone_back


def test_whatever_else_was_written_down_meanwhile_does_not_stand_in_the_way(nights: Nights) -> None:
    promote(nights, 20)
    began = nights.read()
    nights.change(lambda pointer: replace(pointer, songs={"Blues": "lstm"}))

    promoted = nights.promote(night(nights, 21), AT, expecting=began)

    assert promoted is not None
    assert champion(nights) == day(21)
    assert nights.read().songs == {"Blues": "lstm"}


# --- going back -------------------------------------------------------------------------------------------


def test_going_back_leads_from_one_to_the_one_before_and_at_last_to_who_ships(nights: Nights) -> None:
    promote(nights, 19, 20, 21)

    seen = [nights.roll_back(AT).champion for _ in range(3)]

    assert [nights.night_of(name) for name in seen] == [day(20), day(19), None]
    with pytest.raises(ModelError, match="follower, which ships, is the champion; there is nobody before it"):
        nights.roll_back(AT)


def test_one_can_go_back_to_a_night_by_name_and_forth_again(nights: Nights) -> None:
    promote(nights, 19, 20, 21)

    nights.roll_back(AT, to=day(19))
    nights.roll_back(AT, to=day(21))

    assert champion(nights) == day(21)
    assert nights.roll_back(AT, to=FOLLOWER).champion is None


def test_a_night_that_is_not_kept_is_refused_and_those_there_are_are_named(nights: Nights) -> None:
    promote(nights, 19, 20)

    with pytest.raises(ModelError, match=rf"'2026-11-01-033000'; there are: {day(20)}, {day(19)}, follower"):
        nights.roll_back(AT, to=day(1))


def test_a_model_that_is_gone_is_passed_over(nights: Nights) -> None:
    promote(nights, 19, 20, 21)
    (nights.root / day(20) / "follower.onnx").unlink()

    nights.roll_back(AT)

    assert champion(nights) == day(19)


def test_who_was_gone_back_from_is_not_come_back_to_after_the_next_night(nights: Nights) -> None:
    promote(nights, 19, 20, 21)
    nights.roll_back(AT)
    promote(nights, 22)

    nights.roll_back(AT)

    assert champion(nights) == day(20)


# --- what is kept -----------------------------------------------------------------------------------------


def test_the_last_seven_champions_stay_and_older_ones_go_but_for_their_reports(nights: Nights) -> None:
    promote(nights, *range(1, 13))

    left = sorted(path.parent.name for path in nights.root.glob("*/follower.onnx"))
    assert left == [day(number) for number in range(5, 13)]  # the one in use, and seven
    assert sorted(path.name for path in (nights.root / day(4)).iterdir()) == ["report.txt"]
    assert [nights.roll_back(AT).champion is None for _ in range(8)] == [False] * 7 + [True]


def test_whoever_is_pointed_to_stays_however_old(nights: Nights) -> None:
    promote(nights, 1, 2)
    nights.change(
        lambda pointer: replace(
            pointer, songs={"Blues": f"{day(1)}/follower.onnx"}, shadow=f"{day(2)}/follower.onnx"
        )
    )

    promote(nights, *range(3, 15))

    assert (nights.root / day(1) / "follower.onnx").is_file()
    assert (nights.root / day(2) / "follower.json").is_file()
    assert not (nights.root / day(3) / "follower.onnx").exists()


def test_a_refused_challenger_stays_for_seven_nights(nights: Nights) -> None:
    refused = [night(nights, number) for number in range(2, 10)]

    promote(nights, 10)

    assert [model.exists() for model in refused] == [False, False, *[True] * 6]


def test_tidying_leaves_the_models_of_seven_nights_and_whoever_is_pointed_to(nights: Nights) -> None:
    promote(nights, 1)
    refused = [night(nights, number) for number in range(2, 11)]

    nights.tidy()

    assert champion(nights) == day(1)
    assert nights.candidates(None)[0] == str(nights.root / day(1) / "follower.onnx")
    assert (nights.root / day(1) / "follower.json").is_file()
    assert [model.exists() for model in refused] == [False, False, *[True] * 7]
    assert (refused[0].parent / "report.txt").is_file()


def test_what_killed_writers_have_left_is_tidied_away_and_nothing_else(nights: Nights) -> None:
    folder = night(nights, 2).parent
    places = (nights.root, folder)
    left = [place / name for place in places for name in (".champion.json.4711.part", ".a b.onnx.1.part")]
    others = [place / name for place in places for name in ("mine.12.part", ".notes.part", ".lock")]
    for path in (*left, *others):
        path.write_text("half")

    nights.tidy()

    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in others)


def test_nothing_is_tidied_away_while_nobody_knows_what_is_pointed_to(nights: Nights) -> None:
    models = [night(nights, number) for number in range(1, 12)]
    nights.pointer.write_text("{")

    nights.tidy()

    assert all(model.exists() for model in models)


def test_going_back_deletes_nothing(nights: Nights) -> None:
    promote(nights, *range(1, 10))
    before = sorted(nights.root.rglob("*.onnx"))

    nights.roll_back(AT)

    assert sorted(nights.root.rglob("*.onnx")) == before


@settings(deadline=None, max_examples=40)  # it writes to the disk
@given(st.lists(st.sampled_from(["promote", "back"]), max_size=30))
def test_whatever_is_done_the_champion_is_there_and_so_is_who_can_be_gone_back_to(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    nights, number = Nights(tmp_path_factory.mktemp("nights")), 0
    for step in steps:
        if step == "promote":
            number += 1
            folder = nights.root / f"2026-11-21-{number:06}"
            folder.mkdir()
            for ending in (".onnx", ".json"):
                (folder / f"m{ending}").write_text("")
            nights.promote(folder / "m.onnx", AT)
        elif nights.read().champion is not None:
            nights.roll_back(AT)

    pointer = nights.read()
    there = [*pointer.before, *filter(None, [pointer.champion])]
    assert all((nights.root / name).is_file() for name in there)
    assert len(pointer.kept) <= KEPT + 1


# --- damage -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 2}', '{"champion": 3}', '{"songs": {"a": null}}', '{"winner": "x"}']
)
def test_a_damaged_pointer_is_told_in_one_line_and_is_not_written_over(nights: Nights, text: str) -> None:
    model = night(nights, 21)
    nights.pointer.write_text(text)

    acts: tuple[Callable[[], object], ...] = (
        nights.read,
        lambda: nights.promote(model, AT),
        lambda: nights.roll_back(AT),
    )
    for act in acts:
        with pytest.raises(ModelError, match=r"champion\.json: .*; delete it, and the follower") as caught:
            act()
        assert "\n" not in str(caught.value)
    assert nights.pointer.read_text() == text


@settings(deadline=None)
@given(st.text(max_size=200))
def test_whatever_the_pointer_holds_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    nights = Nights(tmp_path_factory.mktemp("nights"))
    nights.pointer.write_bytes(text.encode())

    with suppress(ModelError):
        assert nights.read() == Pointer()


names = st.text(min_size=1, max_size=20)


@settings(deadline=None)
@given(
    st.builds(
        Pointer,
        champion=names | st.none(),
        since=names | st.none(),
        songs=st.dictionaries(names, names),
        shadow=names | st.none(),
        kept=st.lists(names).map(tuple),
    )
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, pointer: Pointer) -> None:
    nights = Nights(tmp_path_factory.mktemp("nights"))

    nights.change(lambda _: pointer)

    assert nights.read() == pointer


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "nights").write_text("a file in the way")
    nights = Nights(tmp_path / "nights")

    for act in (nights.lock_night, nights.hold_playing, lambda: nights.change(lambda pointer: pointer)):
        with pytest.raises(PocketError, match=r"cannot write to .*see who owns it"):
            act()
    assert not nights.somebody_plays()


# --- locks ------------------------------------------------------------------------------------------------


def test_one_night_at_a_time(nights: Nights) -> None:
    first = nights.lock_night()
    assert first is not None

    assert nights.lock_night() is None
    first.close()
    again = nights.lock_night()
    assert again is not None
    again.close()


def test_somebody_plays_for_as_long_as_it_is_held(nights: Nights) -> None:
    before = nights.somebody_plays()
    held = nights.hold_playing()
    assert held is not None

    assert (before, nights.somebody_plays()) == (False, True)
    held.close()
    assert not nights.somebody_plays()


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_a_holder_who_dies_holds_nothing(nights: Nights) -> None:
    script = (
        "import sys; from pathlib import Path; from pocketd.champion import Nights;"
        "n = Nights(Path(sys.argv[1])); kept = [n.hold_playing(), n.lock_night()];"
        "print('held', flush=True); input()"
    )
    command = [sys.executable, "-c", script, str(nights.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        during = (nights.somebody_plays(), nights.lock_night())

        process.send_signal(signal.SIGKILL)
        process.wait()

    assert during == (True, None)
    assert not nights.somebody_plays()
    again = nights.lock_night()
    assert again is not None
    again.close()
