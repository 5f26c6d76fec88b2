"""The table of what the sources make."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.sources import main

from pocket_export.sources.report.material import songs
from tests.export.sources.report.players import groove, loader


def test_the_table_has_real_drums_sources_and_yardsticks(tmp_path: Path) -> None:
    data = groove(tmp_path)
    words = ["--data", str(tmp_path / "groove.zip"), "--bars", "16", "--only", "bars,pattern"]

    code = main([*words, "--json", str(tmp_path / "s.json")], loader(songs(data.split("test"))))

    rows = {row["name"]: row for row in json.loads((tmp_path / "s.json").read_text())["rows"]}
    assert code == 0
    assert list(rows)[:3] == ["real, validation split", "bars", "bars, from nothing"]
    assert rows["bars"]["overlap"] > rows["chance"]["overlap"]
    assert rows["training copied"]["copied_share"] == 1.0
    assert "not in this build" in rows["pattern"]["note"]
    assert "overlap" not in rows["pattern"]


def test_a_source_that_nobody_knows_ends_it_with_a_line(tmp_path: Path) -> None:
    assert main(["--only", "drums"]) == 2
