"""The shell around the engine: MIDI back ends, the loop, the recorder, models and the command line."""

from __future__ import annotations

__version__ = "0.1.0"
