"""What the sources of drums make, beside what drummers play: the distances of `pocketd evaluate sources`.

    python benchmarks/sources.py [--data DIR] [--bars 512] [--only bars,groove] [--json FILE]

The reference is the beats in 4/4 of the test split; the first row is real drumming of the validation split,
as far as drummers themselves are apart.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

from benchmarks.options import parser_of
from benchmarks.progress import progress
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_core.errors import PocketError
from pocket_export.groove import TITLE, find_data, load
from pocket_export.sources.report.command import chosen
from pocket_export.sources.report.distances import GROUPS
from pocket_export.sources.report.gather import Findings, Judged, Wish, gather, work
from pocket_export.sources.report.rows import SOURCES, Kind, Load
from pocketd.generators.load import load_generator

COLUMNS = (
    Column("bars", "bars", 0),
    Column("overlap", "overlap", 3),
    Column("overlap_low", "from", 3),
    Column("overlap_high", "to", 3),
    *(Column(f"overlap_{name}", name, 3) for name in GROUPS),
    Column("wasserstein_sd", "W1 / SD", 3),
    Column("divergence_nats", "KL nats", 3),
    Column("common_area", "area", 3),
    Column("velocity_step", "vel. step", 3),
    Column("offset_step", "off. step", 3),
    Column("same_share", "same bars", 3),
    Column("copied_share", "copied", 3),
    Column("nearest_percentile", "percentile", 2),
)
REMARKS = (
    "overlap: mean histogram intersection of 17 features of the bars with the test split's, interval of "
    "95 %, by files",
    "notes, feel, form: likewise of what is struck, of velocity and offset, of how bars come back",
    "W1 / SD: mean Wasserstein-1 distance in SDs of the reference; KL, area: Yang & Lerch 2020, mean of "
    "the features",
    "vel. step, off. step: histogram intersection at each sixteenth, all voices, mean (Mishra et al., "
    "ICMC 2025)",
    "same bars: strokes of a training bar; copied: its velocities too; percentile: distance to training, "
    "real is .5",
)
TITLES = {Kind.REAL: "Real", Kind.SOURCE: "Sources", Kind.YARDSTICK: "Yardsticks"}


def row_of(judged: Judged) -> Row:
    """Return a row of the table; one without songs says why."""
    if judged.apart is None or judged.heart is None:
        return Row(judged.row.title, note=judged.row.why)
    far, heart = judged.apart, judged.heart
    figures = {
        "bars": judged.row.bars,
        "overlap": far.overall.value,
        "overlap_low": far.overall.low,
        "overlap_high": far.overall.high,
        **{f"overlap_{name}": sure.value for name, sure in far.groups.items()},
        "wasserstein_sd": _mean([d.in_sd for d in far.by]),
        "divergence_nats": _mean([d.divergence for d in far.by]),
        "common_area": _mean([d.area for d in far.by]),
        "velocity_step": judged.velocity_step,
        "offset_step": judged.offset_step,
        "same_share": heart.same.value,
        "copied_share": heart.copied.value,
        "nearest_percentile": heart.percentile,
    }
    note = "copies training bars" if heart.guilty else ""
    return Row(judged.row.title, {k: v for k, v in figures.items() if not math.isnan(v)}, note=note)


def report_of(findings: Findings) -> Report:
    """Return the findings as every benchmark has them."""
    sections = [
        Section(title, [row_of(judged) for judged in findings.rows if judged.row.kind is kind])
        for kind, title in TITLES.items()
    ]
    return Report(
        "sources",
        f"{TITLE}, contents {findings.contents[:16]}",
        f"test, {len(findings.reference.row.songs)} files, {findings.reference.row.bars} bars",
        findings.wish.seed,
        COLUMNS,
        [section for section in sections if section.rows],
        REMARKS,
    )


def main(words: list[str] | None = None, loaded: Load = load_generator) -> int:
    parser = parser_of(__doc__, data="the Groove MIDI Dataset", seed="of every chance")
    parser.add_argument("--bars", type=int, default=512, help="of each row")
    parser.add_argument("--only", default=",".join(SOURCES), help="which sources, with commas")
    given = parser.parse_args(words)
    try:
        wish = Wish(chosen(given.only), max(given.bars, 1), given.seed)
        groove = load(find_data(given.data))
        with progress(screen(), "sources", work(wish)) as advance:
            findings = gather(groove, wish, loaded, lambda _, done: advance(done), layout=None)
    except PocketError as error:
        print(f"sources: {error}", file=sys.stderr)
        return error.exit_code
    report = report_of(findings)
    report.print(screen())
    if given.json is not None:
        report.write(given.json)
    return 0


def _mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


if __name__ == "__main__":
    sys.exit(main())
