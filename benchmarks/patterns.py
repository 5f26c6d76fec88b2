"""Patterns: what a latent space of drum patterns gives by chance, and how real that is.

First the published samples, with the filter that was recovered from them: entropy of the 32 steps of 1.30
bits at least, and no training pattern under rotation. Then ours, an AE, a VAE and an ACAI of the same shape,
each sampled from the prior, from a Gaussian fitted to the codes and from a mixture of many; and that which
ships. Counts are of 10,000 samples. AUC is of boosted trees that tell what passes from real patterns of files
nobody learnt from, by what is heard, and of a regression, by that and the cells; both are cross-validated by
file, and 0.5 is real. Each network is trained once and kept in the user's cache; a training that broke off
goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
from pocket_export.sources.patterns.make import SHIPS
from pocket_export.sources.patterns.published import WAYS, kept_samples, read_published
from pocket_export.sources.patterns.realism import Judged, nearest, told_apart
from pocket_export.sources.patterns.sampling import (
    Source,
    calibrated,
    codes_of_cells,
    fitted,
    mixture,
    patterns_at,
    prior,
)
from pocket_export.sources.patterns.training import Kind, train_space
from pocket_models.pattern_space import PatternSpace

EPOCHS = SHIPS.epochs
SAMPLES, QUICK_SAMPLES = 10_000, 200
JUDGED = 2_000  # of those that pass, at most: so many are compared with real ones
KINDS = (Kind("ae", EPOCHS), Kind("vae", EPOCHS), Kind("acai", EPOCHS), SHIPS)
COLUMNS = (
    Column("passing", "passing", 0, beside="known"),
    Column("varied", "varied", 0, beside="known"),
    Column("memorised", "memorised", 0, beside="known"),
    Column("distinct", "distinct", 0, beside="known"),
    Column("silent", "silent", 0, beside="known"),
    Column("entropy_bits", "bits", 2),
    Column("passing_bits", "of passing", 2),
    Column("auc", "AUC", 3),
    Column("auc_low", "from", 3),
    Column("auc_high", "to", 3),
    Column("auc_regression", "regr.", 3),
    Column("nearest_cells", "nearest", 1),
    Column("copied_percent", "copied %", 1),
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
    samples: int
    seed: int

    @property
    def held(self) -> Judged:
        """What samples are told from."""
        return Judged(_patterns(self.real), self.real.names)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    options = _options(arguments)
    torch.set_num_threads(options.threads)
    groove = load(find_data(options.data))
    multitrack = options.data / data.MULTITRACK / data.SHIPS
    made = data.splits(groove, multitrack if multitrack.is_dir() else None)
    samples = QUICK_SAMPLES if options.quick else SAMPLES
    sets = Sets(made["train"], made[options.split], options.split, samples, options.seed)
    console = screen()
    sections = [Section("published samples, and the recovered filter", list(_published(options.data, sets)))]
    sections.append(Section("real patterns", list(_real(sets))))
    kinds = [kind for kind in KINDS if options.only in kind.name]
    if options.quick:
        kinds = [replace(kind, epochs=1) for kind in kinds]
    with progress(console, "patterns", len(kinds)) as advance:
        for kind in kinds:
            space = _trained(kind, made, groove.contents, options.seed)
            sections.append(Section(kind.name, list(_rows(kind, space, sets))))
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
            "pattern that was learnt from, on the mean; copied: that is one of them. AUC to copied: of what",
            "passes, at most 2,000; from, to: 95 % of 200 resamplings, of files where they are known. The",
            "published networks have learnt from other music.",
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
    parser.add_argument("--quick", action="store_true", help="an epoch and few samples: whether it runs")
    parser.add_argument("--split", choices=("validation", "test"), default="test", help="what judges")
    return parser.parse_args(arguments)


def _published(folder: Path, sets: Sets) -> Iterator[Row]:
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
            **_realism(kept_samples(folder, way), sets),
        }
        yield Row(
            way.upper(),
            figures,
            known=KNOWN[way],
            note=f"{found.contradictions} contradictions to the filter; entropy alone, memorised, silent and "
            "bits of all are of the first 2,000, times 5",
        )


def _real(sets: Sets) -> Iterator[Row]:
    """Yield what real patterns come to: the held-out ones, and those that were learnt from beside them."""
    learnt = sets.train.cells
    found = filtered(sets.held.patterns, sets.train.digests)
    figures = _scaled(found.scaled(SAMPLES, distinct=False))
    apart = nearest(sets.real.cells, learnt)
    copied = {"nearest_cells": float(apart.mean()), "copied_percent": 100 * float((apart == 0).mean())}
    yield Row(f"real, {sets.split}", {**figures, **copied})
    chosen = sets.train.rows(np.sort(np.random.default_rng(sets.seed).permutation(len(sets.train))[:JUDGED]))
    yield Row("real, learnt from", _areas(Judged(_patterns(chosen), chosen.names), sets))


def _rows(kind: Kind, space: PatternSpace, sets: Sets) -> Iterator[Row]:
    codes = codes_of_cells(space, sets.train.cells)
    sources: tuple[tuple[str, Source, tuple[str, ...]], ...] = (
        ("prior", prior(kind.latent), ("0.5", "matched")),
        ("each fitted", fitted(codes, each_alone=True), ("0.5", "matched")),
        ("covariance", fitted(codes), ("matched",)),
        ("mixture", mixture(codes, sets.seed), ("matched",)),
    )
    for name, source, ways in sources:
        for way in ways:
            thresholds = 0.0 if way == "0.5" else calibrated(space, source, sets.train.cells, sets.seed)
            points = source.draw(sets.samples, np.random.default_rng(sets.seed))
            samples = patterns_at(space, points, thresholds)
            known = sets.train.digests
            counted = _scaled(filtered(samples, known).scaled(SAMPLES, distinct=True))
            kept = [sample for sample in samples if passes(sample, known)]
            yield Row(f"{name}, {way}", {**counted, **_realism(kept, sets)})


def _realism(made: Sequence[Pattern], sets: Sets) -> dict[str, float]:
    if not made:
        return {}
    apart = nearest(cells_of_patterns(made[:JUDGED]), sets.train.cells)
    figures = {"nearest_cells": float(apart.mean()), "copied_percent": 100 * float((apart == 0).mean())}
    return {**_areas(Judged(made[:JUDGED]), sets), **figures}


def _areas(made: Judged, sets: Sets) -> dict[str, float]:
    trees, regression = told_apart(made, sets.held, sets.seed)
    return {
        "auc": trees.area,
        "auc_low": trees.low,
        "auc_high": trees.high,
        "auc_regression": regression.area,
    }


def _patterns(patterns: PatternSet) -> list[Pattern]:
    return [line.pattern for line in patterns.lines]


def _scaled(figures: dict[str, float]) -> dict[str, float]:
    return {("memorised" if key == "known" else key): value for key, value in figures.items()}


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
