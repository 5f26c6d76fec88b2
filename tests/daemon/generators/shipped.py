"""Copies of the sources that ship, to be spoilt by tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pocketd.generators.graphs import generator_folder


def copied(folder: Path, kind: str, settings: Mapping[str, Any] | None = None, **keys: Any) -> Path:
    """Copy a source and return its card, in which some keys and some of the settings are others."""
    card = json.loads((generator_folder() / f"{kind}.json").read_text())
    for graph in card["graphs"].values():
        (folder / graph["file"]).symlink_to(generator_folder() / graph["file"])
    for key, value in (settings or {}).items():
        card["settings"][key] = value
        if value is None:
            del card["settings"][key]
    path = folder / f"{kind}.json"
    path.write_text(json.dumps({**card, **keys}))
    return path


def damage(card: Path) -> Path:
    """Change a byte of a copied source's first graph, and return the graph."""
    graph = card.with_name(next(iter(json.loads(card.read_text())["graphs"].values()))["file"])
    data = bytearray(graph.read_bytes())
    graph.unlink()
    data[len(data) // 2] ^= 1
    graph.write_bytes(data)
    return graph
