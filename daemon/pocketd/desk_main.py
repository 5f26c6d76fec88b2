"""The desk, run as `python -m pocketd.desk_main` by `pocketd.desk`.

It reads records, keeps takes, draws the meter and says how the daemon is. It ignores the signals that a
terminal or systemd send to everybody, and ends when the other end hangs up: so a take is finished however the
daemon ends.
"""

from __future__ import annotations

import argparse
import select
import signal
import socket
import sys
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO, cast

from pocket_core.errors import TakeError
from pocket_core.types import Seconds
from pocketd.champion import Nights
from pocketd.chores import Chores
from pocketd.desk_answers import encode_answer
from pocketd.desk_records import Fault, Vitals, decode
from pocketd.generators.keeper import StudioKeeper
from pocketd.meter import MeterReader, MeterState
from pocketd.playing import Playing
from pocketd.recorder import Recorder
from pocketd.shadow_runner import ShadowRunner
from pocketd.song_desk import SongDesk
from pocketd.songs import SongBook
from pocketd.standing_keeper import StandingKeeper
from pocketd.stream import PatientStream
from pocketd.take_finish import finish_apart
from pocketd.take_retention import Retention
from pocketd.take_room import MB, Limits
from pocketd.takes import FinishedTake, Unreadable
from pocketd.terminal import Terminal, finished, open_terminal, told
from pocketd.wish_desk import WishDesk
from pocketd.wishes import wish_path

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
        chores: What is done about other takes; None: nothing.
        playing: Lets the nightly job know; None: there is none.
        songs: None: nothing is known of songs.
        shadows: None: no second model is tried in silence.
        standing: None: nobody else is told how the daemon is.
        wishes: None: nobody can wish anything.
    """

    def __init__(
        self,
        recorder: Recorder | None,
        terminal: Terminal,
        chores: Chores | None = None,
        *,
        playing: Playing | None = None,
        songs: SongDesk | None = None,
        shadows: ShadowRunner | None = None,
        standing: StandingKeeper | None = None,
        wishes: WishDesk | None = None,
    ) -> None:
        self._wishes = wishes
        self._recorder = recorder
        self._playing = playing
        self._songs = songs
        self._shadows = shadows
        self._standing = standing
        self._terminal = terminal
        self._chores = chores
        self._reader = MeterReader()
        self._rest = b""  # of a line that has not come whole
        self._shown: MeterState | None = None
        self._fault = ""  # the recorder's, as last told
        self._warning = ""  # about the room that takes have, likewise

    def read(self, data: bytes, now: Seconds) -> None:
        """Take in what came; `now` is on any steady clock."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line + b"\n")
        if self._recorder is not None:
            self._recorder.sync(now)
        if self._playing is not None:
            self._playing.turn()
        if self._standing is not None:
            self._standing.turn(now)
        self._tell()
        self._follow_shadows()

    def show(self, now: Seconds = Seconds(0.0)) -> None:
        """Draw the meter, say what has been done meanwhile, and see what is wished; `now` as in `read`."""
        if self._wishes is not None:
            self._wishes.turn(now)
        self._tell()
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
        answers = b""
        for known in (self._songs, self._wishes):
            if known is not None:
                answers += b"".join(map(encode_answer, known.answers))
                known.answers.clear()
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
        if self._standing is not None:
            self._standing.close()
        self._tell()
        if self._chores is not None:
            self._chores.finish()
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
        if self._standing is not None:
            self._standing.read(record)
        if isinstance(record, Vitals):
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
        """Say what there is to say about takes."""
        if self._recorder is not None:
            self._tell_of_recording(self._recorder)
        if self._chores is not None:
            self._tell_of_chores(self._chores)
        while self._songs is not None and self._songs.faults:
            self.say(f"songs: {self._songs.faults.popleft()}")
        while self._wishes is not None and self._wishes.faults:
            self.say(self._wishes.faults.popleft())

    def _tell_of_recording(self, recorder: Recorder) -> None:
        while recorder.finished:
            self.keep(recorder.finished.popleft())
            if self._chores is not None:
                self._chores.after_take()
        if recorder.fault != self._fault:
            self._fault = recorder.fault
            if self._fault:
                self.say(self._fault)

    def _tell_of_chores(self, chores: Chores) -> None:
        for done in chores.collect():
            for take in done.recovered:
                self.keep(take)
            for line in done.kept.said:
                self.say(line)
            if done.kept.warning != self._warning:
                self._warning = done.kept.warning
                self._reader.read(Fault(at=Seconds(0.0), about="takes", text=self._warning))
                self.say(self._warning or "takes: there is room again")


