"""Judge the sources of drums: what plays, what could be chosen, and what it would be made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pocket_core.errors import PocketError
from pocket_core.phrases.kit import Kit
from pocket_core.types import Seconds
from pocket_core.voices import VOICES, VoiceMap
from pocketd.config import Config
from pocketd.config_sections import DAW, FILE, GENERATORS, LOOP, SOURCES
from pocketd.findings import Finding, advice, ok, wrong
from pocketd.generators import check
from pocketd.generators.graphs import generator_folder
from pocketd.generators.presets import find_phrase
from pocketd.sources.from_file import read_part
from pocketd.wording import ms

PLAYS = {
    DAW: "daw: the DAW plays the drums, on the port `drums`",
    LOOP: "loop: the DAW plays, and from the second time round what was heard",
}


def verify_sources(
    watch: check.Watch = lambda _: None, now: Callable[[], Seconds] | None = None
) -> dict[str, check.Verdict]:
    """Put the sources that ship to the test.

    Args:
        watch: Is told how far it is.
        now: The clock to time bars by; None: the machine's.
    """
    cards = [(name, generator_folder() / f"{name}.json") for name in GENERATORS]
    return {name: check.check(card, now=now, watch=_part(watch, n)) for n, (name, card) in enumerate(cards)}


def judge_sources(config: Config, verdicts: Mapping[str, check.Verdict]) -> Iterator[Finding]:
    """Yield what there is to say of the source that plays, of the others, of their beginnings and knobs."""
    yield _plays(config, verdicts)
    yield from _score(config)
    yield _others(config, verdicts)
    yield _phrases(config)
    yield _controllers(config)


def _plays(config: Config, verdicts: Mapping[str, check.Verdict]) -> Finding:
    name, source = "source", config.source
    if source in PLAYS:
        return ok(name, PLAYS[source])
    if source == FILE:
        try:
            part = read_part(Path(str(config.score)), config.settings().snap)
        except PocketError as error:
            return _broken(name, f"file: {error}", "name a MIDI file in `score`")
        return ok(name, f"file: {config.score}, {len(part.cues)} messages")
    verdict = verdicts[source]
    if verdict.faults:
        return _broken(name, f"{source}: {verdict.faults[0]}", "install pocketd again")
    return ok(name, f"{source}: loaded and verified{_times(verdict)}")


def _times(verdict: check.Verdict) -> str:
    bars = verdict.bars
    return "" if bars is None else f", a bar takes {ms(bars.median)} (longest {ms(bars.worst)})"


def _score(config: Config) -> Iterator[Finding]:
    """Yield what is wrong with a score that another source than `file` plays beside."""
    if config.score is None or config.source == FILE:
        return
    try:
        read_part(Path(config.score), config.settings().snap)
    except PocketError as error:
        found, _, todo = str(error).partition("; ")
        yield advice(
            "score", f"{found}, so `source: file` cannot be chosen", todo or "name a file in `score`"
        )


def _others(config: Config, verdicts: Mapping[str, check.Verdict]) -> Finding:
    """Say which of the sources that do not play could."""
    name = "sources"
    others = {kind: verdict for kind, verdict in verdicts.items() if kind != config.source}
    bad = [(kind, verdict.faults[0]) for kind, verdict in others.items() if verdict.faults]
    if not bad:
        return ok(name, f"{', '.join(others)} can be chosen: loaded and verified")
    (kind, why), *more = bad
    found, _, todo = why.partition("; ")
    found = f"{kind} cannot be chosen: {found}" + (f" (and {len(more)} more)" if more else "")
    return advice(name, found, todo or "install pocketd again")


def _phrases(config: Config) -> Finding:
    """Say whether what the sources begin with, and where they go, can be read."""
    name, generate = "generate", config.generate
    kit = Kit(tuple(generate.notes[voice] for voice in VOICES), VoiceMap(config.voices))
    for key, named in (("start", generate.start), ("goal", generate.goal)):
        if named is None:
            continue
        try:
            find_phrase(named, kit)
        except PocketError as error:
            found, _, todo = f"`{key}`: {error}".partition("; ")
            todo = todo or f"name a preset or a MIDI file in 4/4 in `generate.{key}`"
            return wrong(name, found, todo) if config.source in GENERATORS else advice(name, found, todo)
    to = "" if generate.goal is None else f", and goes to {generate.goal}"
    return ok(name, f"begins with {generate.start or 'its own choice'}{to}")


def _controllers(config: Config) -> Finding:
    """Say what chooses and turns the sources; controllers that two knobs had would be no configuration."""
    control, name = config.control, "controllers"
    knobs = ("source", "density", "temperature", "morph", "follow", "hold", "preset")
    numbers = [n for n in (getattr(control, f"{knob}_cc") for knob in knobs) if n is not None]
    if control.voices_cc is not None:
        numbers += range(control.voices_cc, control.voices_cc + len(VOICES))
    found = f"CC {_runs(numbers)}, each of one knob" if numbers else "no CC turns a knob of the sources"
    first = control.source_program
    if first is None:
        return ok(name, found)
    last = first + len(SOURCES) - 1
    found += f"; program {first} to {last} chooses the source"
    both = [n for n in sorted(config.songs) if first <= n <= last and control.song_program]
    if both:
        found += f", but {_runs(both)} {'means a song' if len(both) == 1 else 'mean songs'}"
        return advice(name, found, "give `control.source_program` or `songs` other numbers")
    return ok(name, found)


def _runs(numbers: Sequence[int]) -> str:
    """Return numbers in words, those in a row by the first and the last."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def _broken(name: str, why: str, way_out: str) -> Finding:
    found, _, todo = why.partition("; ")
    return wrong(name, found, todo or way_out)


def _part(watch: check.Watch, n: int) -> check.Watch:
    """Return what is told of source n, as a share of all."""
    return lambda share: watch((n + share) / len(GENERATORS))
