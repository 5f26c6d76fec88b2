from __future__ import annotations

import resource
import sys
import tomllib
from pathlib import Path

import pytest

from pocket_core.errors import PocketError
from pocket_core.types import Seconds
from pocketd.backends.choose import Choice
from pocketd.backends.system import System
from pocketd.champion import nights_folder
from pocketd.checks_machine import (
    EXTRAS,
    Sequencer,
    judge_like,
    judge_locked_memory,
    judge_model,
    judge_permissions,
    judge_real_time,
    judge_service,
    judge_systems,
    judge_takes,
    judge_version,
    look_at_sequencer,
    try_real_time,
)
from pocketd.config import Config
from pocketd.config_sections import Takes
from pocketd.findings import Mark
from pocketd.model_check import STEPS, Watch
from pocketd.service_state import Health
from tests.daemon.full_disk import files_no_larger_than

ON_JACK = Choice("jack", "JACK", "the first choice on this system")
ON_ALSA = Choice("rtmidi", "ALSA", "not JACK: no server answers")
NO_JACK = System("jack", "JACK", False, "no server answers; start one")
ALSA = System("rtmidi", "ALSA", True, "there")


def deaf() -> Watch:
    return lambda _: None


def test_the_version_names_python_the_runtime_and_the_extras() -> None:
    finding = judge_version()

    assert finding.mark is Mark.OK
    assert "Python 3." in finding.found
    assert "onnxruntime" in finding.found


def test_every_extra_but_those_for_development_is_looked_for() -> None:
    named = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())

    assert set(EXTRAS) == set(named["project"]["optional-dependencies"]) - {"dev"}


def test_the_system_that_is_used_is_named_with_all_that_were_looked_at() -> None:
    first = judge_systems([System("jack", "JACK", True, "there"), ALSA], ON_JACK)
    other = judge_systems([NO_JACK, ALSA], ON_ALSA)

    assert first.found == "JACK: the first choice on this system (JACK: there; rtmidi over ALSA: there)"
    assert other.found == "rtmidi over ALSA: not JACK: no server answers"
    assert (first.mark, other.mark) == (Mark.OK, Mark.OK)


def test_no_system_is_wrong_and_says_what_is_missing_of_each() -> None:
    finding = judge_systems([NO_JACK, System("rtmidi", "ALSA", False, "no sequencer")], None)

    assert finding.mark is Mark.WRONG
    assert finding.found == (
        "none that can be used: JACK: no server answers; start one; rtmidi over ALSA: no sequencer"
    )
    assert finding.todo


def test_jack_without_its_client_is_told_to_install_it() -> None:
    missing = System("jack", "JACK", False, "the package JACK-Client is missing: pip install 'pocketd[jack]'")

    finding = judge_systems(
        [missing, System("rtmidi", "JACK", True, "there")], Choice("rtmidi", "JACK", "why")
    )

    assert finding.mark is Mark.ADVICE
    assert "pip install 'pocketd[jack]'" in finding.todo


@pytest.mark.parametrize(
    ("sequencer", "choice", "mark"),
    [
        (Sequencer(False, False, ""), ON_JACK, Mark.OK),
        (Sequencer(False, False, ""), None, Mark.OK),  # told where the systems are
        (Sequencer(True, True, "audio"), ON_ALSA, Mark.OK),
        (Sequencer(True, False, "audio"), ON_JACK, Mark.ADVICE),
        (Sequencer(True, False, "audio"), None, Mark.WRONG),
    ],
)
def test_a_sequencer_that_this_user_may_not_use_matters_where_nothing_else_is_used(
    sequencer: Sequencer, choice: Choice | None, mark: Mark
) -> None:
    finding = judge_permissions(sequencer, choice)

    assert finding.mark is mark
    if mark is not Mark.OK:
        assert finding.todo == "sudo usermod -aG audio $USER, then log in anew"


def test_a_sequencer_is_looked_at(tmp_path: Path) -> None:
    place = tmp_path / "seq"

    assert look_at_sequencer(place) == Sequencer(False, False, "")
    place.write_bytes(b"")
    assert look_at_sequencer(place).usable


def test_real_time_that_cannot_be_had_says_how_to_get_it() -> None:
    refused = judge_real_time("no real-time priority, so hits may be late; join the group", 60)

    assert (refused.mark, refused.todo) == (Mark.ADVICE, "join the group")
    assert judge_real_time("", 60).mark is Mark.OK
    assert judge_real_time("", None).todo == "start it with `jackd -R`"


def test_a_trial_leaves_this_process_as_it_was() -> None:
    before = resource.getrlimit(resource.RLIMIT_RTTIME) if sys.platform == "linux" else None

    try_real_time(1)

    if sys.platform == "linux":
        assert resource.getrlimit(resource.RLIMIT_RTTIME) == before


