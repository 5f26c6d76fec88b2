"""A shadow of one take, run as `python -m pocketd.shadow_main TAKE MODEL` by `pocketd.shadow_runner`.

It takes only time that nobody else wants, and says in a line on standard error how it went.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pocket_core.errors import PocketError
from pocket_core.records import Asynchrony

LEAST = 19  # nice


def main() -> int:
    """Write what another model would have forecast, and return the exit code of what went wrong."""
    _yield_to_others()
    parser = argparse.ArgumentParser(prog="pocketd.shadow_main")
    parser.add_argument("take", type=Path, help="a finished take's folder")
    parser.add_argument("model", help="a model's name, or a path to an .onnx")
    options = parser.parse_args()
    from pocketd.shadow import shadow  # numpy and what infers, at the priority that it shall have

    try:
        both = shadow(options.take, options.model)
    except PocketError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{_words(both.shadow)}, played {_words(both.played)}", file=sys.stderr)
    return 0


def _yield_to_others() -> None:
    if hasattr(os, "nice"):
        os.nice(LEAST)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _words(figures: Asynchrony | None) -> str:
    if figures is None:
        return "no musician met"
    return f"MAE {figures.mae_ms:.2f} ms, SD {figures.sd_ms:.2f} ms"


if __name__ == "__main__":
    sys.exit(main())
