"""A generator without a daemon: bar after bar, each knowing those before, as live."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from pocket_core.phrases.generator import MEMORY, Ask, Generator, Knobs, Onset
from pocket_core.phrases.phrase import BAR, Phrase, Stroke, joined
from pocket_core.types import Beats

AS_LEARNT = Knobs()


def play_through(
    generator: Generator,
    bars: int,
    *,
    knobs: Knobs = AS_LEARNT,
    seed: int = 1,
    start: Phrase | None = None,
    goal: Phrase | None = None,
    heard: Sequence[Onset] = (),
    bpm: float = 120.0,
    style: str | None = None,
    morph: Callable[[float], float] | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Phrase:
    """Return what a generator makes of a number of bars.

    Args:
        generator: Whose drums.
        bars: How many, > 0.
        knobs: Where they stand throughout, but for what `morph` says.
        seed: Of its chance.
        start: Where it begins.
        goal: Where `knobs.morph` leads.
        heard: The musician's part. A generator is told the two bars from each bar on, too, for nobody waits.
        bpm: The tempo.
        style: See `Ask.style`.
        morph: From the share of the bars that are over, 0..1, to `knobs.morph`; None: it stands.
        progress: Told which share is done.

    Raises:
        ModelError: The generator fails.
    """
    heard = sorted(heard, key=lambda onset: onset.beat)
    made: list[Phrase] = []
    played: list[Stroke] = []  # of the last `MEMORY`
    for n in range(bars):
        begin = Beats(n * BAR)
        turned = knobs
        if morph is not None:
            turned = Knobs(
                knobs.temperature, knobs.density, knobs.voices, morph(n / max(bars - 1, 1)), knobs.follow
            )
        played = [s for s in played if s.beat >= begin - MEMORY]
        known = _between(heard, Beats(begin - MEMORY), Beats(begin + 2 * BAR))
        made.append(
            generator.phrase(
                Ask(
                    begin=begin,
                    heard=known,
                    before=tuple(played),
                    start=start,
                    goal=goal,
                    knobs=turned,
                    seed=seed,
                    bpm=bpm,
                    style=style,
                )
            )
        )
        played += made[-1].at(begin)
        progress((n + 1) / bars)
    return joined(made)


def _between(heard: Sequence[Onset], begin: Beats, end: Beats) -> tuple[Onset, ...]:
    first, last = (bisect_left(heard, beat, key=lambda onset: onset.beat) for beat in (begin, end))
    return tuple(heard[first:last])
