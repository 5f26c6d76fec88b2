"""Shadows behind takes: processes that nobody waits for, but these tests."""

from __future__ import annotations

from pathlib import Path

from pocketd.shadow_runner import ShadowRunner


def finish(runner: ShadowRunner) -> None:
    """Let what runs come to its end, and see how it went."""
    assert runner._process is not None
    runner._process.wait(60)
    runner.follow(playing=True)


def test_nothing_begins_while_a_take_is_played(tmp_path: Path) -> None:
    runner = ShadowRunner(lambda: "lstm")
    runner.add(tmp_path)

    runner.follow(playing=True)

    assert runner._process is None
    assert not runner.idle


def test_without_a_shadow_takes_pass_by(tmp_path: Path) -> None:
    runner = ShadowRunner(lambda: None)
    runner.add(tmp_path)

    runner.follow(playing=False)

    assert runner.idle
    assert not runner.lines


def test_a_model_that_cannot_be_loaded_is_told_once_and_given_up(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_bytes(b"")
    runner = ShadowRunner(lambda: tmp_path / "gone.onnx")
    for _ in range(2):
        runner.add(tmp_path)

    runner.follow(playing=False)
    finish(runner)
    runner.follow(playing=False)

    (line,) = runner.lines
    assert "gone.onnx: no such model file" in line
    assert line.endswith("; it is given up")
    assert runner.idle


def test_a_take_that_cannot_be_read_costs_its_own_shadow(tmp_path: Path) -> None:
    runner = ShadowRunner(lambda: "none")
    runner.add(tmp_path)

    runner.follow(playing=False)
    finish(runner)

    (line,) = runner.lines
    assert "cannot read" in line
    assert runner.idle
