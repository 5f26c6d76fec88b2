"""What is wrong with a configuration, in one line: file, line, key, value and what is allowed."""

from __future__ import annotations

import json
from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from pocket_core.errors import ConfigError
from pocketd.yamlfile import Document, KeyPath

LONGEST = 60  # characters of a value that are shown
FEW = 10  # keys that are listed


def explain(error: ValidationError, document: Document, model: type[BaseModel]) -> ConfigError:
    """Return the error for the first thing that is wrong; how much more there is, it says too."""
    problems = error.errors(include_url=False)
    first = problems[0]
    key = _place(first, document.values)
    if first["type"] == "clash":
        text = f"{_shown(key, document, model)}; {first['ctx']['text']}"
    else:
        text = _unknown(key, document, model) if first["type"] == "extra_forbidden" else ""
        text = text or f"{_shown(key, document, model)}; allowed: {_allowed(key, model)}"
    others = {_place(problem, document.values) for problem in problems} - {key}
    more = f" (and {len(others)} more)" if others else ""
    return ConfigError(" ".join(f"{document.where(key)}: {text}{more}".split()))


def _place(problem: Any, values: Any) -> KeyPath:
    """Return the key that a problem is with; each kind that a value might have been is one of its own."""
    if problem["type"] == "clash":
        return tuple(problem["ctx"]["key"].split("."))
    return _known(tuple(problem["loc"]), values)


def _unknown(key: KeyPath, document: Document, model: type[BaseModel]) -> str:
    owner = _section(key[:-1], model)
    if owner is None:
        return ""
    value: Any = document.values
    for part in key:
        value = value[part]
    hint = _suggestion(str(key[-1]), owner.model_fields)
    return f"{_dotted(key)} (with the value {_short(value)}) is no key of pocketd; {hint}"


def _suggestion(word: str, names: Collection[str]) -> str:
    close = get_close_matches(word, names, 1, 0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"the keys are {', '.join(names)}" if len(names) <= FEW else "the default config.yaml has them all"


def _known(loc: KeyPath, values: Any) -> KeyPath:
    """Return the part of an error's place that lies in the document, without what pydantic adds to it."""
    key: list[str | int] = []
    here = values
    for part in loc:
        inside = (
            part in here if isinstance(here, dict) else isinstance(here, list) and part in range(len(here))
        )
        if inside:
            here = here[part]
            key.append(part)
    return tuple(key) or loc[:1]


def _section(key: KeyPath, model: type[BaseModel]) -> type[BaseModel] | None:
    """Return the model that holds the keys below this one; None: it holds none."""
    for part in key:
        field = model.model_fields.get(str(part))
        inner = None if field is None else field.annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return None
        model = inner
    return model


def _field(key: KeyPath, model: type[BaseModel]) -> tuple[KeyPath, FieldInfo | None]:
    """Return the field that a key belongs to: itself, or for an item of a list the list."""
    for depth in range(len(key), 0, -1):
        owner = _section(key[: depth - 1], model)
        if owner is not None and str(key[depth - 1]) in owner.model_fields:
            return key[:depth], owner.model_fields[str(key[depth - 1])]
    return key, None


def _shown(key: KeyPath, document: Document, model: type[BaseModel]) -> str:
    place, field = _field(key, model)
    value: Any = document.values
    for part in place:
        if not isinstance(value, dict) or part not in value:
            default = None if field is None else field.default
            return f"{_dotted(place)} is {_short(default)} by default"
        value = value[part]
    return f"{_dotted(place)} is {_short(value)}"


def _allowed(key: KeyPath, model: type[BaseModel]) -> str:
    field = _field(key, model)[1]
    return "see config.yaml" if field is None else field.description or ""


def _short(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False, skipkeys=True)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _dotted(key: KeyPath) -> str:
    return ".".join(str(part) for part in key)
