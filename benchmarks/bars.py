"""Bars: how much of a bar comes back from a latent space, on drummers whom nobody has heard.

Energy of a bar is the sum of its squared velocities; explained is 1 - squared error / energy, by the means
of the codes. Drummers 3, 5 and 10 are left out of all training and judged once; 4, 6 and 7 choose weights
and thresholds. What ships had the official training split, and is read from its graphs. Each other network
is trained once and kept in the user's cache; a training that broke off goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
    LAST,
    TEST_DRUMMERS,
    VALIDATION_DRUMMERS,
    BarSet,
    bar_set,
    by_file_order,
    of_drummers,
    without,
)
from pocket_export.sources.bars.figures import (
    Back,
    Explained,
    back,
    back_by_graphs,
    best_threshold,
    divergence,
    explained,
    notes,
    principal,
)
from pocket_export.sources.bars.training import Kind, train_bars
from pocket_models.bar_vae import BarVAE
from pocketd.generators.graphs import load_graphs

SIZES = (2, 4, 8, 16, 32, 64)
KL_WEIGHTS = (1.0, 0.1)
PUBLISHED_SIZE = 16
OURS = 0.02
BEATGEN_EPOCHS, OURS_EPOCHS = 12, 10
PUBLISHED_EPOCHS = {1.0: 30, 0.1: 60}  # by KL weight; at 1 nothing passes the latent space
BEATGEN_BATCH = 128  # theirs was 512, over 250 epochs, of which the 157th was the best: 6,000 updates
#: Of its validation, by its training log: silence is off by 9.87; the best epoch of 250, and the last.
PUBLISHED_SILENCE, PUBLISHED_BEST, PUBLISHED_LAST = 9.871, 6.817, 6.948
PUBLISHED_IN, PUBLISHED_OUT, PUBLISHED_SILENT = 1267, 1974, 81  # notes of its own example
SILENT = -1e-6  # a logit of BeatGen's: whatever is above 0 is a note, as in its code
COLUMNS = (
    Column("explained", "explained", 3, beside="known"),
    Column("explained_low", "from", 3),
    Column("explained_high", "to", 3),
    Column("sse", "SSE"),
    Column("notes_ratio", "notes out/in", 3, beside="known"),
    Column("notes_f1", "F1", 3),
    Column("silent_share", "at velocity 0", 3, beside="known"),
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
    splits = splits_of(groove)
    torch.set_num_threads(options.threads)
    console = screen()
    sections = [
        Section("what is known of the bars", list(_plain(splits["drummers"], groove))),
        Section("principal components, drummers left out", list(_principal(splits["drummers"]))),
    ]
    plan = plan_of(options.only)
    trained = dict[str, list[Row]]()
    with progress(console, "bars", len(plan)) as advance:
        for split, kind in plan:
            row = _row(splits[split], kind, groove, options)
            trained.setdefault(_title(split, kind), []).append(row)
            advance(1)
    sections += [Section(title, rows) for title, rows in trained.items()]
    sections.append(Section("what ships, official split", list(_shipped(splits["official"], options.seed))))
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


def splits_of(groove: Groove, last: int = LAST) -> dict[str, Split]:
    everybody = groove.performances
    left = (*VALIDATION_DRUMMERS, *TEST_DRUMMERS)
    first, judged = by_file_order(bar_set(everybody), last)
    learnt, chosen_by = by_file_order(first, last)
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
        "files": Split("the last 2,170 bars in order of the files", learnt, chosen_by, judged),
    }


def plan_of(only: str) -> list[tuple[str, Kind]]:
    """Return what is trained, in order."""
    published = [
        Kind(z, kl, ours=False, epochs=BEATGEN_EPOCHS, batch=BEATGEN_BATCH)
        for kl in KL_WEIGHTS
        for z in SIZES
    ]
    ours = [Kind(z, OURS, epochs=OURS_EPOCHS) for z in SIZES]
    both = [Kind(16, kl, epochs=OURS_EPOCHS) for kl in KL_WEIGHTS]
    as_theirs = [
        replace(kind, epochs=PUBLISHED_EPOCHS[kind.kl]) for kind in published if kind.latent == PUBLISHED_SIZE
    ]
    plan = [("files", kind) for kind in (*as_theirs, ours[-1])]
    plan += [("drummers", kind) for kind in (*ours, *published, *both)]
    plan += [("official", kind) for kind in published if kind.latent == PUBLISHED_SIZE]
    return [(split, kind) for split, kind in plan if only in kind.name]


def _title(split: str, kind: Kind) -> str:
    whose = "ours" if kind.ours else "BeatGen's"
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
    net, epochs = trained(split, kind, groove.contents, options.seed)
    threshold = SILENT
    if kind.ours:
        threshold = best_threshold(split.chosen_by, back(net, split.chosen_by).logits)
    figures = {
        **_judged(split.test, back(net, split.test), threshold, options.seed),
        "kl_nats": divergence(net, split.test),
        "epochs": epochs,
    }
    return Row(kind.name, figures, model=kind.name, known=_known(kind), note=_beside(split, kind))


def _shipped(split: Split, seed: int) -> Iterator[Row]:
    graphs = load_graphs("bars")
    threshold = float(graphs.card.settings["threshold_logit"])
    for name, bars in (("validation, it chose by this", split.chosen_by), ("test", split.test)):
        yield Row(name, _judged(bars, back_by_graphs(graphs, bars), threshold, seed), model=graphs.card.name)


def _judged(bars: BarSet, there: Back, threshold: float, seed: int) -> dict[str, float]:
    """Return what the table has of bars that went there and back."""
    struck = notes(bars, there.logits, there.velocities, threshold)
    return {
        **_figures(explained(bars, there.expected, seed)),
        "notes_ratio": struck.ratio,
        "notes_f1": struck.f1,
        "silent_share": struck.silent,
    }


def _known(kind: Kind) -> dict[str, float]:
    """Return what is published of BeatGen as its code has it."""
    if kind.ours or kind.kl != KL_WEIGHTS[-1] or kind.epochs != PUBLISHED_EPOCHS[kind.kl]:
        return {}
    return {
        "explained": 1 - PUBLISHED_BEST / PUBLISHED_SILENCE,
        "notes_ratio": PUBLISHED_OUT / PUBLISHED_IN,
        "silent_share": PUBLISHED_SILENT / PUBLISHED_OUT,
    }


def _beside(split: Split, kind: Kind) -> str:
    if not _known(kind):
        return ""
    return (
        f"known: {PUBLISHED_BEST} to {PUBLISHED_LAST} where silence is off by {PUBLISHED_SILENCE}; "
        f"here silence is off by {split.test.energy:.2f}, for nobody knows in which order its files came"
    )


def _figures(found: Explained) -> dict[str, float]:
    return {
        "explained": found.share,
        "explained_low": found.low,
        "explained_high": found.high,
        "sse": found.sse,
    }


def trained(split: Split, kind: Kind, contents: str, seed: int) -> tuple[BarVAE, int]:
    """Return a network with its best weights, from the cache or trained now, and how many epochs it had."""
    cache = user_cache_path("pocketd") / "bars"
    cache.mkdir(parents=True, exist_ok=True)
    name = f"{split.name[:8]} {kind.name} {kind.epochs} {seed} {contents[:12]}".replace(" ", "-")
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
        seed=seed,
        watch=lambda *_: None,
        checkpoint=cache / f"{name}.checkpoint.pt",
        resume=True,
        identity=f"{split.name} {contents}",
    )
    epochs = len(fitting.history)
    torch.save({"net": net.state_dict(), "epochs": epochs}, path)
    (cache / f"{name}.checkpoint.pt").unlink(missing_ok=True)
    return net, epochs


if __name__ == "__main__":
    sys.exit(main())
