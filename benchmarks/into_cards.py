"""Write the test split's figures into the cards of the models that they were measured with.

Takes what `benchmarks/follow.py` and `benchmarks/humanise.py` wrote with `--json`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pocket_core.errors import DataError, PocketError
from pocket_export.card import Judged, judge
from pocketd.model_shelf import shipped_folder

NOT_FIGURES = ("transport_ms",)  # it is in the row's name


def read(path: Path) -> dict[str, Any]:
    """Return a benchmark's report.

    Raises:
        DataError: It is none, or not of the test split.
    """
    try:
        report: dict[str, Any] = json.loads(path.read_bytes())
        if report["split"] != "test":
            raise DataError(f"{path} is of the {report['split']} split; cards have the test split's figures")
        if not (report["benchmark"] and report["rows"]) or not isinstance(report["weights"], dict):
            raise KeyError
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is no report of a benchmark; write one with its --json") from error
    return report


def rows_of(model: str, sha256: str, reports: Sequence[Mapping[str, Any]]) -> list[Judged]:
    """Return what reports say of a model.

    Raises:
        DataError: A report was measured with other weights.
    """
    found = []
    for report in reports:
        measured = report["weights"].get(model)
        if measured is None:
            continue
        if measured != sha256:
            raise DataError(f"{report['benchmark']} measured other weights of {model}; run it again")
        for row in report["rows"]:
            figures = {
                key: round(value, 4)
                for key, value in row.items()
                if isinstance(value, int | float) and not isinstance(value, bool) and key not in NOT_FIGURES
            }
            if row["model"] == model and figures:
                found.append(Judged(report["benchmark"], row["name"], figures))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the cards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", nargs="+", type=Path, metavar="REPORT.json")
    parser.add_argument("--models", type=Path, default=shipped_folder(), help="the folder of the models")
    options = parser.parse_args(arguments)
    reports = [read(path) for path in options.reports]
    for name in dict.fromkeys(name for report in reports for name in report["weights"]):
        path = options.models / f"{name}.onnx"
        try:
            sha256 = json.loads(path.with_suffix(".json").read_bytes())["sha256"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path} has no card; choose another --models") from error
        card = judge(path, rows_of(name, sha256, reports))
        print(f"{path.with_suffix('.json')}: {len(card.test)} rows")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PocketError as error:
        print(f"into_cards: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
