"""The command as a process, on the loopback back end: no MIDI system is touched."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Running:
    def __init__(self, folder: Path, *options: str, **config: object) -> None:
        self.config = folder / "config.yaml"
        self.write(config)
        command = [sys.executable, "-m", "pocketd", "run", "--config", str(self.config), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def write(self, config: dict[str, object]) -> None:
        fixed = {"backend": "loopback", "meter_display": "off", "takes": {"record": False}}
        self.config.write_text(json.dumps(fixed | config))  # JSON is YAML

    def ready(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def line(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def end(self, by: int | None) -> tuple[int, str]:
        if by is not None:
            self.process.send_signal(by)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


@contextmanager
def running(folder: Path, *options: str, **config: object) -> Iterator[Running]:
    it = Running(folder, *options, **config)
    try:
        yield it
    finally:
        it.process.kill()
        it.process.communicate()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, by: int) -> None:
    with running(tmp_path, model="none") as pocketd:
        ready = pocketd.ready()
        code, said = pocketd.end(by)

    assert ready == (
        "ready: ports loopback:drums, loopback:human, loopback:control, loopback:out "
        "via loopback, look-ahead 120 ms, model none\n"
    )
    assert (code, said) == (0, "")


def test_a_typo_in_the_config_ends_it_with_2_and_one_line(tmp_path: Path) -> None:
    with running(tmp_path, look_ahaed_ms=100) as pocketd:
        code, said = pocketd.end(by=None)

    assert code == 2
    assert said.startswith("pocketd: ")
    assert "look_ahaed_ms" in said
    assert said.count("\n") == 1


def test_a_missing_config_ends_it_with_2_and_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pocketd", "run", "--config", str(tmp_path / "gone.yaml")]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "gone.yaml" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_bad_model_is_one_line_and_the_daemon_plays_without(tmp_path: Path) -> None:
    with running(tmp_path, model="lsmt") as pocketd:
        ready = pocketd.ready()
        code, said = pocketd.end(signal.SIGTERM)

    assert ready.endswith("model none\n")
    assert code == 0
    assert said.startswith("pocketd: no model is called 'lsmt'; there are: ")
    assert said.endswith("; playing without a model\n")
    assert said.count("\n") == 1


def test_a_drummer_who_cannot_be_read_is_one_line_and_the_daemon_plays(tmp_path: Path) -> None:
    with running(tmp_path, model="none", like="gone.mid") as pocketd:
        ready = pocketd.ready()
        code, said = pocketd.end(signal.SIGTERM)

    assert ready.startswith("ready: ")
    gone = tmp_path / "gone.mid"
    assert (code, said) == (
        0,
        f"pocketd: there is no file {gone}; check the name; the drums are like nobody\n",
    )


def test_a_score_that_is_not_there_is_one_line_where_the_daw_plays(tmp_path: Path) -> None:
    with running(tmp_path, model="none", score="gone.mid") as pocketd:
        ready = pocketd.ready()
        code, said = pocketd.end(signal.SIGTERM)

    gone = tmp_path / "gone.mid"
    assert ready.startswith("ready: ")
    assert (code, said) == (
        0,
        f"pocketd: there is no file {gone}; check the name; daw plays, and `source: file` cannot be chosen\n",
    )


def test_a_score_that_is_not_there_is_told_once_where_the_model_wants_it_too(tmp_path: Path) -> None:
    with running(tmp_path, model="seq2seq", score="gone.mid") as pocketd:
        pocketd.ready()
        code, said = pocketd.end(signal.SIGTERM)

    assert code == 0
    assert said.count("gone.mid") == 1


def test_a_score_that_is_to_play_and_is_not_there_ends_it(tmp_path: Path) -> None:
    with running(tmp_path, model="none", source="file", score="gone.mid") as pocketd:
        code, said = pocketd.end(by=None)

    assert code != 0
    assert said == f"pocketd: there is no file {tmp_path / 'gone.mid'}; check the name\n"


def test_a_bad_model_ends_it_with_4_where_one_is_required(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"")

    with running(tmp_path, "--require-model", model=str(broken)) as pocketd:
        code, said = pocketd.end(by=None)

    assert code == 4
    assert said.startswith(f"pocketd: {broken.with_suffix('.json')}: cannot be read")
    assert said.count("\n") == 1


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_a_reload_of_a_bad_config_keeps_the_old_one_and_says_so(tmp_path: Path) -> None:
    with running(tmp_path, model="none") as pocketd:
        pocketd.ready()
        pocketd.write({"tempo": 5000})
        pocketd.process.send_signal(signal.SIGHUP)
        line = pocketd.line()
        code, _ = pocketd.end(signal.SIGTERM)

    assert "tempo is 5000; allowed: 20 to 300 BPM; going on as before" in line
    assert code == 0


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_a_reload_says_what_needs_a_restart(tmp_path: Path) -> None:
    with running(tmp_path, model="none") as pocketd:
        pocketd.ready()
        pocketd.write({"model": "none", "amount": 0.5, "tempo": 90})
        pocketd.process.send_signal(signal.SIGHUP)
        line = pocketd.line()
        code, _ = pocketd.end(signal.SIGTERM)

    assert line == "pocketd: a change of tempo needs a restart of pocketd\n"
    assert code == 0


def test_no_torch_and_no_training_code_is_ever_imported(tmp_path: Path) -> None:
    check = (
        "import sys, pocketd.commands.run, pocketd.loop, pocketd.model, pocketd.desk;"
        "print({'torch', 'pocket_export', 'onnx', 'symusic', 'onnxruntime'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"


def test_numpy_is_not_waited_for_before_the_ports_are_open() -> None:
    check = "import sys, pocketd.commands.run; print({'numpy', 'mido', 'pydantic'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)

    assert done.stdout == "{'pydantic'}\n"
