"""Paths that a configuration names, in full: wherever pocketd is started, they lie where its file says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from pocket_core.errors import ConfigError
from pocketd.yamlfile import Document, KeyPath

C = TypeVar("C", bound=BaseModel)


def names_a_file(model: str) -> bool:
    """Say whether `model:` has a path, not the name of a model."""
    return Path(model).suffix == ".onnx" or Path(model).name != model


def names_a_phrase(named: str) -> bool:
    """Say whether a key of `generate` has a MIDI file's path, not the name of a preset."""
    return bool(Path(named).suffix) or Path(named).name != named


def _always(_: str) -> bool:
    return True


def _is_no_url(place: str) -> bool:
    return "://" not in place


#: Keys that may have a path, and when they have.
KEYS: tuple[tuple[KeyPath, Callable[[str], bool]], ...] = (
    (("takes", "folder"), _always),
    (("retrain", "groove"), _is_no_url),
    (("retrain", "takes"), _is_no_url),
    (("generate", "start"), names_a_phrase),
    (("generate", "goal"), names_a_phrase),
    (("like",), _always),
    (("score",), _always),
    (("model",), names_a_file),
    (("model_without_score",), names_a_file),
)


def in_full(config: C, document: Document) -> C:
    """Return a configuration whose paths are in full.

    Raises:
        ConfigError: A path begins at the home folder of a user who has none; the line names the key.
    """
    for key, is_path in KEYS:
        path: Any = config
        for part in key:
            path = getattr(path, str(part))
        if path is not None and is_path(path):
            config = _with(config, key, _placed(path, document, key))
    return config


def _with(model: C, key: KeyPath, value: str) -> C:
    """Return a model with another value at a key, be it in a section of it."""
    first, *rest = (str(part) for part in key)
    inner = _with(getattr(model, first), tuple(rest), value) if rest else value
    return model.model_copy(update={first: inner})


def _placed(path: str, document: Document, key: KeyPath) -> str:
    """Return a path in full: ~ is a home folder, and what is relative begins at the document's folder."""
    try:
        return str(Path(document.name).parent.absolute() / Path(path).expanduser())
    except RuntimeError:
        raise ConfigError(
            f"{document.where(key)}: {'.'.join(map(str, key))} is {path!r}; there is no such home folder, "
            "write the path in full"
        ) from None
