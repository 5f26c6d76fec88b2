"""A real-time process in miniature, run by test_desk as a process of its own: it tells a take to a real desk.

    python -m tests.daemon.desk_driver FOLDER WHAT

What the desk prints goes to a pipe that this process reads, so it can wait for the desk without a clock;
what is to be judged is printed as JSON on the standard error.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from pocket_core.types import Seconds
from pocketd.champion import Nights, nights_folder
from pocketd.config import Config
from pocketd.config_sections import Takes
from pocketd.desk import DeskProcess, spawn_desk
from pocketd.desk_records import Bye, Fault, Record
from pocketd.outbox import Outbox
from tests.daemon.take_story import T, hello, take

PATIENCE = Seconds(20.0)


def tell(outbox: Outbox, records: list[Record]) -> None:
    for record in records:
        outbox.offer(record)
        outbox.pump()
    while outbox.alive and outbox.waiting:
        outbox.pump()


def meet(outbox: Outbox, printed: int) -> None:
    """Return once the desk has read all that it was told."""
    tell(outbox, [Fault(at=T, about="probe", text="here")])
    seen = b""
    while b"probe: here" not in seen:
        seen += os.read(printed, 4096)


def end(outbox: Outbox, desk: DeskProcess) -> None:
    outbox.offer(Bye(at=Seconds(T + 9)))
    outbox.close(PATIENCE)
    ended = desk.wait(PATIENCE)
    print(json.dumps({"dropped": outbox.dropped, "ended": ended}), file=sys.stderr)


def main(folder: str, what: str) -> None:
    printed, theirs = os.pipe()
    os.dup2(theirs, 1)
    os.close(theirs)
    helpers = spawn_desk(Config(takes=Takes(folder=folder), meter_display="off"))
    outbox, desk = helpers.outbox, helpers.desk
    assert desk is not None
    *playing, stopped = take()
    tell(outbox, [hello(), *playing])
    meet(outbox, printed)
    match what:
        case "end":
            tell(outbox, [stopped])
        case "playing":
            nights = nights_folder()
            assert nights is not None
            held = Nights(nights).somebody_plays()
            tell(outbox, [stopped])
            meet(outbox, printed)
            print(json.dumps([held, Nights(nights).somebody_plays()]), file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        case "daemon killed":
            print(json.dumps({"desk": desk.pid}), file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        case "desk killed":
            os.kill(desk.pid, signal.SIGKILL)
            desk.wait(PATIENCE)
            tell(outbox, [stopped])
        case "signals":
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGABRT):
                os.kill(desk.pid, number)
            tell(outbox, [stopped])
        case "desk stopped":
            os.kill(desk.pid, signal.SIGSTOP)
            for _ in range(400):  # far more than the queue and the system hold
                for record in playing[1:]:
                    outbox.offer(record)
                    outbox.pump()
                for _ in range(200):
                    outbox.offer(hello())
            os.kill(desk.pid, signal.SIGCONT)
            outbox.pump()
    helpers.line.close()
    end(outbox, desk)


if __name__ == "__main__":
    main(*sys.argv[1:])
