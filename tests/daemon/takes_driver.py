"""Takes on disk for tests, and `pocketd takes` run on them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from typer.testing import Result

from pocketd.commands.takes import command
from pocketd.desk_records import FORMAT, Record, TakeEnd, TakeHeader, encode
from pocketd.journal import JOURNAL
from pocketd.takes import finalise
from tests.commands import call, done
from tests.daemon.take_story import T, hello, take

DAY = "2026-11-20"


def journal(*more: Record, song: str | None = "Blue", source: str | None = None) -> bytes:
    """Return a whole journal; `more` follows the story of the take."""
    started = f"{DAY}T12:00:00+01:00"
    header = TakeHeader(format=FORMAT, started=started, origin=T, source=source, hello=hello(song=song))
    records: Sequence[Record] = [header, *take(), *more, TakeEnd(how="stop")]
    return b"".join(map(encode, records))


def a_take(root: Path, name: str = f"{DAY}/120000", data: bytes | None = None, *, done: bool = True) -> Path:
    """Write a take and return its folder."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / JOURNAL).write_bytes(journal() if data is None else data)
    if done:
        finalise(folder)
    return folder


class Takes:
    """A user with a takes folder and a configuration that names it."""

    def __init__(self, home: Path) -> None:
        self.root = home / "takes"
        self.config = home / "my.yaml"
        self.configure()

    def configure(self, **takes: object) -> None:
        """Write the configuration; JSON is YAML."""
        self.config.write_text(json.dumps({"model": "none", "takes": {"folder": str(self.root), **takes}}))

    def add(self, name: str = f"{DAY}/120000", data: bytes | None = None, *, done: bool = True) -> Path:
        """Write a take and return its folder."""
        return a_take(self.root, name, data, done=done)

    def invoke(self, *words: object, answer: str | None = None) -> Result:
        """Run `pocketd takes` and return how it ended."""
        return call(command, *words, "--config", self.config, answer=answer)

    def run(self, *words: object) -> str:
        """Run `pocketd takes` and return what it prints; raise what it raises."""
        return done(self.invoke(*words)).stdout

    def listed(self, *words: object) -> list[dict[str, Any]]:
        """Return the list for programs."""
        found: list[dict[str, Any]] = json.loads(self.run("list", "--json", *words))
        return found
