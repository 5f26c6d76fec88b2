from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from pocket_core.records import Asynchrony, Summary
from pocket_core.types import Seconds
from pocketd.desk_main import Desk
from pocketd.desk_records import Fault, Record, Tally, encode
from pocketd.meter import MeterState, Nearness
from pocketd.recorder import Recorder
from pocketd.takes import FinishedTake, Unreadable
from pocketd.terminal import Lines, LiveMeter, finished, open_terminal, told
from tests.daemon.take_story import NOON, T, hello, now, start, story

TAKE = FinishedTake(
    folder=Path("takes/2026-11-20/120000"),
    how="stop",
    length=Seconds(92.4),
    bpm=108.0,
    timesteps=300,
    summary=Summary(Asynchrony(16.61, 19.49, 200), Asynchrony(5.93, 9.79, 200)),
    tally=Tally(events_in=400, events_out=400, late=1),
    dropped=0,
)


class Screen(io.StringIO):
    """A terminal that somebody watches."""

    def isatty(self) -> bool:
        return True


def test_a_finished_take_is_one_line() -> None:
    assert finished(TAKE) == (
        "take saved takes/2026-11-20/120000: 1:32 at 108.0 BPM, "
        "drums 5.9 ms from the musician (16.6 ms on the grid), 400 hits in, 400 out, 1 late, 0 lost"
    )


def test_a_take_without_a_musician_says_so_instead_of_figures() -> None:
    line = finished(replace(TAKE, summary=Summary(None, None)))

    assert ", nobody met a drum, 400 hits in" in line


def test_a_take_that_cannot_be_recovered_says_why() -> None:
    line = finished(Unreadable(Path("x"), "x/journal.jsonl, line 3: no record"))

    assert line == "a take cannot be recovered: x/journal.jsonl, line 3: no record"


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (hello(), "playing by lstm on loopback"),
        (hello(model="none"), "playing by no model on loopback"),
        (start(position=16.0), "start at beat 16, 4/4"),
        (Fault(at=T, about="model", text="too slow"), "model: too slow"),
        (Fault(at=T, about="model", text=""), "model: well again"),
        (now(T, 0.0, 0), None),
    ],
)
def test_what_matters_is_told_in_a_log(record: Record, line: str | None) -> None:
    assert told(record) == line


def test_a_log_has_lines_and_no_picture() -> None:
    out = io.StringIO()
    terminal = open_terminal("auto", out)

    terminal.note("start at beat 0")
    terminal.show(MeterState())
    terminal.say("take saved\x1b[2J")
    terminal.close()

    assert out.getvalue() == "start at beat 0\ntake saved?[2J\n"


def test_lines_tell_each_bar_once() -> None:
    out = io.StringIO()
    terminal = open_terminal("lines", out)

    for bar, beat in ((1, 1.0), (1, 3.2), (2, 1.1)):
        terminal.show(
            MeterState(running=True, bar=bar, beat=beat, offset_ms=-4.0, recent=Nearness(17.25, 9.0))
        )

    assert out.getvalue().splitlines() == [
        "   1.1  120.0 BPM  offset   -4.0 ms    9.0 ms from the musician (17.2 on the grid)",
        "   2.1  120.0 BPM  offset   -4.0 ms    9.0 ms from the musician (17.2 on the grid)",
    ]


def test_lines_are_silent_while_the_transport_stands() -> None:
    out = io.StringIO()

    open_terminal("lines", out).show(MeterState(running=False))

    assert out.getvalue() == ""


def test_a_screen_has_the_picture_and_what_the_picture_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = Screen()
    terminal = open_terminal("auto", out)

    terminal.note("start at beat 0")
    terminal.show(MeterState())
    terminal.say("take saved")
    terminal.close()

    assert "start at beat" not in out.getvalue()
    assert "take saved" in out.getvalue()
    assert "pocketd" in out.getvalue()
    assert "\x1b[?25h" in out.getvalue()  # the cursor is back


@pytest.mark.parametrize(
    ("display", "term", "meter"), [("off", "xterm", False), ("on", "dumb", True), ("auto", "dumb", False)]
)
def test_the_config_or_a_dumb_terminal_decides(
    display: str, term: str, meter: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)

    terminal = open_terminal(display, Screen())

    assert isinstance(terminal, LiveMeter) == meter
    terminal.close()


def test_a_line_that_is_no_record_is_told_and_passed_over(tmp_path: Path) -> None:
    out = io.StringIO()
    desk = Desk(Recorder(tmp_path, lambda: NOON), Lines(out))

    desk.read(b"what?\n" + b"".join(encode(r) for r in story()), Seconds(1.0))

    assert out.getvalue().startswith("the desk cannot read a record: Invalid JSON")
    assert "take saved" in out.getvalue()


def test_records_in_any_pieces_are_whole_again(tmp_path: Path) -> None:
    out = io.StringIO()
    desk = Desk(Recorder(tmp_path, lambda: NOON), Lines(out))

    for byte in b"".join(encode(r) for r in story()):
        desk.read(bytes([byte]), Seconds(1.0))

    assert "4 hits in, 4 out, 0 late, 0 lost" in out.getvalue()


def test_without_a_recorder_the_desk_only_shows() -> None:
    out = io.StringIO()
    desk = Desk(None, Lines(out))

    desk.read(b"".join(encode(r) for r in story()), Seconds(1.0))
    desk.show()
    desk.close()

    assert out.getvalue().splitlines() == ["playing by lstm on loopback", "start at beat 0, 4/4"]
