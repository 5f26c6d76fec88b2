from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pocketd.backends import alsa_survey
from pocketd.backends.system import System


def test_without_the_sequencers_device_the_line_says_which_module_to_load(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(alsa_survey, "SEQUENCER", tmp_path / "seq")

    assert alsa_survey.look() == System(
        "alsa", "ALSA", False, "no sequencer, /dev/snd/seq is missing; try `modprobe snd-seq`"
    )


def test_without_the_package_the_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "seq").touch()
    monkeypatch.setattr(alsa_survey, "SEQUENCER", tmp_path / "seq")
    monkeypatch.setitem(sys.modules, "alsa_midi", None)  # as where it is not installed

    assert alsa_survey.look().why == "the package alsa-midi is missing: pip install 'pocketd[alsa]'"
