"""The targets that rolypoly~ logged in 2020, made again; see docs/decisions/0012-targets.md."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pocket_core.types import Seconds
from pocket_export.night.targets import Rule, Style, variance

DIGITS = 5e-7  # half a microsecond at 60 BPM; six digits were logged
MORE, LESS = 1.1, 0.909  # what capitals and small letters in the names of `tree` make of A and B
SWING = [(f"s2s-swing-A3-B4/{n}", 3.0, b) for n, b in ((1, 1.0), (2, 3.0), (3, 3.0), (4, 4.0))]
NO_B = [(f"s2s-swing-A3-noB/{n}", 3.0, None) for n in (1, 2, 3, 4)]


@dataclass(frozen=True, slots=True)
class Logged:
    """A take's columns, in the unit that they were logged in; a row a hit."""

    bars: NDArray[np.int64]
    said: NDArray[np.float64]
    diff: NDArray[np.float64]  # of the hit itself, which stands in the next row; of the last one NaN
    wanted: NDArray[np.float64]


def folder() -> Path:
    """Return where the logged takes are, or skip where they are not."""
    found = Path(os.environ.get("POCKETD_DATA", "../shared/data")) / "rolypoly_takes" / "takes"
    if not found.exists():
        pytest.skip(f"no {found}; point POCKETD_DATA at the recordings")
    return found


def logged(name: str) -> Logged:
    """Read one of them."""
    table = np.loadtxt(folder() / f"{name}.csv", delimiter=",")
    diff = np.append(table[1:, 15], np.nan)
    return Logged(table[:, 0].astype(np.int64), table[:, 17], diff, table[:, 16])


def with_last(take: Logged) -> NDArray[np.float64]:
    """Return every diff; that of the last hit, of which no row tells, by its target alone."""
    columns = np.stack((take.said, take.diff, np.ones_like(take.said)), axis=1)[:-1]
    said, diff, constant = np.linalg.lstsq(columns, take.wanted[:-1], rcond=None)[0]
    return np.append(take.diff[:-1], (take.wanted[-1] - said * take.said[-1] - constant) / diff)


def made_again(take: Logged, a: float, b: float | None) -> NDArray[np.float64]:
    """Return a take's targets by the equations alone."""
    rule = Rule(Style.VARIANCE, a, b, floor=Seconds(0.0), beyond=True)
    return variance(take.said, with_last(take), rule).wanted


@pytest.mark.data
@pytest.mark.parametrize(("take", "a", "b"), [*SWING, *NO_B])
def test_both_equations_make_the_targets_of_the_swing(take: str, a: float, b: float | None) -> None:
    found = logged(take)

    assert made_again(found, a, b) == pytest.approx(found.wanted, abs=DIGITS)


@pytest.mark.data
def test_both_equations_make_the_targets_of_the_whole_tree() -> None:
    names = [path.stem for path in sorted((folder() / "tree").glob("*.csv"))]
    assert len(names) == 35

    for name in names:
        found = logged(f"tree/{name}")
        letters = "_".join(name.split("_")[-2:])  # AABB_AAb: A a tenth more, twice, and so on
        a = MORE ** letters.count("AA") * LESS ** letters.count("a")
        b = MORE ** letters.count("BB") * LESS ** letters.count("b")

        assert made_again(found, a, b) == pytest.approx(found.wanted, abs=DIGITS), name


@pytest.mark.data
@pytest.mark.parametrize("take", ["trip0", "trip1", "trip2"])
def test_the_triplets_were_taught_without_a_and_b_each_bar_s_mean_diff_taken_out(take: str) -> None:
    found = logged(f"lstm-trip/{take}")
    told = found.bars < found.bars[-1]  # the last bar's mean knows the last hit's diff
    diff, bars = found.diff[told], found.bars[told]
    means = np.bincount(bars, diff) / np.bincount(bars)

    d = found.said[told] + diff - means[bars]

    apart = found.wanted[told] - d
    assert apart == pytest.approx(np.full(len(d), -found.said.mean()), abs=DIGITS)


@pytest.mark.data
@pytest.mark.parametrize("take", ["20200817212503", "20200817212707"])
def test_the_slow_takes_were_taught_the_diff_itself(take: str) -> None:
    found = logged(f"lstm-slow-diff/{take}")

    assert found.wanted[:-1] == pytest.approx(found.diff[:-1], abs=DIGITS)
