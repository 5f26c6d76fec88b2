"""`python -m pocketd`: the command by another way in."""

from __future__ import annotations

from pocketd.cli import main

if __name__ == "__main__":
    main()
