"""The rivals of BENCHMARKS' "Humanise": nothing at all, a linear regression, and a running mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.windows import BAR, WINDOW_BARS, Floats, Ints, Played, Sheet, Window
from pocket_core.voices import VOICES

PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)  # of the squared weights; validation chooses
CELLS = WINDOW_BARS * BAR * len(VOICES)  # of a window: 288
PRIOR = 4  # observations that the file's own mean counts for
FIRST = (0.0, 0.55)  # offset and velocity before anything was heard


def quantised(windows: Sequence[Window]) -> list[Played]:
    """Play what every drum machine plays: on the grid. It says nothing about velocities."""
    return [Played(np.zeros(window.steps.size), None) for window in windows]


def running_mean(files: Sequence[Sheet]) -> list[Played]:
    """Play each cell of the bar as it was played on the mean in the file's earlier bars.

    The mean of a (sixteenth of the bar, voice) is shrunk to the file's own mean so far as if that had been
    observed `PRIOR` times. Both are brought up to date after each bar.
    """
    return [_running_mean(sheet) for sheet in files]


@dataclass(frozen=True, slots=True)
class Linear:
    """Each cell's offset and velocity as a linear function of which of the window's cells are struck."""

    timing: Floats  # float64[289, 288], sixteenths; the last line is the constant
    velocity: Floats  # float64[289, 288]
    timing_penalty: float
    velocity_penalty: float

    def windows(self, windows: Sequence[Window]) -> list[Played]:
        """Play each window by what is written in it."""
        written = _written(windows)
        timing, velocity = written @ self.timing, written @ self.velocity
        return [
            Played(timing[i, cells] * window.sheet.ms_per_16th, velocity[i, cells])
            for i, window in enumerate(windows)
            for cells in [_cells(window)]
        ]


def fit_linear(train: Sequence[Window], validation: Sequence[Window]) -> Linear:
    """Fit by least squares with a penalty on the squared weights, in closed form: there is no chance in it.

    As in the paper the fit is to the whole matrix of a window, in which a cell without a note has offset and
    velocity 0. The penalties are those with the smallest error over the validation windows' notes: absolute
    ms for the timing, squared for the velocity.
    """
    written = _written(train)
    products = written.T @ written
    timing = written.T @ _matrix(train, [w.offsets_ms / w.sheet.ms_per_16th for w in train])
    velocity = written.T @ _matrix(train, [w.velocities for w in train])
    fits = [
        Linear(_ridge(products, timing, penalty), _ridge(products, velocity, penalty), penalty, penalty)
        for penalty in PENALTIES
    ]
    losses = [_losses(fit, validation) for fit in fits]
    by_timing = fits[int(np.argmin([timing for timing, _ in losses]))]
    by_velocity = fits[int(np.argmin([velocity for _, velocity in losses]))]
    return Linear(
        by_timing.timing, by_velocity.velocity, by_timing.timing_penalty, by_velocity.velocity_penalty
    )


def _running_mean(sheet: Sheet) -> Played:
    sums = np.zeros((BAR, len(VOICES), 3))  # of each cell: notes, their offsets, their velocities
    total = np.zeros(3)
    found = np.zeros((sheet.steps.size, 2))
    bars = sheet.steps // BAR
    for bar in np.unique(bars):
        here = bars == bar
        cells = (sheet.steps[here] % BAR, sheet.voices[here])
        mean = total[1:] / total[0] if total[0] else np.array(FIRST)
        found[here] = (sums[cells][:, 1:] + PRIOR * mean) / (sums[cells][:, :1] + PRIOR)
        heard = np.stack((np.ones(here.sum()), sheet.offsets_ms[here], sheet.velocities[here]), axis=1)
        sums[cells] += heard  # a bar has at most one note a cell
        total += heard.sum(axis=0)
    return Played(found[:, 0], found[:, 1])


def _cells(window: Window) -> Ints:
    return window.steps * len(VOICES) + window.voices


def _written(windows: Sequence[Window]) -> Floats:
    """Return float64[W, 289]: 1 where a cell is struck, and a last column of ones."""
    struck = _matrix(windows, [np.ones(window.steps.size) for window in windows])
    return np.concatenate((struck, np.ones((len(windows), 1))), axis=1)


def _matrix(windows: Sequence[Window], values: Sequence[Floats]) -> Floats:
    """Return float64[W, 288]: the notes' values in their cells, 0 elsewhere."""
    matrix = np.zeros((len(windows), CELLS))
    for row, window, value in zip(matrix, windows, values, strict=True):
        row[_cells(window)] = value
    return matrix


def _ridge(products: Floats, targets: Floats, penalty: float) -> Floats:
    weights = np.full(len(products), penalty)
    weights[-1] = 0  # the constant is free
    return np.asarray(np.linalg.solve(products + np.diag(weights), targets), np.float64)


def _losses(fit: Linear, windows: Sequence[Window]) -> tuple[float, float]:
    played = fit.windows(windows)
    timing = [np.abs(p.offsets_ms - w.offsets_ms) for p, w in zip(played, windows, strict=True)]
    velocity = [
        np.square(p.velocities - w.velocities)
        for p, w in zip(played, windows, strict=True)
        if p.velocities is not None
    ]
    return float(np.concatenate(timing).mean()), float(np.concatenate(velocity).mean())
