"""What sources made of a take's drums, as counted and as a strip under the picture of how it was timed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from pocket_core.voices import VOICES, VoiceMap
from pocketd.canvas import DRUMS, FAINT, GREY, INK
from pocketd.desk_records import Generated
from pocketd.take_bars import PlayedBar

LEAST, MOST = 3.0, 9.0  # points, of the dot of a stroke by its velocity
FEW_VOICES = 3  # rows at least
ROUNDING = 1e-6  # beats


@dataclass(frozen=True, slots=True)
class Made:
    """How much a source made."""

    source: str  # bars, continue, pattern or groove; plain: what sounds until one has answered
    pieces: int  # half bars, or bars where these cannot be halved
    held: int  # of them: were those of the bar before once more


@dataclass(frozen=True, slots=True)
class Dot:
    """A stroke in the strip."""

    at: float  # bars from the row's beginning
    voice: int  # 0..8
    velocity: int  # 1..127
    held: bool


def counted(generated: Sequence[Generated]) -> list[Made]:
    """Return who made how much, in order of first use."""
    sources = dict.fromkeys(piece.source for piece in generated)
    return [
        Made(
            name,
            sum(piece.source == name for piece in generated),
            sum(piece.source == name and piece.held for piece in generated),
        )
        for name in sources
    ]


def in_words(made: Sequence[Made]) -> str:
    """Return it as a line of the take's page."""
    return "; ".join(
        f"{each.source} made {each.pieces} half bars" + (f", {each.held} held" if each.held else "")
        for each in made
    )


def dots(
    generated: Sequence[Generated], bars: Sequence[PlayedBar], voices: Mapping[str, Sequence[int]]
) -> list[list[Dot]]:
    """Return the strokes of each bar that was played; bars that a loop plays again come in turn.

    Args:
        generated: In order of playing.
        bars: Of the take, in order of playing.
        voices: Which notes are of which voice.
    """
    found: list[list[Dot]] = [[] for _ in bars]
    known, number, newest = VoiceMap(voices), 0, -1.0
    for piece in generated:
        for beat, note, velocity, _ in piece.strokes:
            position = piece.position + beat
            back = position < newest - ROUNDING  # then a loop has gone round: a bar further on is meant
            place = _bar_of(position, bars, number + 1 if back else number)
            voice = known.index(note)
            if place is None:  # nothing of that bar was heard, as behind a jump
                continue
            number, newest = place, position
            if voice is not None:
                bar = bars[number]
                inside = position / bar.meter.bar_beats - (bar.bar - 1)
                found[number].append(Dot(inside, voice, velocity, piece.held))
    return found


def draw_strip(axes: Any, row: Sequence[Sequence[Dot]], wide: int, used: Sequence[int]) -> None:
    """Draw what was made in a row of bars: a line a voice, a dot a stroke, larger where it is louder.

    Args:
        axes: Matplotlib's.
        row: The dots of each bar.
        wide: Bars of a whole row.
        used: Voices that have a line, from the lowest.
    """
    place = {voice: n for n, voice in enumerate(used)}
    everything = [(i + dot.at, dot) for i, bar in enumerate(row) for dot in bar]
    for held, color in ((False, DRUMS), (True, GREY)):
        some = [(at, dot) for at, dot in everything if dot.held == held and dot.voice in place]
        axes.scatter(
            [at for at, _ in some],
            [place[dot.voice] for _, dot in some],
            s=[(LEAST + (MOST - LEAST) * dot.velocity / 127) ** 2 for _, dot in some],
            color=color,
            linewidth=0,
            zorder=3,
        )
    axes.set_xlim(-0.015 * wide, wide + 0.005 * wide)
    axes.set_ylim(-0.7, max(len(used), FEW_VOICES) - 0.3)
    axes.set_yticks(range(len(used)), [VOICES[voice] for voice in used])
    axes.tick_params(axis="both", length=0, colors=INK, labelsize=9)
    axes.set_xticks([])
    axes.vlines(range(len(row) + 1), -0.7, len(used) - 0.3, color=GREY, linewidth=1.0, zorder=0)
    axes.grid(axis="y", color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def used_voices(bars: Sequence[Sequence[Dot]]) -> list[int]:
    """Return the voices that have a stroke, kick first."""
    return sorted({dot.voice for bar in bars for dot in bar})


def _bar_of(position: float, bars: Sequence[PlayedBar], begin: int) -> int | None:
    """Return the first of the played bars that a position is in, from one of them on; None: it is in none."""
    for number in range(begin, len(bars)):
        bar = bars[number]
        if floor((position + ROUNDING) / bar.meter.bar_beats) + 1 == bar.bar:
            return number
    return None
