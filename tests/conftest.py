"""A user's folders, so that no test reads or writes those of whoever runs it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def user_data(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that holds this test's data."""
    folder = tmp_path_factory.mktemp("user") / "data"
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    (runtime := folder.with_name("runtime")).mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    return folder
