"""Set one key of a YAML file in place: every other byte, the comments and the order stay."""

from __future__ import annotations

import json
import re
import sys

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from pocket_core.errors import ConfigError
from pocketd.yamlfile import parse_yaml

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./+-]*")  # needs no quotes, be it within braces or not


def set_key(data: bytes, key: str, value: str | float, name: str) -> bytes:
    """Return a file with a key of its outermost mapping set; a key that is not there is added.

    Args:
        data: The file as it is, empty for a new one.
        key: A word.
        value: Any text that YAML can hold, or a finite number.
        name: The file's, for messages.

    Raises:
        ConfigError: It is not YAML, or is written in a way that cannot be changed in one place.
    """
    wanted = {**parse_yaml(data, name).values, key: value}
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: not UTF-8; save it as UTF-8") from None
    edited = _edited(text, key, value, yaml.compose(data, yaml.SafeLoader))
    try:
        if parse_yaml(edited.encode(), name).values == wanted:
            return edited.encode()
    except ConfigError:
        pass  # told below
    raise ConfigError(f"{name}: cannot set {key} in the way it is written; set it by hand to {value!r}")


def _edited(text: str, key: str, value: str | float, root: Node | None) -> str:
    """Return the text with the key set; whether it came out right is for the caller to see."""
    if not isinstance(root, MappingNode):
        return _appended(text, f"{key}: {_written(value)}")
    for word, old in root.value:
        if word.value == key:
            return _replaced(text, old, value)
    start = root.start_mark.index
    if root.flow_style:
        after = ", " if root.value else ""
        return f"{text[: start + 1]}{json.dumps(key)}: {_quoted(value)}{after}{text[start + 1 :]}"
    return _appended(text, f"{' ' * root.start_mark.column}{key}: {_written(value)}")


def _replaced(text: str, old: Node, value: str | float) -> str:
    start, end = old.start_mark.index, old.end_mark.index
    if not isinstance(old, ScalarNode) or "\n" in text[start:end]:
        return text  # over several lines, perhaps with comments among them
    if start == end:  # a key without a value
        return f"{text[:start]} {_written(value)}{text[end:]}"
    quoted = isinstance(value, str) and old.style == '"'
    return text[:start] + (_quoted(value) if quoted else _written(value)) + text[end:]


def _appended(text: str, line: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    start = newline if text and not text.endswith(("\n", "\ufeff")) else ""
    return f"{text}{start}{line}{newline}"


def _written(value: str | float) -> str:
    """Return a text as YAML, without quotes where it needs none; a number as it is."""
    if not isinstance(value, str):
        return f"{value:g}"
    plain = _PLAIN.fullmatch(value) and yaml.safe_load(value) == value
    return value if plain else _quoted(value)


def _quoted(value: str | float) -> str:
    if not isinstance(value, str):
        return _written(value)
    text: str = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=sys.maxsize)
    return text.rstrip("\n")
