"""A real `systemd --user` in namespaces of its own: nothing outside is started, stopped or written to.

It sees the machine's files, but has a /run, shared memory, processes and control groups of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MANAGER = "/usr/lib/systemd/systemd", "/lib/systemd/systemd"
UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--cgroup")
PATIENCE_S = 120.0

#: `systemd --user` wants to see that systemd has booted the machine, and the control groups' second version.
BEGIN = """
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs run /run
mount -t tmpfs shm /dev/shm
mkdir -p /run/systemd/system "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
umount -l /sys/fs/cgroup/unified 2>/dev/null || true
umount -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
group=/sys/fs/cgroup/pocketd-test-$1
mkdir $group
"""
STORY = """
{begin}
sh -c 'echo $$ > '$group'/cgroup.procs; exec {manager} --user' &
manager=$!
until systemctl --user is-system-running >/dev/null 2>&1; do kill -0 $manager; done
set +e
"$2" "$3" "$4"
status=$?
kill $manager; wait $manager
rmdir $group/*/*/* $group/*/* $group/* $group 2>/dev/null
exit $status
"""


@dataclass(frozen=True, slots=True)
class Told:
    """How a script ended that ran beside the manager."""

    status: int
    out: str
    errors: str


def missing() -> str | None:
    """Return why no manager can be run here, or None."""
    for program in ("unshare", "systemctl"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if _manager() is None:
        return "systemd is not installed"
    tried = subprocess.run(
        [*UNSHARE, "sh", "-c", BEGIN + "rmdir $group", "sh", f"try-{os.getpid()}"],
        env={**os.environ, "XDG_RUNTIME_DIR": "/run/here"},
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode:
        why = " ".join(tried.stderr.split())[:200]
        return f"no namespaces or control groups for a systemd of our own: {why}"
    return None


def run(script: Path, home: Path) -> Told:
    """Start the manager for a user with this home, run a Python script beside it, and stop all of it.

    Args:
        script: Is given the home.
        home: An empty folder.
    """
    setting = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": "/run/here",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),  # services inherit it
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
    }
    story = STORY.format(begin=BEGIN, manager=_manager())
    done = subprocess.run(
        [*UNSHARE, "sh", "-c", story, "sh", str(os.getpid()), sys.executable, str(script), str(home)],
        env=setting,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    return Told(done.returncode, done.stdout, done.stderr)


def _manager() -> str | None:
    return next((path for path in MANAGER if os.access(path, os.X_OK)), None)
