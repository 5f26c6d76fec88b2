"""The generators' process, run as `python -m pocketd.generators.studio_main` by the desk when it is needed.

It answers letters on an inherited socket whose other end the real-time process holds, and ends when it is
told to rest or nobody is at the other end.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket

from pocket_core.phrases.patterns import phrase_of_pattern
from pocketd.generators.letters import Ready, encode_answer
from pocketd.generators.load import load_generator
from pocketd.generators.presets import find_phrase, numbered
from pocketd.generators.session import Session
from pocketd.generators.studio import Studio

READ = 64 * 1024  # bytes at once
NICE = 5  # behind the drums
DEAF_TO = ("SIGINT", "SIGTERM", "SIGHUP")  # by name: not every system has them


def new_session() -> Session:
    """Return a session with the generators and presets that ship."""
    return Session(load_generator, find_phrase, numbered, phrase_of_pattern)


def main() -> None:
    """Be the generators until there is nothing more to do."""
    for name in DEAF_TO:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    parser = argparse.ArgumentParser(prog="pocketd.generators.studio_main")
    parser.add_argument("--socket", type=int, required=True, help="an inherited stream socket")
    options = parser.parse_args()
    if hasattr(os, "nice"):
        os.nice(NICE)
    studio = Studio(new_session())
    with socket.socket(fileno=options.socket) as channel:
        channel.setblocking(True)
        try:
            channel.sendall(b"\n" + encode_answer(Ready()))
            while not studio.over:
                data = channel.recv(READ)
                if not data:
                    return
                channel.sendall(studio.read(data))
        except ConnectionError:  # the daemon has gone
            return


if __name__ == "__main__":
    main()