def main() -> None:
    """Be the desk until the daemon hangs up."""
    for name in DEAF_TO:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    parser = argparse.ArgumentParser(prog="pocketd.desk_main")
    parser.add_argument("--socket", type=int, required=True, help="an inherited stream socket")
    parser.add_argument("--studio", type=int, help="likewise, for the generators' process, which it starts")
    parser.add_argument("--display", required=True, help="auto, on, lines or off")
    parser.add_argument("--takes", type=Path, help="the takes folder; nothing is kept without")
    parser.add_argument("--songs", type=Path, help="the folder of songs; nothing is known of any without")
    parser.add_argument("--nights", type=Path, help="the folder of the nights; without, none is told")
    parser.add_argument("--keep-days", type=int, help="how long takes stay")
    parser.add_argument("--standing", type=Path, help="the file that says how the daemon is")
    parser.add_argument("--daemon", type=int, default=0, help="its process id")
    parser.add_argument("--quota-mb", type=int, help="how much room they may have")
    options = parser.parse_args()
    encoding = "utf-8" if sys.stdout is None else sys.stdout.encoding
    out = PatientStream(STANDARD_OUTPUT, encoding)
    terminal = open_terminal(options.display, cast(TextIO, out))
    with (
        socket.socket(fileno=options.socket) as channel,
        ThreadPoolExecutor(1, "takes") as worker,
        ThreadPoolExecutor(1, "disk") as syncer,
    ):
        desk = _desk(options, terminal, worker, syncer)
        studio = None
        if options.studio is not None:
            studio = StudioKeeper(socket.socket(fileno=options.studio))
        _serve(desk, channel, studio)
        desk.close()
        if studio is not None:
            studio.close()
    out.drain(LAST_WORDS)


def _desk(options: argparse.Namespace, terminal: Terminal, worker: Executor, syncer: Executor) -> Desk:
    root: Path | None = options.takes
    wished = wish_path()
    wishes = None if wished is None else WishDesk(wished, _today())
    nights = None if options.nights is None else Nights(options.nights)
    playing = None if nights is None else Playing(nights)
    standing: StandingKeeper | None = None
    if options.standing is not None:
        standing = StandingKeeper(options.standing, options.daemon, terminal.say, syncer)
    if root is None:
        return Desk(None, terminal, playing=playing, standing=standing, wishes=wishes)
    days, megabytes = options.keep_days, options.quota_mb
    limits = Limits(
        None if days is None else timedelta(days=days), None if megabytes is None else megabytes * MB
    )
    recorder = Recorder(root, _today, finish=finish_apart, worker=worker, syncer=syncer)
    chores = Chores(root, Retention(root, limits, _today), worker, finish_apart)
    chores.begin()
    songs = None if options.songs is None else SongDesk(SongBook(options.songs), worker)
    shadows = None if nights is None else ShadowRunner(nights.shadow)
    return Desk(
        recorder,
        terminal,
        chores,
        playing=playing,
        songs=songs,
        shadows=shadows,
        standing=standing,
        wishes=wishes,
    )


def _today() -> datetime:
    return datetime.now().astimezone()


def _serve(desk: Desk, channel: socket.socket, studio: StudioKeeper | None) -> None:
    shown, answers = Seconds(0.0), b""
    channel.setblocking(False)
    while True:
        letters = [] if studio is None or studio.waits is None else [studio.waits]
        readable, writable, _ = select.select([channel, *letters], [channel] if answers else [], [], FRAME)
        if studio is not None:
            studio.turn(letters=bool(letters) and letters[0] in readable, now=Seconds(time.monotonic()))
        if channel in readable:
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
            desk.show(now)
            shown = now


if __name__ == "__main__":
    main()
