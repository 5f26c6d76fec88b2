from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.types import Port, Seconds
from pocketd.desk_records import Bye, Message, Record, TakeEnd, TakeHeader, Timestep, encode
from pocketd.journal import JOURNAL, read_journal
from pocketd.recorder import Recorder
from pocketd.takes import REPORT, FinishedTake, finalise, recover, take_folders
from tests.daemon.full_disk import files_no_larger_than
from tests.daemon.take_story import (
    BEATS,
    KICK,
    NOON,
    T,
    hello,
    message,
    now,
    start,
    stop,
    story,
    take,
    timestep,
)


class Later(Executor):
    """An executor that does nothing until it is told to, and from then on everything at once."""

    def __init__(self) -> None:
        self._told = False
        self._waiting: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        outcome: Future[Any] = Future()
        self._waiting.append((outcome, lambda: fn(*args, **kwargs)))
        if self._told:
            self.work()
        return outcome

    def work(self) -> None:
        """Do all that was submitted."""
        self._told = True
        for outcome, work in self._waiting:
            try:
                outcome.set_result(work())
            except Exception as error:
                outcome.set_exception(error)
        self._waiting.clear()


def recorder(root: Path) -> Recorder:
    return Recorder(root, lambda: NOON)


def tell(keeper: Recorder, records: Iterable[Record]) -> None:
    for record in records:
        keeper.take(record, encode(record))


def journal(folder: Path) -> list[Record]:
    return list(read_journal(folder / JOURNAL))


def test_a_take_is_finished_once_what_waited_at_the_stop_has_left(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)

    tell(keeper, [hello(), *take(), now(T + 3.0, 4.0, BEATS, running=False)])
    before_it_settled = len(keeper.finished)
    tell(keeper, [now(T + 3.2, 4.0, BEATS, running=False)])  # stop at 2.0, look-ahead 0.12, tail 1.0

    assert before_it_settled == 0
    assert [t.how for t in keeper.finished] == ["stop"]
    assert keeper.finished[0].folder == tmp_path / "2026-11-20" / "120000"
    assert keeper.recording is None


def test_the_journal_holds_every_record_of_the_take_between_header_and_end(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)

    tell(keeper, story())

    header, *told, end = journal(keeper.finished[0].folder)
    assert isinstance(header, TakeHeader)
    assert (header.started, header.origin, header.hello) == ("2026-11-20T12:00:00+01:00", T, hello())
    assert told == story()[1:]
    assert end == TakeEnd(how="stop")


def test_messages_of_the_second_before_the_start_belong_to_the_take(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)
    early = [message(T - 1.5, Port.DRUMS, KICK), message(T - 0.12, Port.DRUMS, KICK)]

    tell(keeper, [hello(), *early, *take(), Bye(at=Seconds(T + 9))])

    kept = [r for r in journal(keeper.finished[0].folder) if isinstance(r, Message) and r.at < T - 0.1]
    assert early[1] in kept
    assert early[0] not in kept


def test_a_message_long_before_the_start_belongs_to_no_take(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)

    tell(keeper, [hello(), message(T - 1.5, Port.DRUMS, KICK), start(), Bye(at=Seconds(T + 1))])

    assert not [r for r in journal(keeper.finished[0].folder) if isinstance(r, Message)]


def test_each_run_of_the_transport_is_a_take_of_its_own(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)

    tell(keeper, [hello(), *take(T), *take(T + 10.0, before=4), Bye(at=Seconds(T + 20))])

    assert [t.folder.name for t in keeper.finished] == ["120000", "120000-2"]
    assert [t.timesteps for t in keeper.finished] == [4, 4]
    assert [t.tally.events_in for t in keeper.finished] == [4, 4]


def test_a_start_right_after_a_stop_takes_nothing_of_the_take_before(tmp_path: Path) -> None:
    keeper, again = recorder(tmp_path), T + 2.1  # 0.1 s after the stop
    late = timestep(T + 1.5, 3)  # its window closed only now

    first = [r for r in take() if r != late]
    tell(
        keeper, [hello(), *first, start(Seconds(again)), late, timestep(again, 4), Bye(at=Seconds(again + 5))]
    )

    steps = [[r for r in journal(t.folder) if isinstance(r, Timestep)] for t in keeper.finished]
    assert steps[0][-1] == late
    assert steps[1] == [timestep(again, 4)]


def test_a_daemon_that_says_goodbye_while_it_plays_ends_the_take(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)

    tell(keeper, [hello(), *take()[:-1], Bye(at=Seconds(T + 2))])

    assert [t.how for t in keeper.finished] == ["exit"]


def test_a_daemon_that_is_gone_while_it_plays_leaves_a_take_too(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)

    tell(keeper, [hello(), *take()[:-1]])
    keeper.end("vanished")

    assert [(t.how, t.timesteps) for t in keeper.finished] == [("vanished", 4)]


def test_without_a_hello_nothing_is_recorded_and_it_is_said(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)

    tell(keeper, take())

    assert keeper.fault == "not recording: nobody said who plays"
    assert take_folders(tmp_path) == []


