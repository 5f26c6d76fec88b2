"""The shell around the engine: MIDI back ends, the loop, the recorder, models and the command line."""

from __future__ import annotations

import os

__version__ = "0.1.0"

# Before anything loads ONNX Runtime: else it keeps an id of this machine in the user's cache, and a thread
# that reports to its makers runs beside the loop. Whoever has set it decides.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
