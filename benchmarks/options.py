"""The options that benchmarks share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def parser_of(
    doc: str | None, *, data: str | None = None, seed: str | None = None, processes: bool = False
) -> argparse.ArgumentParser:
    """Return a parser with `--json`, to which a benchmark adds what it alone has.

    Args:
        doc: The benchmark's docstring, shown as it is written.
        data: What the folder `--data` holds; None: there is no such option.
        seed: What `--seed` is of; None: likewise.
        processes: Whether there is `--processes`.
    """
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=doc, formatter_class=plain)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    if data is not None:
        usual = Path(os.environ.get("POCKETD_DATA", "../shared/data"))
        parser.add_argument("--data", type=Path, default=usual, help=f"folder that holds {data}")
    if seed is not None:
        parser.add_argument("--seed", type=int, default=1, help=seed)
    if processes:
        parser.add_argument("--processes", type=int, default=min(os.cpu_count() or 1, 2))
    return parser