def test_a_takes_folder_that_is_a_file_is_said_and_the_next_start_tries_again(tmp_path: Path) -> None:
    root = tmp_path / "takes"
    root.write_text("in the way")
    keeper = recorder(root)

    tell(keeper, [hello(), *take()])
    fault = keeper.fault
    root.unlink()
    tell(keeper, [*take(T + 10), Bye(at=Seconds(T + 20))])

    assert fault == f"not recording: Not a directory: {root / '2026-11-20'}"
    assert keeper.fault == ""
    assert len(keeper.finished) == 1


def test_a_disk_that_is_full_at_the_start_keeps_no_empty_take(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)

    with files_no_larger_than(10):
        tell(keeper, [hello(), *take()])

    assert "File too large" in keeper.fault
    assert list(tmp_path.glob("*/*")) == []


def test_a_full_disk_ends_the_recording_with_one_fault_and_what_was_kept_is_recovered(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)

    with files_no_larger_than(2500):
        tell(keeper, [hello(), *take()])
        keeper.end("exit")

    assert keeper.fault.startswith("not recording: File too large (")
    assert not keeper.finished
    recovered = list(recover(tmp_path))
    assert len(recovered) == 1
    assert (recovered[0].folder / REPORT).exists()


def test_syncing_a_take_that_is_idle_does_nothing(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)

    tell(keeper, [hello(), start()])
    keeper.sync(Seconds(1.0))
    keeper.sync(Seconds(2.0))

    assert keeper.recording == tmp_path / "2026-11-20" / "120000"
    keeper.end("exit")


runs = st.lists(st.floats(0.05, 5.0), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)  # each writes and syncs files
@given(pauses=runs)
def test_every_message_and_timestep_is_kept_once_whatever_the_pauses(
    pauses: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    keeper = recorder(tmp_path_factory.mktemp("takes"))
    told: list[Record] = [hello()]
    origin = T
    for pause in pauses:
        told += take(origin)
        origin = Seconds(origin + 2.0 + pause)

    tell(keeper, [*told, Bye(at=Seconds(origin + 9))])

    kept = [r for t in keeper.finished for r in journal(t.folder) if isinstance(r, Message | Timestep)]
    said = [r for r in told if isinstance(r, Message | Timestep)]
    assert sorted(map(encode, kept)) == sorted(map(encode, said))


def test_a_stop_without_a_start_keeps_nothing(tmp_path: Path) -> None:
    keeper = recorder(tmp_path)

    tell(keeper, [hello(), stop(T, 0.0, 0), Bye(at=T)])

    assert take_folders(tmp_path) == []


def test_a_take_is_recorded_while_the_one_before_is_being_finished(tmp_path: Path) -> None:
    worker = Later()
    keeper = Recorder(tmp_path, lambda: NOON, worker=worker)

    tell(keeper, [hello(), *take(), *take(T + 10.0)])
    while_it_works = [len(journal(folder)) for folder in take_folders(tmp_path)]
    unfinished = len(keeper.finished)
    worker.work()
    keeper.sync(T)

    assert while_it_works == [len(take()) + 2, len(take()) + 1]  # with header and end; the second is not over
    assert unfinished == 0
    assert [taken.folder.name for taken in keeper.finished] == ["120000"]
    keeper.end("exit")


def test_a_take_that_is_being_finished_is_still_live(tmp_path: Path) -> None:
    worker = Later()
    keeper = Recorder(tmp_path, lambda: NOON, worker=worker)

    tell(keeper, [hello(), *take(), now(T + 9.0, 4.0, BEATS, running=False)])
    recovered = list(recover(tmp_path))
    worker.work()

    assert recovered == []
    assert (take_folders(tmp_path)[0] / REPORT).exists()


def test_the_disk_may_take_its_time(tmp_path: Path) -> None:
    disk = Later()
    keeper = Recorder(tmp_path, lambda: NOON, syncer=disk)
    tell(keeper, [hello(), start()])

    keeper.sync(Seconds(1.0))
    tell(keeper, take()[1:])
    keeper.sync(Seconds(2.0))

    assert len(journal(take_folders(tmp_path)[0])) == len(take()) + 1
    disk.work()
    keeper.end("exit")
    assert [taken.timesteps for taken in keeper.finished] == [BEATS]


def test_a_disk_that_fails_at_a_sync_ends_the_recording_with_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    keeper = recorder(tmp_path)
    tell(keeper, [hello(), start()])
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        keeper.sync(Seconds(1.0))
        keeper.sync(Seconds(1.1))

    assert keeper.fault == f"not recording: Input/output error ({tmp_path / '2026-11-20' / '120000'})"
    assert keeper.recording is None


def test_a_bug_in_finishing_a_take_costs_no_other(tmp_path: Path) -> None:
    def finish(folder: Path) -> FinishedTake:
        return finalise(folder) if folder.name == "120000-2" else FinishedTake()  # type: ignore[call-arg]

    keeper = Recorder(tmp_path, lambda: NOON, finish=finish)

    tell(keeper, [hello(), *take(), now(T + 9.0, 4.0, BEATS, running=False)])
    fault = keeper.fault
    tell(keeper, [*take(T + 20.0), Bye(at=Seconds(T + 30))])

    assert fault.startswith("a take is not finished: TypeError(")
    assert [taken.folder.name for taken in keeper.finished] == ["120000-2"]