@pytest.mark.skipif(sys.platform != "linux", reason="limits are Linux's")
def test_locked_memory_is_for_jack_alone() -> None:
    assert judge_locked_memory(ON_ALSA) is None
    assert judge_locked_memory(None) is None
    assert judge_locked_memory(ON_JACK) is not None


class Clock:
    """Each look at it takes a while, and from the given look on hardly any."""

    def __init__(self, slow: int) -> None:
        self._slow = slow
        self._now = 0.0

    def __call__(self) -> Seconds:
        self._slow -= 1
        self._now += 0.020 if self._slow >= 0 else 0.0001
        return Seconds(self._now)


def test_the_model_that_ships_is_verified() -> None:
    finding = judge_model(Config(model="lstm"), deaf(), Clock(0))

    assert finding.mark is Mark.OK
    assert finding.found.startswith("lstm: loaded and verified, a step takes 0.1 ms")


def test_a_model_that_a_busy_machine_held_up_is_tried_again_and_one_that_is_slow_is_wrong() -> None:
    held_up = judge_model(Config(model="lstm"), deaf(), Clock(2 * 2 * STEPS))
    slow = judge_model(Config(model="lstm"), deaf(), Clock(10**6))

    assert held_up.mark is Mark.OK
    assert slow.mark is Mark.WRONG
    assert "500 of 500 steps took over 8 ms each time" in slow.found


def test_a_broken_model_is_wrong_and_says_what_to_do(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"")

    finding = judge_model(Config(model=str(broken)), deaf())

    assert finding.mark is Mark.WRONG
    assert "broken.json" in finding.found
    assert finding.todo


def test_a_pointer_that_points_to_nothing_or_is_damaged_is_wrong() -> None:
    nights = nights_folder()
    assert nights is not None
    nights.mkdir(parents=True)
    (nights / "champion.json").write_text('{"format": 1, "champion": "2026-11-20-033000/gone.onnx"}')

    gone = judge_model(Config(), deaf())
    (nights / "champion.json").write_text("{")
    damaged = judge_model(Config(), deaf())

    assert (gone.mark, damaged.mark) == (Mark.WRONG, Mark.WRONG)
    assert "gone.onnx" in gone.found
    assert "champion.json" in damaged.found
    assert gone.todo
    assert damaged.todo.startswith("delete it")


def test_no_model_at_all_is_a_choice() -> None:
    assert judge_model(Config(model="none"), deaf()).mark is Mark.ADVICE


def takes(folder: Path, **more: object) -> Config:
    return Config(takes=Takes.model_validate({"folder": str(folder), **more}))


def test_a_takes_folder_that_is_not_there_yet_is_no_fault_and_none_is_made(tmp_path: Path) -> None:
    finding = judge_takes(takes(tmp_path / "a" / "b"))

    assert finding.mark is not Mark.WRONG
    assert "can be written to" in finding.found
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_wrong_and_leaves_no_probe(tmp_path: Path) -> None:
    with files_no_larger_than(1000):
        finding = judge_takes(takes(tmp_path))

    assert finding.mark is Mark.WRONG
    assert finding.found == f"{tmp_path}: File too large"
    assert finding.todo.startswith("make room")
    assert list(tmp_path.iterdir()) == []


def test_what_the_quota_has_left_is_told(tmp_path: Path) -> None:
    finding = judge_takes(takes(tmp_path, quota_mb=50))

    assert finding.found.endswith("0 MB of the quota of 50 MB used")


def test_takes_that_nobody_wants_kept_need_no_room(tmp_path: Path) -> None:
    assert judge_takes(takes(tmp_path, record=False)).found == "none are kept (`takes.record: false`)"


@pytest.mark.parametrize(
    ("health", "mark"),
    [
        (PocketError("there is no systemd here to ask; do this"), Mark.OK),
        (Health(False, False, "inactive", "logs"), Mark.OK),
        (Health(True, True, "active", "logs", since="noon"), Mark.OK),
        (Health(True, False, "inactive dead", "logs"), Mark.ADVICE),
        (Health(True, False, "failed failed, exit-code", "logs"), Mark.WRONG),
    ],
)
def test_the_service_is_told_of(health: Health | PocketError, mark: Mark) -> None:
    assert judge_service(health).mark is mark


def test_a_folder_for_takes_with_an_impossible_name_is_red_and_no_more(tmp_path: Path) -> None:
    finding = judge_takes(Config(takes=Takes(folder=str(tmp_path / ("x" * 300) / "takes"))))

    assert finding.mark is Mark.WRONG
    assert "too long" in finding.found


def test_a_drummer_who_cannot_be_read_is_red_and_nobody_is_no_line(tmp_path: Path) -> None:
    finding = judge_like(Config(like=str(tmp_path / "none.mid")))

    assert judge_like(Config()) is None
    assert finding is not None
    assert finding.mark is Mark.WRONG
    assert "none.mid" in finding.found
