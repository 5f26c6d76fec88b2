"""What `pocketd models use` writes, and when it writes nothing."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest

from pocket_core.errors import ConfigError, ModelError, PocketError
from pocketd.config import load
from tests.daemon.models_driver import config, listed, own_models, run
from tests.daemon.onnx_models import OLD_CARD, Tiny
from tests.daemon.test_run import running
from tests.daemon.test_service import daemon, needs_proc, stand_in


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of models; it is not there yet."""
    return own_models(tmp_path, monkeypatch)


def test_a_model_is_written_into_the_configuration_and_nothing_else_changes(
    own: Path, tmp_path: Path
) -> None:
    path = Tiny().write(own, "mine")
    mine = config(tmp_path, "# my own\namount: 0.5  # half\nmodel: lstm  # old\n\ntempo: 90\n")

    text = run("use", "mine", "--config", mine)

    assert mine.read_text() == f"# my own\namount: 0.5  # half\nmodel: {path}  # old\n\ntempo: 90\n"
    assert load(mine).model == str(path)
    assert f"wrote model: {path} to {mine}, where it was lstm" in text
    assert "systemctl --user reload pocketd" in text
    assert "SIGHUP" in text


def test_the_list_knows_what_was_written(own: Path, tmp_path: Path) -> None:
    Tiny().write(own, "mine")
    run("use", "mine", "--config", tmp_path / "my.yaml")

    assert listed("--config", tmp_path / "my.yaml")["mine"]["in_use"] is True


def test_no_model_at_all_can_be_used(tmp_path: Path) -> None:
    mine = config(tmp_path, "model: lstm\n")

    run("use", "none", "--config", mine)

    assert mine.read_text() == "model: none\n"


def test_a_missing_configuration_is_made_in_a_missing_folder(own: Path, tmp_path: Path) -> None:
    path = Tiny().write(own, "mine")
    mine = tmp_path / "pocketd" / "config.yaml"

    run("use", "mine", "--config", mine)

    comment, key = mine.read_text().splitlines()
    assert comment.startswith("# ")
    assert key == f"model: {path}"


def test_a_link_stays_a_link_and_permissions_stay_as_they_are(own: Path, tmp_path: Path) -> None:
    Tiny().write(own, "mine")
    real = config(tmp_path, "model: lstm\n")
    real.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to("my.yaml")

    run("use", "mine", "--config", link)

    assert link.is_symlink()
    assert "mine.onnx" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "link.yaml", "my.yaml"]


def test_what_is_there_already_is_not_written_again(own: Path, tmp_path: Path) -> None:
    path = Tiny().write(own, "mine")
    mine = config(tmp_path, f"model: {path}\n")
    before = mine.stat()

    text = run("use", "mine", "--config", mine)

    assert "already; nothing was written" in text
    assert (mine.stat().st_ino, mine.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Tiny(card=OLD_CARD), r"mine is not used: made for features v1 .* again; nothing was written"),
        (Tiny(noisy=True), r"another answer"),
        (Tiny(frozen=True, bias=0.3), r"never changed .* \(and 1 more\); nothing was written"),
    ],
)
def test_a_model_that_does_not_hold_is_refused(own: Path, tmp_path: Path, wrong: Tiny, said: str) -> None:
    wrong.write(own, "mine")
    mine = config(tmp_path, "model: lstm\n")

    with pytest.raises(ModelError, match=said):
        run("use", "mine", "--config", mine)

    assert mine.read_text() == "model: lstm\n"


def test_a_configuration_that_cannot_be_used_is_not_touched(own: Path, tmp_path: Path) -> None:
    Tiny().write(own, "mine")
    mine = config(tmp_path, "amount: 7\n")

    with pytest.raises(ConfigError, match="amount is 7"):
        run("use", "mine", "--config", mine)

    assert mine.read_text() == "amount: 7\n"


def test_without_a_configuration_it_says_that_there_is_no_usual_one(own: Path) -> None:
    Tiny().write(own, "mine")

    with pytest.raises(ConfigError, match=r"with --config FILE; pocketd finds none of yours by itself"):
        run("use", "mine")


def test_a_folder_that_cannot_be_made_is_one_line(own: Path, tmp_path: Path) -> None:
    Tiny().write(own, "mine")

    with pytest.raises(PocketError, match=r"cannot write .*no/such/my\.yaml: No such file or directory"):
        run("use", "mine", "--config", tmp_path / "no" / "such" / "my.yaml")


# --- --reload --------------------------------------------------------------------------------------------


@needs_proc
def test_a_running_daemon_takes_the_model_over(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Tiny().write(own, "mine")
    with running(tmp_path, model="none", meter_display="lines") as pocketd:
        pocketd.ready()
        pid = pocketd.process.pid
        stand_in(tmp_path, monkeypatch, f'[ "$2" = show ] && echo {pid} || kill -HUP {pid}')

        text = run("use", "mine", "--config", pocketd.config, "--reload")
        assert pocketd.process.stdout is not None
        while "playing by mine" not in (line := pocketd.process.stdout.readline()):
            assert line, "it ended without a word"
        code, said = pocketd.end(signal.SIGTERM)

    assert "told the daemon" in text
    assert (code, said) == (0, "")


@needs_proc
@pytest.mark.parametrize(
    ("words", "plays_by"), [((), "the shipped configuration"), (("--config=other.yaml",), "other.yaml")]
)
def test_a_daemon_that_plays_by_another_file_is_no_reason_to_write(
    own: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    plays_by: str,
) -> None:
    Tiny().write(own, "mine")
    mine = config(tmp_path, "model: lstm\n")
    with daemon(tmp_path, *words) as pid:
        stand_in(tmp_path, monkeypatch, f"echo {pid}")

        with pytest.raises(
            PocketError, match=rf"plays by .*{plays_by}, not by .*my\.yaml; nothing was written"
        ):
            run("use", "mine", "--config", mine, "--reload")

    assert mine.read_text() == "model: lstm\n"


def test_without_a_daemon_nothing_is_written(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Tiny().write(own, "mine")
    stand_in(tmp_path, monkeypatch, "echo 0")

    with pytest.raises(PocketError, match=r"systemd runs no pocketd\.service"):
        run("use", "mine", "--config", tmp_path / "my.yaml", "--reload")

    assert not os.path.lexists(tmp_path / "my.yaml")
