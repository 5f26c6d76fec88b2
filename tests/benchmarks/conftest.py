"""The recordings, where they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from benchmarks.duets import ARCHIVE


@pytest.fixture(scope="session")
def data_folder() -> Path:
    folder = Path(os.environ.get("POCKETD_DATA", "../shared/data"))
    if not (folder / ARCHIVE).exists():
        pytest.skip(f"no {ARCHIVE} in {folder}; point POCKETD_DATA at it")
    return folder
