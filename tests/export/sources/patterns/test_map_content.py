from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pocket_core.errors import DataError
from pocket_core.phrases.patterns import CELLS
from pocket_export.sources.patterns.map_content import Layer, decode, thin_out
from tests.export.sources.patterns.map_data import small


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"patterns": np.zeros((0, 32), np.int64)}, "no pattern"),
        ({"patterns": np.zeros((60, 31), np.int64)}, r"\(60, 31\)"),
        ({"patterns": np.full((60, 32), 2**14)}, "16383"),
        ({"known": np.full((2, 32), -1)}, "known"),
        ({"codes": np.zeros((59, 4), np.float32)}, "finite codes"),
        ({"codes": np.full((60, 4), np.nan, np.float32)}, "finite codes"),
        ({"names": ("one",)}, "names"),
        ({"threshold": 1.0}, "threshold"),
        ({"decoder": ()}, "448"),
        ({"decoder": (Layer(np.zeros((CELLS, 5), np.float32), np.zeros(CELLS, np.float32)),)}, "fed 4"),
        ({"decoder": (Layer(np.zeros((9, 4), np.float32), np.zeros(9, np.float32)),)}, "says 9"),
        ({"decoder": (Layer(np.zeros((CELLS, 4), np.float32), np.zeros(9, np.float32)),)}, "biases"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        replace(small(), **changes)


def test_a_decoder_without_hidden_layers_is_a_sigmoid_of_its_sums() -> None:
    weight = np.zeros((CELLS, 2), np.float32)
    weight[0] = (1.0, -2.0)
    layer = Layer(weight, np.full(CELLS, 0.5, np.float32))

    likely = decode((layer,), np.array([[3.0, 1.0], [1e4, -1e4]], np.float32))

    assert likely[0, 0] == pytest.approx(1 / (1 + np.exp(-1.5)))  # 3 - 2 + 0.5
    assert likely[1, 0] == 1.0


def test_what_is_not_drawn_is_still_known_to_the_filter() -> None:
    content = small()

    thin = thin_out(content, 20, seed=1)

    assert len(thin.patterns) == len(thin.codes) == len(thin.names) == len(thin.genres) == 20
    together = {tuple(p) for p in np.concatenate([thin.patterns, thin.known])}
    assert together == {tuple(p) for p in content.patterns}


def test_a_map_that_is_small_enough_is_left_as_it_is() -> None:
    content = small()

    assert thin_out(content, 60, seed=1) is content
