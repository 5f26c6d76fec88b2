from __future__ import annotations

import re

import numpy as np
import pytest

from pocket_export.groove import Groove
from pocket_export.sources.report.gather import OTHERS, Findings, Judged, Wish, gather, work
from pocket_export.sources.report.material import songs
from pocket_export.sources.report.page import page
from pocket_export.sources.report.rows import SOURCES
from pocket_export.sources.report.spaces import laid_out, main_axes, on_axes
from tests.export.sources.report.players import groove, loader

WISH = Wish(SOURCES, 32, 1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Groove:
    return groove(tmp_path_factory.mktemp("data"), bars=70)


@pytest.fixture(scope="module")
def told() -> list[tuple[str, int]]:
    return []


@pytest.fixture(scope="module")
def findings(data: Groove, told: list[tuple[str, int]]) -> Findings:
    load = loader(songs(data.split("test")))
    return gather(data, WISH, load, lambda name, bars: told.append((name, bars)), layout=on_axes)


def row(findings: Findings, title: str) -> Judged:
    return next(judged for judged in findings.rows if judged.row.title == title)


def test_real_drums_come_first_and_every_source_has_its_rows(findings: Findings) -> None:
    assert [judged.row.title for judged in findings.rows] == [
        OTHERS,
        *(title for name in SOURCES for title in (name, f"{name}, from nothing")),
        "start repeated",
        "training copied",
        "plain rock beat",
        "chance",
    ]


def test_a_source_that_is_not_there_or_breaks_is_told_by_name(findings: Findings) -> None:
    assert row(findings, "continue").row.why == (
        "continue.json: cannot be read; run `pocketd pretrain --model continue`"
    )
    assert row(findings, "pattern").row.why.startswith("not in this build: No module named")
    assert row(findings, "groove").row.why == "ZeroDivisionError: no luck today"
    assert row(findings, "groove").apart is None


def test_who_plays_the_test_split_is_nearer_to_it_than_chance(findings: Findings) -> None:
    replayed, chance = row(findings, "bars").apart, row(findings, "chance").apart

    assert replayed is not None
    assert chance is not None
    assert replayed.overall.value > 0.95
    assert chance.overall.value < 0.6


def test_only_who_copies_training_bars_is_guilty(findings: Findings) -> None:
    guilty = [
        judged.row.title for judged in findings.there if judged.heart is not None and judged.heart.guilty
    ]

    assert guilty == ["training copied"]


def test_the_watch_is_told_of_every_bar_that_is_made(findings: Findings, told: list[tuple[str, int]]) -> None:
    made = sum(bars for _, bars in told)

    assert made == sum(judged.row.bars for judged in findings.there if judged.row.title != OTHERS)
    assert made < work(WISH)


def test_a_source_with_codes_has_a_space_and_one_without_says_so(findings: Findings) -> None:
    titles = {space.title: space for space in findings.spaces}

    assert titles["codes of bars"].points is not None
    assert titles["codes of groove"].how == "groove has no space of codes"
    assert titles["codes of pattern"].how.startswith("not in this build")


def test_the_same_wish_gives_the_same_findings(data: Groove, findings: Findings) -> None:
    load = loader(songs(data.split("test")))

    again = gather(data, WISH, load, lambda name, bars: None, layout=None)

    assert [repr(judged.apart) for judged in again.rows] == [repr(judged.apart) for judged in findings.rows]
    assert again.spaces == ()


def test_the_page_needs_nothing_else_and_leads_to_all_its_parts(findings: Findings) -> None:
    text = page(findings)

    assert text.count('src="data:image/png;base64,') == text.count("<img") == 11
    assert not re.search(r'(src|href)="https?:', text)
    anchors = re.findall(r'href="#(\w+)"', text)
    assert anchors == re.findall(r'<section id="(\w+)"', text)
    assert all(judged.row.title in text for judged in findings.rows)
    assert "training copied plays training bars as they are" in text


def test_few_points_are_laid_out_by_their_main_axes() -> None:
    points = np.array([[0.0, 0, 0], [10, 0, 0], [0, 1, 0], [10, 1, 0]])

    xy, how = laid_out(points, 1)

    assert how.startswith("their two main axes")
    assert np.ptp(xy[:, 0]) == pytest.approx(10.0)
    assert np.ptp(xy[:, 1]) == pytest.approx(1.0)


def test_a_single_axis_leaves_the_other_flat() -> None:
    assert main_axes(np.array([[1.0], [2.0], [3.0]]))[:, 1].tolist() == [0.0, 0.0, 0.0]
