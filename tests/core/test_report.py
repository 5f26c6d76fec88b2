"""Reports as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.report import Report, decode_report, encode_report
from pocket_core.tempo import Meter
from pocket_core.types import Beats, Seconds

T = Seconds(3.0)
meters = st.builds(Meter, st.integers(1, 64), st.sampled_from([1, 2, 4, 8, 16, 32, 64]))
reports = st.builds(
    Report,
    st.just(T),
    st.floats(-(2**20), 2**20).map(Beats),
    st.floats(10.0, 600.0),
    st.booleans(),
    st.none() | meters,
)


def test_a_report_is_a_message_of_7_bit_bytes_under_the_non_commercial_id() -> None:
    # beat 1 is 2^20 above 2^41, 120 BPM is 120 * 2^20, 6/8 is 6 and 2^3
    data = encode_report(Report(T, Beats(1.0), 120.0, True, Meter(6, 8)))

    assert data == bytes.fromhex("F0 7D 70 6B 01  01  40 00 00 40 00 00  00 3C 00 00 00  06 03  F7")


@given(reports)
def test_a_report_comes_back_to_a_millionth(report: Report) -> None:
    found = decode_report(encode_report(report), T)

    assert found is not None
    assert (found.at, found.rolling, found.meter) == (T, report.rolling, report.meter)
    assert abs(found.beat - report.beat) <= 2**-21
    assert abs(found.bpm - report.bpm) <= 2**-21


@given(reports)
def test_what_came_back_is_the_same_message_again(report: Report) -> None:
    data = encode_report(report)
    found = decode_report(data, T)

    assert found is not None
    assert encode_report(found) == data


@given(
    st.binary(max_size=24)
    | st.binary(min_size=14, max_size=14).map(lambda b: b"\xf0\x7dpk\x01" + b + b"\xf7")
)
def test_any_bytes_are_a_report_that_comes_back_or_none(data: bytes) -> None:
    found = decode_report(data, T)

    assert found is None or encode_report(found) == data


@pytest.mark.parametrize(
    "report",
    [
        Report(T, Beats(0.0), 0.0, True),
        Report(T, Beats(0.0), float("nan"), True),
        Report(T, Beats(float("inf")), 120.0, True),
        Report(T, Beats(0.0), 120.0, True, Meter(65, 4)),
        Report(T, Beats(0.0), 120.0, True, Meter(4, 3)),
    ],
)
def test_what_is_out_of_range_is_refused(report: Report) -> None:
    with pytest.raises(ValueError, match="out of range"):
        encode_report(report)
