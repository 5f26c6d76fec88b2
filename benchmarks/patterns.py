"""Patterns: what a latent space of drum patterns gives by chance, and how real that is.

First the published samples, with the filter that was recovered from them: entropy of the 32 steps of 1.30
bits at least, and no training pattern under rotation. Then ours, an AE, a VAE and an ACAI of the same shape,
each sampled from the prior and from a Gaussian fitted to the codes. Counts are of 10,000 samples. AUC is of a
small network that tells what passes from real patterns of files nobody learnt from, cross-validated: 0.5 is
real. Each network is trained once and kept in the user's cache; a training that broke off goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from platformdirs import user_cache_path

from benchmarks.options import parser_of
from benchmarks.progress import progress
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_core.phrases.patterns import Pattern, cells_of_patterns
from pocket_export.groove import TITLE, find_data, load
from pocket_export.sources.patterns import data
from pocket_export.sources.patterns.data import PatternSet
from pocket_export.sources.patterns.figures import filtered, passes
from pocket_export.sources.patterns.published import WAYS, read_published
from pocket_export.sources.patterns.realism import realism
from pocket_export.sources.patterns.sampling import (
    calibrated,
    codes_of_cells,
    fitted,
    patterns_at,
    prior,
)
from pocket_export.sources.patterns.training import Kind, train_space
from pocket_models.pattern_space import PatternSpace

EPOCHS = 40
SAMPLES = 10_000
JUDGED = 2_000  # of those that pass, at most: so many are compared with real ones
WIDE = Kind("acai", EPOCHS, latent=16, hidden=(256, 128))  # what more room gives
KINDS = (Kind("ae", EPOCHS), Kind("vae", EPOCHS), Kind("acai", EPOCHS), WIDE)
COLUMNS = (
    Column("passing", "passing", 0, beside="known"),
    Column("varied", "entropy alone", 0, beside="known"),
    Column("memorised", "memorised", 0, beside="known"),
    Column("distinct", "distinct", 0, beside="known"),
    Column("silent", "silent", 0, beside="known"),
    Column("entropy_bits", "bits, all", 2, beside="known"),
    Column("passing_bits", "passing", 2, beside="known"),
    Column("auc", "AUC", 3),
    Column("nearest_cells", "nearest", 1),
)
#: Source: counts of the lines of altsoph/drum_space; all but passing and distinct from the whole raw files.
_FIGURES = ("passing", "varied", "memorised", "distinct", "silent", "entropy_bits", "passing_bits")
KNOWN = {
    "vae": dict(zip(_FIGURES, (1672, 2121, 449, 1387, 2213, 0.80, 1.69), strict=True)),
    "ae": dict(zip(_FIGURES, (2795, 3314, 519, 2538, 1363, 1.04, 1.80), strict=True)),
    "acai": dict(zip(_FIGURES, (5581, 5844, 263, 5067, 89, 1.47, 1.84), strict=True)),
}


@dataclass(frozen=True, slots=True)
class Sets:
    """What is learnt from, what chooses, and what judges."""

    train: PatternSet
    real: PatternSet  # of the split that judges
    split: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    options = _options(arguments)
    torch.set_num_threads(options.threads)
    groove = load(find_data(options.data))
    multitrack = options.data / data.MULTITRACK / data.SHIPS
    made = data.splits(groove, multitrack if multitrack.is_dir() else None)
    sets = Sets(made["train"], made[options.split], options.split)
    console = screen()
    sections = [Section("published samples, and the recovered filter", list(_published(options.data)))]
    sections.append(Section("real patterns", list(_real(sets, options.seed))))
    kinds = [kind for kind in KINDS if options.only in kind.name]
    with progress(console, "patterns", len(kinds)) as advance:
        for kind in kinds:
            space = _trained(kind, made, groove.contents, options.seed)
            sections.append(Section(kind.name, list(_rows(kind, space, sets, options.seed))))
            advance(1)
    report = Report(
        "patterns",
        f"{TITLE} and freedoom: {len(sets.train):,} patterns to learn from, {len(sets.real):,} to judge by",
        f"by file; compared with {options.split}, weights chosen on validation",
        options.seed,
        COLUMNS,
        sections,
        [
            "Of 10,000 samples. 0.5: struck where the chance is over a half; matched: over what gives each",
            "instrument as many strokes as patterns have. nearest: cells of 448 that differ from the nearest",
            "pattern that was learnt from, on the mean; AUC, nearest: of samples that pass, 2,000 at most.",
        ],
    )
    report.print(console)
    if options.json is not None:
        report.write(options.json)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, data="the recordings and MIDI files", seed="of weights and samples")
    parser.add_argument("--threads", type=int, default=2, help="cores to train on")
    parser.add_argument("--only", default="", help="only networks whose names hold this")
    parser.add_argument("--split", choices=("validation", "test"), default="test", help="what judges")
    return parser.parse_args(arguments)


def _published(folder: Path) -> Iterator[Row]:
    for way in WAYS:
        if not (folder / "drum_space").is_dir():
            yield Row(way.upper(), known=KNOWN[way], note="drum_space is not there")
            continue
        found = read_published(folder, way)
        figures = {
            "passing": found.passing,
            "varied": found.varied,
            "memorised": found.known,
            "distinct": found.distinct,
            "silent": found.silent,
            "entropy_bits": found.entropy,
            "passing_bits": found.entropy_passing,
        }
        yield Row(
            way.upper(),
            figures,
            known=KNOWN[way],
            note=f"{found.contradictions} contradictions to the filter; entropy alone, memorised, silent and "
            "bits of all are of the first 2,000, times 5",
        )


def _real(sets: Sets, seed: int) -> Iterator[Row]:
    """Yield what real patterns come to: the held-out ones, and those that were learnt from beside them."""
    known, learnt = sets.train.digests, sets.train.cells
    held = [line.pattern for line in sets.real.lines]
    found = filtered(held, known)
    half = np.array([n for n, name in enumerate(sets.real.names) if _coin(name)], np.int64)
    other = np.setdiff1d(np.arange(len(sets.real)), half)
    figures = {**_scaled(found.scaled(SAMPLES, distinct=False))}
    if len(half) and len(other):
        a, b = sets.real.rows(half), sets.real.rows(other)
        real = realism(a.cells, b.cells, b.names, learnt, seed)
        figures |= {"auc": real.auc}
    whole = realism(sets.real.cells, sets.real.cells, sets.real.names, learnt, seed)
    yield Row(
        f"real, {sets.split}", {**figures, "nearest_cells": whole.nearest_mean},
        note="AUC of half of the files against the other half",
    )  # fmt: skip
    chosen = np.sort(np.random.default_rng(seed).permutation(len(sets.train))[:JUDGED])
    learnt_from = realism(learnt[chosen], sets.real.cells, sets.real.names, learnt, seed)
    yield Row("real, learnt from", {"auc": learnt_from.auc})


def _rows(kind: Kind, space: PatternSpace, sets: Sets, seed: int) -> Iterator[Row]:
    cells = sets.train.cells
    codes = codes_of_cells(space, cells)
    for name, source in (
        ("prior", prior(kind.latent)),
        ("fitted, as published", fitted(codes, each_alone=True)),
        ("fitted, covariance", fitted(codes)),
    ):
        for where, thresholds in (("0.5", 0.0), ("matched", calibrated(space, source, cells, seed))):
            samples = patterns_at(space, source.draw(SAMPLES, np.random.default_rng(seed)), thresholds)
            yield Row(f"{name}, {where}", _figures(samples, sets, seed))


def _figures(samples: list[Pattern], sets: Sets, seed: int) -> dict[str, float]:
    known = sets.train.digests
    figures = _scaled(filtered(samples, known).scaled(SAMPLES, distinct=True))
    kept = [sample for sample in samples if passes(sample, known)][:JUDGED]
    if kept:
        real = realism(cells_of_patterns(kept), sets.real.cells, sets.real.names, sets.train.cells, seed)
        figures |= {"auc": real.auc, "nearest_cells": real.nearest_mean}
    return figures


def _scaled(figures: dict[str, float]) -> dict[str, float]:
    return {("memorised" if key == "known" else key): value for key, value in figures.items()}


def _coin(name: str) -> bool:
    """Return heads or tails, the same for the same file."""
    return bool(int.from_bytes(name.encode()[-8:], "big") % 7 % 2)


def _trained(kind: Kind, made: data.Splits, contents: str, seed: int) -> PatternSpace:
    """Return a network, from the cache or trained now."""
    cache = user_cache_path("pocketd") / "patterns"
    cache.mkdir(parents=True, exist_ok=True)
    train, chosen_by = made["train"], made["validation"]
    identity = f"{contents[:12]} {len(train)}"
    stem = f"{kind.name} {kind.epochs} {seed} {identity}".replace(" ", "-")
    path = cache / f"{stem}.pt"
    if path.is_file():
        space = PatternSpace(kind.latent, kind.hidden, variational=kind.way == "vae")
        space.load_state_dict(torch.load(path, weights_only=True))
        return space.eval()
    checkpoint = cache / f"{stem}.checkpoint.pt"
    space, _ = train_space(
        kind,
        train.cells,
        chosen_by.cells,
        seed=seed,
        watch=lambda *_: None,
        checkpoint=checkpoint,
        resume=True,
        identity=identity,
    )
    torch.save(space.state_dict(), path)
    checkpoint.unlink(missing_ok=True)
    return space


if __name__ == "__main__":
    sys.exit(main())
