"""The desk, run as `python -m pocketd.desk_main` by `pocketd.desk`.

It reads records, keeps takes and draws the meter. It ignores the signals that a terminal or systemd send to
everybody, and ends when the other end hangs up: so a take is finished however the daemon ends.
"""

from __future__ import annotations

import argparse
import select
import signal
import socket
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TextIO, cast

from pocket_core.errors import TakeError
from pocket_core.types import Seconds
from pocketd.champion import Nights
from pocketd.desk_answers import encode_answer
from pocketd.desk_records import decode
from pocketd.meter import MeterReader, MeterState
from pocketd.playing import Playing
from pocketd.recorder import Recorder
from pocketd.shadow_runner import ShadowRunner
from pocketd.song_desk import SongDesk
from pocketd.songs import SongBook
from pocketd.stream import PatientStream
from pocketd.takes import FinishedTake, Unreadable, recover
from pocketd.terminal import Terminal, finished, open_terminal, told

FRAME = Seconds(0.1)  # between two pictures
READ = 256 * 1024  # bytes at once
STANDARD_OUTPUT = 1
LAST_WORDS = Seconds(0.5)  # for a terminal that stands still to take them
DEAF_TO = ("SIGINT", "SIGTERM", "SIGHUP", "SIGABRT", "SIGTTOU")  # by name: not every system has them


class Desk:
    """Reads records until the other end hangs up.

    Args:
        recorder: None: nothing is kept.
        terminal: Where to show; it never waits and never fails (`PatientStream`).
        playing: Lets the nightly job know; None: there is none.
        songs: None: nothing is known of songs.
        shadows: None: no second model is tried in silence.
    """

    def __init__(
        self,
        recorder: Recorder | None,
        terminal: Terminal,
        playing: Playing | None = None,
        songs: SongDesk | None = None,
        shadows: ShadowRunner | None = None,
    ) -> None:
        self._recorder = recorder
        self._playing = playing
        self._songs = songs
        self._shadows = shadows
        self._terminal = terminal
        self._reader = MeterReader()
        self._rest = b""  # of a line that has not come whole
        self._shown: MeterState | None = None
        self._fault = ""  # the recorder's, as last told

    def read(self, data: bytes, now: Seconds) -> None:
        """Take in what came; `now` is on any steady clock."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line + b"\n")
        if self._recorder is not None:
            self._recorder.sync(now)
        if self._playing is not None:
            self._playing.turn()
        self._tell()
        self._follow_shadows()

    def show(self) -> None:
        """Draw the meter."""
        recorder = self._recorder
        recording = recorder is not None and recorder.recording is not None
        fault = "" if recorder is None else recorder.fault
        state = self._reader.state(recording=recording, recorder_fault=fault)
        if state != self._shown:
            self._shown = state
            self._terminal.show(state)

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self._terminal.say(line)

    def answers(self) -> bytes:
        """Return what the real-time process shall hear, whole lines, once."""
        if self._songs is None:
            return b""
        answers = b"".join(map(encode_answer, self._songs.answers))
        self._songs.answers.clear()
        return answers

    def keep(self, take: FinishedTake | Unreadable) -> None:
        """Tell of a take that is over, and learn its song from it."""
        self.say(finished(take))
        if self._songs is not None and isinstance(take, FinishedTake):
            self._songs.learn(take.folder)
        if self._shadows is not None and isinstance(take, FinishedTake):
            self._shadows.add(take.folder)

    def close(self) -> None:
        """Finish the take that is open; the other end has hung up."""
        if self._recorder is not None:
            self._recorder.end("vanished")
        if self._playing is not None:
            self._playing.close()
        self._tell()
        self.show()
        self._terminal.close()

    def _follow_shadows(self) -> None:
        """See how a shadow goes; the daemon tells something at least once a second."""
        if self._shadows is None:
            return
        self._shadows.follow(playing=self._recorder is not None and self._recorder.recording is not None)
        while self._shadows.lines:
            self.say(self._shadows.lines.popleft())

    def _line(self, line: bytes) -> None:
        try:
            record = decode(line)
        except TakeError as error:
            self.say(f"the desk cannot read a record: {error}")
            return
        self._reader.read(record)
        if self._recorder is not None:
            self._recorder.take(record, line)
        if self._songs is not None:
            self._songs.read(record)
        if self._playing is not None:
            self._playing.read(record)
        note = told(record)
        if note is not None:
            self._terminal.note(note)

    def _tell(self) -> None:
        """Say what the recorder has to say."""
        recorder, songs = self._recorder, self._songs
        while recorder is not None and recorder.finished:
            self.keep(recorder.finished.popleft())
        while songs is not None and songs.faults:
            self.say(f"songs: {songs.faults.popleft()}")
        if recorder is None:
            return
        if recorder.fault != self._fault:
            self._fault = recorder.fault
            if self._fault:
                self.say(self._fault)


def main() -> None:
    """Be the desk until the daemon hangs up."""
    for name in DEAF_TO:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    parser = argparse.ArgumentParser(prog="pocketd.desk_main")
    parser.add_argument("--socket", type=int, required=True, help="an inherited stream socket")
    parser.add_argument("--display", required=True, help="auto, on, lines or off")
    parser.add_argument("--takes", type=Path, help="the takes folder; nothing is kept without")
    parser.add_argument("--songs", type=Path, help="the folder of songs; nothing is known of any without")
    parser.add_argument("--nights", type=Path, help="the folder of the nights; without, none is told")
    options = parser.parse_args()
    root: Path | None = options.takes
    playing = None if options.nights is None else Playing(Nights(options.nights))
    recorder = None if root is None else Recorder(root, lambda: datetime.now().astimezone())
    encoding = "utf-8" if sys.stdout is None else sys.stdout.encoding
    out = PatientStream(STANDARD_OUTPUT, encoding)
    songs = None if options.songs is None else SongDesk(SongBook(options.songs))
    shadows = None if options.nights is None else ShadowRunner(Nights(options.nights).shadow)
    desk = Desk(recorder, open_terminal(options.display, cast(TextIO, out)), playing, songs, shadows)
    if root is not None:
        for take in recover(root):
            desk.keep(take)
    with socket.socket(fileno=options.socket) as channel:
        _serve(desk, channel)
    desk.close()
    out.drain(LAST_WORDS)


def _serve(desk: Desk, channel: socket.socket) -> None:
    shown, answers = Seconds(0.0), b""
    channel.setblocking(False)
    while True:
        readable, writable, _ = select.select([channel], [channel] if answers else [], [], FRAME)
        if readable:
            try:
                data = channel.recv(READ)
            except ConnectionError:  # killed with answers of ours unread
                return
            if not data:
                return
            desk.read(data, Seconds(time.monotonic()))
        answers += desk.answers()
        if writable:
            try:
                answers = answers[channel.send(answers) :]
            except ConnectionError:  # what it still said is read all the same
                answers = b""
        now = Seconds(time.monotonic())
        if now - shown >= FRAME:
            desk.show()
            shown = now


if __name__ == "__main__":
    main()
