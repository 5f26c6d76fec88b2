from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from pocket_core.types import Seconds
from pocketd.desk_records import Dropped, Fault, Tally
from pocketd.meter import RECENT, SIDE, WIDTH, MeterReader, MeterState, Nearness, needle, picture
from tests.daemon.take_story import T, hello, now, start, stop, take, timestep

PLAYING = MeterState(
    running=True,
    bar=12,
    beat=3.4,
    model="lstm",
    offset_ms=-12.5,
    recent=Nearness(16.6, 5.9),
    whole=Nearness(17.2, 6.1),
    tally=Tally(events_in=123, events_out=121, late=2, lost=2),
    recording=True,
)


def drawn(state: MeterState, width: int = 100) -> str:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False).print(picture(state))
    return out.getvalue()


def after(*records: object) -> MeterState:
    reader = MeterReader()
    for record in records:
        reader.read(record)  # type: ignore[arg-type]
    return reader.state(recording=True, recorder_fault="")


def test_the_meter_says_where_the_song_is_and_how_near_the_drums_are() -> None:
    lines = drawn(PLAYING).splitlines()

    assert "▶ 12.3" in lines[1]
    assert "○ ○ ● ○" in lines[1]
    assert "120.0 BPM  4/4" in lines[1]
    assert "● recording" in lines[1]
    assert lines[7].split()[1:-1] == ["on", "the", "grid", "16.6", "17.2"]
    assert lines[8].split()[1:-1] == ["pocketd", "5.9", "6.1"]
    assert "hits 123 in, 121 out   late 2   waiting 2" in lines[10]
    assert "lstm, amount 1.00" in lines[11]


def test_what_has_not_left_is_lost_only_once_the_transport_stands() -> None:
    assert "lost 2" in drawn(replace(PLAYING, running=False))
    assert "lost" not in drawn(PLAYING)


def test_a_fault_is_shown_whole_or_ends_in_dots() -> None:
    text = drawn(replace(PLAYING, faults=("model: damaged", "x" * 200)))

    assert "! model: damaged" in text
    assert "xxx…" in text


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (MeterState(), "no model"),
        (replace(PLAYING, model="none"), "no model"),
        (replace(PLAYING, bypass=True), "bypass: the grid"),
        (replace(PLAYING, recording=False), "not recording"),
    ],
)
def test_what_plays_and_whether_it_is_kept_is_shown(state: MeterState, says: str) -> None:
    assert says in drawn(state)


def test_early_grows_to_the_left_and_late_to_the_right() -> None:
    early, late = needle(-10.0).plain, needle(10.0).plain

    assert early.index("█") < early.index("│")
    assert late.index("█") > late.index("│")
    assert early.count("█") == late.count("█") == 4  # 2.5 ms a cell
    assert "-10.0 ms" in early
    assert "+10.0 ms" in late


def test_an_offset_beyond_the_scale_ends_in_an_arrow() -> None:
    assert needle(-80.0).plain.startswith("<" + "█" * SIDE)
    assert "█" * SIDE + ">" in needle(80.0).plain


@given(st.floats(-1000, 1000))
def test_the_middle_of_the_needle_never_moves(offset: float) -> None:
    assert needle(offset).plain.index("│") == SIDE + 1


@settings(max_examples=50)
@given(
    st.builds(
        MeterState,
        running=st.booleans(),
        bar=st.integers(-5, 10**6),
        beat=st.floats(1, 65),
        numerator=st.integers(1, 64),
        bpm=st.floats(20, 300),
        model=st.text(max_size=100),
        offset_ms=st.floats(-1000, 1000),
        faults=st.lists(st.text(max_size=200), max_size=3).map(tuple),
    ),
    st.integers(20, 120),
)
def test_any_state_can_be_drawn_and_stays_inside_its_frame(state: MeterState, width: int) -> None:
    lines = drawn(state, width).splitlines()

    assert max(map(cell_len, lines)) <= min(width, WIDTH)
    assert "\x1b" not in "".join(lines)


def test_the_reader_follows_a_take() -> None:
    state = after(hello(), *take())

    assert not state.running
    assert state.model == "lstm"
    assert (state.bar, state.beat) == (1, 4.4)
    assert state.offset_ms == 5.0
    assert state.whole == state.recent
    assert state.whole.grid_ms == pytest.approx(10.0)
    assert state.whole.pocketd_ms == pytest.approx(5.0)
    assert state.tally.events_in == 4


def test_a_new_take_begins_with_nothing_counted() -> None:
    state = after(hello(), *take(), start(Seconds(T + 9), before=4), now(T + 9, 0.0, 4))

    assert state.running
    assert state.whole == Nearness(None, None)
    assert state.tally == Tally()


def test_the_transport_stands_from_the_stop_on() -> None:
    assert not after(hello(), start(), now(T, 0.0, 0), stop(Seconds(T + 1), 2.0, 0)).running


def test_timesteps_without_the_musician_do_not_count() -> None:
    state = after(hello(), start(), now(T, 0.0, 0), timestep(T, 0, human_late=None))

    assert state.whole == Nearness(None, None)


def test_only_the_newest_timesteps_are_recent() -> None:
    far = [timestep(T + n, n, human_late=0.050) for n in range(10)]
    near = [timestep(T + 10 + n, 10 + n, human_late=0.010) for n in range(RECENT)]

    state = after(hello(), start(), now(T, 0.0, 0), *far, *near)

    assert state.recent.grid_ms == pytest.approx(10.0)
    assert state.whole.grid_ms is not None
    assert state.whole.grid_ms > 15


def test_a_fault_is_shown_until_it_is_mended() -> None:
    broken = Fault(at=T, about="clock", text="lost")
    mended = Fault(at=T, about="clock", text="")

    assert after(broken).faults == ("clock: lost",)
    assert after(broken, mended).faults == ()


def test_records_that_never_arrived_are_counted() -> None:
    assert after(now(T, 0.0, 0), Dropped(records=2), Dropped(records=3)).dropped == 5


def test_the_recorder_s_fault_stands_beside_the_others() -> None:
    state = MeterReader().state(recording=False, recorder_fault="not recording: disk full")

    assert state.faults == ("not recording: disk full",)


def test_the_song_stands_before_who_plays_it_and_is_cut_where_it_is_long() -> None:
    short, long, none = (drawn(after(hello(song=song))).splitlines() for song in ("Blue", "x" * 80, None))

    assert "Blue: lstm, amount 1.00" in short[-1]
    assert "x…: lstm, amount 1.00" in long[-1]
    assert len(long[-1].rstrip()) == len(none[-1].rstrip()) == WIDTH
    assert "─ lstm, amount 1.00" in none[-1]
