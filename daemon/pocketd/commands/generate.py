"""`pocketd generate`: drums of the four sources as MIDI files, without a DAW."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console

from pocket_core.errors import ConfigError, MidiFileError
from pocket_core.phrases.generator import Knobs, Onset
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, Phrase, joined
from pocket_core.phrases.styles import STYLES
from pocket_core.tempo import TempoMap, steady
from pocket_core.types import Beats
from pocket_core.voices import VOICES, VoiceMap
from pocketd.commands.generated import Piece, about, refuse, title, write
from pocketd.commands.patience import patience
from pocketd.commands.render import within
from pocketd.config import load
from pocketd.generators.graphs import load_graphs
from pocketd.generators.offline import play_through
from pocketd.generators.phrase_file import drawn
from pocketd.generators.presets import find_phrase, in_four, preset_names
from pocketd.midifile import read_score

MOST_BARS = 1024
USUAL_BARS = 8
USUAL_BPM = 120.0
SEED = 1

command = typer.Typer(
    no_args_is_help=True,
    help="Make drums as MIDI files: bars, continue, pattern or groove.\n\n"
    "The same seed and options give the same file. A phrase is named by a preset "
    "(see below) or by a MIDI file of drums in 4/4. Live, the same four are `source:` in the configuration.",
    epilog="Presets, two bars each of drummers of the Groove MIDI Dataset: "
    "rock, latin, jazz, funk, hiphop, neworleans, afrobeat, soul, afrocuban, dance, pop and blues; "
    "`pocketd generate presets` draws them.",
)

_OUT = typer.Option(..., "--out", help="Where the drums go, a MIDI file.")
_SEED = typer.Option(SEED, min=0, help="The same seed gives the same drums.")
_TEMPO = typer.Option(USUAL_BPM, help="Of the file, 20 to 300 BPM.")
_STRAIGHT = typer.Option(False, "--straight", help="Leave every stroke on the grid, for the pocket to time.")
_PLOT = typer.Option(None, help="Draw it, too: where the picture goes, a PNG.")
_NOTES = "Your configuration: of it `generate: notes:` counts, what each voice plays"
_CONFIG = typer.Option(None, help=f"{_NOTES}.")
_CONFIG_OF_GROOVE = typer.Option(None, help=f"{_NOTES}, and with --human `start`.")
_TEMPERATURE = typer.Option(1.0, help="How bold, 0 to 2: 0 is the likeliest, 1 as learnt.")
_DENSITY = typer.Option(0.5, help="Fewer drums or more, 0 to 1: 0.5 as learnt.")
_BARS = typer.Option(USUAL_BARS, "--bars", min=1, max=MOST_BARS, help="How many bars.")


@command.command()
def bars(
    *,
    out: Path = _OUT,
    start: str | None = typer.Option(
        None, "--from", help="A preset or a MIDI file of drums, whose first bar counts."
    ),
    goal: str | None = typer.Option(None, "--to", help="Likewise: go from the one to the other."),
    steps: int | None = typer.Option(
        None,
        min=1,
        max=MOST_BARS,
        help="With --to: how many bars the way has, both ends counted; --bars does, too.",
    ),
    count: int | None = typer.Option(
        None, "--bars", min=1, max=MOST_BARS, help=f"How many bars. [default: {USUAL_BARS}]"
    ),
    temperature: float = _TEMPERATURE,
    density: float = _DENSITY,
    seed: int = _SEED,
    tempo: float = _TEMPO,
    straight: bool = _STRAIGHT,
    plot: Path | None = _PLOT,
    config: Path | None = _CONFIG,
) -> None:
    """Single bars: near one, or a way from one to another.

    `pocketd generate bars --from rock --to funk --steps 8 --out way.mid`
    """
    from pocketd.generators.bars import Bars

    bpm, kit = _bpm(tempo), _kit(config)
    knobs = _knobs(temperature, density)
    if goal is not None and temperature != 1.0:
        raise ConfigError("--temperature is how far from --from; the way to --to has none, leave out one")
    if goal is not None and seed != SEED:
        raise ConfigError("--seed is of what is left to chance; on the way to --to nothing is, leave out one")
    length = _length(count, steps, way=goal is not None)
    begin, end = _ends(start, goal, kit)
    refuse(out, plot, start, goal)
    piece = Piece(
        out=out,
        source="bars",
        title=title("bars", start, goal),
        kit=kit,
        tempo=steady(bpm),
        straight=straight,
        plot=plot,
        about="" if goal is not None else about(knobs, seed),
        way=goal is not None,
    )
    generator = Bars(load_graphs("bars"), kit)
    if begin is not None and end is not None:
        made = joined(generator.interpolate(begin, end, length, knobs))
    else:
        with patience("making bars") as progress:
            made = play_through(generator, length, knobs=knobs, seed=seed, start=begin, progress=progress)
    write(piece, made)


@command.command("continue")
def continue_(
    *,
    out: Path = _OUT,
    primer: str | None = typer.Option(
        None, help="A preset or a MIDI file of drums that is gone on from; without one, a kick."
    ),
    count: int = typer.Option(16, "--bars", min=1, max=MOST_BARS, help="How many bars, beside the primer's."),
    beam: int = typer.Option(1, min=1, max=16, help="How many ways are kept open; the likeliest wins."),
    one_drum: bool = typer.Option(False, "--one-drum", help="Only when something is struck, on the snare."),
    temperature: float = _TEMPERATURE,
    density: float = _DENSITY,
    seed: int = _SEED,
    tempo: float = _TEMPO,
    straight: bool = _STRAIGHT,
    plot: Path | None = _PLOT,
    config: Path | None = _CONFIG,
) -> None:
    """Go on from what was played before, the primer, sixteenth by sixteenth.

    `pocketd generate continue --primer funk --bars 16 --out on.mid`
    """
    from pocketd.generators.continuing import Continuing

    bpm, kit = _bpm(tempo), _kit(config)
    knobs, begin = _knobs(temperature, density), _phrase(primer, kit)
    refuse(out, plot, primer)
    what = f"continue: on from {'a kick' if primer is None else Path(primer).name}"
    piece = Piece(
        out=out,
        source="continue",
        title=what,
        kit=kit,
        tempo=steady(bpm),
        straight=straight,
        plot=plot,
        about=about(knobs, seed),
        before=begin,
    )
    generator = Continuing(load_graphs("continue"), kit)
    made = generator.continue_from(begin, count, knobs, seed, beam=beam, one_drum=one_drum)
    write(piece, made)


@command.command()
def pattern(
    *,
    out: Path = _OUT,
    start: str | None = typer.Option(
        None, "--from", help="A preset or a MIDI file of drums, whose two bars count."
    ),
    goal: str | None = typer.Option(None, "--to", help="Likewise: go from the one to the other."),
    count: int = _BARS,
    temperature: float = _TEMPERATURE,
    density: float = _DENSITY,
    seed: int = _SEED,
    tempo: float = _TEMPO,
    straight: bool = _STRAIGHT,
    plot: Path | None = _PLOT,
    config: Path | None = _CONFIG,
) -> None:
    """Two-bar patterns from a map of drum patterns: near one, or a way from one to another.

    `pocketd generate pattern --from rock --to latin --bars 16 --out way.mid`
    """
    from pocketd.generators.pattern import Pattern

    bpm, kit = _bpm(tempo), _kit(config)
    knobs = _knobs(temperature, density)
    begin, end = _ends(start, goal, kit)
    refuse(out, plot, start, goal)
    piece = Piece(
        out=out,
        source="pattern",
        title=title("pattern", start, goal),
        kit=kit,
        tempo=steady(bpm),
        straight=straight,
        plot=plot,
        about=about(knobs, seed),
        way=goal is not None,
    )
    generator = Pattern(load_graphs("pattern"), kit)
    with patience("making patterns") as progress:
        made = play_through(
            generator,
            count,
            knobs=knobs,
            seed=seed,
            start=begin,
            goal=end,
            morph=None if end is None else _as_it_is,
            progress=progress,
        )
    write(piece, made)


@command.command()
def groove(
    *,
    out: Path = _OUT,
    human: Path | None = typer.Option(
        None,
        help="The musician's MIDI file in 4/4. Every note of it is answered: "
        "of a whole song, export your part alone.",
    ),
    start: str | None = typer.Option(
        None,
        "--from",
        help="A preset or a MIDI file of drums, to begin with; without, with --human "
        "the configuration's `start`, rock unless you change it.",
    ),
    goal: str | None = typer.Option(
        None,
        "--to",
        help="Likewise: go from the one to the other; with --human, as far as --follow is below 1.",
    ),
    style: str | None = typer.Option(
        None,
        help=f"Lean to one of {', '.join(STYLES)}; without, to none. "
        "With --human it begins with the preset of that name, too, where there is one and no --from.",
    ),
    follow: float = typer.Option(1.0, help="How much the musician counts beside --from, 0 to 1."),
    count: int | None = typer.Option(
        None,
        "--bars",
        min=1,
        max=MOST_BARS,
        help="How many bars; without, the musician's, or 8. Where he has stopped, they go on alone.",
    ),
    temperature: float = _TEMPERATURE,
    density: float = _DENSITY,
    seed: int = _SEED,
    tempo: float | None = typer.Option(
        None, help="Of the file; without, the musician's, with all its changes, or 120 BPM."
    ),
    straight: bool = _STRAIGHT,
    plot: Path | None = _PLOT,
    config: Path | None = _CONFIG_OF_GROOVE,
) -> None:
    """Answer the rhythm that a musician plays with a whole drum kit.

    `pocketd generate groove --human riff.mid --out drums.mid`
    """
    from pocketd.generators.groove import Groove

    kit = _kit(config)
    asked = _style(style)
    if human is not None and start is None:
        start = asked if asked in preset_names() else load(config).generate.start  # as live
    if human is None and follow != 1.0:
        raise ConfigError("--follow is how much the musician counts; name with --human who plays")
    if human is not None and goal is not None and follow >= 1.0:
        raise ConfigError(
            "--to has no say where the musician alone counts; choose --follow below 1, or leave it out"
        )
    begin, end = _ends(start, goal, kit)
    heard, played_bars, pace = _musician(human)
    refuse(out, plot, *(str(human) if human is not None else None, start, goal))
    if tempo is not None:
        pace = steady(_bpm(tempo))
    bpm = _bpm(pace.bpm_at(Beats(0.0)))
    knobs = Knobs(
        temperature=within("--temperature", temperature, 0, 2),
        density=within("--density", density, 0, 1),
        follow=within("--follow", follow, 0, 1),
    )
    piece = Piece(
        out=out,
        source="groove",
        title=title("groove", start, goal) if human is None else f"groove: an answer to {human.name}",
        kit=kit,
        tempo=pace,
        straight=straight,
        plot=plot,
        about=about(knobs, seed, start=start if human is not None else None, style=asked),
        heard=heard,
        way=end is not None and human is None,
    )
    generator = Groove(load_graphs("groove"), kit)
    with patience("answering") as progress:
        made = play_through(
            generator,
            count or played_bars,
            knobs=knobs,
            seed=seed,
            start=begin,
            goal=end,
            heard=heard,
            bpm=bpm,
            style=asked,
            morph=None if end is None else _as_it_is,
            progress=progress,
        )
    write(piece, made)


@command.command()
def presets() -> None:
    """Draw the presets."""
    console, kit = Console(highlight=False, markup=False), Kit()
    console.print("Two bars each, a sign a sixteenth: X loud, x usual, o soft.", soft_wrap=True)
    for number, name in enumerate(preset_names()):
        console.print(f"{number} {name}")
        for line in drawn(find_phrase(name, kit), kit, 2):
            console.print(line, soft_wrap=True)


def _as_it_is(share: float) -> float:
    return share


def _kit(config: Path | None) -> Kit:
    chosen = load(config)
    notes = tuple(chosen.generate.notes[voice] for voice in VOICES)
    return Kit(notes, VoiceMap(chosen.voices))


def _length(count: int | None, steps: int | None, *, way: bool) -> int:
    """Return how many bars are asked for, by either name."""
    if steps is not None and not way:
        raise ConfigError(
            "--steps is how long a way is; say with --to where it goes, or with --bars how many"
        )
    if steps is not None and count not in (None, steps):
        raise ConfigError(f"--steps {steps} and --bars {count} are both how long the way is; leave out one")
    return steps or count or USUAL_BARS


def _style(named: str | None) -> str | None:
    style = None if named is None else named.lower()
    if style is not None and style not in STYLES:
        raise ConfigError(f"no style is called {named!r}; there are {', '.join(STYLES)}")
    return style


def _knobs(temperature: float, density: float) -> Knobs:
    return Knobs(
        temperature=within("--temperature", temperature, 0, 2), density=within("--density", density, 0, 1)
    )


def _bpm(tempo: float) -> float:
    return within("--tempo", tempo, 20, 300)


def _ends(start: str | None, goal: str | None, kit: Kit) -> tuple[Phrase | None, Phrase | None]:
    """Return where it begins and where it goes."""
    if goal is not None and start is None:
        raise ConfigError("--to says where to go; say with --from where to begin")
    return _phrase(start, kit), _phrase(goal, kit)


def _phrase(named: str | None, kit: Kit) -> Phrase | None:
    return None if named is None else find_phrase(named, kit)


def _musician(path: Path | None) -> tuple[Sequence[Onset], int, TempoMap]:
    """Return a musician's onsets, how many bars they last and at which tempo."""
    if path is None:
        return (), USUAL_BARS, steady(USUAL_BPM)
    score = in_four(read_score(path), str(path))
    heard = [Onset(note.at_beat, note.velocity) for note in score.notes]
    count = int(max(onset.beat for onset in heard) // BAR) + 1
    if count > MOST_BARS:
        raise MidiFileError(f"{path} lasts {count} bars; at most {MOST_BARS} are answered, cut it")
    return heard, count, score.tempo
