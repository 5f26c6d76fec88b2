from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pocket_export.needs import TrainingMissingError, need

ROOT = Path(__file__).parents[2]
EXTRAS: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
    "optional-dependencies"
]
ALWAYS = {"onnxruntime"}  # comes with pocketd itself
CALLED = {"sklearn": "scikit-learn", "umap": "umap-learn"}  # where a package is not imported by its name


def brought_by(extra: str) -> set[str]:
    return {re.split(r"[\[<>=;]", line)[0].strip() for line in EXTRAS[extra]}


def needs() -> Iterator[tuple[str, set[str], str]]:
    """Yield where something is needed, what, and of which extra."""
    for path in sorted((ROOT / "export").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "need":
                named = [each.value for each in node.keywords if each.arg == "extra"]
                (extra,) = [ast.literal_eval(each) for each in named] or ["train"]
                said = [each for arg in node.args for each in ast.walk(arg)]
                packages = {each.value for each in said if isinstance(each, ast.Constant) and each.value}
                yield f"{path.name}:{node.lineno}", {str(each) for each in packages}, extra


def test_what_is_missing_is_named_with_how_to_get_it() -> None:
    with pytest.raises(TrainingMissingError, match=r"this needs no_such: pip install -e '\.\[cluster\]'"):
        need("json", "no_such", extra="cluster")


def test_the_extra_that_is_named_brings_what_is_needed() -> None:
    found = list(needs())

    assert len(found) > 5
    for where, packages, extra in found:
        assert {CALLED.get(each, each) for each in packages - ALWAYS} <= brought_by(extra), where


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]), ids=str)
def test_every_extra_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(r"(?:\.|pocketd)\[([a-z0-9,]+)\]", page.read_text())

    assert {extra for each in named for extra in each.split(",")} <= set(EXTRAS)
