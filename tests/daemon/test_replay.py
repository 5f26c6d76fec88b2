"""What was logged live comes out again of the journal, to a millionth of a millisecond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pocket_core.errors import TakeError
from pocket_core.records import TimestepRecord
from pocket_core.report import Report, encode_report
from pocket_core.settings import AT_ONCE, Timing
from pocket_core.tempo import Meter
from pocket_core.types import Beats, Seconds
from pocket_core.wire import control_change
from pocketd.casting import Cast
from pocketd.config import Config
from pocketd.desk_records import FORMAT, Dropped, Fault, Message, Record, Remembered, TakeHeader, encode
from pocketd.journal import JOURNAL, read_journal
from pocketd.model import load_predictor
from pocketd.reload import Reloaded
from pocketd.replay import Replayed, replay
from pocketd.take_content import gather
from tests.daemon.session import START, STOP, Session
from tests.daemon.take_story import T, hello, take

PATIENT = Seconds(60.0)  # no step is too slow
NEAR_MS = 1e-6
EARLY = 2.0 - 91 / 48  # the clock goes on while the transport stands, from 91 pulses before the first take on


def two_takes(folder: Path, timing: Timing = AT_ONCE) -> Session:
    """Four bars each, the clock going on between them; a controller is turned before the second."""
    session = Session(folder, load_predictor("follower", PATIENT), timing=timing)
    session.clock(EARLY, 24.0)
    session.transport(START, 1.99)
    session.play(2.0, 4)
    session.transport(STOP, 10.1)
    session.control(control_change(0, 20, 80), 11.0)
    session.transport(START, 13.99)
    session.play(14.0, 4, feel=0.03)
    session.transport(STOP, 22.1)
    session.until(24.0)
    session.end()
    return session


def logged(folder: Path) -> list[TimestepRecord]:
    return gather(folder / JOURNAL).timesteps


def replayed(folder: Path, model: str = "follower") -> Replayed:
    return replay(folder / JOURNAL, load_predictor(model, PATIENT))


def assert_same(then: Sequence[TimestepRecord], now: Sequence[TimestepRecord]) -> None:
    assert [(t.bar, t.beat, t.voices) for t in now] == [(t.bar, t.beat, t.voices) for t in then]
    for name in ("forecast_ms", "refined_ms", "played_ms"):
        assert [getattr(t, name) for t in now] == pytest.approx(
            [getattr(t, name) for t in then], abs=NEAR_MS
        ), name
    assert [t.nominal_s for t in now] == pytest.approx([t.nominal_s for t in then], abs=1e-9)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return two_takes(tmp_path_factory.mktemp("takes"))


def test_a_take_whose_hits_were_handed_over_ahead_comes_out_again(tmp_path: Path) -> None:
    session = two_takes(tmp_path, Timing(Seconds(0.005), Seconds(0.003), Seconds(0.004)))

    found = [replayed(folder) for folder in session.takes]

    for folder, again in zip(session.takes, found, strict=True):
        assert again.remarks == ()
        assert_same(logged(folder), again.records)


@pytest.mark.parametrize("number", [0, 1])
def test_the_same_model_forecasts_what_was_logged(session: Session, number: int) -> None:
    folder = session.takes[number]

    found = replayed(folder)

    assert len(found.records) == 31  # the first hit comes before the start
    assert any(abs(t.forecast_ms) > 5 for t in found.records)
    assert found.remarks == ()
    assert_same(logged(folder), found.records)


def test_what_is_replayed_is_not_read_off(session: Session) -> None:
    found = replayed(session.takes[1], "lstm")

    assert [t.forecast_ms for t in found.records] != [t.forecast_ms for t in logged(session.takes[1])]


def test_a_take_that_loops_and_goes_on_elsewhere_comes_out_the_same(tmp_path: Path) -> None:
    session = Session(tmp_path, load_predictor("follower", PATIENT))
    session.clock(EARLY, 14.0)
    session.transport(START, 1.99)
    session.play(2.0, 2)
    session.transport(bytes.fromhex("f20000"), 5.985)  # song position 0 ...
    session.transport(b"\xfb", 5.99)  # ... and continue: the next pulse is the first bar again
    session.play(6.0, 2)
    session.transport(STOP, 10.1)
    session.until(12.0)
    session.end()

    found = replayed(session.takes[0])

    assert [t.bar for t in found.records[::8]] == [1, 2, 1, 2]
    assert_same(logged(session.takes[0]), found.records)


@pytest.mark.parametrize("clock", ["auto", "jack"])
def test_a_take_whose_transport_reports_where_it_is_comes_out_the_same(tmp_path: Path, clock: str) -> None:
    config = Config.model_validate({"clock": clock})
    session = Session(tmp_path, load_predictor("follower", PATIENT), config)
    for first, beat in ((2.0, 9.0), (6.0, 3.0)):  # from bar 4 on, and back to bar 2
        for n in range(80):
            at, place = Seconds(first + n / 20), Beats(beat + n / 10)
            session.control(encode_report(Report(at, place, 120.0, True, Meter(3, 4))), at)
    session.control(encode_report(Report(Seconds(10.0), Beats(11.0), 120.0, False)), 10.0)
    if clock == "auto":  # beside it, and elsewhere
        session.clock(EARLY, 12.0)
        session.transport(START, 1.99)
        session.transport(STOP, 10.1)
    session.play(2.0, 4)
    session.until(12.0)
    session.end()

    (folder,) = session.takes
    found = replayed(folder)
    assert [(t.bar, t.beat) for t in found.records[:4]] == [(4, 1.5), (4, 2.0), (4, 2.5), (4, 3.0)]
    assert {t.bar for t in found.records} == {4, 5, 6, 2, 3}
    assert found.remarks == ()
    assert_same(logged(folder), found.records)
    assert gather(folder / JOURNAL).meters[0].meter == Meter(3, 4)


def test_a_song_that_the_first_hit_starts_comes_out_the_same(tmp_path: Path) -> None:
    config = Config(clock="internal", drums_lead_ms=0)
    session = Session(tmp_path, load_predictor("follower", PATIENT), config)
    session.play(2.0, 2, lead=0.0)
    session.play(12.0, 2, lead=0.0)  # after four silent seconds: another take
    session.until(24.0)
    session.end()

    found = [replayed(folder) for folder in session.takes]

    assert [len(f.records) for f in found] == [16, 16]
    for folder, again in zip(session.takes, found, strict=True):
        assert_same(logged(folder), again.records)


def test_a_reload_in_the_middle_is_followed(tmp_path: Path) -> None:
    session = Session(tmp_path, load_predictor("follower", PATIENT))
    session.clock(EARLY, 8.0)
    session.transport(START, 1.99)
    session.play(2.0, 2)
    session.until(4.0)
    config = session.config.model_copy(update={"laid_back_ms": 15.0, "amount": 0.5})
    session.loop.take_over(Reloaded(config, None))
    session.transport(STOP, 6.1)
    session.until(8.0)
    session.end()

    found = replayed(session.takes[0])

    assert found.remarks == ()
    assert_same(logged(session.takes[0]), found.records)


def test_another_source_in_the_middle_takes_nothing_back(tmp_path: Path) -> None:
    late = Config(drums_lead_ms=60)
    session = Session(tmp_path, load_predictor("follower", PATIENT), config=late)
    session.clock(EARLY, 12.0)
    session.transport(START, 1.99)
    session.play(2.0, 4, lead=0.060)
    session.control(bytes((0xB0, 20, 64)), 3.0)  # amount
    session.control(bytes((0xB0, 23, 3)), 3.5)  # bars: nobody answers, and a plain beat plays
    session.transport(STOP, 10.1)
    session.until(12.0)
    session.end()

    found = replayed(session.takes[0])

    assert found.remarks == ()
    assert_same(logged(session.takes[0]), found.records)


def test_another_model_in_the_middle_is_told(tmp_path: Path) -> None:
    session = Session(tmp_path, load_predictor("follower", PATIENT))
    session.clock(EARLY, 8.0)
    session.transport(START, 1.99)
    session.play(2.0, 2)
    session.until(4.0)
    session.loop.take_over(Reloaded(session.config, Cast(load_predictor("lstm", PATIENT))))
    session.transport(STOP, 6.1)
    session.until(8.0)
    session.end()

    assert replayed(session.takes[0]).remarks == ("several models played: follower, lstm",)


def rewritten(to: Path, change: Sequence[Record]) -> Path:
    to.mkdir()
    (to / JOURNAL).write_bytes(b"".join(map(encode, change)))
    return to


def test_a_take_of_the_first_format_is_replayed_and_what_it_lacks_is_said(
    session: Session, tmp_path: Path
) -> None:
    then: list[Record] = []
    for record in read_journal(session.takes[0] / JOURNAL):
        if isinstance(record, TakeHeader):
            then.append(replace(record, format=1))
        elif isinstance(record, Message):
            then.append(replace(record, told=None))
        elif not isinstance(record, Remembered):
            then.append(record)

    found = replayed(rewritten(tmp_path / "old", then))

    assert found.remarks == ("its journal does not say what the engine knew at the start",)
    assert [(t.bar, t.beat) for t in found.records] == [(t.bar, t.beat) for t in logged(session.takes[0])]
    apart = [
        abs(a.forecast_ms - b.forecast_ms)
        for a, b in zip(found.records, logged(session.takes[0]), strict=True)
    ]
    assert 0.0 < max(apart) < 5.0


def test_what_is_missing_and_what_went_wrong_is_said(session: Session, tmp_path: Path) -> None:
    records = list(read_journal(session.takes[0] / JOURNAL))
    fault = Fault(at=Seconds(3.0), about="model", text="too slow")
    worse = [*records[:-1], Dropped(records=3), fault, records[-1]]

    found = replayed(rewritten(tmp_path / "worse", worse))

    assert found.remarks == ("lines missing from its journal: 3", "faults while it was played: model")


def test_a_configuration_of_another_build_is_refused_in_a_line(tmp_path: Path) -> None:
    other = hello(config={"amount": 1.0, "reverb": 3})
    header = TakeHeader(
        format=FORMAT, started="2026-11-20T12:00:00+01:00", origin=T, source=None, hello=other
    )
    folder = rewritten(tmp_path / "then", [header, *take()])

    with pytest.raises(TakeError, match=r"none of this build's \(reverb: Extra inputs"):
        replayed(folder)
