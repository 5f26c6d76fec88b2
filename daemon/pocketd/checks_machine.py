"""Judge the machine: its MIDI systems, what this user may, the versions, the disk and the model."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pocket_core.errors import ConfigError, ModelError, PocketError
from pocket_core.types import Seconds
from pocketd import __version__
from pocketd.backends.alsa_survey import SEQUENCER
from pocketd.backends.choose import Choice
from pocketd.backends.system import JACK, LOOPBACK, System
from pocketd.champion import CHAMPION
from pocketd.config import Config
from pocketd.findings import Finding, advice, ok, wrong
from pocketd.model_check import Demands, Verdict, Watch, check
from pocketd.model_shelf import NONE, find
from pocketd.service_state import Health
from pocketd.take_room import MB, Limits, crowded, stored
from pocketd.wording import ms

LEAST_ROOM, LITTLE_ROOM = 100 * MB, 1000 * MB  # free bytes on the takes' disk
PROBE = 64 * 1024  # bytes that are written to see whether that can be done
LOCKED = 100 * MB  # bytes; JACK's shared memory is some 80 MB
TRIAL_S = 10.0  # seconds for a process to try for a real-time priority
EXTRAS = {
    "jack": "jack",
    "alsa": "alsa_midi",
    "link": "aalink",
    "plot": "matplotlib",
    "parquet": "pyarrow",
    "train": "torch",
    "s3": "s3fs",
    "cluster": "distributed",
}


@dataclass(frozen=True, slots=True)
class Sequencer:
    """ALSA's, as this user finds it."""

    there: bool
    usable: bool  # may be read and written
    group: str  # that owns it; empty: nobody knows


def judge_version() -> Finding:
    """Say what runs."""
    try:
        runtime = version("onnxruntime")
    except PackageNotFoundError:
        return wrong("version", f"pocketd {__version__}, no onnxruntime", "pip install onnxruntime")
    there = [extra for extra, module in EXTRAS.items() if importlib.util.find_spec(module) is not None]
    extras = f"with {', '.join(there)}" if there else "no extras"
    return ok(
        "version",
        f"pocketd {__version__}, Python {platform.python_version()}, onnxruntime {runtime}, {extras}",
    )


def judge_systems(systems: Sequence[System], choice: Choice | None) -> Finding:
    """Say which MIDI system is used, and what of all that were looked at.

    Args:
        systems: All that this machine might have.
        choice: What `pocketd run` would use; None: nothing can be.
    """
    looked = "; ".join(f"{system.title}: {system.why}" for system in systems)
    if choice is None:
        todo = "start one; with a configuration that names one, see `backend` and `midi_api`"
        return wrong("MIDI system", f"none that can be used: {looked}", todo)
    if choice.backend == LOOPBACK:
        return advice("MIDI system", "loopback: no other program sees its ports", "set `backend: auto`")
    found = f"{choice.title}: {choice.why}"
    if not choice.why.startswith("not "):  # else it has them
        found += f" ({looked})"
    package = [s for s in systems if s.backend == JACK and "JACK-Client" in s.why]
    if choice.system == "JACK" and package:
        return advice("MIDI system", found, package[0].why)
    return ok("MIDI system", found)


def look_at_sequencer(place: Path = SEQUENCER) -> Sequencer:
    """See what this user may do with ALSA's sequencer."""
    try:
        import grp

        group = grp.getgrgid(place.stat().st_gid).gr_name
    except (ImportError, OSError, KeyError):
        group = ""
    return Sequencer(place.exists(), os.access(place, os.R_OK | os.W_OK), group)


def judge_permissions(sequencer: Sequencer, choice: Choice | None) -> Finding:
    """Judge whether this user may use ALSA's sequencer, on Linux."""
    name, used = "permissions", "" if choice is None else choice.title
    needed = choice is None or choice.system == "ALSA"
    if not sequencer.there:
        return ok(name, f"no {SEQUENCER}" + ("" if needed else f", and {used} needs none"))
    if sequencer.usable:
        return ok(name, f"{SEQUENCER} can be read and written")
    group = sequencer.group or "audio"
    todo = f"sudo usermod -aG {group} $USER, then log in anew"
    found = f"{SEQUENCER} belongs to the group {group}, and this user is not in it"
    return wrong(name, found, todo) if needed else advice(name, found, todo)


