from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.testing import assert_array_equal
from torch import Tensor, nn

from pocket_core.phrases.groove_features import (
    DECIDED,
    FROM_BEFORE,
    GROOVE,
    KNOWN,
    LAST,
    LAST_GROOVE,
    MUSICIAN,
    STEPS,
)
from pocket_core.phrases.hvo import A_BAR, COUNT
from pocket_export.sources.grooves.lessons import Habits, draw
from pocket_export.sources.grooves.own_memory import LONGEST, own_drums
from pocket_export.sources.grooves.windows import View, recordings, shown, windows
from tests.export.performances import loose

RECORDINGS = recordings([replace(loose(n, bars=6 + n), name=f"{n}.mid") for n in range(8)])
THRESHOLDS = np.full(COUNT, 0.5, np.float32)


class Rides(nn.Module):
    """A model that strikes nothing but the ride, and everywhere."""

    def forward(self, x: Tensor) -> Tensor:
        said = torch.full((*x.shape[:2], 3 * COUNT), 0.25)
        said[..., :COUNT] = -30.0
        said[..., COUNT - 1] = 30.0
        return said


class Remembers(nn.Module):
    """A model that strikes the kick on the first step where it remembers nothing, and then what it did."""

    def forward(self, x: Tensor) -> Tensor:
        said = torch.full((*x.shape[:2], 3 * COUNT), 0.25)
        said[..., :COUNT] = -30.0
        first = x[:, 0, KNOWN] == 0
        said[first, 0, 0] = 30.0
        said[~first, :, :COUNT] += 60 * x[~first][..., LAST][..., :COUNT].roll(A_BAR, 1)
        return said


class Listens(Rides):
    """A model that keeps what it is asked first of each bar."""

    def __init__(self) -> None:
        super().__init__()
        self.bars: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        if not x[..., DECIDED].any():
            self.bars.append(x.clone())
        return super().forward(x)


def test_some_recordings_are_played_up_to_where_the_last_window_begins() -> None:
    made = own_drums(Rides(), RECORDINGS, THRESHOLDS, np.random.default_rng(1))

    assert 0 < len(made) < len(RECORDINGS)
    bars = {r.name: r.bars for r in RECORDINGS}
    assert all(len(cells) == (bars[name] - 2) * A_BAR for name, cells in made.items())
    assert all(cells.hits[:, -1].all() and not cells.hits[:, :-1].any() for cells in made.values())


def test_a_model_hears_what_it_made_itself() -> None:
    made = own_drums(Remembers(), RECORDINGS, THRESHOLDS, np.random.default_rng(1))

    for cells in made.values():
        assert cells.hits[:, 0].reshape(-1, A_BAR)[:, 0].all()
        assert cells.hits.sum() == len(cells) // A_BAR


def test_what_is_answered_is_a_part_or_a_groove_now_or_of_two_bars_before() -> None:
    net = Listens()

    own_drums(
        net,
        recordings([replace(loose(n, bars=10), name=f"{n}.mid") for n in range(60)]),
        THRESHOLDS,
        np.random.default_rng(1),
    )

    earlier, now = net.bars[4], net.bars[6]
    live, parts = now[:, 0, FROM_BEFORE] == 1, now[:, 0, MUSICIAN] == 1
    assert 0 < live.sum() < len(live)
    assert 0 < parts.sum() < len(parts)
    assert_array_equal(now[live][..., GROOVE], now[live][..., LAST_GROOVE])
    assert_array_equal(earlier[~live][..., GROOVE], now[~live][..., LAST_GROOVE])
    assert (now[~live][..., GROOVE] != now[~live][..., LAST_GROOVE]).any((1, 2)).all()


def test_a_long_recording_is_played_only_at_its_beginning() -> None:
    long = recordings([replace(loose(1, bars=LONGEST + 9), name=f"{n}.mid") for n in range(6)])

    made = own_drums(Rides(), long, THRESHOLDS, np.random.default_rng(1))

    assert {len(cells) for cells in made.values()} == {LONGEST * A_BAR}


def test_a_window_remembers_what_was_made_instead_of_the_drummer() -> None:
    window = windows(RECORDINGS)[4]
    made = window.recording.cells.cut(0, window.bar * A_BAR)
    made.hits[:, -1], made.hits[:, 0] = 1.0, 0.0

    x = shown(window, View(), own=made)

    assert x[:, LAST][:, COUNT - 1].all()
    assert not x[:, LAST][:, 0].any()
    assert len(x) == STEPS


def test_beyond_what_was_made_a_window_remembers_the_drummer() -> None:
    window = windows(RECORDINGS)[4]
    made = window.recording.cells.cut(0, A_BAR)

    assert_array_equal(shown(window, View(), own=made), shown(window, View()))


def test_a_voice_that_is_forgotten_is_not_in_memory_at_all() -> None:
    found = windows(recordings([loose(1, bars=12, density=0.5)]))
    habits = Habits(remembers=1.0, from_before=0.0, style=0.0, density=0.0, mistaken=0.0, forgetful=1.0)

    x = draw(found[8:], habits, np.random.default_rng(1))

    struck = x[..., LAST][..., :COUNT].any(1)
    assert 0.2 < struck.mean() < 0.9
