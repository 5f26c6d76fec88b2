"""Distilled patterns as a table: TSV of code, genre, source file and how often, a pattern a line.

The code is 32 comma-separated integers, as in the published files of altsoph/drum_space, which have the point
of the latent space in the second column instead; they are read as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pocket_core.errors import DataError
from pocket_core.phrases.patterns import BITS, STEPS, Pattern, canonical
from pocket_export.sources.patterns.collection import as_text
from pocket_export.sources.patterns.genres import UNKNOWN


@dataclass(frozen=True, slots=True)
class Line:
    """A pattern."""

    pattern: Pattern
    genre: str = UNKNOWN
    source: str = ""  # the first file that has it
    times: int = 1  # how often it is played, in all files


class Distillate:
    """Patterns, one of each under all rotations: the first by file, and by where it stands there."""

    def __init__(self) -> None:
        self._of: dict[bytes, list[int]] = {}  # by canonical form: file, place, times
        self._code: dict[bytes, bytes] = {}  # likewise: as it was first

    def __len__(self) -> int:
        """Return how many patterns there are."""
        return len(self._of)

    def add(self, pattern: Pattern, file: int, place: int, times: int) -> None:
        """Take in a pattern.

        Args:
            pattern: From a bar line on.
            file: Number of the file.
            place: Number within the file.
            times: How often it is played there.
        """
        key = _packed(canonical(pattern))
        known = self._of.get(key)
        if known is None:
            self._of[key] = [file, place, times]
            self._code[key] = _packed(pattern)
            return
        known[2] += times
        if (file, place) < (known[0], known[1]):
            known[:2] = file, place
            self._code[key] = _packed(pattern)

    def lines(self, names: Sequence[str], genre: Callable[[int], str]) -> Iterable[Line]:
        """Yield the patterns in order.

        Args:
            names: Of each file.
            genre: Says it of a file, by its number; asked of those alone that have a pattern first.
        """
        for key, (file, _, times) in sorted(self._of.items(), key=lambda item: item[1][:2]):
            yield Line(_unpacked(self._code[key]), genre(file), names[file], times)


def to_tsv(lines: Iterable[Line]) -> bytes:
    """Return lines as a file."""
    return b"".join(
        "\t".join((",".join(map(str, x.pattern)), x.genre, as_text(x.source), str(x.times))).encode() + b"\n"
        for x in lines
    )


def read_tsv(path: Path) -> list[Line]:
    """Read a table.

    Raises:
        DataError: It cannot be read, or a line is none.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror or error if isinstance(error, OSError) else "it is no text"
        raise DataError(f"cannot read {path}: {why}; `pocketd patterns distil` makes such a file") from error
    return [_line(line, number, path) for number, line in enumerate(text.split("\n"), 1) if line]


def _line(line: str, number: int, path: Path) -> Line:
    code, *rest = line.split("\t")
    try:
        pattern = tuple(map(int, code.split(",")))
        if len(pattern) != STEPS or not all(0 <= step < 1 << BITS for step in pattern):
            raise ValueError(code)
        if len(rest) == 3:
            return Line(pattern, rest[0], rest[1], int(rest[2]))
    except ValueError as error:
        raise DataError(
            f"line {number} of {path} is no pattern of {STEPS} integers below {1 << BITS}; "
            "`pocketd patterns distil` makes such a file"
        ) from error
    return Line(pattern)


def _packed(pattern: Sequence[int]) -> bytes:
    return b"".join(step.to_bytes(2, "big") for step in pattern)


def _unpacked(code: bytes) -> Pattern:
    return tuple(int.from_bytes(code[n : n + 2], "big") for n in range(0, len(code), 2))
