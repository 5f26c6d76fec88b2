"""A YAML file as plain values, with the line of every key (YAML 1.1, as PyYAML reads it)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from pocket_core.errors import ConfigError

KeyPath = tuple[str | int, ...]
LARGEST = 1024 * 1024  # bytes
WORD, NUMBER = "tag:yaml.org,2002:str", "tag:yaml.org,2002:int"


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says."""

    name: str  # the file's, for messages
    values: dict[str, Any]
    lines: dict[KeyPath, int]  # from 1

    def where(self, key: KeyPath) -> str:
        """Return the file and the line of a key, or of the nearest key above it that has one."""
        for end in range(len(key), 0, -1):
            if key[:end] in self.lines:
                return f"{self.name}, line {self.lines[key[:end]]}"
        return self.name


class _Loader(yaml.SafeLoader):
    """Plain values only; no aliases, with which a small file can be made endless."""

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        if self.check_event(AliasEvent):
            mark = self.get_event().start_mark  # type: ignore[no-untyped-call]
            raise ComposerError(None, None, "aliases are not read here", mark)
        return super().compose_node(parent, index)


def read_yaml(path: Path) -> Document:
    """Read a file that holds one mapping; an empty file is an empty mapping.

    Raises:
        ConfigError: Not there, not readable, not YAML, a key twice, or not a mapping.
    """
    name = str(path)
    if path.is_dir():
        raise ConfigError(f"{name} is a folder; name a YAML file in it")
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise ConfigError(f"there is no file {name}; check the name, or make one: it may be empty") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise ConfigError(f"cannot read {name}: {getattr(error, 'strerror', None) or error}") from error
    return parse_yaml(data, name)


def parse_yaml(data: bytes, name: str) -> Document:
    """Read a file's bytes; `name` is for the messages. Raises as `read_yaml`."""
    if len(data) > LARGEST:
        raise ConfigError(f"{name} is larger than {LARGEST // 1024} KiB; no configuration is")
    try:
        loader = _Loader(data)
        try:
            node = loader.get_single_node()
            lines: dict[KeyPath, int] = {}
            if node is not None:
                _walk(node, (), lines, name)
            values = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = "" if mark is None else f", line {mark.line + 1}"
        raise ConfigError(f"{name}{line}: not YAML: {_one_line(error.problem or error)}") from error
    except yaml.reader.ReaderError as error:
        raise ConfigError(
            f"{name}: not text: {_one_line(error.reason)} at byte {error.position}; save it as UTF-8"
        ) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: not YAML: {_one_line(error)}") from error
    except RecursionError:
        raise ConfigError(f"{name}: nested too deeply for a configuration") from None
    except ValueError as error:  # a date that does not exist, a number of ten thousand digits
        raise ConfigError(f"{name}: no value of a configuration: {_one_line(error)}") from error
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise ConfigError(f"{name} holds a {_kind(values)}, not keys with values, such as `amount: 1.0`")
    return Document(name, values, lines)


def _walk(node: Node, path: KeyPath, lines: dict[KeyPath, int], name: str) -> None:
    """Note the line of each key and item; refuse a key that is there twice, and outermost one of numbers."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            line = key.start_mark.line + 1
            words = (WORD, NUMBER) if path else (WORD,)
            if not isinstance(key, ScalarNode) or key.tag not in words:
                shown = _one_line(key.value)[:40] if isinstance(key, ScalarNode) else "a list or mapping"
                raise ConfigError(
                    f"{name}, line {line}: a key must be a word, and {shown or 'nothing'} is none"
                )
            here = (*path, str(key.value))
            if here in lines:
                dotted = _one_line(".".join(str(part) for part in here))
                first = lines[here]
                raise ConfigError(
                    f"{name}, line {line}: {dotted} is there twice, first in line {first}; keep one"
                )
            lines[here] = line
            _walk(value, here, lines, name)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            lines[(*path, index)] = item.start_mark.line + 1
            _walk(item, (*path, index), lines, name)


def _kind(value: object) -> str:
    return "list" if isinstance(value, list) else "single value"


def _one_line(text: object) -> str:
    return " ".join(str(text).split())[:160]
