"""On ALSA's sequencer: when messages leave, and how long ahead they have to be handed over.

This machine may have no sequencer; then in a virtual one, where an instruction takes a nanosecond:

    python -m tests.real.alsa_vm benchmarks/alsa_timing.py

All times are the kernel's own stamps by the back end's queue. Alone, the back end is handed notes as the loop
would; through the loop, drums come in by the sequencer, go through engine and model, and are heard outside.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

from tests.real.conformance import CLIENT, DEVICE, Promise, lateness
from tests.real.rig import Timed
from tests.real.studio_alsa import AT_ONCE, QUEUE, opened, rtmidi

from benchmarks.input_output import SETTINGS, latencies, script
from benchmarks.options import parser_of
from benchmarks.outside import SETTLE, Message
from benchmarks.players import predictor
from benchmarks.table import Column, Report, Row, Section, screen
from benchmarks.timing import distribution
from pocket_core.errors import PocketError
from pocket_core.types import Due, Port, Seconds
from pocketd.backends.alsa import NOTICE, Alsa
from pocketd.backends.alsa_client import TICKS_HZ
from pocketd.backends.protocol import Backend
from pocketd.backends.rtmidi import RtMidi
from pocketd.config import Config
from pocketd.loop import Loop
from pocketd.outbox import Outbox
from pocketd.requests import Requests

NOTICES_MS = (1, 2, 3, 5)
MODELS = ("none", "follower")
EVENTS = 1000  # alone
COLUMNS = (
    Column("notice_ms", "notice ms"),
    Column("events", "events", 0),
    Column("early", "early", 0),
    Column("p50_ms", "p50 ms", 3),
    Column("p99_ms", "p99 ms", 3),
    Column("max_ms", "max ms", 3),
    Column("lost", "lost", 0),
    Column("cpu_share", "CPU", 4),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = parser_of(__doc__, seed="of when events come")
    parser.add_argument("--seconds", type=float, default=20.0, help="through the loop")
    options = parser.parse_args(arguments)
    seed, seconds = options.seed, options.seconds
    report = Report(
        "alsa",
        f"{EVENTS} notes alone; through the loop {seconds:g} s of eighths with an early onset each",
        "none",
        seed,
        COLUMNS,
        [
            Section("alone", [*(_alone(ms, seed) for ms in NOTICES_MS), _rtmidi(seed)]),
            *(Section(f"the loop, model {name}", list(_looped(name, seconds, seed))) for name in MODELS),
            Section("the queue's ticks", [_ticks()]),
        ],
        [
            "alone, leaves: the kernel's stamp where it is heard - when it was due; early: before it was due",
            "is handed over: behind the moment at which its notice begins; more than the notice is too late",
            "onset to hit: from a musician's onset to the hit that late commit lets go at once",
            "rtmidi: by a queue of the ear's own, so its earliest note counts as in time",
            "ticks: the share of a core that they take from a computation",
        ],
    )
    report.print(screen())
    if options.json:
        report.write(options.json)
    return 0


# --- the back end alone ------------------------------------------------------------------------------------


def _alsa(notice: float) -> Alsa:
    return Alsa(CLIENT, {Port.OUT: [DEVICE]}, Seconds(notice))


def _alone(notice_ms: float, seed: int) -> Row:
    notice = notice_ms / 1000
    with opened(_alsa(notice), replace(QUEUE, ahead=notice)) as studio:
        late = lateness(studio, EVENTS, seed)
    return Row("alsa", {"notice_ms": notice_ms, **_figures(late)})


def _rtmidi(seed: int) -> Row:
    with rtmidi() as studio:
        return Row("rtmidi", _figures(lateness(studio, EVENTS, seed)))


def _figures(late: Sequence[float]) -> dict[str, float]:
    return {"events": len(late), "early": sum(each < 0 for each in late), **distribution(late)}


# --- through the loop --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Handed:
    """A message that the loop handed over."""

    due: Due
    late: float  # seconds behind the moment at which its notice begins


def _watched(backend: Backend) -> list[_Handed]:
    """Return a list that will have what the back end is handed from now on."""
    handed, send = [], backend.send

    def watch(due: Due) -> None:
        handed.append(_Handed(due, backend.now() - (due.at - backend.timing.notice)))
        send(due)

    backend.send = watch  # type: ignore[method-assign]
    return handed


def _looped(name: str, seconds: float, seed: int) -> Iterator[Row]:
    """Yield rows for each notice: when the loop has handed over, and when the queue has played."""
    for notice_ms in NOTICES_MS:
        handed, heard, _ = _performed(_alsa(notice_ms / 1000), QUEUE, name, seconds, seed, late_commit=False)
        late = [ear.at - due.at for ear, due in _matched(heard, handed)]
        figures = {"notice_ms": notice_ms, **_figures(late)}
        yield Row("leaves", {**figures, "lost": len(handed) - len(late)})
        yield Row("is handed over", {"notice_ms": notice_ms, **distribution([each.late for each in handed])})
    at_once = RtMidi("ALSA", CLIENT)
    handed, heard, _ = _performed(at_once, AT_ONCE, name, seconds, seed, late_commit=False)
    behind = [ear.at - due.at for ear, due in _matched(heard, handed)]
    late = [each - min(behind) for each in behind]
    yield Row("leaves, rtmidi", {**_figures(late), "lost": len(handed) - len(late)})
    _, heard, onsets = _performed(_alsa(NOTICE), QUEUE, name, seconds, seed, late_commit=True)
    answers = latencies(onsets, [Message(ear.at, ear.data) for ear in heard])
    yield Row("onset to hit", {"notice_ms": NOTICE * 1000, "events": len(answers), **distribution(answers)})


def _performed(
    backend: Backend, promise: Promise, name: str, seconds: float, seed: int, *, late_commit: bool
) -> tuple[list[_Handed], list[Timed], list[Message]]:
    """Play through the loop; return what it handed over, what was heard, and the musician's onsets."""
    handed, requests = _watched(backend), Requests()
    settings = {"late_commit": late_commit, **SETTINGS}
    with opened(backend, promise) as studio:
        loop = Loop(
            Config.model_validate(settings), backend, predictor(name), outbox=Outbox(None), requests=requests
        )
        begin = studio.time() + SETTLE
        cues = script(seconds, seed)
        for cue in cues:
            studio.feed_at(begin + cue.at, cue.port, cue.data)

        def stop() -> None:
            requests.stop = True

        timer = threading.Timer(SETTLE + cues[-1].at + SETTLE, stop)
        timer.start()
        try:
            loop.run()
        finally:
            timer.cancel()
        return handed, studio.heard(), [Message(begin + cue.at, cue.data) for cue in cues]


def _matched(heard: Sequence[Timed], handed: Sequence[_Handed]) -> Iterator[tuple[Timed, Due]]:
    """Yield what was heard with what was due: of messages alike, the first with the first."""
    waiting: dict[bytes, deque[Due]] = {}
    for due in sorted((each.due for each in handed), key=lambda due: due.at):
        waiting.setdefault(due.data, deque()).append(due)
    for ear in heard:
        yield ear, waiting[ear.data].popleft()


# --- what the ticks cost -----------------------------------------------------------------------------------


def _ticks() -> Row:
    """Time a computation by turns with the queue at rest and running."""
    rest, beside = [], []
    for _ in range(5):
        rest.append(_computation())
        backend = Alsa(CLIENT)
        beside.append(_computation())
        backend.close()
    return Row(f"{TICKS_HZ} a second", {"cpu_share": 1 - min(rest) / min(beside)})


def _computation() -> float:
    began = time.perf_counter()
    sum(range(10_000_000))
    return time.perf_counter() - began


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PocketError as error:
        print(f"alsa_timing: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
