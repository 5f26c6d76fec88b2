"""What a network learns from in one epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pocket_export.augment import (
    MUSICIAN_RESTS,
    VOICE_LOST,
    Variation,
    bars_of,
    chance_variation,
    excerpt,
    loudest_in_cells,
    vary,
    with_rests,
    without_voice,
)
from pocket_export.dataset import lessons, prepare
from pocket_export.duets import CYMBALS, NOBODY, Grid, chance_limbs, make_duet
from pocket_export.lesson import Lesson
from pocket_export.recordings import Performance

CHANCE_SHARE = 0.75  # of the performances, split by chance in each epoch beside the cymbals' duets
VARIED_SHARE = 0.8  # of the cymbals' duets
STRAIGHT_SHARE = 0.25  # of those, over drums in straight sixteenths
SOLO_SHARE = 0.5  # of the performances, with nobody to follow
WINDOW_BARS = 2  # of what is humanised without knowing more
WINDOWS = 4  # at most, of a performance
READ_SHARE = 0.4  # of the performances, to whoever reads the score
WINDOW_SHARE = 0.8  # of their windows of two bars
KNOWN_BARS, KNOWN_SHARE = 4, 0.25  # the same of a known drummer
WHOLE_SHARE = 0.05  # of them, whole
READER_DUETS = 0.1  # of the performances, as the cymbals' duets


def follow_duets(performances: Sequence[Performance], chance: np.random.Generator) -> Iterator[Lesson]:
    """Yield the cymbals' duets of BENCHMARKS' Follow, most of them in variations."""
    for performance in performances:
        varies = chance.random() < VARIED_SHARE
        made = vary(performance, chance_variation(chance)) if varies else performance
        yield from lessons([made], CYMBALS)


def duets(performances: Sequence[Performance], chance: np.random.Generator) -> Iterator[Lesson]:
    """Yield duets with the roles split by chance, in variations."""
    for performance in performances:
        if chance.random() >= CHANCE_SHARE:
            continue
        limbs = chance_limbs(performance, chance)
        if not limbs:
            continue
        made = vary(performance, chance_variation(chance))
        if chance.random() < VOICE_LOST:
            made = without_voice(made, limbs, chance)
        if chance.random() < MUSICIAN_RESTS:
            made = with_rests(made, limbs, chance)
        grid = Grid.SIXTEENTHS if chance.random() < STRAIGHT_SHARE else Grid.NEAREST
        yield from lessons([made], limbs, grid)


def solos(performances: Sequence[Performance], chance: np.random.Generator) -> Iterator[Lesson]:
    """Yield drums with nobody to follow: half of a drummer whose bars so far are known, half mere windows."""
    for performance in performances:
        if chance.random() >= SOLO_SHARE or not len(performance.beats):
            continue
        made = vary(performance, chance_variation(chance))
        grid = Grid.SIXTEENTHS if chance.random() < 0.5 else Grid.NEAREST
        if chance.random() < 0.5:
            yield prepare(make_duet(made, NOBODY, grid), knows_drummer=True)
            continue
        starts = max(bars_of(made) - WINDOW_BARS + 1, 1)
        for bar in chance.permutation(starts)[:WINDOWS].tolist():
            part = excerpt(made, bar, WINDOW_BARS)
            if len(part.beats):
                yield prepare(make_duet(part, NOBODY, grid))


def follower_chances(performances: Sequence[Performance], chance: np.random.Generator) -> list[Lesson]:
    """Return what the follower learns from: the cymbals' duets, other roles, and solos."""
    return [
        *follow_duets(performances, chance),
        *duets(performances, chance),
        *solos(performances, chance),
    ]


def readings(performances: Sequence[Performance], chance: np.random.Generator) -> Iterator[Lesson]:
    """Yield drums in straight sixteenths with nobody to follow, as BENCHMARKS' Humanise has them.

    Two bars and nothing else; some bars of a drummer whose bars before are known; and a few whole songs of
    such. Short pieces make many updates of what takes long to learn. Where nothing is known of a drummer, a
    bias or another looseness would be noise: those windows only change their tempo.
    """
    for performance in performances:
        if chance.random() >= READ_SHARE:
            continue
        cells = loudest_in_cells(performance)
        bar, bars = performance.meter.bar_beats, bars_of(cells)
        if not bars:
            continue
        strange = vary(cells, Variation(tempo=chance_variation(chance).tempo))
        windows = prepare(make_duet(strange, NOBODY, Grid.SIXTEENTHS))
        starts = np.arange(max(bars - WINDOW_BARS + 1, 1))
        for first in starts[chance.random(len(starts)) < WINDOW_SHARE]:
            part = windows.between(first * bar, (first + WINDOW_BARS) * bar)
            if len(part):
                yield part.alone()
        known = make_duet(vary(cells, chance_variation(chance)), NOBODY, Grid.SIXTEENTHS)
        song = prepare(known, knows_drummer=True)
        starts = np.arange(max(bars - KNOWN_BARS + 1, 1))
        for first in starts[chance.random(len(starts)) < KNOWN_SHARE]:
            part = song.between(first * bar, (first + KNOWN_BARS) * bar)
            if len(part):
                yield part
        if chance.random() < WHOLE_SHARE:
            yield song


def reader_chances(performances: Sequence[Performance], chance: np.random.Generator) -> list[Lesson]:
    """Return what a network learns from that reads the score and does not hear: mostly to humanise."""
    chosen = [p for p in performances if chance.random() < READER_DUETS]
    return [
        *(lesson.deaf() for lesson in follow_duets(chosen, chance)),
        *readings(performances, chance),
    ]


def paper_chances(performances: Sequence[Performance], chance: np.random.Generator) -> list[Lesson]:
    """Return what the paper's network learns from beside the cymbals' duets: other roles, as played."""
    made = []
    for performance in performances:
        if chance.random() < CHANCE_SHARE and (limbs := chance_limbs(performance, chance)):
            made += [lesson.deaf() for lesson in lessons([performance], limbs)]
    return made


def validation_duets(performances: Sequence[Performance]) -> list[Lesson]:
    """Return the cymbals' duets of BENCHMARKS' Follow; of all files where none is long enough."""
    chosen = [p for p in performances if p.in_follow] or list(performances)
    return lessons(chosen, CYMBALS)
