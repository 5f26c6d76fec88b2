"""Run `pocketd models` in a user's folders that are a test's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from pocketd.commands.models import command
from pocketd.model_shelf import own_folder
from tests.commands import call, done


def own_models(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the user's own models lie for the rest of this test; nothing is there yet."""
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    own = own_folder()
    assert own is not None
    return own


def invoke(*words: object) -> Result:
    """Run `pocketd models` and return how it ended."""
    return call(command, *words)


def run(*words: object) -> str:
    """Run `pocketd models` and return what it prints; raise what it raises."""
    return done(invoke(*words)).output


def listed(*words: object) -> dict[str, dict[str, Any]]:
    """Return the list for programs, by name."""
    return {row["name"]: row for row in json.loads(run("list", "--json", *words))}


def config(folder: Path, text: str) -> Path:
    """Write my.yaml and return its path."""
    path = folder / "my.yaml"
    path.write_text(text)
    return path
