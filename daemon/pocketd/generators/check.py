"""Whether a source can be trusted: its files, its parity, and the bars that it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pocket_core.errors import PocketError, one_line
from pocket_core.phrases.generator import Ask, Generator, Knobs, Onset
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, SAME, SIXTEENTH, Phrase, Stroke, joined
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES
from pocketd.backends.clock import SystemClock
from pocketd.generators.load import load_generator
from pocketd.generators.presets import presets
from pocketd.generators.shelf import Sheet, read_sheet

BARS, PASSES = 12, 2
SEED = 1
STRUCK = 0.6  # share of the eighths that the musician plays
LIMIT = Seconds(0.4)  # for a bar: half of one at 300 BPM, and it is asked for a whole one ahead
PARITY = 1e-4  # ten times what an export allows, between a graph and its network
TURNED = (
    Knobs(),
    Knobs(temperature=0.0, density=0.2),
    Knobs(temperature=2.0, density=1.0, morph=1.0, follow=0.5),
    Knobs(morph=0.5, voices=(0.0, *(1.0,) * (len(VOICES) - 1))),
)

Watch = Callable[[float], None]  # told which share of a check is done


@dataclass(frozen=True, slots=True)
class Bars:
    """How it made bars, one after another."""

    median: Seconds
    worst: Seconds  # the better of both times
    strokes: int  # of one pass


@dataclass(frozen=True, slots=True)
class _Run:
    made: Sequence[Phrase]  # a bar each
    took: Sequence[float]  # seconds, likewise


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found."""

    faults: tuple[str, ...]  # a line each, with what to do; none: it can be used
    bars: Bars | None = None  # None: it never came to that


def check(card: Path, *, now: Callable[[], Seconds] | None = None, watch: Watch = lambda _: None) -> Verdict:
    """Put a source to the test; whatever is wrong with it is in the verdict, nothing is raised.

    Args:
        card: Its card.
        now: The clock to time bars by; None: the machine's.
        watch: Told how far it is.
    """
    try:
        sheet = read_sheet(card)
        faults = tuple(_off(sheet))
        if faults:
            return Verdict(faults)
        return _judge(load_generator(sheet.kind, Kit(), card), now or SystemClock().now, watch)
    except PocketError as error:
        return Verdict((str(error),))
    except Exception as error:  # a card that lacks what its kind needs, a graph of another make
        why = f"{type(error).__name__}: {one_line(error)}"
        return Verdict((f"{card}: {why}; run `pocketd pretrain --model {card.stem}` again",))


def _off(sheet: Sheet) -> Iterator[str]:
    """Say which graphs strayed from their networks as they were exported."""
    for name in sheet.graphs:
        apart = sheet.figures.get(f"parity_{name}")
        if not isinstance(apart, int | float) or not apart <= PARITY:  # NaN is no parity
            told = "nothing is said of" if apart is None else f"it is {apart} between"
            yield (
                f"{told} the graph {name} and its network, allowed is {PARITY:g}; "
                f"run `pocketd pretrain --model {sheet.kind}` again"
            )


def _judge(generator: Generator, now: Callable[[], Seconds], watch: Watch) -> Verdict:
    runs = [_run(generator, now, _part(watch, n)) for n in range(PASSES)]
    took = np.array([run.took for run in runs])
    least = took.min(axis=0)
    made = runs[0].made
    bars = Bars(Seconds(np.median(took)), Seconds(least.max()), sum(len(bar.strokes) for bar in made))
    found = (
        None if made == runs[1].made else "the same was asked twice, and the answers differ; train it again",
        None if bars.strokes else f"it made no stroke in {BARS} bars; train it again",
        _unfit(made),
        _slow(least),
    )
    return Verdict(tuple(fault for fault in found if fault is not None), bars)


def _run(generator: Generator, now: Callable[[], Seconds], watch: Watch) -> _Run:
    made, took = list[Phrase](), list[float]()
    for n in range(BARS):
        ask = _ask(n, joined(made).strokes)
        begun = now()
        made.append(generator.phrase(ask))
        took.append(now() - begun)
        watch((n + 1) / BARS)
    return _Run(made, took)


def _ask(number: int, before: tuple[Stroke, ...]) -> Ask:
    """Return what is asked: every knob turned, with and without a musician, a start and a goal."""
    shelf, chance = presets(), np.random.default_rng(SEED)
    eighths = [Beats(n / 2) for n in range(8 * BARS) if chance.random() < STRUCK]
    heard = tuple(Onset(beat, 90) for beat in eighths if beat < number * BAR) if number % 2 else ()
    start, goal = (shelf[(number + n) % len(shelf)].phrase(Kit()) for n in range(2))
    return Ask(
        begin=Beats(number * BAR),
        heard=heard,
        before=before,
        start=start if number >= BARS // 3 else None,
        goal=goal if number >= BARS // 3 else None,
        knobs=TURNED[number % len(TURNED)],
        seed=SEED,
    )


def _unfit(made: Sequence[Phrase]) -> str | None:
    """Say what no drummer could play."""
    kit = Kit()
    for number, bar in enumerate(made, 1):
        if abs(bar.length - BAR) > SAME:
            return f"bar {number} is {bar.length:g} beats long; train it again"
        for stroke in bar.strokes:
            inside = -SAME < stroke.beat < BAR - SAME and abs(stroke.offset) <= SIXTEENTH
            if not (inside and 1 <= stroke.velocity <= 127 and kit.voice(stroke.note) is not None):
                return f"bar {number} has {stroke}, which is no stroke of a drum kit; train it again"
    return None


def _slow(least: NDArray[np.float64]) -> str | None:
    slow = least[least > LIMIT]
    if not len(slow):
        return None
    return (
        f"{len(slow)} of {BARS} bars took over {LIMIT * 1000:g} ms each time, the longest at least "
        f"{slow.max() * 1000:.0f} ms; use a smaller model, or a faster machine"
    )


def _part(watch: Watch, n: int) -> Watch:
    """Return what is told of pass n, as a share of all passes."""
    return lambda share: watch((n + share) / PASSES)
