from __future__ import annotations

import configparser
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.errors import PocketError
from pocketd.service_units import DAEMON, RETRAIN, TIMER, units, write_units

FOLDER = Path(__file__).resolve().parents[2] / "systemd"
PROGRAM = ("/opt/venv/bin/python", "-m", "pocketd")


def said(text: str) -> dict[str, list[str]]:
    """Return what a unit says, key by key."""
    keys: dict[str, list[str]] = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            keys.setdefault(key, []).append(value)
    return keys


def test_the_units_in_the_repository_are_those_that_are_installed(tmp_path: Path) -> None:
    write_units(tmp_path)

    kept, written = ({path.name: path.read_text() for path in at.iterdir()} for at in (FOLDER, tmp_path))
    assert kept == written == units()


def test_a_configuration_and_the_place_of_pocketd_are_in_the_command() -> None:
    found = units(PROGRAM, Path("/home/me/my config.yaml"))

    assert said(found[DAEMON])["ExecStart"] == [
        '/opt/venv/bin/python -m pocketd run "--config=/home/me/my config.yaml" $POCKETD_OPTIONS'
    ]
    assert said(found[RETRAIN])["ExecStart"] == [
        '/opt/venv/bin/python -m pocketd retrain --if-due "--config=/home/me/my config.yaml" $POCKETD_OPTIONS'
    ]


def test_without_the_nightly_job_there_is_the_daemon_alone() -> None:
    assert set(units(retrain=False)) == {DAEMON}


def test_the_units_say_what_they_are_for() -> None:
    daemon, retrain, timer = (said(units()[name]) for name in (DAEMON, RETRAIN, TIMER))

    assert daemon["Type"] == ["notify"]
    assert daemon["WatchdogSec"] == ["10"]
    assert "MemoryDenyWriteExecute" not in daemon  # JACK-Client's callbacks
    assert "PrivateDevices" not in daemon  # /dev/snd
    assert retrain["Type"] == ["oneshot"]
    assert (retrain["CPUSchedulingPolicy"], retrain["IOSchedulingClass"]) == (["idle"], ["idle"])
    assert (retrain["Nice"], retrain["MemoryMax"]) == (["19"], ["3G"])
    assert timer["OnCalendar"] == ["*-*-* 03:30"]
    assert timer["Persistent"] == ["true"]


def test_no_key_is_said_twice_but_those_that_are_lists() -> None:
    for text in units(PROGRAM, Path("/a")).values():
        assert {key for key, values in said(text).items() if len(values) > 1} <= {
            "Environment",
            "SystemCallFilter",
        }
        reader = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
        reader.optionxform = str  # type: ignore[assignment,method-assign]
        reader.read_string(text)
        assert "Unit" in reader


@pytest.mark.parametrize("name", ["a\nb", "a\x1bb"])
def test_a_path_that_would_begin_a_line_of_its_own_is_refused(name: str) -> None:
    with pytest.raises(PocketError, match="cannot stand in a systemd unit"):
        units(PROGRAM, Path("/home") / name)


printable = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=30)


@given(printable.filter(lambda name: "/" not in name and name not in (".", "..")))
def test_whatever_a_path_is_called_systemd_reads_it_back(name: str) -> None:
    config = Path("/home") / name

    (line,) = said(units(PROGRAM, config)[DAEMON])["ExecStart"]

    whole = line.removesuffix(" $POCKETD_OPTIONS")
    assert "%" not in whole.replace("%%", "")  # no specifier
    assert "$" not in whole.replace("$$", "")  # no variable
    words = shlex.split(whole.replace("%%", "%").replace("$$", "$"))
    assert words[4:] == [f"--config={config}"]
