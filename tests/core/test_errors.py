"""The tree of errors, as its page draws it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from pocket_core import errors

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / folder for folder in ("core", "daemon", "models", "export")]
LINE = re.compile(r"^ +(?P<branch>[│├└─ ]*)(?P<name>[A-Z]\w+Error)\b *(?P<code>\d+)?", re.MULTILINE)
STEP = 4  # characters that a child stands further in


@dataclass(frozen=True)
class Kind:
    """A class of errors."""

    parent: str
    code: int | None  # None: its parent's


def written() -> dict[str, Kind]:
    """The classes that the sources have; found by reading, as half of them want torch."""
    found = {}
    trees = (ast.parse(path.read_text("utf-8")) for folder in SOURCES for path in folder.rglob("*.py"))
    for node in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        parent = node.bases[0].id if node.bases and isinstance(node.bases[0], ast.Name) else ""
        if node.name.startswith("_") or not (node.name == "PocketError" or parent.endswith("Error")):
            continue
        codes = [
            line.value.value
            for line in node.body
            if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)
        ]
        found[node.name] = Kind(parent, next((code for code in codes if isinstance(code, int)), None))
    return found


def drawn() -> dict[str, Kind]:
    """The classes of the tree at the top of `errors.py`."""
    found: dict[str, Kind] = {}
    above = ["Exception"]
    for line in LINE.finditer(errors.__doc__ or ""):
        depth = len(line["branch"]) // STEP
        found[line["name"]] = Kind(above[depth], int(line["code"]) if line["code"] else None)
        above[depth + 1 :] = [line["name"]]
    return found


def test_the_tree_has_every_error_its_parent_and_its_exit_code() -> None:
    assert drawn() == written()
