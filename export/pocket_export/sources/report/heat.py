"""The pictures of dynamics, timing, spaces and memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from pocket_core.phrases.hvo import A_BAR, COUNT, cells_from
from pocket_core.phrases.measures import profile
from pocket_core.voices import VOICES
from pocket_export.sources.report.gather import Findings, Judged
from pocket_export.sources.report.pictures import heat_table, name_panel
from pocket_export.sources.report.rows import Kind
from pocket_export.sources.report.sheet import (
    REAL,
    SMALL,
    USUAL,
    WIDTH,
    bare,
    beside,
    colour_of,
    headed,
    strength_of,
)
from pocket_export.sources.report.spaces import Space
from pocketd.canvas import FAINT, GREY, INK, blank, png

LEVELS = 16  # of velocity and of offset in a heat map
GAP = 1  # columns between two voices
MEAN, OFTEN = "#00a0c8", 0.1  # colour, and share of the bars that strike
BRIGHT = 0.5  # power: rare strokes are to be seen, too
GENRE_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999933", "#882255")
COPIED = "#b00020"
POINT = 14  # area of a point of a space
FARTHEST = 40  # cells, of the picture


def heat_maps(findings: Findings, *, velocity: bool) -> bytes:
    """Draw of each row and voice where in the bar it is struck, and how loud, or how late."""
    rows = (findings.reference, *findings.there)
    figure = blank((WIDTH, 0.55 + 0.78 * len(rows)))
    tall = figure.get_figheight()
    figure.subplots_adjust(left=0.155, right=0.985, top=1 - 0.35 / tall, bottom=0.1 / tall, hspace=0.12)
    for number, (axes, judged) in enumerate(
        zip(np.atleast_1d(figure.subplots(len(rows), 1)), rows, strict=True)
    ):
        bare(axes)
        image = heat_image(judged, velocity=velocity) ** BRIGHT
        axes.imshow(image, origin="lower", cmap="magma_r", aspect="auto", vmin=0, interpolation="nearest")
        for voice in range(COUNT):
            left = voice * (A_BAR + GAP)
            for beat in range(4):
                axes.axvline(left + beat * 4 - 0.5, color=FAINT, linewidth=0.5, alpha=0.8)
        _means(axes, judged, velocity=velocity)
        if not velocity:
            axes.axhline((LEVELS - 1) / 2, color=GREY, linewidth=0.6, linestyle=(0, (3, 3)))
        axes.set_xticks([])
        axes.set_yticks(
            [0, LEVELS - 1], ["soft", "loud"] if velocity else ["early", "late"], fontsize=6.5, color=GREY
        )
        beside(axes, judged.row.title)
        if number == 0:
            axes.xaxis.tick_top()
            axes.set_xticks(
                [v * (A_BAR + GAP) + 7.5 for v in range(COUNT)], VOICES, fontsize=USUAL, color=INK
            )
    return png(figure)


def _means(axes: Any, judged: Judged, *, velocity: bool) -> None:
    """Put a dot on the mean of each sixteenth that a voice strikes often enough."""
    cells = cells_from(np.concatenate([song.cells.array for song in judged.row.songs]))
    found = profile(cells)
    values = found.velocities if velocity else found.offsets + 0.5
    for voice, step in np.argwhere(found.share >= OFTEN).tolist():
        axes.plot(
            voice * (A_BAR + GAP) + step, values[voice, step] * LEVELS - 0.5, "o", color=MEAN, markersize=2.2
        )


def heat_image(judged: Judged, *, velocity: bool) -> np.ndarray:
    """Return how often each voice is struck at each sixteenth and level, `float64[LEVELS, columns]`.

    Each voice is scaled to its own brightest cell; NaN lies between the voices.
    """
    hits = np.concatenate([song.cells.hits for song in judged.row.songs]) > 0
    cells = [song.cells.velocities if velocity else song.cells.offsets for song in judged.row.songs]
    values = np.concatenate(cells) + (0.0 if velocity else 0.5)
    level = np.clip(np.floor(values * LEVELS), 0, LEVELS - 1).astype(np.int64)
    image = np.full((LEVELS, COUNT * (A_BAR + GAP) - GAP), np.nan)
    step = np.arange(len(hits)) % A_BAR
    for voice in range(COUNT):
        counts = np.zeros((LEVELS, A_BAR))
        struck = hits[:, voice]
        np.add.at(counts, (level[struck, voice], step[struck]), 1.0)
        left = voice * (A_BAR + GAP)
        image[:, left : left + A_BAR] = counts / max(counts.max(), 1.0)
    return image


def step_overlaps(findings: Findings) -> bytes:
    """Draw the overlap of velocities and of offsets at each sixteenth."""
    there = findings.there
    figure = blank((WIDTH, 0.8 + 0.34 * len(there)))
    figure.subplots_adjust(
        left=0.155, right=0.985, top=1 - 0.55 / figure.get_figheight(), bottom=0.03, wspace=0.05
    )
    panels = figure.subplots(1, 2)
    columns = [f"{n // 4 + 1}" if n % 4 == 0 else " e&a"[n % 4] for n in range(A_BAR)]
    for axes, name in zip(panels, ("velocity", "offset"), strict=True):
        table = [j.velocity_steps if name == "velocity" else j.offset_steps for j in there]
        heat_table(axes, np.array([np.full(A_BAR, np.nan) if t is None else t for t in table]), columns)
        axes.set_yticks(
            range(len(there)),
            [j.row.title for j in there] if name == "velocity" else [""] * len(there),
            fontsize=USUAL,
        )
        name_panel(axes, name, 18)
    return png(figure)


def space_picture(space: Space, findings: Findings) -> bytes | None:
    """Draw a space twice: real bars by genre, and all by who plays; None: there are no points."""
    if space.points is None:
        return None
    figure = blank((WIDTH, 6.2))
    figure.subplots_adjust(left=0.01, right=0.99, top=0.9, bottom=0.02, wspace=0.03)
    by_genre, by_row = figure.subplots(1, 2)
    xy, rows = space.points.xy, np.array(space.points.row)
    genre = np.array(space.points.genre)
    real = rows == findings.reference.row.title
    for axes in (by_genre, by_row):
        bare(axes)
        axes.set_xticks([])
        axes.set_yticks([])
    names = sorted(set(genre[real]), key=lambda name: (-int((genre[real] == name).sum()), name))
    for name, colour in zip(names, GENRE_COLOURS, strict=False):
        _scatter(by_genre, xy[real & (genre == name)], colour, name, 0.8)
    others = real & ~np.isin(genre, names[: len(GENRE_COLOURS)])
    if others.any():
        _scatter(by_genre, xy[others], FAINT, "others", 0.9)
    _scatter(by_row, xy[real], FAINT, findings.reference.row.title, 0.9)
    for judged in findings.there:
        own = rows == judged.row.title
        if own.any():
            _scatter(by_row, xy[own], colour_of(judged), judged.row.title, 0.85 * strength_of(judged))
    for axes, title in ((by_genre, "Real bars by genre"), (by_row, "Real and generated")):
        headed(axes, title)
        axes.legend(
            loc="lower left",
            frameon=True,
            framealpha=0.85,
            edgecolor="white",
            fontsize=SMALL,
            markerscale=1.6,
        )
    return png(figure)


def memory(findings: Findings) -> bytes:
    """Draw how near each row's bars are to training bars, and how many are the same."""
    there = findings.there
    figure = blank((WIDTH, max(0.9 + 0.36 * len(there), 4.2)))
    figure.subplots_adjust(left=0.05, right=0.97, top=0.87, bottom=0.12, wspace=0.42)
    curves, bars = figure.subplots(1, 2)
    bare(curves, grid="both")
    for judged in (findings.reference, *there):
        if judged.heart is None:
            continue
        counts = np.bincount(judged.heart.near.strokes.clip(0, FARTHEST), minlength=FARTHEST + 1)
        share = np.cumsum(counts) / max(counts.sum(), 1)
        first = judged is findings.reference
        curves.step(
            range(FARTHEST + 1),
            share,
            where="post",
            color=INK if first else colour_of(judged),
            label=judged.row.title,
            linewidth=3 if first else 1.8,
            alpha=strength_of(judged),
            linestyle="-" if judged.row.kind is not Kind.YARDSTICK else (0, (4, 2)),
        )
    curves.set_xlim(0, 30)
    curves.set_ylim(0, 1.02)
    curves.legend(loc="lower right", frameon=False, fontsize=SMALL)
    curves.set_xlabel("cells of 16 by 9 that differ from the nearest training bar", fontsize=SMALL, color=INK)
    headed(curves, "How near", "share of bars that are no farther")
    bare(bars, grid="x")
    rows = (findings.reference, *there)
    for place, judged in enumerate(rows):
        if judged.heart is None:
            continue
        heart, colour = judged.heart, REAL if place == 0 else colour_of(judged)
        bars.barh(place, heart.same.value, height=0.66, color=colour, alpha=0.35)
        bars.barh(place, heart.copied.value, height=0.66, color=colour)
        said = f"{heart.same.value:.1%} same strokes, {heart.copied.value:.1%} velocities too"
        bars.annotate(
            said + ("  copies!" if heart.guilty else ""),
            (0.01, place),
            fontsize=SMALL,
            va="center",
            color="white" if heart.copied.value > 0.5 else COPIED if heart.guilty else INK,
            fontweight="bold" if heart.guilty else "normal",
        )
    bars.set_ylim(len(rows) - 0.4, -0.6)
    bars.set_xlim(0, 1)
    bars.set_yticks(range(len(rows)), [judged.row.title for judged in rows], fontsize=USUAL)
    headed(bars, "How many are the same", "pale: the same strokes; full: the same velocities too")
    return png(figure)


def _scatter(axes: Any, xy: np.ndarray, colour: str, label: str, alpha: float) -> None:
    axes.scatter(xy[:, 0], xy[:, 1], s=POINT, color=colour, alpha=alpha, linewidth=0, label=label)
