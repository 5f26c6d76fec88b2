from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.real.conftest import need

pytestmark = pytest.mark.real

UNIT = Path(__file__).parents[2] / "systemd" / "pocketd.service"


def test_systemd_has_nothing_to_say_about_the_unit(tmp_path: Path) -> None:
    need("systemd-analyze")
    tmp_path.chmod(0o700)
    setting = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(UNIT)],
        env=setting,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
