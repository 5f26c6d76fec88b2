"""The command as a process whose standard streams are not what they should be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pocket_core.types import Seconds
from pocketd.midifile import write_score
from pocketd.performance import perform
from pocketd.standard import printable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")

DUET = perform(Seconds(4.0))
FULL = Path("/dev/full")  # a device that takes nothing, as a full disk


def shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of sh in which $P is the command and $R a render."""
    write_score(folder / "h.mid", DUET.human, DUET.human.stream(), "h")
    write_score(folder / "d.mid", DUET.drums, DUET.drums.stream(), "d")
    (folder / "loopback.yaml").write_text("{backend: loopback, model: none, takes: {record: false}}\n")
    command = f"{sys.executable} -m pocketd"
    names = {"P": command, "R": f"{command} render --human h.mid --drums d.mid --out o.mid --model none"}
    return subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", **names, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "line", ["$P --version | true", "$P ports --config loopback.yaml | true", "$R | true"]
)
def test_a_reader_that_has_had_enough_is_no_error(tmp_path: Path, line: str) -> None:
    ended = shell(line, tmp_path)

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("line", ["$P --version", "$P ports --config loopback.yaml", "$R"])
def test_an_output_that_is_full_is_told_in_one_line(tmp_path: Path, line: str) -> None:
    ended = shell(f"{line} > {FULL}", tmp_path)

    assert (ended.returncode, ended.stderr) == (1, "pocketd: No space left on device: standard output\n")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-", "| true"])
def test_a_render_is_written_whoever_hears_of_it(tmp_path: Path, closed: str) -> None:
    ended = shell(f"$R {closed}", tmp_path)

    assert ended.returncode == 0
    assert (tmp_path / "o.mid").exists()


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("closed", [">&-", f"> {FULL}"])
def test_the_daemon_plays_on_where_nobody_can_be_told(tmp_path: Path, closed: str) -> None:
    (tmp_path / "c.yaml").write_text("{backend: loopback, model: no-such-model, takes: {record: false}}\n")
    line = f"exec {sys.executable} -m pocketd run --config c.yaml {closed}"
    with subprocess.Popen(["/bin/sh", "-c", line], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as daemon:
        assert daemon.stderr is not None
        first = daemon.stderr.readline()  # it comes just before what cannot be written
        daemon.terminate()
        rest = daemon.stderr.read()

    assert "playing without a model" in first
    assert daemon.returncode == 0
    assert "Traceback" not in rest


def test_no_file_takes_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    code = (
        "from pocketd.standard import hold_streams; hold_streams(); "
        "open('number', 'w').write(str(open('number').fileno()))"
    )
    (tmp_path / "number").touch()

    ended = shell(f'{sys.executable} -c "{code}" <&- >&- 2>&-', tmp_path)

    assert ended.returncode == 0
    assert int((tmp_path / "number").read_text()) > 2


def test_names_of_more_letters_than_the_output_has_are_told_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "тест.mid").write_bytes(b"")
    line = "mv d.mid 'тест.mid' && $P render --human h.mid --drums 'тест.mid' --out o.mid --model none"

    ended = shell(line, tmp_path, PYTHONIOENCODING="ascii")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "????.mid to h.mid" in ended.stdout


def test_a_name_cannot_move_the_cursor() -> None:
    assert printable("a\x1b[2Jb\nc\udcff") == "a?[2Jb?c?"


def test_onnx_runtime_leaves_no_id_of_the_machine(tmp_path: Path) -> None:
    ended = shell("$P models verify follower", tmp_path, HOME=str(tmp_path))

    assert ended.returncode == 0, ended.stderr
    assert not (tmp_path / ".cache").exists()
