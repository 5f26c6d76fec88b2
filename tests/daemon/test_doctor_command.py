"""The command as a user runs it, on the loopback back end: no MIDI system is touched."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import Result

from pocket_core.errors import ConfigError
from pocketd.commands.doctor import command
from pocketd.standing import standing_path
from tests.commands import call
from tests.daemon.test_run import running
from tests.daemon.test_service import stand_in

app = Typer()
app.command()(command)
NO_SYSTEMD = "echo no bus >&2; exit 1"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this machine's service out of it."""
    stand_in(tmp_path, monkeypatch, NO_SYSTEMD)


def doctor(folder: Path, *words: object, **config: object) -> Result:
    mine = folder / "doctor.yaml"
    fixed = {"backend": "loopback", "model": "none", "takes": {"folder": str(folder / "takes")}}
    mine.write_text(json.dumps(fixed | config))
    return call(app, "--config", mine, "--seconds", 0.2, *words)


def page(result: Result) -> dict[str, dict[str, str]]:
    said = json.loads(result.stdout)
    return {each["name"]: each for each in said["findings"]}


def test_the_page_is_plain_text_for_a_file_and_what_is_wrong_ends_it_with_1(tmp_path: Path) -> None:
    result = doctor(tmp_path)

    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[0].startswith("ok      version      pocketd ")
    assert "WRONG   clock        no MIDI clock in 0.2 s" in lines
    assert ": 3 to mend, " in lines[-1]
    assert "\x1b" not in result.stdout
    assert "connect the drum track to loopback:drums" in result.stderr


def test_for_programs_it_is_json_and_nothing_else(tmp_path: Path) -> None:
    result = doctor(tmp_path, "--json")

    said = json.loads(result.stdout)
    assert (said["wrong"], said["listened_s"]) == (True, 0.2)
    assert page(result)["clock"]["mark"] == "WRONG"
    assert [page(result)[name]["mark"] for name in ("source", "sources", "generate", "controllers")] == [
        "ok"
    ] * 4
    assert all(each["todo"] for each in said["findings"] if each["mark"] == "WRONG")
    assert page(result)["service"]["found"].startswith("not looked at: ")


def test_a_broken_model_and_a_folder_that_is_no_folder_are_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"")
    (tmp_path / "file").write_bytes(b"")

    found = page(
        doctor(tmp_path, "--json", model="broken.onnx", takes={"folder": str(tmp_path / "file" / "takes")})
    )

    assert found["model"]["mark"] == "WRONG"
    assert found["takes"]["mark"] == "WRONG"


def test_without_a_midi_system_the_page_is_there_all_the_same_and_it_ends_with_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "nobody-runs-this")

    result = doctor(tmp_path, "--json", backend="jack")

    assert result.exit_code == 3
    found = page(result)
    assert found["MIDI system"]["mark"] == "WRONG"
    assert "takes" in found
    assert "clock" not in found


def test_a_configuration_that_cannot_be_used_is_one_line_and_2(tmp_path: Path) -> None:
    result = doctor(tmp_path, tempo=5000)

    assert isinstance(result.exception, ConfigError)
    assert result.exception.exit_code == 2


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no such signals")
def test_a_running_daemon_is_asked_and_its_configuration_counts(tmp_path: Path) -> None:
    with running(tmp_path, model="none", look_ahead_ms=90) as pocketd:
        assert pocketd.ready()
        told(pocketd_path())
        found = page(doctor(tmp_path, "--json", "--seconds", 1.2))
        code, said = pocketd.end(signal.SIGTERM)

    assert found["daemon"]["found"] == f"process {pocketd.process.pid} plays by none, over loopback"
    assert found["ports"]["found"].endswith("loopback:out, of the daemon")
    assert found["look-ahead"]["found"].startswith("90 ms: ")
    assert found["clock"]["mark"] == "WRONG"
    assert "MIDI" not in found
    assert (code, said) == (0, "")
    assert not pocketd_path().exists()


def pocketd_path() -> Path:
    path = standing_path("pocketd")
    assert path is not None
    return path


def told(path: Path) -> None:
    """Wait until a daemon has said how it is."""
    end = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < end, "the daemon says nothing"
        time.sleep(0.02)


def test_what_a_daemon_that_was_killed_has_left_is_ignored(tmp_path: Path) -> None:
    with running(tmp_path, model="none") as pocketd:
        assert pocketd.ready()
        told(pocketd_path())
        left = pocketd_path().read_bytes()
        pocketd.end(signal.SIGKILL)
    pocketd_path().parent.mkdir(exist_ok=True)
    pocketd_path().write_bytes(left)

    found = page(doctor(tmp_path, "--json"))

    assert "daemon" not in found
    assert found["ports"]["found"].endswith("open while doctor listens")


@pytest.mark.skipif(not Path("/proc").exists(), reason="this system does not tell what a process is")
def test_a_daemon_that_hangs_is_named_and_no_port_is_opened_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir(mode=0o700)
    with running(tmp_path, model="none") as pocketd:
        assert pocketd.ready()
        told(pocketd_path())
        pocketd.process.send_signal(signal.SIGSTOP)
        left = pocketd_path().read_bytes()
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(elsewhere))  # where nobody writes meanwhile
        pocketd_path().parent.mkdir()
        pocketd_path().write_bytes(left)
        os.utime(pocketd_path(), (1.0, 1.0))
        result = doctor(tmp_path, "--json")
        pocketd.process.send_signal(signal.SIGCONT)
        pocketd.end(signal.SIGTERM)

    found = page(result)
    assert found["daemon"]["mark"] == "WRONG"
    assert found["daemon"]["todo"].startswith(f"end it (`kill -9 {pocketd.process.pid}`)")
    assert "ports" not in found
