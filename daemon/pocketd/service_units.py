"""The daemon and the nightly job as systemd's user units: one text for what is installed and for `systemd/`.

Keys: systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.timer(5). What is locked away is what
PipeWire's own user units lock away, and more system calls. What hides files, as ProtectSystem does, is not
there: in a user's service it takes a user namespace, in which JACK has not been tried, and the user has no
rights over the system that could be lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pocket_core.errors import PocketError

DAEMON, RETRAIN, TIMER = "pocketd.service", "pocketd-retrain.service", "pocketd-retrain.timer"
AT = "03:30"  # local time, each night
FOUND = ("/usr/bin/env", "pocketd")  # by the PATH: how `systemd/` calls it

_DAEMON = """\
# The effect as a user service, and with it the nightly job. `pocketd service install` writes these units and
# starts them; by hand:
#     cp systemd/pocketd* ~/.config/systemd/user/
#     systemctl --user enable --now pocketd.service pocketd-retrain.timer
# Your own configuration: `pocketd service install --config FILE`; or `systemctl --user edit pocketd` and
#     [Service]
#     Environment=POCKETD_OPTIONS=--config=%E/pocketd/config.yaml

[Unit]
Description=pocketd, a drum machine that listens
After=pipewire.service sound.target
# As often as a MIDI system that comes and goes needs it, but not for ever.
StartLimitIntervalSec=10min
StartLimitBurst=60

[Service]
Type=notify
{environment}ExecStart={program} run{options} $POCKETD_OPTIONS
ExecReload=/bin/kill -HUP $MAINPID
# It says that it is ready once its ports are open and it plays; the loop that plays then gives a sign of life
# every two and a half seconds. One that hangs is killed, and started anew.
TimeoutStartSec=60
WatchdogSec=10
# 3, no MIDI system yet, is worth another try; 2 and 4 are a person's to mend.
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=2 4
# What waits leaves, and the take is finished.
TimeoutStopSec=15

# JACK and PipeWire need shared memory, local sockets, devices and, where granted, real-time priority. So
# neither PrivateDevices, PrivateTmp, PrivateIPC nor RestrictRealtime. JACK-Client's callbacks are made at run
# time, so not MemoryDenyWriteExecute. ProtectSystem and its kind need PrivateUsers in a user's service.
{common}RestrictAddressFamilies=AF_UNIX

[Install]
WantedBy=default.target
"""

_RETRAIN = """\
# The nightly job: what was played since the last one is learned. pocketd-retrain.timer starts it.

[Unit]
Description=pocketd learns from what was played

[Service]
Type=oneshot
{environment}ExecStart={program} retrain --if-due{options} $POCKETD_OPTIONS
# It goes on where it was the next night.
TimeoutStartSec=4h
TimeoutStopSec=30

# Whoever plays or works comes first.
Nice=19
CPUSchedulingPolicy=idle
IOSchedulingClass=idle
CPUWeight=idle
OOMScoreAdjust=500
# Ten hours of takes need less than 2 GB.
MemoryMax=3G

# What trains compiles at run time, so not MemoryDenyWriteExecute. Takes may lie in a store on the network;
# processes that train together (gloo) ask for its interfaces.
{common}RestrictRealtime=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
"""

_TIMER = f"""\
# When the nightly job begins; a night that the machine slept through is made up for.

[Unit]
Description=pocketd learns at night

[Timer]
OnCalendar=*-*-* {AT}
Persistent=true
RandomizedDelaySec=5min

[Install]
WantedBy=timers.target
"""

_COMMON = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
UMask=0077
"""

_PATH = "Environment=PATH=%h/.local/bin:/usr/local/bin:/usr/bin:/bin\n"
_NO_OPTIONS = "Environment=POCKETD_OPTIONS=\n"


def write_units(folder: Path) -> None:
    """Write the units as `systemd/` has them."""
    for name, text in units().items():
        (folder / name).write_text(text)


def units(
    program: Sequence[str] = FOUND, config: Path | None = None, *, retrain: bool = True
) -> dict[str, str]:
    """Return the units' texts by their names.

    Args:
        program: How pocketd is called: a program's path in full, and words before its command.
        config: The configuration to play by, in full; None: the one that ships.
        retrain: With the nightly job.

    Raises:
        PocketError: A path cannot be written into a unit.
    """
    environment = (_PATH if tuple(program) == FOUND else "") + _NO_OPTIONS
    words = {
        "environment": environment,
        "program": " ".join(_word(word) for word in program),
        "options": "" if config is None else f" {_word(f'--config={config}')}",
        "common": _COMMON,
    }
    found = {DAEMON: _DAEMON.format_map(words)}
    if retrain:
        found |= {RETRAIN: _RETRAIN.format_map(words), TIMER: _TIMER}
    return found


def _word(text: str) -> str:
    """Return a word of a command line so that systemd reads it as it is: no specifier, no variable."""
    if not text.isprintable():
        raise PocketError(f"{text!r} cannot stand in a systemd unit; choose a path of printable letters")
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return plain if plain == text and text.isascii() and not set(text) & set(" '\";") else f'"{plain}"'
