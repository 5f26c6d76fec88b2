"""A machine with an ALSA sequencer, for machines that have none: Debian 12's own kernel under qemu.

    python -m tests.real.alsa_vm SCRIPT.py [FILE ...]

runs a Python script in there, with the project, its tests and benchmarks, what the base install and the extra
`alsa` need, and the given files beside it.
Nothing is installed here; kernel and system are fetched once and kept in ALSA_VM_CACHE (default:
~/.cache/pocketd-alsa-vm). Needs qemu-system-x86, mmdebstrap, cpio and Python 3.11, Debian 12's own.
In there an instruction takes a nanosecond and waiting nothing (QEMU's -icount): nobody hears in there how
busy this machine is. It shows that things are right, not how fast they are.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parents[2]
PROGRAMS = ("qemu-system-x86_64", "mmdebstrap", "cpio", "depmod", "apt-get", "dpkg-deb")
GUEST_PYTHON = (3, 11)
SUITE = "bookworm"
GUEST_PACKAGES = "python3,libasound2,alsa-utils,kmod"
MODULES = ("snd-hrtimer", "snd-seq", "snd-seq-dummy", "snd-virmidi", "snd-dummy")
EXTRAS = ("alsa",)  # beside the base install ...
ALSO = ("psutil",)  # ... and what benchmarks take from `dev`
MEMORY_MB = 1536
PATIENCE = 600  # seconds; a tenth of it where nothing else runs

INIT = """#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/guest LANG=C.UTF-8
export PYTHONPATH=/guest/site PYTHONUNBUFFERED=1
mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys
ln -s /proc/self/fd /dev/fd; mkdir -p /dev/shm; mount -t tmpfs tmp /tmp; mount -t tmpfs shm /dev/shm
for module in {modules}; do modprobe $module || echo "no module $module"; done
cd /guest
python3 ./script.py
echo "{ended} $?"
sleep 1  # the line above is out before the kernel speaks
echo o > /proc/sysrq-trigger
sleep 60
"""
ENDED = "guest script ended with"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a script in the guest ended."""

    status: int | None  # its exit status; None: the machine did not come that far
    console: str


def missing() -> list[str]:
    """Return what this machine lacks to run the guest."""
    lacking = [program for program in PROGRAMS if shutil.which(program) is None]
    if sys.version_info[:2] != GUEST_PYTHON:
        lacking.append("Python 3.11")
    return lacking


def run(script: Path, files: Sequence[Path] = (), patience: float = PATIENCE) -> Outcome:
    """Boot, run a Python script, and return what it printed."""
    cache = Path(os.environ.get("ALSA_VM_CACHE") or Path.home() / ".cache" / "pocketd-alsa-vm")
    cache.mkdir(parents=True, exist_ok=True)
    kernel = _kernel(cache)
    base = _base(cache)
    with tempfile.TemporaryDirectory(prefix="alsa-vm-") as folder:
        extra = Path(folder) / "extra"
        _load_guest(extra / "guest", script, files)
        (extra / "init").write_text(INIT.format(modules=" ".join(MODULES), ended=ENDED))
        (extra / "init").chmod(0o755)
        initrd = Path(folder) / "initrd"
        with initrd.open("wb") as image:  # the kernel unpacks archives that follow one another
            image.write(base.read_bytes())
            image.flush()
            _pack(extra, image.fileno())
        return _boot(kernel, initrd, patience)


def _boot(kernel: Path, initrd: Path, patience: float) -> Outcome:
    command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max"]
    command += ["-icount", "shift=0,sleep=off", "-rtc", "clock=vm"]
    command += ["-m", str(MEMORY_MB), "-kernel", str(kernel), "-initrd", str(initrd)]
    command += ["-append", "console=ttyS0 quiet panic=-1", "-nographic", "-no-reboot", "-nic", "none"]
    try:
        ran = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=patience, check=False
        )
        output = ran.stdout + ran.stderr
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
    console = output.decode(errors="replace").replace("\r", "")
    ended = re.search(rf"^{ENDED} (\d+)$", console, re.MULTILINE)
    return Outcome(int(ended[1]) if ended else None, console)


# --- what the guest is made of -----------------------------------------------------------------------------


def _kernel(cache: Path) -> Path:
    """Return Debian's kernel, fetched and taken out of its package; never installed."""
    image = cache / "vmlinuz"
    if not image.exists():
        depends = _output("apt-cache", "depends", "linux-image-amd64")
        package = next(line.split()[-1] for line in depends.splitlines() if "Depends:" in line)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            subprocess.run(["apt-get", "-qq", "download", package], cwd=folder, check=True)
            (archive,) = Path(folder).glob("*.deb")
            subprocess.run(["dpkg-deb", "-x", str(archive), str(cache / "kernel")], check=True)
        (found,) = (cache / "kernel" / "boot").glob("vmlinuz-*")
        shutil.copy(found, image)
    return image


def _base(cache: Path) -> Path:
    """Return a small Debian with Python, ALSA's programs and the kernel's sound modules, as an archive."""
    archive = cache / "base.cpio"
    if archive.exists():
        return archive
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        root = Path(folder) / "root"
        slim = [
            f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("man", "doc", "locale", "zoneinfo")
        ]
        include = f"--include={GUEST_PACKAGES}"
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=minbase", include, *slim, SUITE, str(root)], check=True
        )
        (modules,) = (cache / "kernel" / "lib" / "modules").iterdir()
        target = root / "lib" / "modules" / modules.name
        shutil.copytree(modules / "kernel" / "sound", target / "kernel" / "sound")
        for listing in modules.glob("modules.*"):
            shutil.copy(listing, target)
        subprocess.run(["depmod", "-b", str(root), modules.name], check=True)
        for waste in ("var/cache", "var/lib/apt", "usr/share/alsa/ucm2"):
            shutil.rmtree(root / waste, ignore_errors=True)
        part = archive.with_suffix(".part")
        with part.open("wb") as image:
            _pack(root, image.fileno())
        part.rename(archive)
    return archive


def _load_guest(guest: Path, script: Path, files: Iterable[Path]) -> None:
    site = guest / "site"
    site.mkdir(parents=True)
    shutil.copy(script, guest / "script.py")
    for file in files:
        shutil.copy(file, guest)
    for package in ("core/pocket_core", "daemon/pocketd", "models/pocket_models", "benchmarks", "tests"):
        shutil.copytree(
            PROJECT / package, site / Path(package).name, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(PROJECT / "config.yaml", site / "pocketd" / "default-config.yaml")
    for dist in _install():
        for part in dist.files or ():
            source = Path(str(dist.locate_file(part)))
            if ".." in part.parts or source.suffix == ".pyc" or not source.exists():
                continue
            target = site / part
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def _install() -> list[Distribution]:
    """Return every distribution that pocketd with EXTRAS needs: no torch."""
    found: dict[str, Distribution] = {}
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *ALSO,
        *project["dependencies"],
        *(n for e in EXTRAS for n in project["optional-dependencies"][e]),
    ]
    while wanted:
        requirement = Requirement(wanted.pop())
        name = requirement.name.lower()
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:  # of another platform
            continue
        wanted += found[name].requires or ()
    return list(found.values())


def _pack(root: Path, target: int) -> None:
    names = subprocess.run(["find", ".", "-print0"], cwd=root, check=True, stdout=subprocess.PIPE).stdout
    archiver = ["cpio", "--null", "--create", "--format=newc", "--quiet", "--owner=0:0"]
    subprocess.run(archiver, cwd=root, input=names, stdout=target, check=True)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    outcome = run(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
    print(outcome.console)
    sys.exit(125 if outcome.status is None else outcome.status)
