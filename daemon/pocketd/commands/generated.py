"""Where goes what `pocketd generate` has made: a MIDI file, lines in the terminal, and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from pocket_core.errors import ConfigError
from pocket_core.phrases.generator import Knobs, Onset
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, Phrase
from pocket_core.tempo import TempoMap
from pocket_core.types import Beats
from pocketd.canvas import see_that_it_can_draw
from pocketd.commands.render import refuse_overwriting
from pocketd.generators.phrase_file import drawn, phrase_bytes
from pocketd.generators.presets import preset_names
from pocketd.phrase_picture import Shown, draw_phrase
from pocketd.wholefile import try_place, write_whole

MIDI = (".mid", ".midi", "")  # what a MIDI file may end in; a name without a suffix claims nothing
IN_TEXT = 4  # bars that are drawn in the terminal
USUAL = Knobs()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What is to be written, but for the drums themselves."""

    out: Path  # a MIDI file
    source: str  # the name of its tracks
    kit: Kit
    tempo: TempoMap
    straight: bool  # nothing is off the grid
    plot: Path | None  # the picture; None: none is drawn
    title: str  # of the picture
    about: str  # and beside bars and tempo
    before: Phrase | None = None  # what was gone on from
    heard: Sequence[Onset] = ()  # the musician
    way: bool = False  # each bar is farther on the way from one to another


def refuse(out: Path, plot: Path | None, *inputs: str | None) -> None:
    """See to it, before anything is made, that both files can be written and nothing is written over.

    Args:
        out: The MIDI file.
        plot: The picture.
        inputs: What is read: files, and presets, which are none.

    Raises:
        ConfigError: A file is named twice, or not as what it is.
        PocketError: A place cannot be written to, or Matplotlib is not installed.
    """
    if out.suffix.lower() not in MIDI:
        raise ConfigError(
            f"--out {out} is not named as a MIDI file, which the drums are; call it {out.name}.mid"
        )
    read = [Path(name) for name in inputs if name is not None and name not in preset_names()]
    written = [out] if plot is None else [out, plot]
    refuse_overwriting(read, written)
    for path in written:
        try_place(path)
    if plot is None:
        return
    if plot.suffix.lower() != ".png":
        raise ConfigError(
            f"--plot {plot} is not named as a PNG, which the picture is; call it {plot.name}.png"
        )
    see_that_it_can_draw()


def title(source: str, start: str | None, goal: str | None) -> str:
    """Return the title of a picture by where a source began, and where it went."""
    if start is None:
        return f"{source}: of its own choice"
    begin = Path(start).name
    return f"{source}: near {begin}" if goal is None else f"{source}: from {begin} to {Path(goal).name}"


def about(knobs: Knobs, seed: int, *, start: str | None = None, style: str | None = None) -> str:
    """Return how it was made, as far as it is not as usual."""
    turned = [
        f"{name} {getattr(knobs, name):g}"
        for name in ("temperature", "density", "follow")
        if getattr(knobs, name) != getattr(USUAL, name)
    ]
    begun = [] if start is None else [f"begun with {Path(start).name}"]
    return ", ".join([*begun, *([] if style is None else [f"style {style}"]), f"seed {seed}", *turned])


def write(piece: Piece, made: Phrase) -> None:
    """Write the files, and say what is in them.

    Raises:
        PocketError: A place cannot be written to.
    """
    write_whole(piece.out, phrase_bytes(made, piece.tempo, piece.source, straight=piece.straight))
    console = Console(highlight=False, markup=False)
    for line in drawn(made, piece.kit, IN_TEXT):
        console.print(line, soft_wrap=True)
    count = round(made.length / BAR)
    more = f"; the first {IN_TEXT} bars are drawn here" if count > IN_TEXT else ""
    console.print(
        f"wrote {piece.out}: {count} bars, {len(made.strokes)} strokes at {_pace(piece, made)}{more}",
        soft_wrap=True,
    )
    if piece.plot is not None:
        console.print(f"wrote {piece.plot}: {_draw(piece.plot, piece, made)}", soft_wrap=True)


def _pace(piece: Piece, made: Phrase) -> str:
    """Return the tempo of what was made in words."""
    paces = [change.bpm for change in piece.tempo.until(made.length)]
    slow, fast = (f"{pace:.4g}" for pace in (min(paces), max(paces)))
    return f"{slow} BPM" if slow == fast else f"{slow} to {fast} BPM, as the musician's file"


def _draw(path: Path, piece: Piece, made: Phrase) -> str:
    count = round(made.length / BAR)
    if piece.straight:
        made = replace(made, strokes=tuple(replace(s, offset=Beats(0.0)) for s in made.strokes))
    said = [f"{count} bar{'s' * (count != 1)}", _pace(piece, made), piece.about]
    return draw_phrase(
        path,
        Shown(
            title=piece.title,
            about=", ".join(filter(None, said)),
            made=made,
            kit=piece.kit,
            before=piece.before,
            heard=piece.heard,
            shares=[n / max(count - 1, 1) for n in range(count)] if piece.way else (),
        ),
    )
