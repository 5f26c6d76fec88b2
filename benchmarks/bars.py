"""Bars: how much of a bar comes back from a latent space, on drummers whom nobody has heard.

Energy of a bar is the sum of its squared velocities; explained is 1 - squared error / energy, by the means
of the codes. Drummers 3, 5 and 10 are left out of all training and judged once; 4, 6 and 7 choose the
weights. Each network is trained once and kept in the user's cache; a training that broke off goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from platformdirs import user_cache_path

from benchmarks.options import parser_of
from benchmarks.progress import progress
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_export.groove import TITLE, find_data, load
from pocket_export.recordings import Groove
from pocket_export.sources.bars.data import (
    TEST_DRUMMERS,
    VALIDATION_DRUMMERS,
    BarSet,
    bar_set,
    by_file_order,
    of_drummers,
    without,
)
from pocket_export.sources.bars.figures import Explained, back, best_threshold, explained, notes, principal
from pocket_export.sources.bars.training import Kind, train_bars
from pocket_models.bar_vae import BarVAE

SIZES = (2, 4, 8, 16, 32, 64)
KL_WEIGHTS = (1.0, 0.1)
OURS = 0.02
BEATGEN_EPOCHS, OURS_EPOCHS = 60, 24
BEATGEN_BATCH = 256  # theirs was 512, over 250 epochs
SILENT = -1e-6  # a logit of BeatGen's: whatever is above 0 is a note, as in its code
COLUMNS = (
    Column("explained", "explained", 3, beside="known"),
    Column("explained_low", "from", 3),
    Column("explained_high", "to", 3),
    Column("sse", "SSE"),
    Column("notes_ratio", "notes out/in", 3),
    Column("notes_f1", "F1", 3),
    Column("silent_share", "at velocity 0", 3),
    Column("kl_nats", "KL nats", 1),
    Column("epochs", "epochs", 0),
)


@dataclass(frozen=True, slots=True)
class Split:
    """Who is learnt from, who chooses, and who judges."""

    name: str
    train: BarSet
    chosen_by: BarSet
    test: BarSet


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    options = _options(arguments)
    groove = load(find_data(options.data))
    splits = _splits(groove)
    torch.set_num_threads(options.threads)
    console = screen()
    sections = [
        Section("what is known of the bars", list(_plain(splits["drummers"], groove))),
        Section("principal components, drummers left out", list(_principal(splits["drummers"]))),
    ]
    plan = _plan(options.only)
    trained = dict[str, list[Row]]()
    with progress(console, "bars", len(plan)) as advance:
        for split, kind in plan:
            row = _row(splits[split], kind, groove, options)
            trained.setdefault(_title(split, kind), []).append(row)
            advance(1)
    sections += [Section(title, rows) for title, rows in trained.items()]
    report = Report(
        "bars",
        f"{TITLE}, {len(bar_set(groove.performances)):,} bars of 64 steps by 22 pitches, in 4/4",
        f"test: drummers {', '.join(TEST_DRUMMERS)}; chosen by {', '.join(VALIDATION_DRUMMERS)}",
        options.seed,
        COLUMNS,
        sections,
        ["explained: 1 - squared error / energy; from, to: 95 %, by bootstrap over files."],
    )
    report.print(console)
    if options.json is not None:
        report.write(options.json)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, data="the Groove MIDI Dataset", seed="of the weights")
    parser.add_argument("--threads", type=int, default=2, help="cores to train on")
    parser.add_argument("--only", default="", help="train only networks whose names hold this")
    return parser.parse_args(arguments)


def _splits(groove: Groove) -> dict[str, Split]:
    everybody = groove.performances
    left = (*VALIDATION_DRUMMERS, *TEST_DRUMMERS)
    first, last = by_file_order(bar_set(everybody))
    return {
        "drummers": Split(
            "drummers left out",
            bar_set(without(everybody, left)),
            bar_set(of_drummers(everybody, VALIDATION_DRUMMERS)),
            bar_set(of_drummers(everybody, TEST_DRUMMERS)),
        ),
        "official": Split(
            "official split",
            bar_set(groove.split("train")),
            bar_set(groove.split("validation")),
            bar_set(groove.split("test")),
        ),
        "files": Split("the last 2,170 bars in order of the files, as published", first, last, last),
    }


def _plan(only: str) -> list[tuple[str, Kind]]:
    """Return what is trained, in order."""
    published = [
        Kind(z, kl, ours=False, epochs=BEATGEN_EPOCHS, batch=BEATGEN_BATCH)
        for kl in KL_WEIGHTS
        for z in SIZES
    ]
    ours = [Kind(z, OURS, epochs=OURS_EPOCHS) for z in SIZES]
    both = [Kind(16, kl, epochs=OURS_EPOCHS) for kl in KL_WEIGHTS]
    plan = [("drummers", kind) for kind in (*ours, *published, *both)]
    plan += [("official", ours[-1]), ("official", published[9])]
    plan += [("files", published[9]), ("files", ours[-1])]
    return [(split, kind) for split, kind in plan if only in kind.name]


def _title(split: str, kind: Kind) -> str:
    whose = "ours, onset and velocity apart" if kind.ours else "BeatGen's network"
    where = {"drummers": "drummers left out", "official": "official split", "files": "published protocol"}
    return f"{whose}, {where[split]}"


def _plain(split: Split, groove: Groove) -> Iterator[Row]:
    everything = bar_set(groove.performances)
    mean = everything.bars.mean(0)
    off = float(((everything.bars - mean) ** 2).sum((1, 2)).mean())
    yield Row("silence, all bars", {"explained": 0.0, "sse": everything.energy}, note="known: 7.40")
    yield Row(
        "the mean bar, all bars",
        {"explained": 1 - off / everything.energy, "sse": off},
        note="known: 6.94",
    )
    yield Row("silence, test drummers", {"explained": 0.0, "sse": split.test.energy})


def _principal(split: Split) -> Iterator[Row]:
    for size in SIZES:
        found = explained(split.test, principal(split.train, size, split.test))
        yield Row(f"{size} components", _figures(found))


def _row(split: Split, kind: Kind, groove: Groove, options: argparse.Namespace) -> Row:
    net, epochs = _trained(split, kind, groove, options)
    some = split.train.rows(slice(None, None, 4))
    known, there = back(net, some), back(net, split.test)
    threshold = best_threshold(some, known.logits) if kind.ours else SILENT
    struck = notes(split.test, there.logits, there.velocities, threshold)
    figures = {
        **_figures(explained(split.test, there.expected, options.seed)),
        "notes_ratio": struck.ratio,
        "notes_f1": struck.f1,
        "silent_share": struck.silent,
        "kl_nats": there.kl,
        "epochs": epochs,
    }
    known_figures = {"explained": 0.30} if split.name.endswith("published") and not kind.ours else {}
    return Row(kind.name, figures, model=kind.name, known=known_figures)


def _figures(found: Explained) -> dict[str, float]:
    return {
        "explained": found.share,
        "explained_low": found.low,
        "explained_high": found.high,
        "sse": found.sse,
    }


def _trained(split: Split, kind: Kind, groove: Groove, options: argparse.Namespace) -> tuple[BarVAE, int]:
    """Return a network with its best weights, from the cache or trained now."""
    cache = user_cache_path("pocketd") / "bars"
    cache.mkdir(parents=True, exist_ok=True)
    name = f"{split.name[:8]} {kind.name} {kind.epochs} {options.seed} {groove.contents[:12]}".replace(
        " ", "-"
    )
    path = cache / f"{name}.pt"
    if path.is_file():
        held = torch.load(path, weights_only=True)
        net = kind.build()
        net.load_state_dict(held["net"])
        return net, int(held["epochs"])
    net, fitting = train_bars(
        kind,
        split.train,
        split.chosen_by,
        seed=options.seed,
        watch=lambda *_: None,
        checkpoint=cache / f"{name}.checkpoint.pt",
        resume=True,
        identity=f"{split.name} {groove.contents}",
    )
    epochs = len(fitting.history)
    torch.save({"net": net.state_dict(), "epochs": epochs}, path)
    (cache / f"{name}.checkpoint.pt").unlink(missing_ok=True)
    return net, epochs


if __name__ == "__main__":
    sys.exit(main())
