from __future__ import annotations

import numpy as np
import pytest

from pocket_export.sources.patterns.map_places import GRID, MOST_GENRES, Method, areas, main_genres, places

CLOUDS = np.random.default_rng(1).normal(0, 0.5, (60, 4)).astype(np.float32)
CLOUDS[:30] += 20.0  # two clouds, far apart


@pytest.fixture(
    params=[Method.TSNE, pytest.param(Method.UMAP, marks=pytest.mark.real)]
)  # umap compiles itself
def method(request: pytest.FixtureRequest) -> Method:
    method = Method(request.param)
    pytest.importorskip({Method.TSNE: "sklearn", Method.UMAP: "umap"}[method])
    return method


def test_patterns_that_lie_together_in_the_space_lie_together_on_the_map(method: Method) -> None:
    flat = places(CLOUDS, method, seed=1)

    near = np.linalg.norm(flat[:30] - flat[:30].mean(axis=0), axis=1).mean()
    apart = np.linalg.norm(flat[:30].mean(axis=0) - flat[30:].mean(axis=0))
    assert flat.shape == (60, 2)
    assert np.abs(flat).max() == pytest.approx(1.0)
    assert apart > 3 * near


def test_the_same_seed_gives_the_same_map() -> None:
    pytest.importorskip("sklearn")

    assert (places(CLOUDS, Method.TSNE, seed=5) == places(CLOUDS, Method.TSNE, seed=5)).all()


def test_how_far_the_laying_out_is_is_told_as_it_goes_on(
    method: Method, capfd: pytest.CaptureFixture[str]
) -> None:
    shares: list[float] = []

    places(CLOUDS, method, 1, shares.append)

    assert len(shares) > 10
    assert shares == sorted(shares)
    assert shares[0] < 0.2
    assert shares[-1] == 1.0
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_handful_of_patterns_has_a_map_too(count: int) -> None:
    flat = places(CLOUDS[:count], Method.TSNE, seed=1)

    assert flat.shape == (count, 2)
    assert np.isfinite(flat).all()


def test_twins_lie_on_one_point() -> None:
    flat = places(np.repeat(CLOUDS[:3], 10, axis=0), Method.TSNE, seed=1)

    assert len(np.unique(flat, axis=0)) == 3


def test_codes_that_differ_in_nothing_lie_in_the_middle() -> None:
    assert (places(np.ones((5, 4), np.float32), Method.TSNE, seed=1) == 0).all()


def test_a_genre_is_at_home_where_its_patterns_lie_and_nowhere_else() -> None:
    flat = np.repeat(np.array([[-0.8, 0.8], [0.8, -0.8]], np.float32), 10, axis=0)

    grounds = areas(flat, np.repeat([0, 1], 10), 2)

    assert grounds.shape == (2, GRID, GRID)
    top_left, bottom_right = np.s_[: GRID // 2, : GRID // 2], np.s_[GRID // 2 :, GRID // 2 :]
    assert grounds[0][top_left].max() == 255
    assert grounds[0][bottom_right].max() == 0
    assert grounds[1][bottom_right].max() == 255


def test_without_genres_there_are_no_areas() -> None:
    assert areas(CLOUDS[:, :2], np.zeros(60, np.int64), 0).shape == (0, GRID, GRID)


def test_the_most_frequent_genres_have_colours_and_rare_ones_none() -> None:
    genres = [f"g{i:02}" for i in range(20) for _ in range(30 - i)] + ["once", ""]

    named = main_genres(genres)

    assert named == tuple(f"g{i:02}" for i in range(MOST_GENRES))