def try_real_time(priority: int) -> str:
    """Try for a real-time priority in a process of its own; return why it could not be had, else nothing."""
    words = f"from pocketd.urgency import hurry; print(hurry({priority}))"
    try:
        done = subprocess.run(
            [sys.executable, "-c", words], capture_output=True, text=True, timeout=TRIAL_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"cannot be tried: {error}"
    return done.stdout.strip() if done.returncode == 0 else "cannot be tried"


def judge_real_time(refusal: str, priority: int | None) -> Finding:
    """Judge whether the loop may run before others.

    Args:
        refusal: What came of trying; empty: it may.
        priority: That the MIDI system wants it to have; None: none.
    """
    name = "real time"
    if priority is None:
        return advice(
            name,
            "JACK's server has no real-time priority, so the loop asks for none",
            "start it with `jackd -R`",
        )
    if not refusal:
        return ok(name, f"the loop may have priority {priority}")
    found, _, todo = refusal.partition("; ")
    return advice(name, found, todo or "see the limits of this user (rtprio)")


def judge_locked_memory(choice: Choice | None) -> Finding | None:
    """Judge whether libjack may keep its memory from being swapped out; None: nobody needs to know."""
    if choice is None or choice.system != "JACK" or sys.platform != "linux":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if soft == resource.RLIM_INFINITY or soft >= LOCKED:
        return ok("locked memory", "as much as JACK wants")
    return advice(
        "locked memory",
        f"at most {soft / MB:.0f} MB, and JACK shares some 80 MB that should never be swapped out",
        "`@audio - memlock unlimited` in /etc/security/limits.d/audio.conf, then log in anew",
    )


def judge_model(config: Config, watch: Watch, now: Callable[[], Seconds] | None = None) -> Finding:
    """Load the model and put it to the test, twice where a busy machine may have held it up.

    Args:
        config: Says which, and what it has to hold.
        watch: Is told how far it is.
        now: The clock to time steps by; None: the machine's.
    """
    name, asked = "model", config.model
    if asked == NONE:
        return advice(
            name, "none: drums only move for an onset that comes before them", "set `model: champion`"
        )
    try:
        path = find(asked)
        verdict = check(path, Demands.of(config), now=now, watch=watch)
        if verdict.faults and verdict.steps is not None:
            verdict = check(path, Demands.of(config), now=now, watch=watch)
    except ModelError as error:
        return _no_model(str(error), asked)
    if verdict.faults:
        return _no_model(f"{path.stem}: {verdict.faults[0]}", asked)
    who = f"champion, which is {path.stem}" if asked == CHAMPION else path.stem
    return ok(name, f"{who}: loaded and verified{_steps(verdict, config)}")


def _no_model(why: str, asked: str) -> Finding:
    found, _, todo = why.partition("; ")
    way_out = "`pocketd models rollback`" if asked == CHAMPION else "`pocketd models list` says what there is"
    return wrong("model", found, todo or way_out)


def _steps(verdict: Verdict, config: Config) -> str:
    steps = verdict.steps
    if steps is None:
        return ""
    return f", a step takes {ms(steps.median)} (p99 {ms(steps.p99)}, limit {config.step_limit_ms:g} ms)"


def judge_like(config: Config) -> Finding | None:
    """See whether the drummer whom the drums shall be like can be read; None: nobody is named."""
    if config.like is None:
        return None
    try:
        config.habits()
    except PocketError as error:
        return wrong("like", f"{error}; the drums are like nobody", "name another file in `like`")
    return ok("like", f"the drums are like {config.like}")


def judge_takes(config: Config) -> Finding:
    """See whether takes can be kept: a folder that can be written to, and room."""
    name = "takes"
    if not config.takes.record:
        return ok(name, "none are kept (`takes.record: false`)")
    try:
        folder = config.takes_folder
    except ConfigError as error:
        return wrong(name, str(error), "name a folder in `takes.folder`")
    try:
        trouble = _cannot_write(folder)
        if not trouble:
            return _judge_room(config, folder, shutil.disk_usage(_nearest(folder)).free)
    except OSError as error:  # a name that is too long, a folder above it that may not be read
        trouble = error.strerror or str(error)
    return wrong(
        name, f"{folder}: {trouble}", "make room, see who owns it, or name another folder in `takes.folder`"
    )


def _judge_room(config: Config, folder: Path, free: int) -> Finding:
    name, found = "takes", f"{folder} can be written to, {_size(free)} free"
    if free < LEAST_ROOM:
        return wrong(name, found, "make room: `pocketd takes purge`, or another `takes.folder`")
    if free < LITTLE_ROOM:
        return advice(name, found, "make room: `pocketd takes purge`, or `takes.quota_mb`")
    quota = config.takes.quota_mb
    if quota is None:
        return ok(name, found)
    takes = stored(folder)
    full = crowded(takes, Limits(quota=quota * MB))
    found += f"; {_size(sum(take.size for take in takes))} of the quota of {_size(quota * MB)} used"
    return advice(name, found, full) if full else ok(name, found)


def judge_service(health: Health | PocketError) -> Finding:
    """Say how the service is, if there is one."""
    name = "service"
    if isinstance(health, PocketError):
        return ok(name, f"not looked at: {str(health).partition(';')[0]}")
    if not health.installed:
        return ok(name, "not installed; `pocketd service install` starts it at every login")
    if health.running:
        return ok(name, "running" + (f" since {health.since}" if health.since else ""))
    if "failed" in health.state:
        return wrong(name, f"installed, and has failed: {health.state}", health.logs)
    return advice(name, f"installed, and not running: {health.state}", "`systemctl --user start pocketd`")


def _nearest(folder: Path) -> Path:
    """Return the folder, or the nearest above it that is there."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _cannot_write(folder: Path) -> str:
    """Write a file and delete it; return why that cannot be done, else nothing."""
    place = _nearest(folder)
    probe = place / f".pocketd-doctor.{os.getpid()}"
    try:
        try:
            probe.write_bytes(bytes(PROBE))
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _size(count: int) -> str:
    return f"{count / MB / 1000:,.1f} GB" if count >= 1000 * MB else f"{count / MB:,.0f} MB"
