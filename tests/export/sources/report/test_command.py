from __future__ import annotations

from pathlib import Path

import pytest

from pocket_core.errors import ConfigError, PocketError
from pocket_export.evaluate_command import app
from pocket_export.sources.report.command import chosen
from tests.commands import call, done
from tests.export.archives import archive, files


def test_sources_are_chosen_by_name_in_their_usual_order() -> None:
    assert chosen("groove, bars") == ("bars", "groove")


@pytest.mark.parametrize(("only", "said"), [("drums", "no source is called drums"), (",", "names no source")])
def test_a_source_that_does_not_exist_is_refused(only: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        chosen(only)


def test_evaluate_still_judges_a_model_and_wants_to_know_which(tmp_path: Path) -> None:
    data = archive(tmp_path / "groove.zip")

    judged = done(call(app, "--model", "none", "--data", data))
    nobody = call(app, "--data", data)

    assert "validation split, 1 files" in judged.output
    assert nobody.exit_code == 2
    assert "Missing option '--model'" in nobody.output


def test_the_page_is_written_and_each_row_is_told(tmp_path: Path) -> None:
    data, out = archive(tmp_path / "groove.zip", files(bars=20)), tmp_path / "report.html"

    words = ("--bars", 16, "--only", "bars", "--spaces", "axes")

    said = done(call(app, "sources", "--data", data, "--out", out, *words)).output

    assert "real, validation split: overlap" in said
    assert "training copied" in said
    assert out.read_text("utf-8").startswith("<!doctype html>")


def test_a_place_that_cannot_be_written_is_told_before_a_note_is_read(tmp_path: Path) -> None:
    with pytest.raises(PocketError, match="cannot write"):
        done(call(app, "sources", "--data", tmp_path / "nobody", "--out", tmp_path / "nowhere" / "a.html"))
