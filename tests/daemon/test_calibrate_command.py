"""`pocketd calibrate` as a user runs it, on a loopback whose cable a test has put in."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from typer.testing import Result

from pocket_core.errors import ConfigError, MidiSystemError
from pocketd.backends.loopback import Loopback
from pocketd.commands import calibrate
from pocketd.round_trip import MeasureError
from tests.commands import call, done
from tests.daemon.test_doctor_command import pocketd_path, told
from tests.daemon.test_impulses import Echo
from tests.daemon.test_lead_listening import studio
from tests.daemon.test_run import running

BEFORE = "# mine\nbackend: loopback\nlook_ahead_ms: 120  # as the DAW sends\noutput_latency_ms: 3\n"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A configuration of the user's."""
    path = tmp_path / "my.yaml"
    path.write_text(BEFORE)
    return path


def plug(monkeypatch: pytest.MonkeyPatch, backend: Loopback) -> None:
    """Let the command open this rig."""
    monkeypatch.setattr(calibrate, "open_backend", lambda _: backend)


def run(*words: object, answer: str | None = None) -> Result:
    return call(calibrate.command, *words, answer=answer)


def test_a_round_trip_is_told_before_and_after_and_nothing_is_written_unasked(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(monkeypatch, Echo([0.0123]).backend)

    text = done(run("round-trip", "--config", mine)).stdout

    assert text.splitlines() == [
        "back after 12.30 ms: two series agree within 0.00 ms, most impulses within 0.00 ms",
        "a MIDI loop leaves out sampler, sound card and air: --add-ms what the DAW shows for its output",
        "together 12.3 ms, of which 0 are the way in",
        "  output_latency_ms: 12.3  (was 3)",
        f"nothing was written; with --write it goes to {mine}",
        "next: `pocketd calibrate lead`, as drums that are heard later have to be sent earlier",
    ]
    assert mine.read_text() == BEFORE


def test_asked_to_write_it_changes_its_keys_and_no_other_byte(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(monkeypatch, Echo([0.0123]).backend)

    run("round-trip", "--config", mine, "--write", "--add-ms", 8, "--input-ms", 2.3)

    assert mine.read_text() == BEFORE.replace(": 3\n", ": 18\n") + "input_latency_ms: 2.3\n"


def test_a_measure_that_is_not_believed_writes_nothing(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, Echo([0.01, 0.03, 0.05]).backend)

    result = run("round-trip", "--config", mine, "--write")

    assert isinstance(result.exception, MeasureError)
    assert mine.read_text() == BEFORE


def test_the_configuration_that_ships_is_never_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, Echo([0.01]).backend)

    result = run("round-trip", "--write")

    assert isinstance(result.exception, ConfigError)
    assert "--config FILE" in str(result.exception)


def test_a_lead_sets_the_look_ahead_less_what_it_takes_to_be_heard(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(monkeypatch, studio(0.143))

    text = done(run("lead", "--config", mine, "--write")).stdout

    assert text.startswith("drums come 143.0 ms early (")
    assert mine.read_text() == BEFORE.replace(": 120 ", ": 140 ") + "drums_lead_ms: 143\n"


def test_drums_that_come_late_are_an_error_and_nothing_is_written(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(monkeypatch, studio(-0.120))

    result = run("lead", "--config", mine, "--write")

    assert isinstance(result.exception, MeasureError)
    assert "120.0 ms late: the drum track's delay has the wrong sign" in str(result.exception)
    assert mine.read_text() == BEFORE


def test_a_lead_that_is_as_it_should_be_needs_no_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(monkeypatch, studio(0.120))

    text = done(run("lead")).stdout

    assert text.splitlines()[-1] == "the configuration says so already; nothing to write"


def test_where_pocketd_plays_the_drums_itself_no_lead_is_measured(mine: Path) -> None:
    mine.write_text("source: loop\n")

    result = run("lead", "--config", mine)

    assert isinstance(result.exception, ConfigError)
    assert "`source` is loop" in str(result.exception)


def test_a_running_daemon_has_the_ports_and_that_is_told(tmp_path: Path) -> None:
    with running(tmp_path, model="none") as pocketd:
        assert pocketd.ready()
        told(pocketd_path())
        result = run("lead")
        pocketd.end(signal.SIGTERM)

    assert isinstance(result.exception, MidiSystemError)
    assert str(result.exception).startswith(
        f"a daemon runs and has the ports (process {pocketd.process.pid}): end it"
    )
    assert "--client NAME" in str(result.exception)


@pytest.mark.parametrize("words", [("lead",), ("round-trip",)])
def test_a_client_name_that_cannot_be_is_one_line(mine: Path, words: tuple[str, ...]) -> None:
    result = run(*words, "--config", mine, "--client", "a/b")

    assert isinstance(result.exception, ConfigError)
    assert str(result.exception).startswith("--client is 'a/b'; allowed: ")
