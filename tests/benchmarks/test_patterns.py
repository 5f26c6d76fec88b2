"""The table of pattern spaces, of a data set that is made up."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks.patterns import main

from pocket_export.groove import ARCHIVE
from tests.export.archives import archive, files, midi

pytest.importorskip("sklearn")


def by_lot(chance: np.random.Generator) -> bytes:
    """Return forty bars of strokes by lot."""
    notes = [(tick * 120, note, 90) for tick in range(640) for note in (36, 38, 42) if chance.random() < 0.3]
    return midi(notes)


def test_the_table_has_real_patterns_and_each_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    chance = np.random.default_rng(1)
    content = {name: by_lot(chance) if name.endswith(".mid") else data for name, data in files().items()}
    archive(tmp_path / ARCHIVE, content)
    out = tmp_path / "p.json"

    code = main(
        ["--data", str(tmp_path), "--quick", "--threads", "1", "--only", "ACAI 64-32-4", "--json", str(out)]
    )

    rows = {row["name"]: row for row in json.loads(out.read_text())["rows"]}
    assert code == 0
    assert rows["ACAI"]["known"]["distinct"] == 5067
    assert "not there" in rows["ACAI"]["note"]
    assert {"real, test", "real, learnt from", "prior, 0.5", "mixture, matched"} <= set(rows)
    assert 0 <= rows["mixture, matched"]["varied"] <= 10_000
    assert len(list((tmp_path / "cache").rglob("*.pt"))) == 1
